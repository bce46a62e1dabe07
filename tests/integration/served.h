/*
 * served: a scene (scene.h) whose daemon answers on a socket, with a folder of its own for the
 * socket and for what it remembers.
 */
#ifndef PGPURGED_INTEGRATION_SERVED_H
#define PGPURGED_INTEGRATION_SERVED_H

#include "integration/ask.h"
#include "integration/daemon.h"
#include "integration/scene.h"
#include "model/snapshot.h"

struct served {
    struct scene scene;
    const char *folder, *socket; /* paths */
    struct daemon daemon;
};

/* A scene without tables; the daemon does not run yet. */
struct served served_new(void);

/* Stops the daemon if it runs. */
void served_end(struct served *served);

/* A configuration file: more options of the daemon, sections of jobs. */
const char *served_config(const struct served *served, const char *options, const char *sections);
/* A configuration file whose database is reached by `conninfo`. */
const char *served_config_through(const struct served *served, const char *conninfo,
                                  const char *options, const char *sections);

/* Makes a file of this text. */
void served_write(const char *path, const char *text);

/* Starts the daemon and waits until it answers. */
void served_start(struct served *served, const char *config);

/* What it says of itself now; snapshot_free() it. */
struct snapshot *served_status(const struct served *served);

/* Waits until the job is in this state for this reason (codes, as "held", "paused"). */
void served_await(const struct served *served, const char *job, const char *state,
                  const char *reason);

/* Waits until the job is in this state for this reason, and its sentence contains `why`: both from
 * one look, since a job that rests or backs off is at work again by the next one. */
void served_await_why(const struct served *served, const char *job, const char *state,
                      const char *reason, const char *why);

/* The value of the series, written as in the metrics:
 * "pgpurged_job_enabled{job_name=\"orders\",...}" up to the blank. Fails the test if it is not
 * there. */
double served_metric(const struct served *served, const char *series);

#endif
