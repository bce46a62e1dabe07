#include "report/paint.h"

#include <math.h>

#include "report/human.h"

enum tone paint_tone(enum job_state state)
{
    switch (state) {
    case JOB_RUNNING:
    case JOB_RESTING:
    case JOB_CHECKING:
    case JOB_FINISHING:
    case JOB_VACUUMING:
        return TONE_GOOD;
    case JOB_CONNECTING:
    case JOB_BACKING_OFF:
    case JOB_RESOLVING:
    case JOB_HELD:
        return TONE_WARNING;
    case JOB_STOPPED:
        return TONE_BAD;
    case JOB_WAITING:
        break;
    }
    return TONE_PLAIN;
}

bool paint_needs_reason(enum job_state state)
{
    return paint_tone(state) == TONE_WARNING || paint_tone(state) == TONE_BAD;
}

static const char *tone_code(enum tone tone)
{
    switch (tone) {
    case TONE_STRONG:
        return "\033[1m";
    case TONE_GOOD:
        return "\033[32m";
    case TONE_WARNING:
        return "\033[33m";
    case TONE_BAD:
        return "\033[1;31m";
    case TONE_PLAIN:
        break;
    }
    return "";
}

void paint_cell(struct text *out, const struct terminal *terminal, enum tone tone, const char *text,
                size_t width, bool pad)
{
    bool coloured = terminal->colour && tone != TONE_PLAIN;
    size_t taken;

    if (coloured)
        text_add(out, tone_code(tone));
    taken = human_text(out, text, width);
    if (coloured)
        text_add(out, "\033[0m");
    if (pad)
        text_addf(out, "%*s", (int)(width - taken), "");
}

void paint_bar(struct text *out, double percent, size_t width)
{
    size_t full;

    if (!isfinite(percent))
        return;
    percent = fmin(100, fmax(0, percent));
    full = (size_t)(percent / 100 * (double)width);
    text_add(out, "[");
    for (size_t i = 0; i < width; i++)
        text_add(out, i < full ? "#" : "-");
    text_addf(out, "] %.0f%%", floor(percent)); /* never 100 % before it is done */
}
