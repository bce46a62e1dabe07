/*
 * What is asked of the daemon over its sockets: a snapshot of everything, and an operator's wishes.
 */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "config.h"
#include "pgpurged/daemon_life.h"

static void describe_daemon(const struct daemon *daemon, struct daemon_view *view)
{
    view->version = text_copy(PACKAGE_VERSION);
    view->pid = getpid();
    view->now = wall_now();
    view->started = daemon->started;
    view->config_path = text_copy(daemon->order->config_path);
    view->reloaded = daemon->reloaded;
    view->reload_ok = daemon->reload_error.text[0] == '\0';
    if (!view->reload_ok)
        view->reload_error = text_copy(daemon->reload_error.text);
    view->stopping = daemon->stopping;
    view->log_lines_lost = (int64_t)log_lines_lost();
}

/* What only its jobs have met: a standby, the kill switch, the lag of its replicas. */
static void describe_by_jobs(const struct daemon *daemon, size_t at, struct database_view *view)
{
    view->role = view->up ? ROLE_PRIMARY : ROLE_UNKNOWN;
    view->kill_switch = view->up ? MAYBE_NO : MAYBE_UNKNOWN;
    for (size_t i = 0; i < daemon->slot_count; i++) {
        if (daemon->slots[i].pool != daemon->pools[at])
            continue;
        view->replica_lag_s = fmax(view->replica_lag_s, job_replica_lag_s(daemon->slots[i].job));
        if (job_reason(daemon->slots[i].job) == REASON_STANDBY)
            view->role = ROLE_STANDBY;
        if (job_reason(daemon->slots[i].job) == REASON_KILL_SWITCH)
            view->kill_switch = MAYBE_YES;
    }
}

static struct snapshot *snapshot(void *arg)
{
    const struct daemon *daemon = arg;
    struct snapshot *taken = snapshot_new(daemon->settings->database_count, daemon->slot_count);

    describe_daemon(daemon, &taken->daemon);
    for (size_t i = 0; i < taken->database_count; i++) {
        conn_pool_describe(daemon->pools[i], &taken->databases[i]);
        describe_by_jobs(daemon, i, &taken->databases[i]);
    }
    for (size_t i = 0; i < daemon->slot_count; i++)
        job_describe(daemon->slots[i].job, &taken->jobs[i]);
    return taken;
}

/* NULL if there is none of that name. */
static struct job *find_job(const struct daemon *daemon, const char *name)
{
    for (size_t i = 0; i < daemon->slot_count; i++)
        if (text_equal(job_settings(daemon->slots[i].job)->name, name))
            return daemon->slots[i].job;
    return NULL;
}

static bool has_job(void *arg, const char *name)
{
    return find_job(arg, name) != NULL;
}

static bool run_job(void *arg, const char *name, struct err *err)
{
    struct job *job = find_job(arg, name);

    if (!job_settings(job)->enabled)
        return err_set(err, "job %s is disabled in the configuration (enabled = no)", name);
    if (job_is_paused(job))
        return err_set(err, "job %s is paused; resume it first", name);
    log_info("job=%s an operator requests a run now", name);
    job_run_now(job);
    return true;
}

static bool pause_job(void *arg, const char *name, struct err *err)
{
    struct daemon *daemon = arg;
    struct job *job = find_job(daemon, name);

    log_info("job=%s paused by an operator", name);
    job_pause(job);
    return pauses_set(&daemon->pauses, name, true, err);
}

static bool resume_job(void *arg, const char *name, struct err *err)
{
    struct daemon *daemon = arg;
    struct job *job = find_job(daemon, name);

    log_info("job=%s resumed by an operator", name);
    job_resume(job);
    return pauses_set(&daemon->pauses, name, false, err);
}

/* Under systemd the service has a folder of its own for the socket (systemd.exec(5),
 * RuntimeDirectory). */
static char *socket_path(const struct settings *settings)
{
    const char *folder = getenv("RUNTIME_DIRECTORY");

    if (settings->socket[0] != '\0' || folder == NULL)
        return text_copy(settings->socket);
    return text_format("%s/pgpurged.sock", folder);
}

bool daemon_open_control(struct daemon *daemon, bool (*reload)(void *daemon, struct err *err),
                         struct err *err)
{
    const struct settings *settings = daemon->settings;
    char *path = socket_path(settings);
    struct control_sockets sockets = {path, settings->socket_group, settings->control_group,
                                      settings->metrics_listen};
    struct control_actions actions = {daemon,    snapshot,   has_job, run_job,
                                      pause_job, resume_job, reload};
    bool fine = pauses_open(&daemon->pauses, settings->state_directory, err);

    if (fine && !daemon->order->once) {
        daemon->control = control_new(daemon->loop, &sockets, &actions, err);
        fine = daemon->control != NULL;
    }
    free(path);
    return fine;
}
