/*
 * The cases of check_ctl: the built pgpurgectl against a fake daemon, which is a forked child with
 * a real socket in a folder of its own. ctl_start() makes both before each test, ctl_stop() removes
 * them.
 */
#ifndef TESTS_UNIT_CTL_H
#define TESTS_UNIT_CTL_H

#include <check.h>
#include <stddef.h>

TCase *ctl_commands_cases(void);
TCase *ctl_completion_cases(void);
TCase *ctl_trouble_cases(void);

/* What the fake daemon does with a request (its first line, without the line's end). */
typedef void ctl_answer_fn(int fd, const char *request);

void ctl_make_folder(void);
void ctl_start(ctl_answer_fn *answer);
void ctl_stop(void);

/* The socket's path: where the fake daemon listens, or nobody if it was not started. */
const char *ctl_socket(void);

/* Sends a whole answer with Content-Length; a body of its own, or one of this file's. */
void ctl_send(int fd, int status, const char *body);
void ctl_send_raw(int fd, const char *bytes, size_t length);

/* Answers as a healthy daemon would. */
ctl_answer_fn ctl_answer_well;

/* How a run of pgpurgectl ended, and what it printed; valid until the next one. */
struct ctl_ran {
    int code;
    const char *out, *err;
};

/* Runs it with --socket and the arguments, which end with NULL. */
struct ctl_ran ctl_run(const char *const *arguments);

/* Runs a command line of the shell, in which $CTL stands for the program and $SOCKET for
 * the path. */
struct ctl_ran ctl_shell(const char *command);

#define CTL(...) ctl_run((const char *const[]){__VA_ARGS__, NULL})

#endif
