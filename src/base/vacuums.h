/*
 * vacuums: what `vacuum =` may ask for. config/ reads the wish, decide/ makes the choice.
 */
#ifndef PGPURGED_BASE_VACUUMS_H
#define PGPURGED_BASE_VACUUMS_H

enum vacuum_wish { VACUUM_AUTO, VACUUM_AFTER, VACUUM_NEVER };

#endif
