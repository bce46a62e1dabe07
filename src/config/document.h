/*
 * document: the file as sections and options, with line numbers, before any value is looked at.
 *
 * Our own reader goes over the lines first (line.h), knows which section and option each belongs to
 * and refuses what inih would misread; then inih reads the same text, and its calls must come in
 * the order and with the names that the reader has seen. The values are inih's. Owned by the
 * caller; document_free() on success and on failure.
 */
#ifndef PGPURGED_CONFIG_DOCUMENT_H
#define PGPURGED_CONFIG_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/text.h"
#include "config/options.h"
#include "config/section.h"

struct document_entry {
    const struct config_option *option;
    int line;
    size_t pieces, pieces_read; /* lines that it has, and of those how many inih has given us */
    struct text value;          /* the pieces with a blank in between */
};

struct document_section {
    enum section_kind kind;
    char *name;   /* NULL if sections of that kind have none */
    char *header; /* all that stands between the brackets */
    int line;
    struct document_entry *entries;
    size_t entry_count;
};

struct document {
    struct document_section *sections;
    size_t section_count;
    int line_count;
};

/* On failure err begins with "PATH:LINE: ". */
bool document_read(const char *path, const char *bytes, size_t length, struct document *document,
                   struct err *err);
void document_free(struct document *document);

/* NULL if it is not there; `section` may be NULL. */
const struct document_entry *document_entry(const struct document_section *section,
                                            const struct config_option *option);

/* The only section of a kind that has no name, NULL if it is not there. */
const struct document_section *document_section(const struct document *document,
                                                enum section_kind kind);

#endif
