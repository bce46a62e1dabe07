#include "net/loop.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

struct loop_signal {
    struct event *event;
    loop_fn *fn;
    void *arg;
};

struct loop {
    struct event_base *base;
    struct loop_signal **signals;
    size_t signal_count;
};

struct loop *loop_new(void)
{
    struct loop *loop = mem_new(sizeof *loop);
    struct event_config *config = event_config_new();

    /* A batch takes milliseconds and a rest is as long: the default's rounding up would cost as
     * much. */
    event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
    loop->base = event_base_new_with_config(config);
    event_config_free(config);
    if (loop->base == NULL) {
        fputs("pgpurged: libevent found no polling method\n", stderr);
        abort();
    }
    return loop;
}

void loop_free(struct loop *loop)
{
    for (size_t i = 0; i < loop->signal_count; i++) {
        event_free(loop->signals[i]->event);
        free(loop->signals[i]);
    }
    free(loop->signals);
    event_base_free(loop->base);
    free(loop);
}

void loop_run(struct loop *loop)
{
    event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY);
}

void loop_stop(struct loop *loop)
{
    event_base_loopbreak(loop->base);
}

static void timer_fired(evutil_socket_t fd, short what, void *arg)
{
    struct loop_timer *timer = arg;

    (void)fd;
    (void)what;
    timer->fn(timer->arg);
}

void loop_timer_init(struct loop_timer *timer, struct loop *loop, loop_fn *fn, void *arg)
{
    timer->fn = fn;
    timer->arg = arg;
    timer->event = evtimer_new(loop->base, timer_fired, timer);
    if (timer->event == NULL)
        abort();
}

void loop_timer_set(struct loop_timer *timer, double wait_ms)
{
    double wait_us = wait_ms > 0 ? wait_ms * 1000 : 0;
    struct timeval tv = {(time_t)(wait_us / 1e6), 0};

    tv.tv_usec = (suseconds_t)(wait_us - (double)tv.tv_sec * 1e6);
    evtimer_add(timer->event, &tv);
}

void loop_timer_cancel(struct loop_timer *timer)
{
    evtimer_del(timer->event);
}

bool loop_timer_pending(const struct loop_timer *timer)
{
    return evtimer_pending(timer->event, NULL) != 0;
}

void loop_timer_free(struct loop_timer *timer)
{
    if (timer->event != NULL)
        event_free(timer->event);
    *timer = (struct loop_timer){0};
}

static void signal_arrived(evutil_socket_t number, short what, void *arg)
{
    struct loop_signal *entry = arg;

    (void)number;
    (void)what;
    entry->fn(entry->arg);
}

void loop_on_signal(struct loop *loop, int signal, loop_fn *fn, void *arg)
{
    struct loop_signal *entry = mem_new(sizeof *entry);

    entry->fn = fn;
    entry->arg = arg;
    entry->event = evsignal_new(loop->base, signal, signal_arrived, entry);
    if (entry->event == NULL || evsignal_add(entry->event, NULL) != 0)
        abort();
    loop->signals = mem_grow(loop->signals, (loop->signal_count + 1) * sizeof *loop->signals);
    loop->signals[loop->signal_count++] = entry;
}

struct event_base *loop_base(struct loop *loop)
{
    return loop->base;
}
