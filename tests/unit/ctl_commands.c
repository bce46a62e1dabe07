#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl.h"

static void start(void)
{
    ctl_start(ctl_answer_well);
}

/* A command and how it ends. NULL = nothing is printed there. */
static const struct row {
    const char *arguments[5];
    int code;
    const char *out, *err; /* as they begin */
} rows[] = {
    {{"status"}, 0, "pgpurged 0.1.0 (pid 7), up 1h, configuration shop.conf\n", NULL},
    {{"status", "orders"}, 0, "orders (public.orders in shop): running, ", NULL},
    {{"status", "--json"}, 0, "{\"daemon\":{\"version\":\"0.1.0\"", NULL},
    {{"status", "orders", "--json"}, 0, "{\"daemon\":{\"now\":", NULL},
    {{"status", "nobody"}, 1, NULL, "pgpurgectl: there is no such job\n"},
    {{"status", "nobody", "--json"},
     1,
     "{\"error\":\"there is no such job\"}\n",
     "pgpurgectl: there is no such job\n"},
    {{"check"},
     0,
     "PGPURGED OK - 2 jobs, the oldest due row is 2h late (orders) | overdue=7200s;",
     NULL},
    {{"check", "orders"},
     0,
     "PGPURGED OK - 1 job, the oldest due row is 2h late (orders) | ",
     NULL},
    {{"check", "-w", "1h"}, 1, "PGPURGED WARNING - orders: the oldest due row is 2h late | ", NULL},
    {{"check", "--warning=1h", "--critical=90min"},
     2,
     "PGPURGED CRITICAL - orders: the oldest due row is 2h late | overdue=7200s;3600;5400;0 ",
     NULL},
    {{"check", "--success-critical", "30min"},
     2,
     "PGPURGED CRITICAL - orders: no success since the daemon started 1h ago; sessions: ",
     NULL},
    {{"check", "--json"}, 0, "{\"status\":\"OK\",\"code\":0,\"message\":\"2 jobs, ", NULL},
    {{"check", "nobody"}, 3, "PGPURGED UNKNOWN - there is no such job\n", NULL},
    {{"run", "orders"}, 0, "orders starts a run\n", NULL},
    {{"pause", "orders"}, 0, "orders is paused\n", NULL},
    {{"run", "steers"}, 0, "\\x1B[2J\\u202Eabc\\u009B\\x0A\n", NULL},
    {{"resume", "steers"}, 1, NULL, "pgpurgectl: \\x1B[2J\\u202Eabc\\x0A\n"},
    {{"run", "steers", "--json"}, 0, "{\"message\":\"\\u001b[2J\\u202eabc", NULL},
    {{"pause", "orders", "--json"}, 0, "{\"message\":\"orders is paused\"}\n", NULL},
    {{"resume", "orders"}, 0, "done\n", NULL},
    {{"run", "a b/../c"}, 0, "encoded\n", NULL},
    {{"run", "nobody"}, 1, NULL, "pgpurgectl: there is no such job\n"},
    {{"reload"},
     1,
     NULL,
     "pgpurgectl: only root, the daemon's user and control_group may do that\n"},
    {{"reload", "--json"}, 1, "{\"error\":\"only root, ", "pgpurgectl: only root, "},
    {{"metrics"}, 0, "# HELP up Whether.\n# TYPE up gauge\nup 1\n", NULL},
    {{"metrics", "--json"},
     0,
     "[{\"name\":\"up\",\"labels\":{},\"value\":1},\n"
     "{\"name\":\"late\",\"labels\":{\"job\":\"a \\\"b\\\" \\\\ \\n\",\"reason\":\"c,}\"},"
     "\"value\":null},\n"
     "{\"name\":\"rows\",\"labels\":{\"job\":\"x\"},\"value\":2.5}]\n",
     NULL},
    {{"jobs"}, 0, "orders\nsessions\n", NULL},
    {{"jobs", "--json"}, 0, "[\"orders\",\"sessions\"]\n", NULL},
    {{"--version"}, 0, "pgpurgectl ", NULL},
    {{"--help"}, 0, "usage: pgpurgectl ", NULL},
    {{"--json"}, 0, "{\"daemon\":", NULL},
    {{"dance"}, 3, NULL, "pgpurgectl: there is no command \"dance\"; pgpurgectl --help lists them"},
    {{"run"}, 3, NULL, "pgpurgectl: run needs the name of a job\n"},
    {{"reload", "orders"}, 3, NULL, "pgpurgectl: reload takes no argument\n"},
    {{"status", "a", "b"}, 3, NULL, "pgpurgectl: status takes one job at most\n"},
    {{"check", "a", "b"}, 3, NULL, "pgpurgectl: check takes one job at most\n"},
    {{"--dance"}, 3, NULL, "pgpurgectl: there is no option --dance\n"},
    {{"-x"}, 3, NULL, "pgpurgectl: there is no option -x\n"},
    {{"status", "--socket"}, 3, NULL, "pgpurgectl: --socket needs a value\n"},
    {{"run", "orders", "--socket", "/run/another"},
     3,
     NULL,
     "pgpurgectl: --socket is given twice\n"},
    {{"pause", "resume", "orders"}, 3, NULL, "pgpurgectl: pause takes one job at most\n"},
    {{"--json=yes"}, 3, NULL, "pgpurgectl: --json=yes: this option takes no value\n"},
    {{"--color", "blue"}, 3, NULL, "pgpurgectl: --color: \"blue\" is not one of auto, always, "},
    {{"check", "-w", "30"}, 3, NULL, "pgpurgectl: --warning: "},
    {{"check", "--critical", "5m"}, 3, NULL, "pgpurgectl: --critical: "},
    {{"check", "--success-warning", "soon"}, 3, NULL, "pgpurgectl: --success-warning: "},
    {{"watch", "--interval", "10ms"},
     3,
     NULL,
     "pgpurgectl: --interval: 10ms is too short; the minimum is 100ms\n"},
    {{"--timeout", "never"}, 3, NULL, "pgpurgectl: --timeout: "},
};

