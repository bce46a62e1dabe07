#include "pgpurgectl/ask.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/printable.h"
#include "pgpurgectl/client.h"
#include "report/json.h"

static void explain(const struct client_answer *answer, struct err *err)
{
    char *sentence =
        answer->body.length > 0 ? json_read_sentence(answer->body.data, answer->body.length) : NULL;

    if (sentence != NULL)
        err_set(err, "%s", sentence);
    else
        err_set(err, "the daemon answered with HTTP status %d", answer->status);
    free(sentence);
}

enum ctl_exit ask(const struct arguments *arguments, const char *method, const char *path,
                  struct text *body, struct err *err)
{
    struct client_answer answer;

    if (!client_ask(arguments->socket, method, path, arguments->timeout_ms, &answer, err))
        return CTL_UNREACHABLE;
    if (answer.status < 200 || answer.status > 299) {
        explain(&answer, err);
        text_free(&answer.body);
        return CTL_REFUSED;
    }
    *body = answer.body;
    return CTL_DONE;
}

enum ctl_exit ask_status(const struct arguments *arguments, const char *job,
                         struct snapshot **snapshot, struct text *body, struct err *err)
{
    char *path = job != NULL ? client_job_path(job, "") : text_copy("/v1/status");
    struct text answer = {0};
    enum ctl_exit how = ask(arguments, "GET", path, &answer, err);

    free(path);
    if (how != CTL_DONE)
        return how;
    *snapshot = json_read(answer.data != NULL ? answer.data : "", answer.length, err);
    if (*snapshot != NULL && job != NULL && snapshot_job(*snapshot, job) == NULL) {
        err_set(err, "the daemon's answer does not contain the job %s", job);
        snapshot_free(*snapshot);
        *snapshot = NULL;
    }
    if (*snapshot != NULL && !arguments->json)
        snapshot_make_printable(*snapshot);
    if (body != NULL && *snapshot != NULL)
        *body = answer;
    else
        text_free(&answer);
    return *snapshot != NULL ? CTL_DONE : CTL_REFUSED;
}

int ask_failed(const struct arguments *arguments, enum ctl_exit how, const struct err *err)
{
    struct text json = {0}, sentence = {0};

    printable_add_line(&sentence, err->text);
    fprintf(stderr, "pgpurgectl: %s\n", sentence.length > 0 ? sentence.data : "");
    text_free(&sentence);
    if (arguments->json) {
        json_write_error(&json, err->text);
        fputs(json.data, stdout);
        text_free(&json);
    }
    return (int)how;
}
