#include "config/document.h"

#include <ini.h>
#include <stdlib.h>
#include <string.h>

#include "config/line.h"

/* ---- first pass: our own ---- */

static const struct document_section *find_section(const struct document *document,
                                                   enum section_kind kind, const char *name)
{
    for (size_t i = 0; i < document->section_count; i++) {
        const struct document_section *section = &document->sections[i];

        if (section->kind == kind && (name == NULL || text_equal(section->name, name)))
            return section;
    }
    return NULL;
}

const struct document_section *document_section(const struct document *document,
                                                enum section_kind kind)
{
    return find_section(document, kind, NULL);
}

const struct document_entry *document_entry(const struct document_section *section,
                                            const struct config_option *option)
{
    for (size_t i = 0; section != NULL && i < section->entry_count; i++) {
        if (section->entries[i].option == option)
            return &section->entries[i];
    }
    return NULL;
}

static struct document_section *last_section(struct document *document)
{
    return document->section_count > 0 ? &document->sections[document->section_count - 1] : NULL;
}

static struct document_entry *last_entry(struct document *document)
{
    struct document_section *section = last_section(document);

    return section != NULL && section->entry_count > 0 ? &section->entries[section->entry_count - 1]
                                                       : NULL;
}

static char *copy(const struct line *line)
{
    struct text text = {0};

    text_add_bytes(&text, line->text, line->length);
    return text_take(&text);
}

static bool check_new_section(const struct document *document, enum section_kind kind,
                              const char *name, const char *header, struct err *err)
{
    const struct document_section *before = find_section(document, kind, name);

    if (before != NULL)
        return err_set(err, "[%s] is there twice; the other one is in line %d", header,
                       before->line);
    return true;
}

static bool add_section(struct document *document, const struct line *line, struct err *err)
{
    enum section_kind kind = SECTION_PGPURGED;
    char *header = copy(line), *name = NULL;
    struct document_section *section;

    if (!section_parse(header, &kind, &name, err) ||
        !check_new_section(document, kind, name, header, err)) {
        free(header);
        free(name);
        return false;
    }
    document->sections =
        mem_grow(document->sections, (document->section_count + 1) * sizeof *document->sections);
    section = &document->sections[document->section_count++];
    *section = (struct document_section){
        .kind = kind, .name = name, .header = header, .line = document->line_count};
    return true;
}

static bool check_new_entry(const struct document_section *section,
                            const struct config_option *option, const char *name, struct err *err)
{
    const struct document_entry *before;

    if (option == NULL)
        return option_unknown(section->kind, name, err);
    before = document_entry(section, option);
    if (before != NULL)
        return err_set(err, "%s: is set twice in [%s]; the other one is in line %d", name,
                       section->header, before->line);
    return true;
}

static bool add_named_entry(struct document *document, const char *name, struct err *err)
{
    struct document_section *section = last_section(document);
    const struct config_option *option;

    if (section == NULL)
        return err_set(
            err, "%s: stands before the first section; begin with a line like [pgpurged]", name);
    option = option_find(section->kind, name);
    if (!check_new_entry(section, option, name, err))
        return false;
    section->entries =
        mem_grow(section->entries, (section->entry_count + 1) * sizeof *section->entries);
    section->entries[section->entry_count++] =
        (struct document_entry){.option = option, .line = document->line_count, .pieces = 1};
    return true;
}

static bool add_entry(struct document *document, const struct line *line, struct err *err)
{
    char *name = copy(line);
    bool added = add_named_entry(document, name, err);

    free(name);
    return added;
}

static bool check_continuation(const struct document_entry *entry, const struct line *line,
                               struct err *err)
{
    if (entry == NULL)
        return err_set(err, "the line is indented, but there is no value that it could go on with; "
                            "begin it in the first column");
    if (!entry->option->may_continue)
        return err_set(err,
                       "the line is indented, but the value of %s can't go on in a second "
                       "line; begin it in the first column",
                       entry->option->name);
    if (line->text[0] == '[')
        return err_set(err,
                       "the line is indented and would become a part of %s; begin it in the "
                       "first column",
                       entry->option->name);
    return true;
}

