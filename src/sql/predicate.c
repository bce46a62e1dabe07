#include "sql/predicate.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/text.h"
#include "sql/children.h"
#include "sql/quote.h"

/* --- conditions --- */

/* Takes the condition over. */
static void add(struct text *all, char *condition)
{
    text_addf(all, "%s%s", all->length > 0 ? " AND\n       " : "", condition);
    free(condition);
}

/* Takes both over. */
static char *compare(char *left, const char *sign, char *right)
{
    char *comparison = text_format("%s OPERATOR(pg_catalog.%s) %s", left, sign, right);

    free(left);
    free(right);
    return comparison;
}

/* --- the mark --- */

/* A moment that never changes, for a column of times and for one of integers. */
struct milestone {
    const char *moment;
    long long epoch_s;
};

/* A mark before this moment is none. The zero of 1970-01-01 is a local time in zoneless columns,
 * and the end of that day in a date: in the westernmost zone that is 1970-01-02 12:00 UTC. Of an
 * epoch it is 1971: today's seconds, taken for milliseconds, lie in January 1970, and so do these
 * if they are taken for microseconds. A slip of the unit must not make all rows due. */
static const struct milestone never_marked = {"'1970-01-03 00:00:00+00'::pg_catalog.timestamptz",
                                              31536000};

/* And one after this is as good as infinite: nothing is forecast by it. */
static const struct milestone far_future = {"'9999-12-31 00:00:00+00'::pg_catalog.timestamptz",
                                            253402214400};

static char *mark(const struct sql_target *target)
{
    char *column = sql_identifier(target->column);
    char *mark = text_format("t.%s", column);

    free(column);
    return mark;
}

static char *zone_of(const struct sql_target *target)
{
    return sql_literal(target->zone != NULL ? target->zone : "UTC");
}

/*
 * The moment that the row's mark stands for, as a timestamptz. A date means the end of that day:
 * which hour of it was meant is not known, and when unsure we do not delete.
 */
static char *instant(const struct sql_target *target)
{
    char *zone = zone_of(target), *column = mark(target), *instant = NULL;

    switch (target->type) {
    case TIME_TIMESTAMPTZ:
        instant = text_copy(column);
        break;
    case TIME_TIMESTAMP:
        instant = text_format("pg_catalog.timezone(%s, %s)", zone, column);
        break;
    case TIME_DATE:
        instant = text_format("pg_catalog.timezone(%s, (%s OPERATOR(pg_catalog.+) 1)::timestamp)",
                              zone, column);
        break;
    case TIME_EPOCH: /* a value of a row is never made a moment: most are out of range */
        break;
    }
    free(column);
    free(zone);
    return instant;
}

/* Rounded down: of the unit that the moment falls into no mark is due yet. */
static char *epoch_of(const struct sql_target *target, const char *moment)
{
    return text_format("pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.timezone('UTC', %s)) "
                       "OPERATOR(pg_catalog.*) %lld::pg_catalog.numeric)::pg_catalog.int8",
                       moment, (long long)target->per_second);
}

/*
 * A moment as the column would say it. For a zoneless column that is local time, and every row that
 * is due before the moment has a mark before it: of an hour that comes twice, PostgreSQL takes the
 * later one, and of one that doesn't exist, what it would have been without the change. So a bound
 * made of it leaves no due row out; the few others that it lets in, around the change of clocks,
 * are kept out by the moments themselves, which are always compared beside it.
 */
static char *mark_at(const struct sql_target *target, const char *moment)
{
    char *zone = zone_of(target);
    char *mark = NULL;

    switch (target->type) {
    case TIME_TIMESTAMPTZ:
        mark = text_copy(moment);
        break;
    case TIME_TIMESTAMP:
        mark = text_format("pg_catalog.timezone(%s, %s)", zone, moment);
        break;
    case TIME_DATE: /* its moment is the end of the day */
        mark = text_format("(pg_catalog.timezone(%s, %s) OPERATOR(pg_catalog.-) '1 "
                           "day'::pg_catalog.interval)",
                           zone, moment);
        break;
    case TIME_EPOCH:
        mark = epoch_of(target, moment);
        break;
    }
    free(zone);
    return mark;
}

