#include "config/flag.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/identifier.h"

/* ---- values ---- */

static bool take_quoted(const char **cursor, struct text *value, struct err *err)
{
    const char *start = (*cursor)++;

    for (; **cursor != '\0'; ++*cursor) {
        if (**cursor == '\'' && *++*cursor != '\'')
            return true;
        text_add_bytes(value, *cursor, 1);
    }
    return err_set(err, "%s has no closing quote", start);
}

static bool take_plain(const char **cursor, struct text *value, struct err *err)
{
    size_t length = strcspn(*cursor, ",='\"");
    const char *begin = *cursor;

    *cursor += length;
    while (length > 0 && strchr(" \t", begin[length - 1]) != NULL)
        length--;
    if (length == 0)
        return err_set(err, "a value is missing after the =; write it in quotes if it is empty: "
                            "status = ''");
    text_add_bytes(value, begin, length);
    return true;
}

static bool take_value(const char **cursor, char **value, struct err *err)
{
    struct text taken = {0};

    *cursor = text_skip_blanks(*cursor);
    if (**cursor == '\'' ? take_quoted(cursor, &taken, err) : take_plain(cursor, &taken, err)) {
        *value = text_take(&taken);
        return true;
    }
    text_free(&taken);
    return false;
}

static bool needs_quotes(const char *value)
{
    size_t length = strlen(value);

    return length == 0 || value[strcspn(value, ",='\"")] != '\0' ||
           strchr(" \t", value[0]) != NULL || strchr(" \t", value[length - 1]) != NULL;
}

static void print_value(const char *value, struct text *out)
{
    if (!needs_quotes(value)) {
        text_add(out, value);
        return;
    }
    text_add(out, "'");
    for (const char *c = value; *c != '\0'; c++)
        text_add_bytes(out, *c == '\'' ? "''" : c, *c == '\'' ? 2 : 1);
    text_add(out, "'");
}

/* ---- the list ---- */

static bool check_new(const struct flags *flags, const char *column, struct err *err)
{
    for (size_t i = 0; i + 1 < flags->count; i++) {
        if (text_equal(flags->items[i].column, column))
            return err_set(err,
                           "%s is there twice, but all flags must hold at the same time; a choice "
                           "between values belongs in where: %s IN (...)",
                           column, column);
    }
    return true;
}

static bool take_flag(const char **cursor, struct flags *flags, struct err *err)
{
    struct flag *flag;

    if (flags->count == FLAGS_MAX)
        return err_set(err, "more than %d flags; write the others in where", FLAGS_MAX);
    flag = &flags->items[flags->count++];
    if (!identifier_read(cursor, &flag->column, err) || !check_new(flags, flag->column, err))
        return false;
    *cursor = text_skip_blanks(*cursor);
    if (**cursor != '=')
        return true;
    ++*cursor;
    if (!take_value(cursor, &flag->value, err))
        return false;
    *cursor = text_skip_blanks(*cursor);
    return true;
}

static bool parse_list(const char *text, struct flags *flags, struct err *err)
{
    for (const char *cursor = text;; cursor++) {
        cursor = text_skip_blanks(cursor);
        if (!take_flag(&cursor, flags, err))
            return false;
        if (*cursor == '\0')
            return true;
        if (*cursor != ',')
            return err_set(err,
                           "can't be read from \"%s\" on; write COLUMN or COLUMN = VALUE, "
                           "separated by commas",
                           cursor);
    }
}

static void print_list(const struct flags *flags, struct text *out)
{
    for (size_t i = 0; i < flags->count; i++) {
        text_add(out, i > 0 ? ", " : "");
        identifier_print(flags->items[i].column, out);
        if (flags->items[i].value != NULL) {
            text_add(out, " = ");
            print_value(flags->items[i].value, out);
        }
    }
}

bool flags_parse(const char *text, struct flags *flags, struct err *err)
{
    struct text written = {0};

    *flags = (struct flags){0};
    if (*text != '\0' && !parse_list(text, flags, err)) {
        flags_clear(flags);
        return false;
    }
    print_list(flags, &written);
    flags->written = text_take(&written);
    return true;
}

void flags_clear(struct flags *flags)
{
    for (size_t i = 0; i < flags->count; i++) {
        free(flags->items[i].column);
        free(flags->items[i].value);
    }
    free(flags->written);
    *flags = (struct flags){0};
}
