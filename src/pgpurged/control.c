#include "pgpurged/control.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "net/sd.h"
#include "report/json.h"
#include "report/prometheus.h"

#define JSON_CONTENT_TYPE "application/json"

enum { NO_GROUP = -1 };

struct control {
    struct http *http;
    struct control_actions actions;
    gid_t control_group; /* NO_GROUP = none */
};

/* --- answers --- */

static void answer_status(const struct control *control, struct http_response *response)
{
    struct snapshot *snapshot = control->actions.snapshot(control->actions.arg);

    response->content_type = JSON_CONTENT_TYPE;
    json_write(&response->body, snapshot);
    snapshot_free(snapshot);
}

static void refuse_job(struct http_response *response)
{
    http_respond_error(response, 404, "there is no job with this name");
}

static void answer_job(const struct control *control, const char *name,
                       struct http_response *response)
{
    struct snapshot *snapshot;

    if (!control->actions.has_job(control->actions.arg, name)) {
        refuse_job(response);
        return;
    }
    snapshot = control->actions.snapshot(control->actions.arg);
    response->content_type = JSON_CONTENT_TYPE;
    json_write_job(&response->body, snapshot, snapshot_job(snapshot, name));
    snapshot_free(snapshot);
}

static void answer_metrics(const struct control *control, struct http_response *response)
{
    struct snapshot *snapshot = control->actions.snapshot(control->actions.arg);

    response->content_type = PROMETHEUS_CONTENT_TYPE;
    prometheus_write(&response->body, snapshot);
    snapshot_free(snapshot);
}

/* Alive is who answers: the loop turns. Whether retention is kept is a matter of the metrics. */
static void answer_health(struct http_response *response)
{
    text_add(&response->body, "ok\n");
}

static void answer_action(bool done, const struct err *err, const char *sentence,
                          struct http_response *response)
{
    if (!done) {
        http_respond_error(response, 409, err->text);
        return;
    }
    response->content_type = JSON_CONTENT_TYPE;
    json_write_message(&response->body, sentence);
}

/* --- who may --- */

static bool may_act(const struct control *control, const struct peer *peer)
{
    if (!peer->known)
        return false;
    if (peer->uid == 0 || peer->uid == geteuid())
        return true;
    return control->control_group != (gid_t)NO_GROUP && peer_in_group(peer, control->control_group);
}

/* --- paths --- */

static const char *after(const char *path, const char *prefix)
{
    return text_starts(path, prefix) ? path + strlen(prefix) : NULL;
}

struct action {
    const char *verb, *sentence;
    bool (*act)(const struct control_actions *actions, const char *job, struct err *err);
};

static bool act_run(const struct control_actions *actions, const char *job, struct err *err)
{
    return actions->run(actions->arg, job, err);
}

static bool act_pause(const struct control_actions *actions, const char *job, struct err *err)
{
    return actions->pause(actions->arg, job, err);
}

static bool act_resume(const struct control_actions *actions, const char *job, struct err *err)
{
    return actions->resume(actions->arg, job, err);
}

static const struct action actions_of_jobs[] = {
    {"run", "a run was requested", act_run},
    {"pause", "paused, also after a restart", act_pause},
    {"resume", "resumed", act_resume},
};

/* /v1/jobs/NAME/VERB. NULL if it is none of them; else the caller frees *name. */
static const struct action *find_action(const char *path, char **name)
{
    const char *rest = after(path, "/v1/jobs/");
    const char *slash = rest != NULL ? strchr(rest, '/') : NULL;

    if (slash == NULL)
        return NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(actions_of_jobs); i++)
        if (text_equal(slash + 1, actions_of_jobs[i].verb)) {
            *name = text_format("%.*s", (int)(slash - rest), rest);
            return &actions_of_jobs[i];
        }
    return NULL;
}

static void refuse_method(struct http_response *response, const char *allow)
{
    http_respond_error(response, 405, "this path needs another method");
    response->allow = allow;
}

static void refuse_path(const struct http_request *request, struct http_response *response)
{
    http_respond_error(response, 404,
                       request->kind == HTTP_UNIX
                           ? "there is no such path; try /v1/status, /metrics or /healthz"
                           : "there is no such path; try /metrics or /healthz");
}

