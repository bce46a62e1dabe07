#include "purge/talk.h"

#include "base/text.h"
#include "decide/outcome.h"
#include "sql/flights.h"

const char *talk_number(struct talk_number *room, int64_t value)
{
    return number_print_int(room->text, value);
}

static void send_under(struct pg *pg, const char *begin, const char *settings,
                       const struct pg_step *statement, pg_reply_fn *fn, void *arg)
{
    const struct pg_step steps[] = {
        {begin, NULL, 0},
        {settings, NULL, 0},
        [TALK_STEP] = *statement,
        {sql_commit, NULL, 0},
    };

    pg_send(pg, steps, ARRAY_LENGTH(steps), TALK_DEADLINE_MS, fn, arg);
}

void talk_send(struct pg *pg, const struct pg_step *statement, bool read_only, pg_reply_fn *fn,
               void *arg)
{
    send_under(pg, read_only ? sql_begin_read_only : sql_begin, sql_settings, statement, fn, arg);
}

void talk_send_to_index(struct pg *pg, const struct pg_step *statement, pg_reply_fn *fn, void *arg)
{
    send_under(pg, sql_begin_read_only, sql_index_settings, statement, fn, arg);
}

void talk_send_patiently(struct pg *pg, const struct pg_step *statement, int64_t timeout_ms,
                         pg_reply_fn *fn, void *arg)
{
    struct talk_number timeout;
    const char *values[] = {talk_number(&timeout, timeout_ms)};
    const struct pg_step steps[] = {
        {sql_begin_read_only, NULL, 0},
        {sql_patient_settings, values, ARRAY_LENGTH(values)},
        [TALK_STEP] = *statement,
        {sql_commit, NULL, 0},
    };

    pg_send(pg, steps, ARRAY_LENGTH(steps), timeout_ms + TALK_DEADLINE_MS, fn, arg);
}

enum batch_outcome talk_outcome(const struct pg_reply *reply)
{
    switch (pg_reply_fate(reply)) {
    case PG_DONE:
        return BATCH_COMMITTED;
    case PG_FAILED:
        return outcome_of_sqlstate(pg_reply_error(reply)->sqlstate);
    case PG_LOST:
        return BATCH_UNKNOWN;
    }
    return BATCH_UNKNOWN;
}

void talk_error(const struct pg_error *error, struct err *err)
{
    if (error->sqlstate[0] != '\0')
        err_set(err, "%s (%s)", error->message, error->sqlstate);
    else
        err_set(err, "%s", error->message);
}
