/*
 * bindir: where this machine keeps PostgreSQL's server programs. They are not in $PATH on Debian.
 */
#ifndef PGPURGED_INTEGRATION_BINDIR_H
#define PGPURGED_INTEGRATION_BINDIR_H

enum { BINDIR_OLDEST_VERSION = 14 };

/* The folder with an initdb and a postgres of version 14 or newer: $PG_BINDIR if that is set, else
 * the first of: what pg_config says, Debian's folders, newest first, and $PATH. NULL if there is
 * none. Kept: see keep.h. */
const char *bindir_find(void);

#endif
