#include "pgpurged/daemon.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "base/text.h"
#include "config.h"
#include "net/sd.h"
#include "pgpurged/configuration.h"
#include "pgpurged/daemon_life.h"
#include "pgpurged/run_order.h"

/* --- what a job asks of its host --- */

static const char *job_or_jobs(size_t count)
{
    return count == 1 ? "job" : "jobs";
}

/* "5 jobs: 1 running, 3 waiting, 1 stopped" */
static void changed(void *arg, struct job *changed_job)
{
    struct daemon *daemon = ((struct slot *)arg)->daemon;
    size_t counts[JOB_STATE_COUNT] = {0};
    struct text line = {0};

    (void)changed_job;
    for (size_t i = 0; i < daemon->slot_count; i++)
        if (daemon->slots[i].job != NULL)
            counts[job_state(daemon->slots[i].job)]++;
    text_addf(&line, "%zu %s", daemon->slot_count, job_or_jobs(daemon->slot_count));
    for (int state = 0; state < JOB_STATE_COUNT; state++)
        if (counts[state] > 0)
            text_addf(&line, "%s %zu %s", strchr(line.data, ':') == NULL ? ":" : ",", counts[state],
                      job_state_code((enum job_state)state));
    notify_status("%s", line.data);
    text_free(&line);
    loop_timer_set(&daemon->turns, 0);
}

static bool may_begin(void *arg, struct job *job, struct text *why)
{
    struct slot *slot = arg;

    (void)job;
    return run_order_may_begin(slot->daemon, slot, why);
}

static void take_turns(void *arg)
{
    run_order_look(arg);
}

static void drained(void *arg, struct job *job)
{
    struct slot *slot = arg;

    (void)job;
    slot->drained = true;
    loop_timer_set(&slot->daemon->look, 0);
}

static void ended(void *arg, struct job *job, enum run_outcome outcome)
{
    struct slot *slot = arg;
    struct daemon *daemon = slot->daemon;

    (void)job;
    slot->ended = true;
    if (outcome == RUN_FAILED)
        daemon->exit_code = EXIT_FAILED;
    else if (outcome != RUN_DONE && daemon->exit_code == EXIT_DONE)
        daemon->exit_code = EXIT_INCOMPLETE;
    loop_timer_set(&daemon->look, 0);
}

/* --- starting and clearing away --- */

static bool is_wanted(const struct daemon_order *order, const char *job)
{
    for (size_t i = 0; i < order->job_name_count; i++)
        if (text_equal(order->job_names[i], job))
            return true;
    return order->job_name_count == 0;
}

static struct conn_pool *find_pool(const struct daemon *daemon, const char *name)
{
    for (size_t i = 0; i < daemon->settings->database_count; i++)
        if (text_equal(conn_pool_name(daemon->pools[i]), name))
            return daemon->pools[i];
    return NULL; /* settings_load() has made sure that there is one */
}

static void fill_slot(struct daemon *daemon, const struct job_settings *settings)
{
    struct slot *slot = &daemon->slots[daemon->slot_count++];
    struct job_host host = {
        .loop = daemon->loop,
        .once = daemon->order->once,
        .arg = slot,
        .owner = daemon->owner,
        .may_begin = may_begin,
        .changed = changed,
        .drained = drained,
        .ended = ended,
    };

    *slot = (struct slot){.daemon = daemon, .pool = find_pool(daemon, settings->database)};
    host.database = settings_database(daemon->settings, settings->database);
    host.pool = conn_pool_leases(slot->pool);
    host.clock = conn_pool_clock(slot->pool);
    host.counters = counter_registry_job(&daemon->counters, settings->name);
    slot->job = job_new(settings, &host);
    if (pauses_have(&daemon->pauses, settings->name))
        job_pause(slot->job);
}

static void start(struct daemon *daemon)
{
    const struct settings *settings = daemon->settings;

    daemon->pools = mem_new(settings->database_count * sizeof *daemon->pools);
    for (size_t i = 0; i < settings->database_count; i++)
        daemon->pools[i] = conn_pool_new(
            &settings->databases[i], daemon->loop, daemon->order->once,
            counter_registry_database(&daemon->counters, settings->databases[i].name));
    daemon->slots = mem_new(settings->job_count * sizeof *daemon->slots);
    daemon->slot_count = 0;
    for (size_t i = 0; i < settings->job_count; i++)
        if (is_wanted(daemon->order, settings->jobs[i].name))
            fill_slot(daemon, &settings->jobs[i]);
    for (size_t i = 0; i < daemon->slot_count; i++)
        job_start(daemon->slots[i].job);
}

static void clear(struct daemon *daemon)
{
    for (size_t i = 0; i < daemon->slot_count; i++) {
        job_free(daemon->slots[i].job);
        run_order_leave(&daemon->slots[i]);
    }
    for (size_t i = 0; i < daemon->settings->database_count; i++)
        conn_pool_free(daemon->pools[i]);
    free(daemon->pools);
    free(daemon->slots);
    daemon->slots = NULL;
    daemon->slot_count = 0;
}

/* --- draining, reloading --- */