/* Only for paths that takes_post(). */
static void post(const struct control *control, const struct http_request *request,
                 struct http_response *response)
{
    struct err err = {""};
    char *name = NULL;
    const struct action *action = find_action(request->path, &name);
    bool reload = text_equal(request->path, "/v1/reload");

    if (!may_act(control, request->peer))
        http_respond_error(
            response, 403,
            "only root, the daemon's own user and members of control_group may do this");
    else if (reload)
        answer_action(control->actions.reload(control->actions.arg, &err), &err, "reloaded",
                      response);
    else if (!control->actions.has_job(control->actions.arg, name))
        refuse_job(response);
    else
        answer_action(action->act(&control->actions, name, &err), &err, action->sentence, response);
    free(name);
}

static void get(const struct control *control, const struct http_request *request,
                struct http_response *response)
{
    bool everything = request->kind == HTTP_UNIX;
    const char *job = after(request->path, "/v1/jobs/");

    if (text_equal(request->path, "/metrics"))
        answer_metrics(control, response);
    else if (text_equal(request->path, "/healthz"))
        answer_health(response);
    else if (everything && text_equal(request->path, "/v1/status"))
        answer_status(control, response);
    else if (everything && job != NULL && strchr(job, '/') == NULL)
        answer_job(control, job, response);
    else
        refuse_path(request, response);
}

static bool takes_post(const char *path)
{
    char *name = NULL;
    bool takes = text_equal(path, "/v1/reload") || find_action(path, &name) != NULL;

    free(name);
    return takes;
}

static void handle(void *arg, const struct http_request *request, struct http_response *response)
{
    const struct control *control = arg;
    bool may_post = request->kind == HTTP_UNIX && takes_post(request->path);

    if (request->method == HTTP_POST && may_post)
        post(control, request, response);
    else if (request->method == HTTP_POST)
        refuse_method(response, "GET, HEAD");
    else if (may_post)
        refuse_method(response, "POST");
    else
        get(control, request, response);
}

/* --- sockets --- */

static bool find_group(const char *name, const char *option, gid_t *gid, struct err *err)
{
    const struct group *group;

    *gid = (gid_t)NO_GROUP;
    if (name[0] == '\0')
        return true;
    group = getgrnam(name);
    if (group == NULL)
        return err_set(err, "%s = %s: there is no such group on this machine", option, name);
    *gid = group->gr_gid;
    return true;
}

/* What systemd hands over takes the place of what the configuration names. */
static bool listen_to_systemd(struct control *control, int *count, struct err *err)
{
    int first = 0;

    *count = notify_listen_fds(&first);
    for (int i = 0; i < *count; i++)
        if (!http_listen_fd(control->http, first + i, err))
            return err_prefix(err, "socket %d from systemd", i + 1);
    return true;
}

static bool listen_by_ourselves(struct control *control, const struct control_sockets *sockets,
                                struct err *err)
{
    gid_t group;

    if (!find_group(sockets->group, "socket_group", &group, err))
        return false;
    if (sockets->path[0] != '\0' &&
        !http_listen_unix(control->http, sockets->path, 0660, group, err))
        return false;
    return true;
}

static bool start_listening(struct control *control, const struct control_sockets *sockets,
                            struct err *err)
{
    int from_systemd;

    if (!find_group(sockets->control_group, "control_group", &control->control_group, err) ||
        !listen_to_systemd(control, &from_systemd, err))
        return false;
    if (from_systemd == 0 && !listen_by_ourselves(control, sockets, err))
        return false;
    return sockets->tcp[0] == '\0' || http_listen_tcp(control->http, sockets->tcp, err);
}

struct control *control_new(struct loop *loop, const struct control_sockets *sockets,
                            const struct control_actions *actions, struct err *err)
{
    struct control *control = mem_new(sizeof *control);

    control->actions = *actions;
    control->http = http_new(loop, handle, control);
    if (start_listening(control, sockets, err))
        return control;
    control_free(control);
    return NULL;
}

void control_free(struct control *control)
{
    if (control == NULL)
        return;
    http_free(control->http);
    free(control);
}
