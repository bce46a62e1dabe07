/*
 * daemon_life: the inside of struct daemon, for the files that make it work: daemon.c (start,
 * reload, drain), daemon_control.c (what is asked over its sockets) and run_order.c (who goes
 * first).
 */
#ifndef PGPURGED_PGPURGED_DAEMON_LIFE_H
#define PGPURGED_PGPURGED_DAEMON_LIFE_H

#include "engine/job.h"
#include "net/loop.h"
#include "pgpurged/conn_pool.h"
#include "pgpurged/control.h"
#include "pgpurged/counter_registry.h"
#include "pgpurged/daemon.h"
#include "pgpurged/pauses.h"
#include "policy/job_order.h"

/* A job with what the daemon knows about it. */
struct slot {
    struct daemon *daemon;
    struct conn_pool *pool;
    struct job *job;
    bool drained;
    bool ended; /* --once */
    struct order_reference
        *references; /* to the job's rows, by those of other slots: run_order.c */
    size_t reference_count;
};

struct daemon {
    const struct daemon_order *order;
    struct settings *settings;
    struct settings *next_settings; /* while a reload drains the jobs */
    struct loop *loop;
    struct conn_pool **pools; /* one for each of settings->databases, in that order */
    struct slot *slots;
    size_t slot_count;
    bool stopping;
    enum exit_code exit_code;
    struct counter_registry counters;
    char owner[24];          /* of the runs that this process works on */
    struct control *control; /* NULL with --once */
    struct pauses pauses;
    struct wall started, reloaded;
    struct err reload_error; /* empty: the last reload was fine */
    struct loop_timer turns; /* who may begin now: outside of the calls of jobs */
    struct loop_timer look;  /* whether all have drained or ended: outside of their calls */
};

/* daemon_control.c: reads what is paused, which holds for --once as well, and opens the sockets.
 * --once answers nobody: it may run beside the daemon. `reload` is called, with the daemon, when an
 * operator asks for it. */
bool daemon_open_control(struct daemon *daemon, bool (*reload)(void *daemon, struct err *err),
                         struct err *err);

#endif
