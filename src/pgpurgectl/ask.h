/*
 * ask: a question to the daemon whose answer must be good, or else its error is printed.
 */
#ifndef PGPURGED_PGPURGECTL_ASK_H
#define PGPURGED_PGPURGECTL_ASK_H

#include "base/err.h"
#include "base/text.h"
#include "model/snapshot.h"
#include "pgpurgectl/arguments.h"
#include "pgpurgectl/commands.h"

/* GET or POST `path`. CTL_DONE fills `body` (the caller frees it); anything else fills `err`. */
enum ctl_exit ask(const struct arguments *arguments, const char *method, const char *path,
                  struct text *body, struct err *err);

/* The status of everything, or of one job and its database. CTL_DONE fills `snapshot` (the caller
 * frees it) and, if `body` is not NULL, the JSON that it was read from. */
enum ctl_exit ask_status(const struct arguments *arguments, const char *job,
                         struct snapshot **snapshot, struct text *body, struct err *err);

/* Prints the error on stderr, and with --json on stdout as well. Returns `how`. */
int ask_failed(const struct arguments *arguments, enum ctl_exit how, const struct err *err);

#endif
