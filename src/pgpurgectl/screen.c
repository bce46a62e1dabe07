#include "pgpurgectl/screen.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool screen_is_terminal(void)
{
    return isatty(STDOUT_FILENO) != 0;
}

/* {0} if it is not a terminal, or one that doesn't know its size. */
static struct winsize window_size(void)
{
    struct winsize size = {0};

    if (!screen_is_terminal() || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
        return (struct winsize){0};
    return size;
}

/* NO_COLOR is what many programs agree on (no-color.org). */
static bool wants_colour(const struct arguments *arguments)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

    switch (arguments->colour) {
    case COLOUR_ALWAYS:
        return true;
    case COLOUR_NEVER:
        return false;
    case COLOUR_AUTO:
        break;
    }
    return screen_is_terminal() && (no_color == NULL || no_color[0] == '\0') && term != NULL &&
           !text_equal(term, "dumb");
}

struct terminal screen_terminal(const struct arguments *arguments)
{
    size_t width = window_size().ws_col;

    if (width == 0)
        width = TERMINAL_WIDTH;
    return (struct terminal){
        .colour = wants_colour(arguments),
        .width = width > TERMINAL_WIDTH_LEAST ? width : TERMINAL_WIDTH_LEAST,
    };
}

size_t screen_height(void)
{
    return window_size().ws_row;
}

void screen_view(struct text *out, const struct snapshot *snapshot, const char *job,
                 const struct terminal *terminal)
{
    if (job != NULL)
        terminal_job(out, snapshot, snapshot_job(snapshot, job), terminal);
    else
        terminal_status(out, snapshot, terminal);
}
