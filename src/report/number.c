#include "report/number.h"

#include <math.h>
#include <time.h>

enum { MICROS = 1000000 };

const char *number_print_int(char room[NUMBER_INT_BYTES], int64_t value)
{
    char *at = room + NUMBER_INT_BYTES - 1;
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;

    *at = '\0';
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        *--at = '-';
    return at;
}

void number_add_int(struct text *out, int64_t value)
{
    char room[NUMBER_INT_BYTES];

    text_add(out, number_print_int(room, value));
}

/* ".25" for 250000 millionths. */
static void add_fraction(struct text *out, uint64_t micros)
{
    char digits[7] = ".";
    size_t length = sizeof digits;

    for (size_t i = sizeof digits - 1; i > 0; i--) {
        digits[i] = (char)('0' + micros % 10);
        micros /= 10;
    }
    while (digits[length - 1] == '0')
        length--;
    text_add_bytes(out, digits, length);
}

void number_add(struct text *out, double value)
{
    uint64_t micros;

    if (fabs(value) >= 9e12) { /* times a million it would not fit into 64 bits */
        text_addf(out, "%.17g", value);
        return;
    }
    micros = (uint64_t)llround(fabs(value) * MICROS);
    if (value < 0 && micros > 0)
        text_add_bytes(out, "-", 1);
    number_add_int(out, (int64_t)(micros / MICROS));
    if (micros % MICROS != 0)
        add_fraction(out, micros % MICROS);
}

void number_add_time(struct text *out, struct wall moment)
{
    time_t seconds = moment.us / MICROS;
    struct tm utc;
    char written[40];

    if (gmtime_r(&seconds, &utc) == NULL)
        return;
    text_add_bytes(out, written, strftime(written, sizeof written, "%Y-%m-%dT%H:%M:%SZ", &utc));
}

bool number_read_time(const char *text, struct wall *moment)
{
    struct tm utc = {0};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &utc);

    if (end == NULL || *end != '\0')
        return false;
    moment->us = (int64_t)timegm(&utc) * MICROS;
    return true;
}
