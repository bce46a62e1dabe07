/*
 * predicate: what makes a row due, as text of SQL: one condition, the same wherever rows are found,
 * counted or deleted. Promise R stands here.
 *
 * The row is called t. Names are quoted, functions and operators are qualified with pg_catalog, so
 * that no search_path can steer them, and no setting of a session (TimeZone, DateStyle,
 * IntervalStyle) changes what it means. The one exception is `where`, the owner's own expression,
 * which may name columns without t: a statement may use the predicate only where t is the only
 * table of its FROM. All returned strings are the caller's, free() them.
 */
#ifndef PGPURGED_SQL_PREDICATE_H
#define PGPURGED_SQL_PREDICATE_H

#include <stdint.h>

#include "model/columns.h"
#include "model/expiry.h"
#include "sql/fk_graph.h"

/* The types that a column with a time in it may have. */
enum time_type {
    TIME_TIMESTAMPTZ,
    TIME_TIMESTAMP,
    TIME_DATE,
    TIME_EPOCH /* an integer, counted from 1970 */
};

/* The types that a flag may have, by what its value is compared as. */
enum flag_type { FLAG_BOOLEAN, FLAG_INTEGER, FLAG_TEXT /* also an enum and char(n) */ };

/* A retention that stands in each row: so many units. */
struct sql_row_retention {
    const char *column; /* NULL = there is none, the run's cutoff holds for all rows */
    const char *unit;   /* an interval */
    int64_t most;       /* more than this is absurd: such a row is never due */
    int64_t least_ms;   /* a shorter one counts as this */
};

/* Where due rows are and what makes them due, with the names as PostgreSQL stores them. */
struct sql_target {
    const char *schema, *table, *column;
    enum time_type type;
    const char *zone; /* of a zoneless column */
    const char *root_schema,
        *root_table;               /* of a partition: the partitioned table; NULL = it is none */
    const struct fk_graph *family; /* what refers to its rows; NULL = nothing */
    int64_t per_second;            /* TIME_EPOCH: how many of its unit are a second */
    const struct never_expires
        *never_expires;               /* of the kinds that the type can have; NULL = none */
    const struct flags *flags;        /* NULL = none */
    const enum flag_type *flag_types; /* one for each of the flags */
    const char *where; /* an expression that may be trusted to be one; NULL or "" = none */
    struct sql_row_retention row_retention;
    const struct columns *digest; /* of the rows that go, for the audit row; NULL = none */
    const struct action *action;  /* what happens to due rows (sql/action.h); NULL = delete */
};

/* `cutoff` is the text of a timestamptz; with a retention in the row it is the moment of the run.
 */
char *sql_predicate(const struct sql_target *target, const char *cutoff);

/* The predicate, and no reference keeps the row: the condition under which a row is deleted. */
char *sql_goes(const struct sql_target *target, const char *cutoff);

/* Comparisons of the bare column, which an index on it can serve: they let every due row in, and
 * few others, which the predicate keeps out. */
char *sql_bounds(const struct sql_target *target, const char *cutoff);

/* For the text of a mark, as max(mark)::text gives it: its type, and one that is before all marks.
 */
const char *sql_mark_type(enum time_type type);
const char *sql_first_mark(enum time_type type);

/* What a sample is taken of: a table with all of its partitions, or some of these one by one. */
struct sql_parts {
    char *
        *names; /* as they stand behind FROM: qualified and quoted, with ONLY where that is meant */
    size_t count; /* at least one */
};

void sql_parts_free(struct sql_parts *parts);

/* For people and metrics, never for a decision about a row: what is due in a sample of the pages,
 * and when the earliest row becomes due. $1 percent of the pages, $2 seed, $3 retention, $4 cutoff,
 * the latest to go by (NULL = now's) -> rows, due rows, when the earliest row is or was due (s
 * since 1970, or NULL), rows that are flagged and have no mark. */
char *sql_sample(const struct sql_target *target, const struct sql_parts *parts);

/* Two columns of a sample: `earliest`, when the earliest row becomes due, and `undated`. */
char *sql_sample_columns(const struct sql_target *target, const char *cutoff);

/* Whether the server understands `where`, without reading a row. */
char *sql_try_where(const struct sql_target *target);

/* Whether `where` calls a volatile function: one line of the answer, a plan that is not executed,
 * holds SQL_VOLATILE then. Fails where `where` names a system column. */
char *sql_explain_where(const struct sql_target *target);
#define SQL_VOLATILE "Subquery Scan on pgpurged_where"

#endif