static char *mark_at_milestone(const struct sql_target *target, const struct milestone *stone)
{
    if (target->type != TIME_EPOCH)
        return mark_at(target, stone->moment);
    return text_format("'%lld'::pg_catalog.int8", stone->epoch_s * (long long)target->per_second);
}

const char *sql_mark_type(enum time_type type)
{
    switch (type) {
    case TIME_TIMESTAMPTZ:
        return "timestamptz";
    case TIME_TIMESTAMP:
        return "timestamp";
    case TIME_DATE:
        return "date";
    case TIME_EPOCH:
        return "int8";
    }
    return "timestamptz";
}

const char *sql_first_mark(enum time_type type)
{
    return type == TIME_EPOCH ? "0" : "'-infinity'";
}

char *sql_bounds(const struct sql_target *target, const char *cutoff)
{
    struct text bounds = {0};

    add(&bounds, compare(mark(target), ">", mark_at_milestone(target, &never_marked)));
    add(&bounds, compare(mark(target), "<", mark_at(target, cutoff)));
    return text_take(&bounds);
}

static bool is_exact(const struct sql_target *target)
{
    return target->type == TIME_TIMESTAMPTZ || target->type == TIME_EPOCH;
}

/*
 * A value that the planner does not look at. To guess how many rows are beyond a bound near the end
 * of what it knows, it would ask the index for the least mark that there is, and read all entries
 * of rows that we have deleted before: each batch would take longer than the one before it.
 */
static char *hidden(char *value)
{
    char *hidden = text_format("(SELECT %s)", value);

    free(value);
    return hidden;
}

static char *is_true(struct text *all)
{
    char *conditions = text_take(all), *is = text_format("(%s) IS TRUE", conditions);

    free(conditions);
    return is;
}

static void add_column_is_due(const struct sql_target *target, const char *cutoff, struct text *all)
{
    bool by_row = target->row_retention.column != NULL;
    char *mark_at_cutoff = mark_at(target, cutoff);

    /* A retention in the row makes a cutoff for each, which nobody can look up. */
    add(all, compare(mark(target), "<", by_row ? mark_at_cutoff : hidden(mark_at_cutoff)));
    add(all, compare(mark(target), ">", hidden(mark_at_milestone(target, &never_marked))));
}

/* A date or a time without a zone is compared as it stands first: that is cheaper, and leaves those
 * out that no moment can be made of (a date can be in the year 5 million), also where the row has
 * no retention. */
static void add_due(const struct sql_target *target, const char *cutoff, struct text *all)
{
    struct text column = {0};

    if (is_exact(target)) {
        add_column_is_due(target, cutoff, all);
        return;
    }
    add_column_is_due(target, cutoff, &column);
    add(all, is_true(&column));
    add(all, compare(instant(target), "<", text_copy(cutoff)));
    add(all, compare(instant(target), ">", text_copy(never_marked.moment)));
}

/* --- a retention in the row --- */

/*
 * The cutoff of this row. Computed from the run's moment back and not from the mark on, since a
 * mark may be at the end of the calendar, and in UTC, since a day and a month depend on the
 * session's zone. No retention, none above zero and an absurd one give NULL, to which no mark
 * compares: hence the CASE around LEAST, which would leave a NULL out.
 */
