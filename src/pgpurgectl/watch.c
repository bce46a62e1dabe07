#include "pgpurgectl/watch.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "pgpurgectl/ask.h"
#include "pgpurgectl/screen.h"
#include "report/json.h"

/* One look: the JSON as it came, the view, or why there is none. */
static enum ctl_exit look(const struct arguments *arguments, const char *job, struct text *frame,
                          struct err *err)
{
    struct terminal terminal = screen_terminal(arguments);
    struct snapshot *snapshot = NULL;
    struct text body = {0};
    enum ctl_exit how = ask_status(arguments, job, &snapshot, &body, err);

    terminal.height = screen_height();
    if (how == CTL_DONE && arguments->json)
        text_add_bytes(frame, body.data, body.length);
    else if (how == CTL_DONE)
        screen_view(frame, snapshot, job, &terminal);
    else if (arguments->json)
        json_write_error(frame, err->text);
    else
        text_addf(frame, "%s\n", err->text);
    snapshot_free(snapshot);
    text_free(&body);
    return how;
}

/* Paints over the frame before instead of clearing first, which would flicker. */
static void paint_over(const struct text *frame)
{
    const char *end;

    fputs("\033[H", stdout);
    for (const char *line = frame->data; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        fwrite(line, 1, (size_t)(end - line), stdout);
        fputs("\033[K\n", stdout);
    }
    fputs("\033[J", stdout);
}

static void print_frame(const struct arguments *arguments, const struct text *frame)
{
    if (screen_is_terminal() && !arguments->json)
        paint_over(frame);
    else
        fwrite(frame->data, 1, frame->length, stdout);
}

static void sleep_ms(int64_t ms)
{
    struct timespec wait = {ms / 1000, (ms % 1000) * 1000000};

    nanosleep(&wait, NULL);
}

int watch_run(const struct arguments *arguments, const char *job)
{
    for (;;) {
        struct text frame = {0};
        struct err err;
        enum ctl_exit how = look(arguments, job, &frame, &err);

        if (how == CTL_REFUSED) {
            text_free(&frame);
            return ask_failed(arguments, how, &err);
        }
        print_frame(arguments, &frame);
        text_free(&frame);
        if (fflush(stdout) != 0)
            return CTL_REFUSED;
        sleep_ms(arguments->interval_ms);
    }
}
