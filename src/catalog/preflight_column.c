#include "catalog/preflight_column.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "catalog/query.h"
#include "config/suggest.h"

/* The columns of sql_columns, in their order. */
enum { COLUMN_NAME, COLUMN_DECLARED, COLUMN_TYPE, COLUMN_LABEL, COLUMN_NULLABLE, COLUMN_WRITTEN };

/* A column of the table, as the server describes it: one row, or one for each label of an enum. */
struct column {
    const struct pg_result *reply;
    const char *table; /* for messages */
    const char *name, *declared;
    const char *type; /* without domains: "int4", "enum", or "" for what no rule fits */
    int row;          /* its first */
};

static const char *cell(const struct pg_result *reply, int row, int column)
{
    const char *text = pg_result_text(reply, QUERY_STEP, row, column);

    return text != NULL ? text : "";
}

static bool complain_about_missing(const struct pg_result *reply, const char *table,
                                   const char *name, struct err *err)
{
    struct suggest nearest = suggest_start(name);

    for (int row = 0; row < pg_result_rows(reply, QUERY_STEP); row++)
        suggest_try(&nearest, cell(reply, row, COLUMN_NAME));
    if (nearest.name == NULL)
        return err_set(err, "%s has no column \"%s\"", table, name);
    return err_set(err, "%s has no column \"%s\"; did you mean \"%s\"?", table, name, nearest.name);
}

static bool find_column(const struct pg_result *reply, const struct job_settings *job,
                        const char *name, struct column *column, struct err *err)
{
    for (int row = 0; row < pg_result_rows(reply, QUERY_STEP); row++) {
        if (!text_equal(cell(reply, row, COLUMN_NAME), name))
            continue;
        *column = (struct column){
            .reply = reply,
            .table = job->table.written,
            .name = name,
            .declared = cell(reply, row, COLUMN_DECLARED),
            .type = cell(reply, row, COLUMN_TYPE),
            .row = row,
        };
        return true;
    }
    return complain_about_missing(reply, job->table.written, name, err);
}

static bool is_one_of(const char *type, const char *const *types, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(type, types[i]))
            return true;
    return false;
}

static bool is_integer(const struct column *column)
{
    static const char *const types[] = {"int2", "int4", "int8"};

    return is_one_of(column->type, types, ARRAY_LENGTH(types));
}

static bool is_text(const struct column *column)
{
    static const char *const types[] = {"text", "varchar", "bpchar", "enum"};

    return is_one_of(column->type, types, ARRAY_LENGTH(types));
}

/* --- the expiry column --- */

static const struct {
    const char *name;
    enum time_type type;
} time_types[] = {
    {"timestamptz", TIME_TIMESTAMPTZ},
    {"timestamp", TIME_TIMESTAMP},
    {"date", TIME_DATE},
    {"int4", TIME_EPOCH},
    {"int8", TIME_EPOCH},
};

static bool complain_about_type(const struct column *column, struct err *err)
{
    if (text_equal(column->type, "bool"))
        return err_set(
            err,
            "column \"%s\" of %s is of type boolean, which can't expire: it says whether, "
            "and not since when; write flag = %s, and expires = COLUMN + 30d with the "
            "column that holds the time at which it was set",
            column->name, column->table, column->name);
    return err_set(err,
                   "column \"%s\" of %s is of type %s, which can't expire; it has to be "
                   "timestamptz, timestamp, date, integer or bigint",
                   column->name, column->table, column->declared);
}

static bool find_time_type(const struct column *column, enum time_type *type, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LENGTH(time_types); i++) {
        if (text_equal(time_types[i].name, column->type)) {
            *type = time_types[i].type;
            return true;
        }
    }
    return complain_about_type(column, err);
}

/* Seconds that are taken for milliseconds would all lie in January 1970. */
static bool check_epoch(const struct column *column, const struct job_settings *job,
                        enum time_type type, struct err *err)
{
    if (type != TIME_EPOCH && job->epoch != EPOCH_NONE)
        return err_set(err, "column \"%s\" of %s is a %s and no integer; remove epoch",
                       column->name, column->table, column->declared);
    if (type == TIME_EPOCH && job->epoch == EPOCH_NONE)
        return err_set(err,
                       "column \"%s\" of %s is of type %s, which can't expire as long as its unit "
                       "is not known; write epoch = s, ms or us",
                       column->name, column->table, column->declared);
    if (text_equal(column->type, "int4") && job->epoch != EPOCH_S)
        return err_set(err,
                       "column \"%s\" of %s is of type %s, which is too small for milliseconds "
                       "since 1970; write epoch = s",
                       column->name, column->table, column->declared);
    return true;
}

static bool check_zone(const struct column *column, const struct job_settings *job,
                       enum time_type type, struct err *err)
{
    bool declared = job->column_timezone[0] != '\0';

    if (type == TIME_TIMESTAMPTZ && declared)
        return err_set(err,
                       "column \"%s\" of %s is a timestamptz, which has its zone in it; remove "
                       "column_timezone",
                       column->name, column->table);
    if ((type == TIME_TIMESTAMP || type == TIME_DATE) && !declared)
        return err_set(
            err,
            "column \"%s\" of %s has no time zone (%s); say which one its values are in, "
            "for example column_timezone = UTC",
            column->name, column->table, column->declared);
    return true;
}

static bool check_mark(const struct column *column, const struct sentinel *sentinel,
                       enum time_type type, struct err *err)
{
    bool has_time = sentinel->kind == SENTINEL_LOCAL || sentinel->kind == SENTINEL_INSTANT;

