#include "config/identifier.h"

#include <ctype.h>
#include <stdlib.h>

/* NAMEDATALEN - 1 of every PostgreSQL that was not compiled differently. */
enum { NAME_BYTES = 63 };

/* ident_start and ident_cont of PostgreSQL's scan.l: any byte of a non-ASCII character is a letter.
 */
static bool starts_name(char c)
{
    return isalpha((unsigned char)c) || c == '_' || (c & 0x80) != 0;
}

static bool continues_name(char c)
{
    return starts_name(c) || isdigit((unsigned char)c) || c == '$';
}

static void take_unquoted(const char **cursor, struct text *name)
{
    while (continues_name(**cursor)) {
        char folded = (char)(**cursor >= 'A' && **cursor <= 'Z' ? **cursor - 'A' + 'a' : **cursor);

        text_add_bytes(name, &folded, 1);
        ++*cursor;
    }
}

static bool take_quoted(const char **cursor, struct text *name, struct err *err)
{
    const char *start = (*cursor)++;

    for (; **cursor != '\0'; ++*cursor) {
        if (**cursor == '"' && *++*cursor != '"')
            return name->length > 0 || err_set(err, "a quoted name is empty");
        text_add_bytes(name, *cursor, 1);
    }
    return err_set(err, "%s has no closing double quote", start);
}

static bool take_name(const char **cursor, struct text *name, struct err *err)
{
    const char *start = *cursor;

    if (*start == '"')
        return take_quoted(cursor, name, err);
    if (*start == '\0')
        return err_set(err, "a name is missing");
    if (!starts_name(*start))
        return err_set(err, "a name can't begin at \"%s\"; put an unusual name in double quotes",
                       start);
    take_unquoted(cursor, name);
    return true;
}

bool identifier_read(const char **cursor, char **name, struct err *err)
{
    struct text taken = {0};

    if (!take_name(cursor, &taken, err)) {
        text_free(&taken);
        return false;
    }
    if (taken.length > NAME_BYTES) {
        err_set(err, "the name \"%s\" is %zu bytes long; PostgreSQL's names have at most %d",
                taken.data, taken.length, NAME_BYTES);
        text_free(&taken);
        return false;
    }
    *name = text_take(&taken);
    return true;
}

static bool needs_quotes(const char *name)
{
    struct text folded = {0};
    const char *cursor = name;
    bool same;

    if (!starts_name(*name))
        return true;
    take_unquoted(&cursor, &folded);
    same = *cursor == '\0' && text_equal(folded.data, name);
    text_free(&folded);
    return !same;
}

void identifier_print(const char *name, struct text *out)
{
    if (!needs_quotes(name)) {
        text_add(out, name);
        return;
    }
    text_add(out, "\"");
    for (const char *c = name; *c != '\0'; c++) {
        if (*c == '"')
            text_add(out, "\"");
        text_add_bytes(out, c, 1);
    }
    text_add(out, "\"");
}

static bool complain_about_rest(const char *text, const char *rest, struct err *err)
{
    if (*rest == '.')
        return err_set(err,
                       "%s has too many parts: write SCHEMA.TABLE; the database comes from the "
                       "option \"database\"",
                       text);
    return err_set(err,
                   "%s can't be read from \"%s\" on; put a name with blanks or signs in double "
                   "quotes",
                   text, rest);
}

/* One or two names; the second is NULL if there is only one. */
static bool read_parts(const char *text, char **first, char **second, struct err *err)
{
    const char *cursor = text;

    if (!identifier_read(&cursor, first, err))
        return false;
    if (*cursor == '.') {
        cursor++;
        if (!identifier_read(&cursor, second, err))
            return false;
    }
    return *cursor == '\0' || complain_about_rest(text, cursor, err);
}

static char *write_table_name(const char *schema, const char *name)
{
    struct text written = {0};

    identifier_print(schema, &written);
    text_add(&written, ".");
    identifier_print(name, &written);
    return text_take(&written);
}

bool table_name_parse(const char *text, struct table_name *table, struct err *err)
{
    char *first = NULL, *second = NULL;

    if (!read_parts(text, &first, &second, err)) {
        free(first);
        free(second);
        return false;
    }
    table_name_set(table, second != NULL ? first : text_copy("public"),
                   second != NULL ? second : first);
    return true;
}

void table_name_set(struct table_name *table, char *schema, char *name)
{
    table->schema = schema;
    table->name = name;
    table->written = write_table_name(schema, name);
}

void table_name_clear(struct table_name *table)
{
    free(table->schema);
    free(table->name);
    free(table->written);
    *table = (struct table_name){0};
}
