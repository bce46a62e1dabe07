/*
 * vacuums: what `vacuum =` may ask for. config/ reads the wish, policy/ makes the choice.
 */
#ifndef PGPURGED_MODEL_VACUUMS_H
#define PGPURGED_MODEL_VACUUMS_H

enum vacuum_wish { VACUUM_AUTO, VACUUM_AFTER, VACUUM_NEVER };

#endif
