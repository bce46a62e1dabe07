#include "integration/served.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "integration/await.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "report/json.h"

struct served served_new(void)
{
    struct served served = {.scene = scene_new()};

    served.folder = keep_format("%s/%s", cluster_folder(harness_cluster()), served.scene.database);
    ck_assert_int_eq(mkdir(served.folder, 0755), 0);
    served.socket = keep_format("%s/sock", served.folder);
    return served;
}

void served_end(struct served *served)
{
    if (served->daemon.pid > 0)
        daemon_stop(&served->daemon);
    scene_end(&served->scene);
}

const char *served_config_through(const struct served *served, const char *conninfo,
                                  const char *options, const char *sections)
{
    return config_write(served->folder,
                        "[pgpurged]\nsocket = %s\nstate_directory = %s\n%s\n"
                        "[database d]\nconninfo = %s\n[defaults]\ndatabase = d\nduty_cycle = 100\n"
                        "statement_timeout = 5min\n%s",
                        served->socket, served->folder, options, conninfo, sections);
}

const char *served_config(const struct served *served, const char *options, const char *sections)
{
    const char *conninfo = cluster_conninfo(harness_cluster(), served->scene.database, "pgpurged");

    return served_config_through(served, conninfo, options, sections);
}

void served_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    ck_assert_msg(file != NULL, "%s: can't be written", path);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

static bool answers(void *arg)
{
    return ask_get(arg, "/healthz").status == 200;
}

void served_start(struct served *served, const char *config)
{
    served->daemon = daemon_start(config);
    if (!await_quietly(answers, (char *)served->socket, AWAIT_MS))
        ck_abort_msg("it does not answer; the log:\n%s", keep_tail(daemon_log(&served->daemon)));
}

struct snapshot *served_status(const struct served *served)
{
    struct answer answer = ask_get(served->socket, "/v1/status");
    struct snapshot *snapshot;
    struct err err;

    ck_assert_int_eq(answer.status, 200);
    snapshot = json_read(answer.body, strlen(answer.body), &err);
    ck_assert_msg(snapshot != NULL, "%s: %s", err.text, answer.body);
    return snapshot;
}

struct expectation {
    const struct served *served;
    const char *job, *state, *reason, *why;
    char seen[400];
};

static bool is_so(void *arg)
{
    struct expectation *expected = arg;
    struct snapshot *snapshot = served_status(expected->served);
    const struct job_view *job = snapshot_job(snapshot, expected->job);
    bool so;

    ck_assert_msg(job != NULL, "there is no job %s", expected->job);
    so = text_equal(job_state_code(job->state), expected->state) &&
         text_equal(reason_code(job->reason), expected->reason) &&
         strstr(job_view_why(job), expected->why) != NULL;
    snprintf(expected->seen, sizeof expected->seen, "%s/%s: %.300s", job_state_code(job->state),
             reason_code(job->reason), job_view_why(job));
    snapshot_free(snapshot);
    return so;
}

void served_await_why(const struct served *served, const char *job, const char *state,
                      const char *reason, const char *why)
{
    struct expectation expected = {served, job, state, reason, why, ""};

    if (!await_quietly(is_so, &expected, AWAIT_MS))
        ck_abort_msg("job %s is %s, not %s/%s: %s; the log:\n%s", job, expected.seen, state, reason,
                     why, keep_tail(daemon_log(&served->daemon)));
}

void served_await(const struct served *served, const char *job, const char *state,
                  const char *reason)
{
    served_await_why(served, job, state, reason, "");
}

double served_metric(const struct served *served, const char *series)
{
    const char *text = ask_get(served->socket, "/metrics").body;
    char *line = text_format("\n%s ", series);
    const char *found = strstr(text, line);
    double value = found != NULL ? atof(found + strlen(line)) : 0;

    ck_assert_msg(found != NULL, "%s is not in\n%s", series, keep_tail(text));
    free(line);
    return value;
}
