#include "config/record.h"

#include <string.h>

#include "config/line.h"
#include "config/options.h"

static const struct document_entry *entry_of(const struct record_source *source,
                                             const struct config_option *option)
{
    const struct document_entry *own = document_entry(source->section, option);

    return own != NULL ? own : document_entry(source->defaults, option);
}

static int section_line(const struct record_source *source)
{
    return source->section != NULL ? source->section->line : 1;
}

int record_line(const struct record_source *source, const char *name)
{
    const struct config_option *option = option_find(source->kind, name);
    const struct document_entry *entry = option != NULL ? entry_of(source, option) : NULL;

    return entry != NULL ? entry->line : section_line(source);
}

static bool missing(const struct record_source *source, const struct config_option *option,
                    struct err *err)
{
    return err_set(err, "%s:%d: [%s] has no %s; write for example: %s = %s", source->path,
                   section_line(source), source->section->header, option->name, option->name,
                   option->example);
}

static bool fill_option(const struct record_source *source, const struct config_option *option,
                        void *record, struct err *err)
{
    const struct document_entry *entry = entry_of(source, option);
    const char *value;

    if (entry == NULL && source->kind == SECTION_DEFAULTS)
        return true;
    if (entry == NULL && option->fallback == NULL)
        return missing(source, option, err);
    value = entry == NULL ? option->fallback : entry->value.length > 0 ? entry->value.data : "";
    if (*value == '\0' && !option->may_be_empty) {
        if (option->fallback != NULL)
            err_set(err, "has no value; drop the line to get the default, %s", option->fallback);
        else
            err_set(err, "has no value; write for example: %s = %s", option->name, option->example);
    } else if (option->type->parse(option, value, record, err)) {
        return true;
    }
    return err_prefix(err, "%s:%d: %s", source->path, record_line(source, option->name),
                      option->name);
}

bool record_fill(const struct record_source *source, void *record, struct err *err)
{
    for (size_t i = 0; i < config_option_count; i++) {
        if (option_find(source->kind, config_options[i].name) == &config_options[i] &&
            !fill_option(source, &config_options[i], record, err))
            return false;
    }
    return true;
}

void record_clear(enum section_kind kind, void *record)
{
    for (size_t i = 0; i < config_option_count; i++) {
        if (config_options[i].section == kind && config_options[i].type->clear != NULL)
            config_options[i].type->clear(&config_options[i], record);
    }
}

/* ---- printing lines that the reader takes back ---- */

/* The joint between two pieces of a value: a single blank (each piece loses the blanks around it)
 * and nothing behind it that a line must not begin with. */
static bool is_joint(const char *value, size_t at)
{
    return value[at] == ' ' && strchr(" \t", value[at - 1]) == NULL &&
           strchr(" \t[;#", value[at + 1]) == NULL;
}

/* How much of the value goes on the next line: the most that ends before a joint, at most `room`
 * if there is such a place. */
static size_t piece_length(const char *value, size_t room)
{
    size_t best = 0, at;

    for (at = 1; value[at] != '\0'; at++) {
        if (!is_joint(value, at))
            continue;
        if (at > room)
            return best > 0 ? best : at;
        best = at;
    }
    return at > room && best > 0 ? best : at;
}

static void print_pieces(const char *value, struct text *out)
{
    static const char indent[] = "    ";

    while (*value != '\0') {
        size_t length = piece_length(value, LINE_BYTES_MAX - strlen(indent));

        /* A piece that was read from a line with less indentation. */
        text_add(out, length + strlen(indent) > LINE_BYTES_MAX ? " " : indent);
        text_add_bytes(out, value, length);
        text_add(out, "\n");
        value += length + (value[length] == ' ');
    }
}

static void print_option(const struct config_option *option, const char *value, struct text *out)
{
    size_t bare = strlen(option->name) + strlen("=") + strlen(value);

    if (*value == '\0')
        text_addf(out, "%s =\n", option->name);
    else if (bare + 2 <= LINE_BYTES_MAX)
        text_addf(out, "%s = %s\n", option->name, value);
    else if (bare <= LINE_BYTES_MAX)
        text_addf(out, "%s=%s\n", option->name, value);
    else {
        text_addf(out, "%s =\n", option->name);
        print_pieces(value, out);
    }
}

void record_print(enum section_kind kind, const void *record, struct text *out)
{
    for (size_t i = 0; i < config_option_count; i++) {
        struct text value = {0};

        if (config_options[i].section != kind)
            continue;
        config_options[i].type->print(&config_options[i], record, &value);
        print_option(&config_options[i], value.data != NULL ? value.data : "", out);
        text_free(&value);
    }
}
