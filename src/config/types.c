#include "config/types.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/columns.h"
#include "config/condition.h"
#include "config/conninfo.h"
#include "config/duration.h"
#include "config/expires.h"
#include "config/flag.h"
#include "config/identifier.h"
#include "config/never_expires.h"
#include "config/options.h"
#include "config/place.h"
#include "config/reference.h"
#include "config/settings.h"
#include "config/size.h"
#include "config/suggest.h"
#include "config/timezone.h"
#include "config/window.h"

static void *field(const struct config_option *option, void *record)
{
    return (char *)record + option->offset;
}

static const void *const_field(const struct config_option *option, const void *record)
{
    return (const char *)record + option->offset;
}

/* ---- text and conninfo ---- */

static bool text_parse(const struct config_option *option, const char *text, void *record,
                       struct err *err)
{
    (void)err;
    *(char **)field(option, record) = text_copy(text);
    return true;
}

/* Empty where that is allowed, and means that there is none. */
static bool path_parse(const struct config_option *option, const char *text, void *record,
                       struct err *err)
{
    return (text[0] == '\0' || place_check_path(text, err)) &&
           text_parse(option, text, record, err);
}

static bool address_parse(const struct config_option *option, const char *text, void *record,
                          struct err *err)
{
    return (text[0] == '\0' || place_check_address(text, err)) &&
           text_parse(option, text, record, err);
}

static void text_print(const struct config_option *option, const void *record, struct text *out)
{
    text_add(out, *(char *const *)const_field(option, record));
}

static void text_clear(const struct config_option *option, void *record)
{
    free(*(char **)field(option, record));
}

static bool conninfo_parse(const struct config_option *option, const char *text, void *record,
                           struct err *err)
{
    struct text masked = {0};
    bool readable = conninfo_mask(text, option->is_ours, &masked, err);

    text_free(&masked);
    return readable && text_parse(option, text, record, err);
}

/* It could be masked once, when it was parsed. */
static void conninfo_print(const struct config_option *option, const void *record, struct text *out)
{
    struct err err;

    conninfo_mask(*(char *const *)const_field(option, record), option->is_ours, out, &err);
}

/* ---- yes and no ---- */

static bool bool_parse(const struct config_option *option, const char *text, void *record,
                       struct err *err)
{
    static const char *const words[][2] = {
        {"no", "yes"}, {"false", "true"}, {"off", "on"}, {"0", "1"}};

    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        for (int truth = 0; truth <= 1; truth++) {
            if (strcasecmp(words[i][truth], text) == 0) {
                *(bool *)field(option, record) = truth;
                return true;
            }
        }
    }
    return err_set(err, "\"%s\" is neither yes nor no", text);
}

static void bool_print(const struct config_option *option, const void *record, struct text *out)
{
    text_add(out, *(const bool *)const_field(option, record) ? "yes" : "no");
}

/* ---- numbers ---- */

static bool out_of_range(const struct config_option *option, const char *text, struct err *err)
{
    return err_set(err, "\"%s\" is out of range: it may be from %s to %s%s%s", text, option->least,
                   option->most, option->unit != NULL ? " " : "",
                   option->unit != NULL ? option->unit : "");
}

/* Digits only. A number too large for any range becomes the largest that there is. */
static bool read_number(const char *text, size_t length, int64_t *number)
{
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits != length)
        return false;
    *number = strtoll(text, NULL, 10);
    return true;
}

static bool store_number(const struct config_option *option, const char *text, size_t length,
                         void *record, struct err *err)
{
    int64_t number;

    if (!read_number(text, length, &number))
        return err_set(err, "\"%s\" is not a whole number%s%s", text,
                       option->unit != NULL ? " of " : "",
                       option->unit != NULL ? option->unit : "");
    if (number < atoll(option->least) || number > atoll(option->most))
        return out_of_range(option, text, err);
    *(int64_t *)field(option, record) = number;
    return true;
}

static bool number_parse(const struct config_option *option, const char *text, void *record,
                         struct err *err)
{
    return store_number(option, text, strlen(text), record, err);
}

static bool percent_parse(const struct config_option *option, const char *text, void *record,
                          struct err *err)
{
    size_t length = strlen(text);

    if (length > 0 && text[length - 1] == '%')
        length--;
    return store_number(option, text, length, record, err);
}

static void number_print(const struct config_option *option, const void *record, struct text *out)
{
    text_addf(out, "%lld", (long long)*(const int64_t *)const_field(option, record));
}

/* ---- durations ---- */

/* A bound of the table; false for one that is not set. */
static bool read_duration_bound(const char *bound, int64_t *ms)
{
    struct err err;

    return bound != NULL && duration_parse_ms(bound, "s", ms, &err);
}

/* "write 30d for 30 days", but "write 100ms" for a timeout: by the unit of the option's default. */
static const char *usual_unit(const struct config_option *option)
{
    return option->fallback != NULL ? option->fallback + strspn(option->fallback, "0123456789")
                                    : "s";
}