static char *row_cutoff(const struct sql_target *target, const char *now)
{
    const struct sql_row_retention *row = &target->row_retention;
    char *column, *unit, *cutoff;

    if (row->column == NULL)
        return text_copy(now);
    column = sql_identifier(row->column);
    unit = sql_literal(row->unit);
    cutoff = text_format(
        "CASE WHEN t.%s OPERATOR(pg_catalog.>) 0 AND t.%s OPERATOR(pg_catalog.<=) %lld THEN "
        "LEAST(\n"
        "         %s OPERATOR(pg_catalog.-) '%lld milliseconds'::pg_catalog.interval,\n"
        "         pg_catalog.timezone('UTC', pg_catalog.timezone('UTC', %s) "
        "OPERATOR(pg_catalog.-)\n"
        "           (t.%s::pg_catalog.float8 OPERATOR(pg_catalog.*) %s::pg_catalog.interval))) END",
        column, column, (long long)row->most, now, (long long)row->least_ms, now, column, unit);
    free(unit);
    free(column);
    return cutoff;
}

/* --- marks that mean live --- */

/* In a timestamptz nobody knows whose day was meant, so it is that of all zones together, from the
 * easternmost to the westernmost. */
static char *is_on_day(const struct sql_target *target, const char *day)
{
    char *column = mark(target), *is;

    if (target->type == TIME_DATE)
        is = text_format("%s OPERATOR(pg_catalog.=) '%s'::pg_catalog.date", column, day);
    else if (target->type == TIME_TIMESTAMP)
        is = text_format("%s::pg_catalog.date OPERATOR(pg_catalog.=) '%s'::pg_catalog.date", column,
                         day);
    else
        is = text_format("(%s OPERATOR(pg_catalog.>=) '%s 00:00:00+14'::pg_catalog.timestamptz AND "
                         "%s OPERATOR(pg_catalog.<) '%s 24:00:00-12'::pg_catalog.timestamptz)",
                         column, day, column, day);
    free(column);
    return is;
}

/* NULL for what is no mark in any case. */
static char *is_sentinel(const struct sql_target *target, const struct sentinel *sentinel)
{
    switch (sentinel->kind) {
    case SENTINEL_NATURAL:
        return NULL;
    case SENTINEL_NUMBER:
        return compare(mark(target), "=", text_format("'%s'::pg_catalog.int8", sentinel->text));
    case SENTINEL_DATE:
        return is_on_day(target, sentinel->text);
    case SENTINEL_LOCAL:
        return compare(mark(target), "=",
                       text_format("'%s'::pg_catalog.timestamp", sentinel->text));
    case SENTINEL_INSTANT:
        return compare(instant(target), "=",
                       text_format("'%s'::pg_catalog.timestamptz", sentinel->text));
    }
    return NULL;
}

static void add_live(const struct sql_target *target, struct text *all)
{
    for (size_t i = 0; target->never_expires != NULL && i < target->never_expires->count; i++) {
        char *is = is_sentinel(target, &target->never_expires->items[i]);

        if (is != NULL)
            add(all, text_format("NOT %s", is));
        free(is);
    }
}

/* --- flags and the owner's own condition --- */

static const char *flag_type_name(enum flag_type type)
{
    switch (type) {
    case FLAG_BOOLEAN:
        return "bool";
    case FLAG_INTEGER:
        return "int8";
    case FLAG_TEXT:
        return "text";
    }
    return "text";
}

/* An enum is compared as text: a value that was renamed meanwhile is no error of each row, but
 * nothing that any row has. */
static char *has_flag(const struct flag *flag, enum flag_type type)
{
    const char *bare = type == FLAG_BOOLEAN ? "true" : "1", *name = flag_type_name(type);
    char *column = sql_identifier(flag->column);
    char *value = sql_literal(flag->value != NULL ? flag->value : bare);
    char *has = text_format("t.%s::pg_catalog.%s OPERATOR(pg_catalog.=) %s::pg_catalog.%s", column,
                            name, value, name);

    free(value);
    free(column);
    return has;
}

static bool has_where(const struct sql_target *target)
{
    return target->where != NULL && *target->where != '\0';
}

static void add_flags(const struct sql_target *target, struct text *all)
{
    for (size_t i = 0; target->flags != NULL && i < target->flags->count; i++)
        add(all, has_flag(&target->flags->items[i], target->flag_types[i]));
}

