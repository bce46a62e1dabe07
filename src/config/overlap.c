#include "config/overlap.h"

/* By its name, or by the way to it. */
static bool is_same_database(const struct settings *settings, const char *a, const char *b)
{
    const struct database_settings *one = settings_database(settings, a);
    const struct database_settings *other = settings_database(settings, b);

    return one == other ||
           (one != NULL && other != NULL && text_equal(one->conninfo, other->conninfo));
}

static bool is_same_table(const struct table_name *a, const struct table_name *b)
{
    return text_equal(a->schema, b->schema) && text_equal(a->name, b->name);
}

/* NULL where it can't be told: the retention is in the rows, or one is after a mark and the other
 * is a time of expiry. */
static const struct job_settings *shorter(const struct job_settings *a,
                                          const struct job_settings *b)
{
    if (a->expires.kind != EXPIRES_AFTER_MARK || b->expires.kind != EXPIRES_AFTER_MARK ||
        !text_equal(a->expires.column, b->expires.column))
        return NULL;
    return a->expires.retention_least_ms <= b->expires.retention_least_ms ? a : b;
}

bool overlap_of(const struct settings *settings, const struct job_settings *a,
                const struct job_settings *b, struct text *sentence)
{
    const struct job_settings *decides = shorter(a, b);

    if (!a->enabled || !b->enabled || !is_same_table(&a->table, &b->table) ||
        text_equal(a->expires.written, b->expires.written) ||
        !is_same_database(settings, a->database, b->database))
        return false;
    text_addf(sentence,
              "jobs %s and %s purge the same table, %s, with different retention (%s, %s): a row "
              "that both cover is deleted as soon as one of them finds it due",
              a->name, b->name, a->table.written, a->expires.written, b->expires.written);
    if (decides != NULL)
        text_addf(sentence, ", so the shorter retention decides, %s", decides->expires.written);
    return true;
}