static bool option_duration_parse(const struct config_option *option, const char *text,
                                  void *record, struct err *err)
{
    int64_t ms, bound;

    if (!duration_parse_ms(text, usual_unit(option), &ms, err))
        return false;
    if ((read_duration_bound(option->least, &bound) && ms < bound) ||
        (read_duration_bound(option->most, &bound) && ms > bound))
        return out_of_range(option, text, err);
    *(int64_t *)field(option, record) = ms;
    return true;
}

static void option_duration_print(const struct config_option *option, const void *record,
                                  struct text *out)
{
    duration_print_ms(*(const int64_t *)const_field(option, record), out);
}

/* ---- sizes ---- */

static bool read_size_bound(const char *bound, int64_t *bytes)
{
    struct err err;

    return bound != NULL && size_parse(bound, "MB", bytes, &err);
}

static bool option_size_parse(const struct config_option *option, const char *text, void *record,
                              struct err *err)
{
    const char *unit = usual_unit(option);
    int64_t bytes, bound;

    if (!size_parse(text, *unit != '\0' ? unit : "MB", &bytes, err))
        return false;
    if ((read_size_bound(option->least, &bound) && bytes < bound) ||
        (read_size_bound(option->most, &bound) && bytes > bound))
        return out_of_range(option, text, err);
    *(int64_t *)field(option, record) = bytes;
    return true;
}

static void option_size_print(const struct config_option *option, const void *record,
                              struct text *out)
{
    size_print(*(const int64_t *)const_field(option, record), out);
}

/* ---- lists ---- */

/* Appends the next element without the blanks around it; false if there is nothing in it. */
static bool copy_element(const char **text, struct text *out)
{
    const char *begin = *text + strspn(*text, " \t");
    size_t length = strcspn(begin, ",");

    *text = begin + length;
    while (length > 0 && strchr(" \t", begin[length - 1]) != NULL)
        length--;
    text_add_bytes(out, begin, length);
    return length > 0;
}

/* Kept as it is printed, with one blank behind each comma, so that it can be split at ", ". */
static bool list_parse(const struct config_option *option, const char *text, void *record,
                       struct err *err)
{
    struct text list = {0};
    const char *rest = text;
    bool fine = *text == '\0' || copy_element(&rest, &list);

    while (fine && *rest == ',') {
        rest++;
        text_add(&list, ", ");
        fine = copy_element(&rest, &list);
    }
    if (!fine) {
        text_free(&list);
        return err_set(err, "\"%s\" has a comma too many", text);
    }
    *(char **)field(option, record) = text_take(&list);
    return true;
}

/* ---- choices ---- */

static bool unknown_choice(const struct config_option *option, const char *text, struct err *err)
{
    struct suggest nearest = suggest_start(text);
    struct text list = {0};

    for (size_t i = 0; option->choices[i] != NULL; i++) {
        suggest_try(&nearest, option->choices[i]);
        text_addf(&list, "%s%s", i > 0 ? ", " : "", option->choices[i]);
    }
    err_set(err, "\"%s\" is none of: %s%s%s%s", text, list.data,
            nearest.name != NULL ? "; did you mean " : "", nearest.name != NULL ? nearest.name : "",
            nearest.name != NULL ? "?" : "");
    text_free(&list);
    return false;
}

static bool choice_parse(const struct config_option *option, const char *text, void *record,
                         struct err *err)
{
    for (int i = 0; option->choices[i] != NULL; i++) {
        if (strcasecmp(option->choices[i], text) == 0) {
            memcpy(field(option, record), &i, sizeof i);
            return true;
        }
    }
    return unknown_choice(option, text, err);
}

/* Every enum of ours is as large as an int, but none is one: hence memcpy. */
static void choice_print(const struct config_option *option, const void *record, struct text *out)
{
    int i;

    memcpy(&i, const_field(option, record), sizeof i);
    text_add(out, option->choices[i]);
}

_Static_assert(sizeof(enum log_level) == sizeof(int), "a choice is stored as an int");
_Static_assert(sizeof(enum synchronous_commit) == sizeof(int), "a choice is stored as an int");
_Static_assert(sizeof(enum children) == sizeof(int), "a choice is stored as an int");
_Static_assert(sizeof(enum epoch_unit) == sizeof(int), "a choice is stored as an int");
_Static_assert(sizeof(enum scan_wish) == sizeof(int), "a choice is stored as an int");
_Static_assert(sizeof(enum vacuum_wish) == sizeof(int), "a choice is stored as an int");

/* ---- tables, expiry, windows ---- */

static bool table_parse(const struct config_option *option, const char *text, void *record,
                        struct err *err)
{
    return table_name_parse(text, field(option, record), err);
}

static void table_print(const struct config_option *option, const void *record, struct text *out)
{
    const struct table_name *table = const_field(option, record);

    text_add(out, table->written);
}

static void table_clear(const struct config_option *option, void *record)
{
    table_name_clear(field(option, record));
}

static bool option_expires_parse(const struct config_option *option, const char *text, void *record,
                                 struct err *err)
{
    return expires_parse(text, field(option, record), err);
}