static void assert_begins(const char *text, const char *beginning, const char *command)
{
    if (beginning == NULL)
        ck_assert_msg(text[0] == '\0', "%s: this was not to be printed: %s", command, text);
    else
        ck_assert_msg(text_starts(text, beginning), "%s: this was printed: %s", command, text);
}

START_TEST(command_prints_and_exits_as_promised)
{
    const struct row *row = &rows[_i];
    struct ctl_ran ran = ctl_run(row->arguments);

    assert_begins(ran.out, row->out, row->arguments[0]);
    assert_begins(ran.err, row->err, row->arguments[0]);
    ck_assert_msg(ran.code == row->code, "%s: exit code %d", row->arguments[0], ran.code);
}
END_TEST

START_TEST(status_is_the_command_if_there_is_none)
{
    struct ctl_ran ran = ctl_run((const char *const[]){NULL});

    ck_assert_int_eq(ran.code, 0);
    ck_assert_ptr_nonnull(strstr(ran.out, "2 jobs: 1 running, 1 waiting\n"));
}
END_TEST

START_TEST(pipe_gets_no_colour_unless_asked_for)
{
    ck_assert_ptr_null(strchr(CTL("status").out, '\033'));
    ck_assert_ptr_nonnull(strstr(CTL("status", "--color=always").out, "\033[32mrunning\033[0m"));
}
END_TEST

START_TEST(full_disk_is_told)
{
    struct ctl_ran ran = ctl_shell("\"$CTL\" -s \"$SOCKET\" status >/dev/full");

    ck_assert_int_eq(ran.code, 1);
    ck_assert_msg(text_starts(ran.err, "pgpurgectl: can't write to stdout"), "%s", ran.err);
}
END_TEST

