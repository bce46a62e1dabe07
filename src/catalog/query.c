#include "catalog/query.h"

#include "base/text.h"
#include "policy/sqlstate.h"
#include "sql/queries.h"

const char *query_number(struct query_number *room, int64_t value)
{
    return number_print_int(room->text, value);
}

static void send_under(struct pg *pg, const char *begin, const char *settings,
                       const struct pg_step *statement, pg_result_fn *fn, void *arg)
{
    const struct pg_step steps[] = {
        {begin, NULL, 0},
        {settings, NULL, 0},
        [QUERY_STEP] = *statement,
        {sql_commit, NULL, 0},
    };

    pg_send(pg, steps, ARRAY_LENGTH(steps), QUERY_DEADLINE_MS, fn, arg);
}

void query_send(struct pg *pg, const struct pg_step *statement, bool read_only, pg_result_fn *fn,
                void *arg)
{
    send_under(pg, read_only ? sql_begin_read_only : sql_begin, sql_settings, statement, fn, arg);
}

void query_send_to_index(struct pg *pg, const struct pg_step *statement, pg_result_fn *fn,
                         void *arg)
{
    send_under(pg, sql_begin_read_only, sql_index_settings, statement, fn, arg);
}

void query_send_patiently(struct pg *pg, const struct pg_step *statement, int64_t timeout_ms,
                          pg_result_fn *fn, void *arg)
{
    struct query_number timeout;
    const char *values[] = {query_number(&timeout, timeout_ms)};
    const struct pg_step steps[] = {
        {sql_begin_read_only, NULL, 0},
        {sql_patient_settings, values, ARRAY_LENGTH(values)},
        [QUERY_STEP] = *statement,
        {sql_commit, NULL, 0},
    };

    pg_send(pg, steps, ARRAY_LENGTH(steps), timeout_ms + QUERY_DEADLINE_MS, fn, arg);
}

enum batch_outcome query_outcome(const struct pg_result *reply)
{
    switch (pg_result_status(reply)) {
    case PG_DONE:
        return BATCH_COMMITTED;
    case PG_FAILED:
        return outcome_of_sqlstate(pg_result_error(reply)->sqlstate);
    case PG_LOST:
        return BATCH_UNKNOWN;
    }
    return BATCH_UNKNOWN;
}

void query_error(const struct pg_error *error, struct err *err)
{
    if (error->sqlstate[0] != '\0')
        err_set(err, "%s (%s)", error->message, error->sqlstate);
    else
        err_set(err, "%s", error->message);
}
