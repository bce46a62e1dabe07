#include "config/timezone.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* The zones that PostgreSQL has for whole hours: from Etc/GMT-14 in the east to Etc/GMT+12. */
enum { MOST_EAST = 14, MOST_WEST = 12 };

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* An offset as everybody writes it: letters or none, a sign, hours, perhaps minutes. Returns false
 * if it is something else; *hours counts eastwards, *whole is whether there are no minutes. */
static bool read_offset(const char *text, int *hours, bool *whole)
{
    const char *sign = text + strspn(text, letters);
    size_t digits = strspn(sign + (*sign != '\0'), "0123456789");
    const char *rest;

    if ((*sign != '+' && *sign != '-') || digits == 0 || digits > 4)
        return false;
    rest = sign + 1 + digits;
    *hours = atoi(sign + 1);
    *whole = strspn(rest, ":0") == strlen(rest);
    if (digits > 2) { /* +0530 */
        *whole = *whole && *hours % 100 == 0;
        *hours /= 100;
    }
    if (*sign == '-')
        *hours = -*hours;
    return strspn(rest, ":0123456789") == strlen(rest);
}

static bool refuse_offset(const char *text, int hours, bool whole, struct err *err)
{
    if (!whole || hours > MOST_EAST || hours < -MOST_WEST)
        return err_set(err,
                       "\"%s\" is not the name of a time zone; write a region, as in "
                       "Europe/Berlin or Asia/Kolkata",
                       text);
    if (hours == 0)
        return err_set(err, "\"%s\" is not the name of a time zone; write UTC", text);
    return err_set(err,
                   "\"%s\" is not the name of a time zone, and PostgreSQL would read its sign the "
                   "other way round; write a region, as in Europe/Berlin or America/New_York, or "
                   "Etc/GMT%+d for a fixed %d hour%s %s UTC (the sign in this name is inverted)",
                   text, -hours, abs(hours), abs(hours) == 1 ? "" : "s",
                   hours < 0 ? "behind (west of)" : "ahead of (east of)");
}

/* GMT+0 and GMT-0 are names. */
static bool is_gmt_zero(const char *text)
{
    return text_equal(text, "GMT+0") || text_equal(text, "GMT-0");
}

bool timezone_is_posix(const char *text)
{
    return text[0] == '<';
}

bool timezone_check(const char *text, struct err *err)
{
    int hours;
    bool whole;

    if (is_gmt_zero(text))
        return true;
    if (read_offset(text, &hours, &whole))
        return refuse_offset(text, hours, whole, err);
    if (isalpha((unsigned char)text[0]) && strpbrk(text, ":,;<> \t'\"") == NULL)
        return true;
    return err_set(err,
                   "\"%s\" is not the name of a time zone; write a region, as in Europe/Berlin, or "
                   "UTC",
                   text);
}

bool timezone_unknown(const char *text, const char *known, struct err *err)
{
    if (known != NULL)
        return err_set(err, "time zone \"%s\" is spelled %s; write it so", text, known);
    return err_set(err,
                   "time zone \"%s\" not recognized: it is no name in PostgreSQL's "
                   "pg_timezone_names; write a region, as in Europe/Berlin, or UTC",
                   text);
}
