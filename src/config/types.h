/*
 * types: what kinds of values options have: how each is read into its field, printed, and freed.
 */
#ifndef PGPURGED_CONFIG_TYPES_H
#define PGPURGED_CONFIG_TYPES_H

#include <stdbool.h>

#include "base/err.h"
#include "base/text.h"

struct config_option;

struct option_type {
    const char *word; /* for the manual: "duration" */

    /* Reads text into the option's field of the (so far zeroed) record. On failure the field stays
     * empty and err says why, without the option's name. */
    bool (*parse)(const struct config_option *option, const char *text, void *record,
                  struct err *err);

    /* Appends the canonical form: without secrets, otherwise what parse reads as the same value. */
    void (*print)(const struct config_option *option, const void *record, struct text *out);

    /* Frees what parse has put there; an empty field is fine. NULL if there is nothing to free. */
    void (*clear)(const struct config_option *option, void *record);
};

extern const struct option_type option_text;
extern const struct option_type option_path;    /* from / on */
extern const struct option_type option_address; /* ADDRESS:PORT */
extern const struct option_type option_conninfo;
extern const struct option_type option_bool;          /* bool */
extern const struct option_type option_number;        /* int64_t */
extern const struct option_type option_percent;       /* int64_t */
extern const struct option_type option_duration;      /* int64_t, milliseconds */
extern const struct option_type option_size;          /* int64_t, bytes */
extern const struct option_type option_list;          /* char *, "a, b" */
extern const struct option_type option_choice;        /* an enum */
extern const struct option_type option_table;         /* struct table_name */
extern const struct option_type option_expires;       /* struct expires */
extern const struct option_type option_never_expires; /* struct never_expires */
extern const struct option_type option_flags;         /* struct flags */
extern const struct option_type option_columns;       /* struct columns */
extern const struct option_type option_zone;          /* char *, the name of a time zone */
extern const struct option_type option_window_zone;   /* or one of POSIX in angle brackets */
extern const struct option_type option_condition;     /* char *, one SQL expression */
extern const struct option_type option_references;    /* struct references */
extern const struct option_type option_window;        /* struct week, in a struct job_settings */

#endif
