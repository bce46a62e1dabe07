/*
 * control: what the daemon answers over HTTP: who may ask for what, and which path means
 * what.
 *
 * Reading is for whoever may open the socket. Acting (POST) is for root, the daemon's own user and
 * the members of control_group, as SO_PEERCRED tells; never over TCP, where only /metrics and
 * /healthz are answered.
 */
#ifndef PGPURGED_PGPURGED_CONTROL_H
#define PGPURGED_PGPURGED_CONTROL_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "model/snapshot.h"
#include "net/http.h"
#include "net/loop.h"

/* What control asks of the daemon. */
struct control_actions {
    void *arg;
    struct snapshot *(*snapshot)(void *arg); /* new; control frees it */
    bool (*has_job)(void *arg, const char *job);
    /* Of jobs that are there. False with err set if it can't be done now. */
    bool (*run)(void *arg, const char *job, struct err *err);
    bool (*pause)(void *arg, const char *job, struct err *err);
    bool (*resume)(void *arg, const char *job, struct err *err);
    bool (*reload)(void *arg, struct err *err);
};

/* How to listen; empty strings = not at all. */
struct control_sockets {
    const char *path;
    const char *group;         /* of the socket's file */
    const char *control_group; /* who may act */
    const char *tcp;
};

struct control;

/* Listens on the sockets that systemd has handed over, or else on those that are named. NULL with
 * err set if one of them can't be had. */
struct control *control_new(struct loop *loop, const struct control_sockets *sockets,
                            const struct control_actions *actions, struct err *err);
void control_free(struct control *control); /* NULL is fine */

#endif
