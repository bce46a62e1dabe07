/*
 * pauses: which jobs an operator has paused, kept in a file so that a restart doesn't set them
 * going again.
 *
 * One name a line in FOLDER/paused, written anew (and synced) for each change. A file that is
 * missing means that nothing is paused.
 */
#ifndef PGPURGED_PGPURGED_PAUSES_H
#define PGPURGED_PGPURGED_PAUSES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct pauses {
    char *path;
    char **names;
    size_t count;
};

/* Reads the file. False if it is there and can't be read: then nobody knows what is paused. */
bool pauses_open(struct pauses *pauses, const char *folder, struct err *err);
void pauses_close(struct pauses *pauses);

bool pauses_have(const struct pauses *pauses, const char *job);

/* Notes it for now in any case; false if the file can't be written, so that a restart forgets it.
 */
bool pauses_set(struct pauses *pauses, const char *job, bool paused, struct err *err);

#endif
