/*
 * record: one section's options in its struct, by the table of options: filled from the document,
 * printed, freed. A record is a struct settings, database_settings or job_settings; its other
 * fields are not touched.
 */
#ifndef PGPURGED_CONFIG_RECORD_H
#define PGPURGED_CONFIG_RECORD_H

#include <stdbool.h>

#include "base/err.h"
#include "base/text.h"
#include "config/document.h"
#include "config/section.h"

/* Where a record's values come from: its own section, then [defaults], then the table. */
struct record_source {
    const char *path;
    enum section_kind kind;
    const struct document_section *section;  /* NULL if the file has none of the kind */
    const struct document_section *defaults; /* NULL if there is none */
};

/* Of kind SECTION_DEFAULTS: only what the section sets, into a scratch job. On failure err begins
 * with "PATH:LINE: OPTION: " and what was filled stays for record_clear(). The record must be
 * zeroed before. */
bool record_fill(const struct record_source *source, void *record, struct err *err);

void record_print(enum section_kind kind, const void *record, struct text *out);
void record_clear(enum section_kind kind, void *record);

/* Where an option was set, or else where its section begins. */
int record_line(const struct record_source *source, const char *option);

#endif
