/*
 * database: the connections of one database, shared by its jobs: at most max_connections, handed
 * from job to job, made when one is wanted and closed when none is. When the database can't be
 * reached, all its jobs wait together and come back with backoff; other databases go on.
 */
#ifndef PGPURGED_PGPURGED_DATABASE_H
#define PGPURGED_PGPURGED_DATABASE_H

#include "config/settings.h"
#include "engine/job.h"
#include "model/counters.h"
#include "model/snapshot.h"
#include "net/loop.h"
#include "policy/guard.h"

struct database;

/* The settings and counters must stay until database_free(). once: jobs are given up on instead of
 * waiting for ever. */
struct database *database_new(const struct database_settings *settings, struct loop *loop,
                              bool once, struct database_counters *counters);
void database_free(struct database *database); /* closes what is still open */

/* The host functions of its jobs (job.h), with the database as first argument. */
void database_want(struct database *database, struct job *job);
void database_give_back(struct database *database, struct job *job, struct pg *pg, bool broken);
void database_drop(struct database *database, struct pg *pg);

/* The job wants no connection any more (it drains); one that is being made for it is dropped. */
void database_forget(struct database *database, const struct job *job);

struct clock_anchor *database_clock(struct database *database);
const char *database_name(const struct database *database);

/* What status shows of it. Strings become the view's. Role and kill switch are what its jobs have
 * met. */
void database_describe(const struct database *database, struct database_view *view);

#endif
