#include "config/columns.h"

#include <stdlib.h>

#include "base/text.h"
#include "config/identifier.h"

static bool check_new(const struct columns *columns, const char *name, struct err *err)
{
    for (size_t i = 0; i < columns->count; i++)
        if (text_equal(columns->names[i], name))
            return err_set(err, "%s is there twice", name);
    return true;
}

static bool take_name(const char **cursor, struct columns *columns, struct err *err)
{
    char *name;

    *cursor = text_skip_blanks(*cursor);
    if (!identifier_read(cursor, &name, err))
        return false;
    *cursor = text_skip_blanks(*cursor);
    if (!check_new(columns, name, err)) {
        free(name);
        return false;
    }
    columns->names = mem_grow(columns->names, (columns->count + 1) * sizeof *columns->names);
    columns->names[columns->count++] = name;
    return true;
}

static bool take_names(const char *text, struct columns *columns, struct err *err)
{
    for (const char *cursor = text;; cursor++) {
        if (!take_name(&cursor, columns, err))
            return false;
        if (*cursor == '\0')
            return true;
        if (*cursor != ',')
            return err_set(err, "can't be read from \"%s\" on; write columns, separated by commas",
                           cursor);
    }
}

bool columns_parse(const char *text, struct columns *columns, struct err *err)
{
    struct text written = {0};

    *columns = (struct columns){0};
    if (*text != '\0' && !take_names(text, columns, err)) {
        columns_clear(columns);
        return false;
    }
    for (size_t i = 0; i < columns->count; i++) {
        text_add(&written, i > 0 ? ", " : "");
        identifier_print(columns->names[i], &written);
    }
    columns->written = text_take(&written);
    return true;
}

void columns_clear(struct columns *columns)
{
    for (size_t i = 0; i < columns->count; i++)
        free(columns->names[i]);
    free(columns->names);
    free(columns->written);
    *columns = (struct columns){0};
}