static void drain(struct daemon *daemon)
{
    for (size_t i = 0; i < daemon->slot_count; i++)
        if (!daemon->slots[i].drained)
            job_drain(daemon->slots[i].job);
    loop_timer_set(&daemon->look, 0);
}

static void warn_of_restart(const struct settings *old, const struct settings *fresh)
{
    struct text names = {0};

    settings_need_restart(old, fresh, &names);
    if (names.length > 0)
        log_warning("%s: this change requires a restart", names.data);
    text_free(&names);
}

static void finish_reload(struct daemon *daemon)
{
    clear(daemon);
    warn_of_restart(daemon->settings, daemon->next_settings);
    settings_free(daemon->settings);
    daemon->settings = daemon->next_settings;
    daemon->next_settings = NULL;
    configuration_apply_log(daemon->settings);
    start(daemon);
    log_info("reloaded %s: %zu %s", daemon->order->config_path, daemon->slot_count,
             job_or_jobs(daemon->slot_count));
    notify_ready();
}

static void look(void *arg)
{
    struct daemon *daemon = arg;
    size_t drained_count = 0, ended_count = 0;

    for (size_t i = 0; i < daemon->slot_count; i++) {
        drained_count += daemon->slots[i].drained;
        ended_count += daemon->slots[i].ended;
    }
    if (daemon->stopping || daemon->next_settings != NULL) {
        if (drained_count < daemon->slot_count)
            return;
        if (daemon->stopping)
            loop_stop(daemon->loop);
        else
            finish_reload(daemon);
    } else if (daemon->order->once && ended_count == daemon->slot_count) {
        loop_stop(daemon->loop);
    }
}

static void asked_to_stop(void *arg)
{
    struct daemon *daemon = arg;

    if (daemon->stopping) {
        log_warning("second signal: exiting at once; the server commits or rolls "
                    "back the batches in flight");
        loop_stop(daemon->loop);
        return;
    }
    log_info("stopping: waiting for the batches in flight");
    notify_stopping();
    daemon->stopping = true;
    if (daemon->order->once)
        daemon->exit_code = EXIT_INCOMPLETE;
    drain(daemon);
}

/* Reads the file and begins to drain; false with err set if everything stays as it is. */
static bool begin_reload(void *arg, struct err *err)
{
    struct daemon *daemon = arg;

    if (daemon->stopping || daemon->next_settings != NULL)
        return err_set(err, "the daemon is already stopping or reloading");
    notify_reloading();
    daemon->reloaded = wall_now();
    daemon->next_settings = configuration_load(daemon->order->config_path, err);
    if (daemon->next_settings == NULL) {
        daemon->reload_error = *err;
        log_error("reload refused, the old settings stay in force: %s", err->text);
        notify_ready();
        return false;
    }
    daemon->reload_error.text[0] = '\0';
    drain(daemon);
    return true;
}

static void asked_to_reload(void *arg)
{
    struct daemon *daemon = arg;
    struct err err;

    if (!daemon->order->once)
        begin_reload(daemon, &err);
}

/* Another word for each process, also for one that has been killed and started anew. */
static void name_owner(struct daemon *daemon)
{
    uint64_t random = 0;

    if (getrandom(&random, sizeof random, 0) != sizeof random)
        random = (uint64_t)mono_now().ns;
    snprintf(daemon->owner, sizeof daemon->owner, "%016llx", (unsigned long long)random);
}

static void prepare(struct daemon *daemon)
{
    daemon->loop = loop_new();
    name_owner(daemon);
    daemon->started = daemon->reloaded = wall_now();
    loop_timer_init(&daemon->look, daemon->loop, look, daemon);
    loop_timer_init(&daemon->turns, daemon->loop, take_turns, daemon);
    loop_on_signal(daemon->loop, SIGTERM, asked_to_stop, daemon);
    loop_on_signal(daemon->loop, SIGINT, asked_to_stop, daemon);
    loop_on_signal(daemon->loop, SIGHUP, asked_to_reload, daemon);
    signal(SIGPIPE, SIG_IGN);
}

static void run(struct daemon *daemon)
{
    log_info("%s starts: %zu %s in %s", PACKAGE_STRING, daemon->settings->job_count,
             job_or_jobs(daemon->settings->job_count), daemon->order->config_path);
    start(daemon);
    notify_ready();
    notify_watchdog_start(daemon->loop);
    loop_run(daemon->loop);
    notify_watchdog_stop();
    clear(daemon);
    log_info("stopped");
}

enum exit_code daemon_run(struct settings *settings, const struct daemon_order *order)
{
    struct daemon daemon = {.order = order, .settings = settings, .exit_code = EXIT_DONE};
    struct err err;

    prepare(&daemon);
    if (daemon_open_control(&daemon, begin_reload, &err)) {
        run(&daemon);
    } else {
        log_error("%s", err.text);
        daemon.exit_code = EXIT_FAILED;
    }
    control_free(daemon.control);
    pauses_close(&daemon.pauses);
    counter_registry_free(&daemon.counters);
    settings_free(daemon.settings);
    settings_free(daemon.next_settings);
    loop_timer_free(&daemon.look);
    loop_timer_free(&daemon.turns);
    loop_free(daemon.loop);
    return daemon.exit_code;
}