static void option_expires_print(const struct config_option *option, const void *record,
                                 struct text *out)
{
    const struct expires *expires = const_field(option, record);

    text_add(out, expires->written);
}

static void option_expires_clear(const struct config_option *option, void *record)
{
    expires_clear(field(option, record));
}

static bool option_live_parse(const struct config_option *option, const char *text, void *record,
                              struct err *err)
{
    return never_expires_parse(text, field(option, record), err);
}

static void option_live_print(const struct config_option *option, const void *record,
                              struct text *out)
{
    const struct never_expires *live = const_field(option, record);

    text_add(out, live->written);
}

static void option_live_clear(const struct config_option *option, void *record)
{
    never_expires_clear(field(option, record));
}

static bool option_flags_parse(const struct config_option *option, const char *text, void *record,
                               struct err *err)
{
    return flags_parse(text, field(option, record), err);
}

static void option_flags_print(const struct config_option *option, const void *record,
                               struct text *out)
{
    const struct flags *flags = const_field(option, record);

    text_add(out, flags->written);
}

static void option_flags_clear(const struct config_option *option, void *record)
{
    flags_clear(field(option, record));
}

static bool option_columns_parse(const struct config_option *option, const char *text, void *record,
                                 struct err *err)
{
    return columns_parse(text, field(option, record), err);
}

static void option_columns_print(const struct config_option *option, const void *record,
                                 struct text *out)
{
    const struct columns *columns = const_field(option, record);

    text_add(out, columns->written);
}

static void option_columns_clear(const struct config_option *option, void *record)
{
    columns_clear(field(option, record));
}

static bool condition_parse(const struct config_option *option, const char *text, void *record,
                            struct err *err)
{
    return condition_check(text, err) && text_parse(option, text, record, err);
}

static bool option_references_parse(const struct config_option *option, const char *text,
                                    void *record, struct err *err)
{
    return references_parse(text, field(option, record), err);
}

static void option_references_print(const struct config_option *option, const void *record,
                                    struct text *out)
{
    references_print(const_field(option, record), out);
}

static void option_references_clear(const struct config_option *option, void *record)
{
    references_clear(field(option, record));
}

static bool option_zone_parse(const struct config_option *option, const char *text, void *record,
                              struct err *err)
{
    return (text[0] == '\0' || timezone_check(text, err)) && text_parse(option, text, record, err);
}

static bool option_window_zone_parse(const struct config_option *option, const char *text,
                                     void *record, struct err *err)
{
    return (timezone_is_posix(text) || timezone_check(text, err)) &&
           text_parse(option, text, record, err);
}

/* A window fills two fields, so it takes the whole job. */
static bool option_window_parse(const struct config_option *option, const char *text, void *record,
                                struct err *err)
{
    struct job_settings *job = record;

    (void)option;
    return window_parse(text, &job->window, &job->window_written, err);
}

static void option_window_print(const struct config_option *option, const void *record,
                                struct text *out)
{
    const struct job_settings *job = record;

    (void)option;
    text_add(out, job->window_written);
}

static void option_window_clear(const struct config_option *option, void *record)
{
    struct job_settings *job = record;

    (void)option;
    free(job->window.spans);
    free(job->window_written);
}

const struct option_type option_text = {"string", text_parse, text_print, text_clear};
const struct option_type option_path = {"path", path_parse, text_print, text_clear};
const struct option_type option_address = {"address", address_parse, text_print, text_clear};
const struct option_type option_conninfo = {"string", conninfo_parse, conninfo_print, text_clear};
const struct option_type option_bool = {"yes | no", bool_parse, bool_print, NULL};
const struct option_type option_number = {"number", number_parse, number_print, NULL};
const struct option_type option_percent = {"percent", percent_parse, number_print, NULL};
const struct option_type option_duration = {"duration", option_duration_parse,
                                            option_duration_print, NULL};
const struct option_type option_size = {"size", option_size_parse, option_size_print, NULL};
const struct option_type option_list = {"list", list_parse, text_print, text_clear};
const struct option_type option_choice = {"choice", choice_parse, choice_print, NULL};
const struct option_type option_table = {"name", table_parse, table_print, table_clear};
const struct option_type option_expires = {"rule", option_expires_parse, option_expires_print,
                                           option_expires_clear};
const struct option_type option_never_expires = {"marks", option_live_parse, option_live_print,
                                                 option_live_clear};
const struct option_type option_flags = {"flags", option_flags_parse, option_flags_print,
                                         option_flags_clear};
const struct option_type option_columns = {"columns", option_columns_parse, option_columns_print,
                                           option_columns_clear};
const struct option_type option_condition = {"expression", condition_parse, text_print, text_clear};
const struct option_type option_references = {"references", option_references_parse,
                                              option_references_print, option_references_clear};
const struct option_type option_zone = {"zone", option_zone_parse, text_print, text_clear};
const struct option_type option_window_zone = {"zone", option_window_zone_parse, text_print,
                                               text_clear};
const struct option_type option_window = {"spans", option_window_parse, option_window_print,
                                          option_window_clear};
