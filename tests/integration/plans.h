/*
 * plans: what --plan --json says of a job, for tests to look into.
 *
 * Every function fails the test when something goes wrong, a key that is not there included. Plans
 * need not be freed.
 */
#ifndef PGPURGED_INTEGRATION_PLANS_H
#define PGPURGED_INTEGRATION_PLANS_H

#include <jansson.h>
#include <libpq-fe.h>
#include <stdint.h>

/* The plan of the one job in the configuration, or of the first; with one more option of pgpurged
 * (NULL = none). */
json_t *plans_read(const char *config, const char *option, int expected_code);

/* What stands there: "due.rows". */
json_t *plans_at(json_t *plan, const char *path);
int64_t plans_number(json_t *plan, const char *path);
const char *plans_text(json_t *plan, const char *path); /* "" for null */

/* The first note of a group whose text or SQL has this piece; NULL if none has. */
json_t *plans_note(json_t *plan, const char *group, const char *piece);
void plans_check_note(json_t *plan, const char *group, const char *piece);

/* Runs the SQL of each note that has any, a statement at a time, as a person would paste it.
 * Whoever runs the grants takes pg_monitor back at the end: other tests have the same role. */
void plans_run_notes(PGconn *own, json_t *plan, const char *group);

#endif