/* Starts the program on a terminal of so many columns; returns its other end. */
static int start_on_terminal(const char *command, unsigned short columns, pid_t *pid)
{
    struct winsize size = {.ws_row = 24, .ws_col = columns};
    int fd;

    *pid = forkpty(&fd, NULL, NULL, &size);
    ck_assert_int_ge(*pid, 0);
    if (*pid == 0) {
        setenv("TERM", "xterm", 1);
        unsetenv("NO_COLOR");
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    return fd;
}

/* What is printed until `wanted` has come so many times, or the end. */
static struct text read_until(int fd, const char *wanted, int times)
{
    struct text all = {0};
    char piece[4096];
    ssize_t n;

    text_add(&all, "");
    while ((n = read(fd, piece, sizeof piece)) > 0) {
        int seen = 0;

        text_add_bytes(&all, piece, (size_t)n);
        for (const char *at = all.data; (at = strstr(at, wanted)) != NULL; at++)
            seen++;
        if (seen >= times)
            break;
    }
    return all;
}

START_TEST(terminal_gets_colour_and_a_table_of_its_width)
{
    pid_t pid;
    int fd = start_on_terminal("exec \"$CTL\" -s \"$SOCKET\" status", 80, &pid);
    struct text all = read_until(fd, "never printed", 1);
    int how;

    ck_assert_int_eq(waitpid(pid, &how, 0), pid);
    ck_assert_int_eq(WEXITSTATUS(how), 0);
    ck_assert_msg(strstr(all.data, "\033[32mrunning\033[0m") != NULL, "%s", all.data);
    ck_assert_msg(strstr(all.data, "WINDOW") == NULL, "%s", all.data); /* only from 90 columns */
    text_free(&all);
    close(fd);
}
END_TEST

START_TEST(watch_paints_over_what_was_there)
{
    pid_t pid;
    int fd = start_on_terminal("exec \"$CTL\" -s \"$SOCKET\" watch --interval 100ms", 120, &pid);
    struct text all = read_until(fd, "\033[H\033[1mpgpurged 0.1.0", 3);

    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
    ck_assert_msg(text_starts(all.data, "\033[H"), "%s", all.data);
    ck_assert_ptr_nonnull(strstr(all.data, "\033[K\r\n"));
    ck_assert_ptr_nonnull(strstr(all.data, "\033[J\033[H"));
    text_free(&all);
    close(fd);
}
END_TEST

START_TEST(watch_into_a_pipe_prints_one_view_after_the_other)
{
    struct ctl_ran ran = ctl_shell("\"$CTL\" -s \"$SOCKET\" watch --interval 100ms --json | "
                                   "head -n 3 | sort -u | wc -l");

    ck_assert_int_eq(atoi(ran.out), 1);
    ran = ctl_shell("\"$CTL\" -s \"$SOCKET\" watch orders --interval 100ms | "
                    "grep -m 2 -c 'orders (public.orders in shop)'");
    ck_assert_str_eq(ran.out, "2\n");
}
END_TEST

START_TEST(watch_of_a_job_that_is_not_there_ends)
{
    struct ctl_ran ran = CTL("watch", "nobody");

    ck_assert_int_eq(ran.code, 1);
    ck_assert_str_eq(ran.err, "pgpurgectl: there is no such job\n");
}
END_TEST

TCase *ctl_commands_cases(void)
{
    TCase *tcase = tcase_create("commands");

    tcase_set_timeout(tcase, 30);
    tcase_add_checked_fixture(tcase, start, ctl_stop);
    tcase_add_loop_test(tcase, command_prints_and_exits_as_promised, 0, ARRAY_LENGTH(rows));
    tcase_add_test(tcase, status_is_the_command_if_there_is_none);
    tcase_add_test(tcase, pipe_gets_no_colour_unless_asked_for);
    tcase_add_test(tcase, full_disk_is_told);
    tcase_add_test(tcase, terminal_gets_colour_and_a_table_of_its_width);
    tcase_add_test(tcase, watch_paints_over_what_was_there);
    tcase_add_test(tcase, watch_into_a_pipe_prints_one_view_after_the_other);
    tcase_add_test(tcase, watch_of_a_job_that_is_not_there_ends);
    return tcase;
}
