#include "pgpurgectl/commands.h"

#include <stdlib.h>

#include "base/printable.h"
#include "pgpurgectl/ask.h"
#include "pgpurgectl/client.h"
#include "pgpurgectl/metrics_json.h"
#include "pgpurgectl/screen.h"
#include "pgpurgectl/watch.h"
#include "report/check.h"
#include "report/json.h"

static void print_and_free(struct text *text)
{
    if (text->length > 0)
        fwrite(text->data, 1, text->length, stdout);
    text_free(text);
}

static int status(const struct arguments *arguments, const char *job)
{
    struct terminal terminal = screen_terminal(arguments);
    struct snapshot *snapshot = NULL;
    struct text body = {0}, view = {0};
    struct err err;
    enum ctl_exit how = ask_status(arguments, job, &snapshot, &body, &err);

    if (how != CTL_DONE)
        return ask_failed(arguments, how, &err);
    if (!arguments->json) {
        screen_view(&view, snapshot, job, &terminal);
        print_and_free(&view);
        text_free(&body);
    }
    print_and_free(&body);
    snapshot_free(snapshot);
    return CTL_DONE;
}

/* A job that is not there is a question that can't be answered; no daemon is a purge that does not
 * happen. */
static struct check_result check_failed(enum ctl_exit how, const struct err *err)
{
    struct check_result result = {.status =
                                      how == CTL_UNREACHABLE ? CHECK_CRITICAL : CHECK_UNKNOWN};

    text_add(&result.summary, err->text);
    return result;
}

static int check(const struct arguments *arguments, const char *job)
{
    struct snapshot *snapshot = NULL;
    struct check_result result;
    struct text line = {0};
    struct err err;
    enum ctl_exit how = ask_status(arguments, job, &snapshot, NULL, &err);

    if (how == CTL_DONE)
        result = check_snapshot(snapshot, job != NULL ? snapshot_job(snapshot, job) : NULL,
                                &arguments->limits);
    else
        result = check_failed(how, &err);
    if (arguments->json)
        check_print_json(&line, &result);
    else
        check_print(&line, &result);
    print_and_free(&line);
    check_clear(&result);
    snapshot_free(snapshot);
    return (int)result.status;
}

static void print_sentence(const char *sentence)
{
    struct text line = {0};

    printable_add_line(&line, sentence);
    text_add(&line, "\n");
    print_and_free(&line);
}

/* POSTs and prints the daemon's sentence. */
static int act(const struct arguments *arguments, const char *path)
{
    struct text body = {0};
    struct err err;
    enum ctl_exit how = ask(arguments, "POST", path, &body, &err);
    char *sentence;

    if (how != CTL_DONE)
        return ask_failed(arguments, how, &err);
    if (arguments->json) {
        print_and_free(&body);
        return CTL_DONE;
    }
    sentence = body.length > 0 ? json_read_sentence(body.data, body.length) : NULL;
    print_sentence(sentence != NULL ? sentence : "done");
    free(sentence);
    text_free(&body);
    return CTL_DONE;
}

static int act_on_job(const struct arguments *arguments, const char *job, const char *verb)
{
    char *path = client_job_path(job, verb);
    int how = act(arguments, path);

    free(path);
    return how;
}

static int run(const struct arguments *arguments, const char *job)
{
    return act_on_job(arguments, job, "/run");
}

static int pause_job(const struct arguments *arguments, const char *job)
{
    return act_on_job(arguments, job, "/pause");
}

static int resume(const struct arguments *arguments, const char *job)
{
    return act_on_job(arguments, job, "/resume");
}

static int reload(const struct arguments *arguments, const char *job)
{
    (void)job;
    return act(arguments, "/v1/reload");
}

static int metrics(const struct arguments *arguments, const char *job)
{
    struct text body = {0}, json = {0};
    struct err err;
    enum ctl_exit how = ask(arguments, "GET", "/metrics", &body, &err);

    (void)job;
    if (how == CTL_DONE && arguments->json &&
        !metrics_json(&json, body.data != NULL ? body.data : "", &err))
        how = CTL_REFUSED;
    if (how == CTL_DONE)
        print_and_free(arguments->json ? &json : &body);
    text_free(&body);
    text_free(&json);
    return how == CTL_DONE ? CTL_DONE : ask_failed(arguments, how, &err);
}

static void print_names(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->job_count; i++)
        if (snapshot->jobs[i].name != NULL)
            print_sentence(snapshot->jobs[i].name);
}

static void print_names_json(const struct snapshot *snapshot)
{
    struct text names = {0};

    text_add(&names, "[");
    for (size_t i = 0; i < snapshot->job_count; i++) {
        text_add(&names, i > 0 ? "," : "");
        json_write_string(&names, snapshot->jobs[i].name != NULL ? snapshot->jobs[i].name : "");
    }
    text_add(&names, "]\n");
    print_and_free(&names);
}

static int jobs(const struct arguments *arguments, const char *job)
{
    struct snapshot *snapshot = NULL;
    struct err err;
    enum ctl_exit how = ask_status(arguments, NULL, &snapshot, NULL, &err);

    (void)job;
    if (how != CTL_DONE)
        return ask_failed(arguments, how, &err);
    if (arguments->json)
        print_names_json(snapshot);
    else
        print_names(snapshot);
    snapshot_free(snapshot);
    return CTL_DONE;
}

static const struct command {
    const char *name;
    int (*run)(const struct arguments *arguments, const char *job);
    int least, most; /* arguments */
} commands[] = {
    {"status", status, 0, 1}, {"watch", watch_run, 0, 1}, {"check", check, 0, 1},
    {"run", run, 1, 1},       {"pause", pause_job, 1, 1}, {"resume", resume, 1, 1},
    {"reload", reload, 0, 0}, {"metrics", metrics, 0, 0}, {"jobs", jobs, 0, 0},
};

static const struct command *command_named(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
        if (text_equal(commands[i].name, name))
            return &commands[i];
    return NULL;
}

static bool fits(const struct command *command, const char *name, int count, struct err *err)
{
    if (command == NULL)
        return err_set(err, "there is no command \"%s\"; pgpurgectl --help lists them", name);
    if (count < command->least)
        return err_set(err, "%s needs the name of a job", name);
    if (count > command->most && command->most == 0)
        return err_set(err, "%s takes no argument", name);
    if (count > command->most)
        return err_set(err, "%s takes one job at most", name);
    return true;
}

int commands_run(const struct arguments *arguments)
{
    const char *name = arguments->word_count > 0 ? arguments->words[0] : "status";
    const struct command *command = command_named(name);
    int count = arguments->word_count > 0 ? arguments->word_count - 1 : 0;
    struct err err;

    if (!fits(command, name, count, &err))
        return ask_failed(arguments, CTL_USAGE, &err);
    return command->run(arguments, count > 0 ? arguments->words[1] : NULL);
}
