#include "integration/daemon.h"

#include <check.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "integration/await.h"
#include "integration/keep.h"
#include "integration/program.h"
#include "integration/spawn.h"

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    ck_assert_msg(file != NULL, "%s: can't be written", path);
    fputs(text, file);
    fclose(file);
}

const char *config_write(const char *folder, const char *format, ...)
{
    static int written;
    const char *path = keep_format("%s/%d-%d.conf", folder, (int)getpid(), ++written);
    va_list args;
    va_start(args, format);
    write_file(path, keep_vformat(format, args));
    va_end(args);
    return path;
}

void config_rewrite(const char *path, const char *format, ...)
{
    const char *fresh = keep_format("%s.new", path);
    va_list args;
    va_start(args, format);
    write_file(fresh, keep_vformat(format, args));
    va_end(args);
    ck_assert_int_eq(rename(fresh, path), 0);
}

struct daemon daemon_start(const char *config)
{
    const char *argv[] = {program_pgpurged(), "--config", config, NULL};
    struct daemon daemon = {.config = config, .log = keep_format("%s.log", config)};
    daemon.pid =
        spawn(&(struct spawn){.argv = argv, .output = daemon.log, .death_signal = SIGKILL});
    return daemon;
}

const char *daemon_log(const struct daemon *daemon)
{
    return keep_file(daemon->log);
}

int daemon_log_count(const struct daemon *daemon, const char *text)
{
    int count = 0;
    char *log = file_content(daemon->log);
    for (const char *at = log; (at = strstr(at, text)) != NULL; at += strlen(text))
        count++;
    free(log);
    return count;
}

bool daemon_log_has(const struct daemon *daemon, const char *text)
{
    return daemon_log_count(daemon, text) > 0;
}

struct expected_line {
    const struct daemon *daemon;
    const char *text;
};

static bool line_is_there(void *arg)
{
    struct expected_line *line = arg;
    return daemon_log_has(line->daemon, line->text);
}

void daemon_await_log(const struct daemon *daemon, const char *text, int timeout_ms)
{
    struct expected_line line = {daemon, text};
    if (!await_quietly(line_is_there, &line, timeout_ms))
        ck_abort_msg("\"%s\" did not come within %d ms; the log:\n%s", text, timeout_ms,
                     keep_tail(daemon_log(daemon)));
}

void daemon_signal(const struct daemon *daemon, int signal)
{
    ck_assert_int_gt(daemon->pid, 0);
    ck_assert_int_eq(kill(daemon->pid, signal), 0);
}

void daemon_kill9(struct daemon *daemon)
{
    daemon_signal(daemon, SIGKILL);
    waitpid(daemon->pid, NULL, 0);
    daemon->pid = 0;
}

void daemon_await_exit(struct daemon *daemon, int expected_code, int timeout_ms)
{
    int code = -1;
    if (!spawn_wait(daemon->pid, timeout_ms, &code))
        ck_abort_msg("it still runs after %d ms; the log:\n%s", timeout_ms,
                     keep_tail(daemon_log(daemon)));
    daemon->pid = 0;
    if (code != expected_code)
        ck_abort_msg("exit code %d instead of %d; the log:\n%s", code, expected_code,
                     keep_tail(daemon_log(daemon)));
}

void daemon_stop(struct daemon *daemon)
{
    daemon_signal(daemon, SIGTERM);
    daemon_await_exit(daemon, 0, AWAIT_MS);
}
