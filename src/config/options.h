/*
 * options: the one table of everything that can be set. Parsing, defaults, range checks,
 * --print-config, the sample file and pgpurged.conf(5) come from it, so a new option is one row
 * here and one field in model/job_spec.h.
 *
 * Rows are constant data. A record is the struct that a row's field lives in: struct settings,
 * struct database_settings or struct job_settings.
 */
#ifndef PGPURGED_CONFIG_OPTIONS_H
#define PGPURGED_CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "config/conninfo.h"
#include "config/section.h"
#include "config/types.h"

struct config_option {
    enum section_kind section; /* SECTION_JOB stands for [defaults] as well */
    const char *name;
    const struct option_type *type;
    size_t offset;              /* of its field in the record */
    const char *fallback;       /* the default as it would be written; NULL = must be set */
    const char *least, *most;   /* range, as written; NULL = none */
    const char *unit;           /* of a plain number: "rows"; NULL if the value carries it */
    const char *const *choices; /* of an option_choice, in the order of its enum; ends with NULL */
    option_name_fn *is_ours;    /* of an option_conninfo: what is an option beside it */
    const char *example;        /* what the sample file sets; NULL = it shows the default */
    bool may_be_empty;
    bool may_continue;  /* on indented lines */
    bool own_only;      /* may not stand in [defaults] */
    bool needs_restart; /* a reload doesn't change it */
    const char *doc;    /* one line: a sentence or two */
};

extern const struct config_option config_options[];
extern const size_t config_option_count;

/* NULL if no option of that name may stand in that kind of section. */
const struct config_option *option_find(enum section_kind section, const char *name);

/* Always false: err says what was probably meant. */
bool option_unknown(enum section_kind section, const char *name, struct err *err);

#endif
