/*
 * program: runs a program to its end and shows what it said.
 */
#ifndef PGPURGED_INTEGRATION_PROGRAM_H
#define PGPURGED_INTEGRATION_PROGRAM_H

/* The pgpurged under test: $PGPURGED if that is set, else the one just built. */
const char *program_pgpurged(void);

/* Runs it with these arguments, up to NULL, and returns its exit code (128 + signal if it was
 * killed). `output`, if not NULL, gets its stdout and stderr, kept (keep.h). A program that does
 * not end within AWAIT_MS fails the test. */
int program_run(const char **output, const char *program, ...) __attribute__((sentinel));

/* Runs pgpurged: pgpurged_run(&output, "--config", path, "--once", NULL). */
int pgpurged_run(const char **output, ...) __attribute__((sentinel));

/* What a message of a log says to run: the rest of the first line with "run: ". Kept. */
const char *program_advice(const char *log);

#endif