static bool add_continuation(struct document *document, const struct line *line, struct err *err)
{
    struct document_entry *entry = last_entry(document);

    if (!check_continuation(entry, line, err))
        return false;
    entry->pieces++;
    return true;
}

static bool add_line(struct document *document, const char *bytes, size_t length, struct err *err)
{
    struct line line;

    document->line_count++;
    if (!line_read(bytes, length, &line, err))
        return false;
    switch (line.kind) {
    case LINE_BLANK:
        return true;
    case LINE_SECTION:
        return add_section(document, &line, err);
    case LINE_OPTION:
        return add_entry(document, &line, err);
    case LINE_INDENTED:
        return add_continuation(document, &line, err);
    }
    return false;
}

static bool add_lines(struct document *document, const char *bytes, size_t length, struct err *err)
{
    const char *end = bytes + length;

    while (bytes < end) {
        const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
        const char *stop = newline != NULL ? newline : end;
        size_t line_length = (size_t)(stop - bytes);

        if (newline != NULL && line_length > 0 && stop[-1] == '\r') /* Windows' line end */
            line_length--;
        if (!add_line(document, bytes, line_length, err))
            return false;
        bytes = newline != NULL ? newline + 1 : end;
    }
    return true;
}

/* ---- second pass: inih's ---- */

/* Where inih's next call must belong. */
struct cursor {
    struct document *document;
    size_t section, entry;
};

/* Moves on to the next entry that isn't complete; NULL behind the last. */
static struct document_entry *next_entry(struct cursor *cursor)
{
    while (cursor->section < cursor->document->section_count) {
        struct document_section *section = &cursor->document->sections[cursor->section];

        for (; cursor->entry < section->entry_count; cursor->entry++) {
            struct document_entry *entry = &section->entries[cursor->entry];

            if (entry->pieces_read < entry->pieces)
                return entry;
        }
        cursor->section++;
        cursor->entry = 0;
    }
    return NULL;
}

/* inih leaves the blanks in [ job orders ]. */
static bool same_header(const char *raw, const char *header)
{
    size_t length = strlen(header);

    raw += strspn(raw, " \t");
    return strncmp(raw, header, length) == 0 && raw[length + strspn(raw + length, " \t")] == '\0';
}

/* inih's callback: nonzero is success. */
static int take_piece(void *arg, const char *section, const char *name, const char *value)
{
    struct cursor *cursor = arg;
    struct document_entry *entry = next_entry(cursor);

    if (entry == NULL || !text_equal(entry->option->name, name) ||
        !same_header(section, cursor->document->sections[cursor->section].header))
        return 0;
    if (entry->value.length > 0)
        text_add(&entry->value, " ");
    text_add(&entry->value, value);
    entry->pieces_read++;
    return 1;
}

static bool take_values(const char *path, struct document *document, const char *text,
                        struct err *err)
{
    struct cursor cursor = {.document = document};
    int line = ini_parse_string(text, take_piece, &cursor);
    const struct document_entry *missed = next_entry(&cursor);

    if (line == 0 && missed == NULL)
        return true;
    return err_set(err, "%s:%d: inih reads this line differently from pgpurged; please report it",
                   path,
                   line > 0         ? line
                   : missed != NULL ? missed->line
                                    : 0);
}

/* ---- both ---- */

bool document_read(const char *path, const char *bytes, size_t length, struct document *document,
                   struct err *err)
{
    struct text text = {0};
    bool read;

    *document = (struct document){0};
    if (length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) { /* Windows' byte order mark */
        bytes += 3;
        length -= 3;
    }
    if (!add_lines(document, bytes, length, err))
        return err_prefix(err, "%s:%d", path, document->line_count);
    text_add_bytes(&text, bytes, length);
    read = take_values(path, document, text.data, err);
    text_free(&text);
    return read;
}

void document_free(struct document *document)
{
    for (size_t i = 0; i < document->section_count; i++) {
        struct document_section *section = &document->sections[i];

        for (size_t j = 0; j < section->entry_count; j++)
            text_free(&section->entries[j].value);
        free(section->entries);
        free(section->name);
        free(section->header);
    }
    free(document->sections);
    *document = (struct document){0};
}
