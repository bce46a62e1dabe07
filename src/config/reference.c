#include "config/reference.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "config/identifier.h"

/* --- parts --- */

enum { MOST_NAMES = 3 };

/* Names with dots in between, as many as there are, up to three. */
static bool read_names(const char **cursor, char *names[MOST_NAMES], size_t *count, struct err *err)
{
    *count = 0;
    do {
        *cursor += *count > 0;
        if (!identifier_read(cursor, &names[*count], err))
            return false;
        ++*count;
    } while (*count < MOST_NAMES && **cursor == '.');
    return *count > 1 || err_set(err,
                                 "\"%s\" alone doesn't say which column refers to the job's table; "
                                 "write TABLE.COLUMN",
                                 names[0]);
}

/* TABLE.COLUMN or SCHEMA.TABLE.COLUMN. */
static bool read_place(const char **cursor, struct reference *reference, struct err *err)
{
    char *names[MOST_NAMES] = {NULL};
    size_t count;

    if (!read_names(cursor, names, &count, err)) {
        for (size_t i = 0; i < MOST_NAMES; i++)
            free(names[i]);
        return false;
    }
    reference->column = names[count - 1];
    table_name_set(&reference->table, count == MOST_NAMES ? names[0] : text_copy("public"),
                   names[count - 2]);
    return true;
}

/* A word, or a text in single quotes, '' in it standing for one. */
static bool read_value(const char **cursor, char **value, struct err *err)
{
    const char *text = *cursor;
    struct text taken = {0};
    size_t length;

    if (*text != '\'') {
        length = strcspn(text, ",");
        *cursor = text + length;
        while (length > 0 && strchr(" \t", text[length - 1]) != NULL)
            length--;
        text_add_bytes(&taken, text, length);
        *value = text_take(&taken);
        if (length > 0)
            return true;
        free(*value);
        *value = NULL;
        return err_set(err, "a value is missing after \"=\"; an empty one is written ''");
    }
    for (text++; *text != '\0'; text++) {
        if (*text == '\'' && *++text != '\'') {
            *cursor = text;
            *value = text_take(&taken);
            return true;
        }
        text_add_bytes(&taken, text, 1);
    }
    text_free(&taken);
    return err_set(err, "%s has no closing quote", *cursor);
}

/* `-> COLUMN` and `where COLUMN = VALUE`, both optional. */
static bool read_rest(const char **cursor, struct reference *reference, struct err *err)
{
    *cursor = text_skip_blanks(*cursor);
    if (strncmp(*cursor, "->", 2) == 0) {
        *cursor = text_skip_blanks(*cursor + 2);
        if (!identifier_read(cursor, &reference->referenced, err))
            return false;
        *cursor = text_skip_blanks(*cursor);
    }
    if (strncasecmp(*cursor, "where", 5) != 0 || strchr(" \t\"", (*cursor)[5]) == NULL)
        return true;
    *cursor = text_skip_blanks(*cursor + 5);
    if (!identifier_read(cursor, &reference->where_column, err))
        return false;
    *cursor = text_skip_blanks(*cursor);
    if (**cursor != '=')
        return err_set(err, "can't be read from \"%s\" on; write where COLUMN = VALUE", *cursor);
    *cursor = text_skip_blanks(*cursor + 1);
    return read_value(cursor, &reference->where_value, err);
}

/* --- printing --- */

static void print_value(const char *value, struct text *out)
{
    bool bare = *value != '\0' && strpbrk(value, ",'") == NULL && strchr(" \t", *value) == NULL &&
                strchr(" \t", value[strlen(value) - 1]) == NULL;

    if (bare) {
        text_add(out, value);
        return;
    }
    text_add(out, "'");
    for (const char *c = value; *c != '\0'; c++) {
        if (*c == '\'')
            text_add(out, "'");
        text_add_bytes(out, c, 1);
    }
    text_add(out, "'");
}

static char *write_reference(const struct reference *reference)
{
    struct text out = {0};

    text_addf(&out, "%s.", reference->table.written);
    identifier_print(reference->column, &out);
    if (reference->referenced != NULL) {
        text_add(&out, " -> ");
        identifier_print(reference->referenced, &out);
    }
    if (reference->where_column != NULL) {
        text_add(&out, " where ");
        identifier_print(reference->where_column, &out);
        text_add(&out, " = ");
        print_value(reference->where_value, &out);
    }
    return text_take(&out);
}

void references_print(const struct references *references, struct text *out)
{
    for (size_t i = 0; i < references->count; i++)
        text_addf(out, "%s%s", i > 0 ? ", " : "", references->list[i].written);
}

/* --- the whole --- */

static void clear_one(struct reference *reference)
{
    table_name_clear(&reference->table);
    free(reference->column);
    free(reference->referenced);
    free(reference->where_column);
    free(reference->where_value);
    free(reference->written);
}

void references_clear(struct references *references)
{
    for (size_t i = 0; i < references->count; i++)
        clear_one(&references->list[i]);
    free(references->list);
    *references = (struct references){0};
}

static bool read_one(const char **cursor, struct reference *reference, struct err *err)
{
    *cursor = text_skip_blanks(*cursor);
    if (!read_place(cursor, reference, err) || !read_rest(cursor, reference, err))
        return false;
    *cursor = text_skip_blanks(*cursor);
    if (**cursor != ',' && **cursor != '\0')
        return err_set(err,
                       "can't be read from \"%s\" on; write TABLE.COLUMN, and if need be -> COLUMN "
                       "and where COLUMN = VALUE behind it",
                       *cursor);
    reference->written = write_reference(reference);
    return true;
}

bool references_parse(const char *text, struct references *references, struct err *err)
{
    const char *cursor = text;

    *references = (struct references){0};
    if (*text == '\0')
        return true;
    do {
        cursor += references->count > 0;
        references->list =
            mem_grow(references->list, (references->count + 1) * sizeof *references->list);
        references->list[references->count] = (struct reference){0};
        if (!read_one(&cursor, &references->list[references->count++], err)) {
            references_clear(references);
            return false;
        }
    } while (*cursor == ',');
    return true;
}