    if (type == TIME_TIMESTAMPTZ && sentinel->kind == SENTINEL_LOCAL)
        return err_set(err,
                       "live: \"%s\" has no zone, and column \"%s\" of %s is a timestamptz; write "
                       "for example %s+00",
                       sentinel->text, column->name, column->table, sentinel->text);
    if (type == TIME_DATE && has_time)
        return err_set(err,
                       "live: \"%s\" has a time, and column \"%s\" of %s is a date; write %.10s",
                       sentinel->text, column->name, column->table, sentinel->text);
    return true;
}

static bool check_expiry(const struct pg_result *reply, const struct job_settings *job,
                         struct preflight_table *table, struct err *err)
{
    enum time_type *type = &table->type;
    struct column column;

    if (!find_column(reply, job, job->expires.column, &column, err))
        return false;
    table->nullable = pg_result_bool(reply, QUERY_STEP, column.row, COLUMN_NULLABLE);
    snprintf(table->column, sizeof table->column, "%s", cell(reply, column.row, COLUMN_WRITTEN));
    if (!find_time_type(&column, type, err) || !check_epoch(&column, job, *type, err) ||
        !check_zone(&column, job, *type, err))
        return false;
    for (size_t i = 0; i < job->never_expires.count; i++)
        if (!check_mark(&column, &job->never_expires.items[i], *type, err))
            return false;
    return true;
}

static bool check_row_retention(const struct pg_result *reply, const struct job_settings *job,
                                struct err *err)
{
    struct column column;

    if (job->expires.kind != EXPIRES_BY_ROW)
        return true;
    if (!find_column(reply, job, job->expires.row_column, &column, err))
        return false;
    return is_integer(&column) ||
           err_set(err,
                   "column \"%s\" of %s is of type %s, which can't be a number of times %s; it has "
                   "to be an integer",
                   column.name, column.table, column.declared, job->expires.row_unit);
}

/* --- flags --- */

static bool is_whole_number(const char *text)
{
    char *end;

    errno = 0;
    strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && strchr(" \t", *text) == NULL;
}

static bool check_boolean(const struct column *column, const char *value, struct err *err)
{
    static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "1", "0"};

    for (size_t i = 0; value != NULL && i < ARRAY_LENGTH(words); i++)
        if (strcasecmp(words[i], value) == 0)
            return true;
    return value == NULL ||
           err_set(err,
                   "flag: column \"%s\" of %s is a boolean and never \"%s\"; write "
                   "%s or %s = false",
                   column->name, column->table, value, column->name, column->name);
}

static bool check_number(const struct column *column, const char *value, struct err *err)
{
    return value == NULL || is_whole_number(value) ||
           err_set(err, "flag: column \"%s\" of %s is of type %s and never \"%s\"", column->name,
                   column->table, column->declared, value);
}

/* Each label of an enum is a row of the reply. */
static bool check_label(const struct column *column, const char *value, struct err *err)
{
    struct text labels = {0};

    for (int row = column->row; row < pg_result_rows(column->reply, QUERY_STEP) &&
                                text_equal(cell(column->reply, row, COLUMN_NAME), column->name);
         row++) {
        const char *label = cell(column->reply, row, COLUMN_LABEL);

        if (text_equal(label, value)) {
            text_free(&labels);
            return true;
        }
        text_addf(&labels, "%s%s", labels.length > 0 ? ", " : "", label);
    }
    err_set(err, "flag: column \"%s\" of %s is of type %s and never \"%s\"; its values are: %s",
            column->name, column->table, column->declared, value, labels.data);
    text_free(&labels);
    return false;
}

static bool check_text(const struct column *column, const char *value, struct err *err)
{
    if (value == NULL)
        return err_set(err,
                       "flag: column \"%s\" of %s is of type %s, so it has to be said which of its "
                       "values means gone; write flag = %s = VALUE",
                       column->name, column->table, column->declared, column->name);
    return !text_equal(column->type, "enum") || check_label(column, value, err);
}

static bool check_flag(const struct pg_result *reply, const struct job_settings *job,
                       const struct flag *flag, enum flag_type *type, struct err *err)
{
    struct column column;

    if (!find_column(reply, job, flag->column, &column, err))
        return err_prefix(err, "flag");
    *type = text_equal(column.type, "bool") ? FLAG_BOOLEAN
            : is_integer(&column)           ? FLAG_INTEGER
                                            : FLAG_TEXT;
    if (*type == FLAG_BOOLEAN)
        return check_boolean(&column, flag->value, err);
    if (*type == FLAG_INTEGER)
        return check_number(&column, flag->value, err);
    if (is_text(&column))
        return check_text(&column, flag->value, err);
    return err_set(err,
                   "flag: column \"%s\" of %s is of type %s; a flag is a boolean, an integer, a "
                   "text or an enum, and anything else is for where",
                   column.name, column.table, column.declared);
}

bool preflight_columns(const struct pg_result *reply, const struct job_settings *job,
                       struct preflight_table *table, struct err *err)
{
    struct column column;

    if (!check_expiry(reply, job, table, err) || !check_row_retention(reply, job, err))
        return false;
    for (size_t i = 0; i < job->flags.count; i++)
        if (!check_flag(reply, job, &job->flags.items[i], &table->flag_types[i], err))
            return false;
    for (size_t i = 0; i < job->audit_digest.count; i++)
        if (!find_column(reply, job, job->audit_digest.names[i], &column, err))
            return err_prefix(err, "audit_digest");
    return true;
}
