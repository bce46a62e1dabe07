#include "purge/probe.h"

#include <stdio.h>

#include "base/text.h"
#include "decide/choose.h"
#include "purge/talk.h"
#include "sql/flights.h"

void probe_index_send(struct pg *pg, int64_t relation, const char *column, pg_reply_fn *fn,
                      void *arg)
{
    struct talk_number oid;
    const char *values[] = {talk_number(&oid, relation), column};

    talk_send(pg, &(struct pg_step){sql_index, values, ARRAY_LENGTH(values)}, true, fn, arg);
}

void probe_index_read(const struct pg_reply *reply, struct probe_index *index)
{
    const char *name = pg_reply_text(reply, TALK_STEP, 0, 0);

    index->serves = name != NULL;
    snprintf(index->name, sizeof index->name, "%s", name != NULL ? name : "");
    index->correlation = pg_reply_double(reply, TALK_STEP, 0, 1);
}

void probe_due_send(struct pg *pg, const struct sql_statements *sql, const char *cutoff,
                    pg_reply_fn *fn, void *arg)
{
    struct talk_number limit;
    const char *values[] = {cutoff, talk_number(&limit, CHOOSE_PROBE_ROWS)};

    talk_send_to_index(pg, &(struct pg_step){sql->probe, values, ARRAY_LENGTH(values)}, fn, arg);
}

int64_t probe_due_read(const struct pg_reply *reply)
{
    return pg_reply_int(reply, TALK_STEP, 0, 0);
}
