#include "report/human.h"

#include <math.h>
#include <string.h>
#include <time.h>

static const struct unit {
    const char *name;
    int64_t seconds;
} units[] = {{"d", 86400}, {"h", 3600}, {"min", 60}, {"s", 1}};

/* The largest unit that fits at least once. */
static size_t unit_of(int64_t seconds)
{
    size_t i = 0;

    while (i + 1 < ARRAY_LENGTH(units) && seconds < units[i].seconds)
        i++;
    return i;
}

static void add_duration(struct text *out, double seconds, bool both_units)
{
    int64_t whole = isfinite(seconds) ? llround(fabs(seconds)) : 0;
    size_t i = unit_of(whole);

    if (!isfinite(seconds)) {
        text_add(out, "-");
        return;
    }
    text_addf(out, "%lld%s", (long long)(whole / units[i].seconds), units[i].name);
    whole %= units[i].seconds;
    if (!both_units || i + 1 >= ARRAY_LENGTH(units) || whole < units[i + 1].seconds)
        return;
    text_addf(out, " %lld%s", (long long)(whole / units[i + 1].seconds), units[i + 1].name);
}

void human_duration(struct text *out, double seconds)
{
    add_duration(out, seconds, true);
}

void human_age(struct text *out, double seconds)
{
    add_duration(out, seconds, false);
}

void human_count(struct text *out, double count)
{
    static const char suffixes[] = "kMGT";
    size_t i = 0;

    if (!isfinite(count)) {
        text_add(out, "-");
        return;
    }
    if (count < 9999.5) {
        text_addf(out, "%.0f", count);
        return;
    }
    count /= 1000;
    while (count >= 999.5 && suffixes[i + 1] != '\0') {
        count /= 1000;
        i++;
    }
    text_addf(out, count < 9.95 ? "%.1f%c" : "%.0f%c", count, suffixes[i]);
}

const char *human_about(struct text_number *room, double estimate)
{
    double unit = estimate >= 1000 ? pow(10, floor(log10(estimate)) - 2) : 1;

    return text_grouped(room, llround(round(estimate / unit) * unit));
}

void human_bytes(struct text *out, double bytes)
{
    static const char *const suffixes[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t i = 0;

    while (bytes >= 1024 && i + 1 < ARRAY_LENGTH(suffixes)) {
        bytes /= 1024;
        i++;
    }
    text_addf(out, i == 0 ? "%.0f %s" : "%.1f %s", bytes, suffixes[i]);
}

void human_relative(struct text *out, struct wall moment, struct wall now)
{
    double seconds = (double)(moment.us - now.us) / 1e6;

    if (seconds > 0)
        text_add(out, "in ");
    human_duration(out, seconds);
    if (seconds <= 0)
        text_add(out, " ago");
}

void human_moment(struct text *out, struct wall moment, struct wall now)
{
    time_t seconds = moment.us / 1000000;
    struct tm local;
    char written[64];

    if (moment.us == 0 || localtime_r(&seconds, &local) == NULL) {
        text_add(out, "-");
        return;
    }
    strftime(written, sizeof written, "%Y-%m-%d %H:%M:%S %Z (", &local);
    text_add(out, written);
    human_relative(out, moment, now);
    text_add(out, ")");
}

static bool continues(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

static size_t columns(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++)
        count += !continues(*text);
    return count;
}

/* C1 controls (U+0080..U+009F) arrive as C2 80..C2 9F, and some terminals obey them. */
static bool is_control(const char *c)
{
    return (unsigned char)c[0] < 0x20 || c[0] == 0x7F ||
           ((unsigned char)c[0] == 0xC2 && (unsigned char)c[1] < 0xA0);
}

size_t human_text(struct text *out, const char *foreign, size_t width)
{
    size_t all = columns(foreign);
    size_t keep = all <= width ? all : width > 3 ? width - 3 : width;
    size_t taken = 0;

    for (const char *c = foreign; *c != '\0';) {
        const char *start = c++;

        while (continues(*c))
            c++;
        if (taken == keep)
            break;
        taken++;
        if (*start == '\n' || *start == '\t')
            text_add(out, " ");
        else if (is_control(start))
            text_add(out, "?");
        else
            text_add_bytes(out, start, (size_t)(c - start));
    }
    if (keep < all && width > 3) {
        text_add(out, "...");
        taken += 3;
    }
    return taken;
}
