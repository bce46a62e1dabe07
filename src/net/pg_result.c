#include "net/pg_result.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum pg_status pg_result_status(const struct pg_result *reply)
{
    return reply->status;
}

const struct pg_error *pg_result_error(const struct pg_result *reply)
{
    return &reply->error;
}

const struct pg_error *pg_result_warning(const struct pg_result *reply)
{
    return reply->warned ? &reply->warning : NULL;
}

static const PGresult *result_of(const struct pg_result *reply, size_t step)
{
    return step < reply->count ? reply->results[step] : NULL;
}

int pg_result_rows(const struct pg_result *reply, size_t step)
{
    const PGresult *result = result_of(reply, step);

    return result != NULL ? PQntuples(result) : 0;
}

const char *pg_result_text(const struct pg_result *reply, size_t step, int row, int column)
{
    const PGresult *result = result_of(reply, step);

    if (result == NULL || row >= PQntuples(result) || column >= PQnfields(result) ||
        PQgetisnull(result, row, column))
        return NULL;
    return PQgetvalue(result, row, column);
}

int64_t pg_result_int(const struct pg_result *reply, size_t step, int row, int column)
{
    const char *value = pg_result_text(reply, step, row, column);

    return value != NULL ? strtoll(value, NULL, 10) : 0;
}

double pg_result_double(const struct pg_result *reply, size_t step, int row, int column)
{
    const char *value = pg_result_text(reply, step, row, column);

    return value != NULL ? strtod(value, NULL) : 0;
}

bool pg_result_bool(const struct pg_result *reply, size_t step, int row, int column)
{
    const char *value = pg_result_text(reply, step, row, column);

    return value != NULL && value[0] == 't';
}

/* Of a text that was cut: half of a UTF-8 character at its end would be refused by the server when
 * the message goes into the record of a run. In other encodings it costs three characters. */
static size_t length_of_whole_characters(const char *text)
{
    size_t length = strlen(text);
    size_t at = length;

    while (at > 0 && length - at < 3 && ((unsigned char)text[at - 1] & 0xC0) == 0x80)
        at--;
    return at > 0 && (unsigned char)text[at - 1] >= 0xC0 ? at - 1 : length;
}

/* libpq ends its messages with a newline and repeats the severity; one line is what people read. */
void pg_copy_message(char *out, size_t size, const char *message)
{
    size_t length;

    snprintf(out, size, "%s", message != NULL ? message : "");
    length = strlen(out);
    if (length + 1 == size)
        length = length_of_whole_characters(out);
    out[length] = '\0';
    while (length > 0 && (out[length - 1] == '\n' || out[length - 1] == ' '))
        out[--length] = '\0';
}

/* A domain's constraint is on no table. */
static void copy_constraint(struct pg_error *error, const PGresult *result)
{
    const char *name = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    const char *schema = PQresultErrorField(result, PG_DIAG_SCHEMA_NAME);
    const char *table = PQresultErrorField(result, PG_DIAG_TABLE_NAME);

    error->constraint[0] = '\0';
    if (name != NULL && schema != NULL && table != NULL)
        snprintf(error->constraint, sizeof error->constraint, "%s on %s.%s", name, schema, table);
    else if (name != NULL)
        snprintf(error->constraint, sizeof error->constraint, "%s", name);
}

void pg_error_of_result(struct pg_error *error, const PGresult *result, size_t step)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    error->step = step;
    snprintf(error->sqlstate, sizeof error->sqlstate, "%s", sqlstate != NULL ? sqlstate : "");
    pg_copy_message(error->message, sizeof error->message,
                    primary != NULL ? primary : PQresultErrorMessage(result));
    pg_copy_message(error->context, sizeof error->context,
                    PQresultErrorField(result, PG_DIAG_CONTEXT));
    pg_copy_message(error->detail, sizeof error->detail,
                    PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL));
    copy_constraint(error, result);
}

void pg_result_clear(struct pg_result *reply)
{
    for (size_t i = 0; i < reply->count; i++)
        PQclear(reply->results[i]);
    free(reply->results);
    *reply = (struct pg_result){0};
}
