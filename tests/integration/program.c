#include "integration/program.h"

#include <check.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "integration/await.h"
#include "integration/keep.h"
#include "integration/spawn.h"

enum { MOST_ARGUMENTS = 32 };

const char *program_pgpurged(void)
{
    const char *asked = getenv("PGPURGED");
    return asked != NULL ? asked : BUILT_PGPURGED;
}

static const char *new_output_file(void)
{
    const char *parent = getenv("TMPDIR");
    char *path = (char *)keep_format("%s/pgpurged-out-XXXXXX", parent != NULL ? parent : "/tmp");
    int fd = mkstemp(path);
    ck_assert_msg(fd >= 0, "%s: can't be made", path);
    close(fd);
    return path;
}

static int run(const char **output, const char *const *argv)
{
    int code = 0;
    const char *file = new_output_file();
    pid_t pid = spawn(&(struct spawn){.argv = argv, .output = file, .death_signal = SIGKILL});
    bool ended = spawn_wait(pid, AWAIT_MS, &code);
    const char *said = keep_file(file);
    unlink(file);
    if (!ended) {
        kill(pid, SIGKILL);
        ck_abort_msg("%s did not end within %d ms; it said: %s", argv[0], AWAIT_MS,
                     keep_tail(said));
    }
    if (output != NULL)
        *output = said;
    return code;
}

static void collect(const char **argv, const char *program, va_list rest)
{
    int count = 0;
    argv[count++] = program;
    while ((argv[count] = va_arg(rest, const char *)) != NULL)
        ck_assert_int_lt(++count, MOST_ARGUMENTS);
}

int program_run(const char **output, const char *program, ...)
{
    const char *argv[MOST_ARGUMENTS + 1];
    va_list rest;
    va_start(rest, program);
    collect(argv, program, rest);
    va_end(rest);
    return run(output, argv);
}

int pgpurged_run(const char **output, ...)
{
    const char *argv[MOST_ARGUMENTS + 1];
    va_list rest;
    va_start(rest, output);
    collect(argv, program_pgpurged(), rest);
    va_end(rest);
    return run(output, argv);
}

const char *program_advice(const char *log)
{
    const char *advice = strstr(log, "run: ");

    ck_assert_ptr_nonnull(advice);
    advice += strlen("run: ");
    return keep_format("%.*s", (int)strcspn(advice, "\n"), advice);
}