char *sql_try_where(const struct sql_target *target)
{
    char *table = sql_qualified(target->schema, target->table);
    char *sql =
        text_format("SELECT FROM ONLY %s AS t WHERE (%s) IS TRUE LIMIT 0", table, target->where);

    free(table);
    return sql;
}

/*
 * No catalog tells what an expression calls that isn't stored, but the planner has to know: it
 * merges a sub-select into the query around it unless what it computes is volatile, because that
 * would be evaluated at another time and as often as it likes then. So it is asked for a plan,
 * which is not executed. The row is made up of nothing: a plan of the table would depend on its
 * partitions.
 */
char *sql_explain_where(const struct sql_target *target)
{
    char *table = sql_qualified(target->schema, target->table);
    char *sql = text_format("EXPLAIN (COSTS OFF)\n"
                            "SELECT FROM (SELECT (%s) IS TRUE AS goes\n"
                            "  FROM pg_catalog.json_populate_record(NULL::%s, '{}') AS t)"
                            " AS pgpurged_where WHERE pgpurged_where.goes",
                            target->where, table);

    free(table);
    return sql;
}

/* --- all of it --- */

/*
 * `NULL AND x` does not leave x out, so that conditions which may be NULL are made true or false
 * before `where` is asked. Takes both over; keep may be NULL.
 */
static char *is_true_and(const struct sql_target *target, struct text *row, char *keep)
{
    struct text all = {0};

    if (!has_where(target) && keep == NULL)
        return is_true(row);
    add(&all, is_true(row));
    if (has_where(target))
        add(&all, text_format("(%s)", target->where));
    if (keep != NULL)
        add(&all, keep);
    return is_true(&all);
}

/*
 * Promise R: NULL is not due (no comparison with it is true), the future and infinity are not, and
 * a mark before 1970-01-03 (1971, of an epoch) is none: -infinity, 0 and the zero dates of
 * programming languages mean "never marked". What `never_expires` lists is none either; every flag
 * must be set, and `where` be true, so that a row of which they are not known stays. All of it is
 * under one IS TRUE because the scan must read the range's pages and no index: an index scan would
 * visit all due rows of the table for each batch. PostgreSQL evaluates it from left to right, so
 * that `where` only sees rows that are due by the rest: it may fail on others, or be slow.
 */
static char *predicate(const struct sql_target *target, const char *cutoff, char *keep)
{
    struct text row = {0};
    char *own = row_cutoff(target, cutoff);

    add_due(target, own, &row);
    add_live(target, &row);
    add_flags(target, &row);
    free(own);
    return is_true_and(target, &row, keep);
}

char *sql_predicate(const struct sql_target *target, const char *cutoff)
{
    return predicate(target, cutoff, NULL);
}

/*
 * Promise R: what refers to the row is looked for under the same IS TRUE. On its own a NOT EXISTS
 * becomes an anti-join, and of a row that another session has changed while we waited for its lock,
 * PostgreSQL does not look again at the other side of an anti-join: a row whose key was given to
 * it meanwhile would go.
 */
char *sql_goes(const struct sql_target *target, const char *cutoff)
{
    return predicate(target, cutoff, target->family != NULL ? fk_graph_keep(target->family) : NULL);
}

/* --- the sample --- */

/* A mark that says when its row will be due. */
static void add_dated(const struct sql_target *target, struct text *all)
{
    add(all, compare(mark(target), ">", mark_at_milestone(target, &never_marked)));
    add(all, compare(mark(target), "<", mark_at_milestone(target, &far_future)));
    add_live(target, all);
}

/* Seconds since 1970 at which the row is or was due: the mark, and as much as the row's cutoff is
 * back now. */
