/*
 * loop: the one thread's event loop: timers, signals, file descriptors. One of the three rooms that
 * know libevent.
 *
 * Callbacks fire from loop_run() only, never inside the call that armed them. A timer is a struct
 * owned by the caller: loop_timer_init() once, then set and cancel at will; it fires once per set.
 */
#ifndef PGPURGED_NET_LOOP_H
#define PGPURGED_NET_LOOP_H

#include <stdbool.h>

struct loop;
struct event;

typedef void loop_fn(void *arg);

struct loop *loop_new(void);       /* aborts if the kernel has nothing to poll with */
void loop_free(struct loop *loop); /* after all timers, signals and connections are freed */

void loop_run(struct loop *loop); /* until loop_stop() */
void loop_stop(struct loop *loop);

struct loop_timer {
    struct event *event;
    loop_fn *fn;
    void *arg;
};

void loop_timer_init(struct loop_timer *timer, struct loop *loop, loop_fn *fn, void *arg);
void loop_timer_set(struct loop_timer *timer,
                    double wait_ms); /* 0 = at the next turn of the loop */
void loop_timer_cancel(struct loop_timer *timer);
bool loop_timer_pending(const struct loop_timer *timer);
void loop_timer_free(struct loop_timer *timer); /* a never initialized (zeroed) one is fine */

/* Calls fn each time the signal arrives, outside of signal context. Freed with the loop. */
void loop_on_signal(struct loop *loop, int signal, loop_fn *fn, void *arg);

/* For the other rooms of net/ only: the event_base behind it. */
struct event_base;
struct event_base *loop_base(struct loop *loop);

#endif