static char *due_at(const struct sql_target *target, const char *now, const char *cutoff)
{
    char *own = row_cutoff(target, cutoff), *column = mark(target), *moment = instant(target);
    char *seconds =
        moment == NULL
            ? text_format("%s::pg_catalog.float8 OPERATOR(pg_catalog./) %lld::pg_catalog.float8",
                          column, (long long)target->per_second)
            : text_format("pg_catalog.date_part('epoch', %s)", moment);
    char *due = text_format("%s OPERATOR(pg_catalog.+) pg_catalog.date_part('epoch', %s)\n"
                            "         OPERATOR(pg_catalog.-) pg_catalog.date_part('epoch', %s)",
                            seconds, now, own);

    free(seconds);
    free(moment);
    free(column);
    free(own);
    return due;
}

/* Rows that expire some day or have. */
static char *expiring(const struct sql_target *target)
{
    struct text all = {0};

    add_dated(target, &all);
    add_flags(target, &all);
    return is_true_and(target, &all, NULL);
}

/* Counts rows that are flagged and will never be due, because nobody can say since when. `where` is
 * not asked: it need not be able to say anything about a row that has no mark. */
static char *count_undated(const struct sql_target *target)
{
    struct text flags = {0}, dated = {0};
    char *flagged, *has_date, *count;

    if (target->flags == NULL || target->flags->count == 0)
        return text_copy("0");
    add_flags(target, &flags);
    add_dated(target, &dated);
    flagged = is_true(&flags);
    has_date = is_true(&dated);
    count =
        text_format("pg_catalog.count(*) FILTER (WHERE %s AND\n       NOT %s)", flagged, has_date);
    free(has_date);
    free(flagged);
    return count;
}

void sql_parts_free(struct sql_parts *parts)
{
    for (size_t i = 0; i < parts->count; i++)
        free(parts->names[i]);
    free(parts->names);
    *parts = (struct sql_parts){0};
}

char *sql_sample_columns(const struct sql_target *target, const char *cutoff)
{
    char *at = due_at(target, "pg_catalog.now()", cutoff);
    char *some_day = expiring(target), *never = count_undated(target);
    char *columns = text_format("pg_catalog.min(%s)\n"
                                "         FILTER (WHERE %s) AS earliest,\n"
                                "       %s AS undated",
                                at, some_day, never);

    free(never);
    free(some_day);
    free(at);
    return columns;
}

static char *sample_of(const struct sql_target *target, const char *part)
{
    static const char cutoff[] =
        "LEAST(pg_catalog.now() OPERATOR(pg_catalog.-) $3::pg_catalog.interval, "
        "$4::pg_catalog.timestamptz)";
    char *due = sql_predicate(target, cutoff), *columns = sql_sample_columns(target, cutoff);
    char *sample =
        text_format("SELECT pg_catalog.count(*) AS rows,\n"
                    "       pg_catalog.count(*) FILTER (WHERE %s) AS due,\n"
                    "       %s\n"
                    "  FROM %s AS t TABLESAMPLE SYSTEM ($1::pg_catalog.float4) REPEATABLE "
                    "($2::pg_catalog.float8)",
                    due, columns, part);

    free(columns);
    free(due);
    return sample;
}

/* Partitions may have their columns in different orders, so that each is counted for itself. */
char *sql_sample(const struct sql_target *target, const struct sql_parts *parts)
{
    struct text all = {0};
    char *samples, *sum;

    if (parts->count == 1)
        return sample_of(target, parts->names[0]);
    for (size_t i = 0; i < parts->count; i++) {
        char *sample = sample_of(target, parts->names[i]);

        text_addf(&all, "%s%s", i > 0 ? "\nUNION ALL\n" : "", sample);
        free(sample);
    }
    samples = text_take(&all);
    sum = text_format("SELECT pg_catalog.sum(s.rows), pg_catalog.sum(s.due),\n"
                      "       pg_catalog.min(s.earliest), pg_catalog.sum(s.undated)\n"
                      "  FROM (%s) AS s",
                      samples);
    free(samples);
    return sum;
}
