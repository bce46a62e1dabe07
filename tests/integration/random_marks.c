/*
 * The column that says when a row expires, in each kind that real schemas have. The moment that a
 * value stands for is written here once more, in plain SQL.
 */
#include "base/text.h"
#include "integration/keep.h"
#include "integration/random_maker.h"

/* Quoted, because they stand in SQL and in the configuration. */
static const char *const mark_names[] = {
    "deleted_at",
    "\"deletedAt\"",
    "\"timestamp\"",
    "\"at\"",
    "\"Gelöscht am\"",
    "\"a.b\"",
    "\"quo\"\"te\"",
    "\"when\"",
    "\"ändern und noch viel länger bis an die Grenze von 63 Bytes\"",
};

/* One in so many; 0 switches it off. */
enum { LIVE = 3, RETENTION_IN_ROW = 5 };

static const char *const zones[] = {"UTC", "Asia/Tokyo", "America/Los_Angeles", "Europe/Berlin"};

enum { MOST_LIVE = 8 };

/* $column and $zone stand for what they say; a moment to be stored is m. What is counted in days or
 * seconds stands for the end of its day or second. */
static const struct mark_kind {
    const char *type, *value, *finite, *moment;
    const char *epoch;
    bool zoned;
    bool immutable;           /* may be a generated column */
    const char *sentinel;     /* for `never_expires =`, a moment long past */
    const char *sentinel_row; /* as it may stand in a row, and how to tell it */
    const char *sentinel_is;
    const char *never_expires[MOST_LIVE]; /* what means no mark in any case */
} mark_kinds[] = {
    {.type = "timestamptz",
     .value = "m",
     .finite = "isfinite(t.$column)",
     .moment = "t.$column",
     .sentinel = "2001-01-01T00:00:00Z",
     .sentinel_row = "'2001-01-01 09:00:00+09'",
     .sentinel_is = "t.$column = '2001-01-01 00:00:00+00'",
     .never_expires = {"NULL", "'infinity'", "'-infinity'", "'9999-12-31 23:59:59+00'",
                       "'1970-01-01 00:00:00+00'", "'0001-01-01 00:00:00+00'"}},
    {.type = "timestamp",
     .value = "m AT TIME ZONE '$zone'",
     .finite = "isfinite(t.$column)",
     .moment = "t.$column AT TIME ZONE '$zone'",
     .zoned = true,
     .immutable = true,
     .sentinel = "2001-01-01",
     .sentinel_row = "'2001-01-01 17:00:00'",
     .sentinel_is = "t.$column::date = '2001-01-01'",
     .never_expires = {"NULL", "'infinity'", "'-infinity'", "'9999-12-31'", "'1970-01-01'",
                       "'0001-01-01'"}},
    {.type = "date",
     .value = "(m AT TIME ZONE '$zone')::date",
     .finite = "isfinite(t.$column)",
     .moment = "(t.$column + 1)::timestamp AT TIME ZONE '$zone'",
     .zoned = true,
     .immutable = true,
     .sentinel = "2001-01-01",
     .sentinel_row = "'2001-01-01'",
     .sentinel_is = "t.$column = '2001-01-01'",
     .never_expires = {"NULL", "'infinity'", "'-infinity'", "'9999-12-31'", "'1970-01-01'",
                       "'0001-01-01'"}},
    {.type = "integer",
     .value = "extract(epoch FROM m)::integer",
     .finite = "t.$column > 0",
     .moment = "to_timestamp(t.$column + 1.0)",
     .epoch = "s",
     .immutable = true,
     .sentinel = "978307200",
     .sentinel_row = "978307200",
     .sentinel_is = "t.$column = 978307200",
     .never_expires = {"NULL", "0", "-1", "2147483647", "-2147483648"}},
    {.type = "bigint",
     .value = "extract(epoch FROM m)::bigint",
     .finite = "t.$column BETWEEN 1 AND 253402300799",
     .moment = "to_timestamp(t.$column + 1.0)",
     .epoch = "s",
     .immutable = true,
     .sentinel = "978307200",
     .sentinel_row = "978307200",
     .sentinel_is = "t.$column = 978307200",
     .never_expires = {"NULL", "0", "-1", "253402300799", "9223372036854775807",
                       "-9223372036854775808"}},
    {.type = "bigint",
     .value = "(extract(epoch FROM m) * 1000)::bigint",
     .finite = "t.$column BETWEEN 1 AND 253402300799000",
     .moment = "to_timestamp((t.$column + 1) / 1000.0)",
     .epoch = "ms",
     .immutable = true,
     .sentinel = "978307200000",
     .sentinel_row = "978307200000",
     .sentinel_is = "t.$column = 978307200000",
     .never_expires = {"NULL", "0", "-1", "253402300799000", "9223372036854775807",
                       "-9223372036854775808"}},
    {.type = "bigint",
     .value = "(extract(epoch FROM m) * 1000000)::bigint",
     .finite = "t.$column BETWEEN 1 AND 253402300799000000",
     .moment = "to_timestamp((t.$column + 1) / 1000000.0)",
     .epoch = "us",
     .immutable = true,
     .sentinel = "978307200000000",
     .sentinel_row = "978307200000000",
     .sentinel_is = "t.$column = 978307200000000",
     .never_expires = {"NULL", "0", "-1", "253402300799000000", "9223372036854775807",
                       "-9223372036854775808"}},
};

/* Those that partitions may be made by come first. */
enum { KINDS_TIME = 3, KINDS_ALL = (int)ARRAY_LENGTH(mark_kinds) };

/* ---- retention ---- */

/* `written` is what follows the column in `expires`. */
struct retention {
    const char *written;
    const char *of_value; /* an interval for the row i that is being made */
    const char *of_run;   /* what the cutoff is before the run's beginning */
    const char *of_row;   /* as the oracle reads it from the row t */
};

#define NOTHING "interval '0'"
#define OF_RUN(written, interval)                                                                  \
    {                                                                                              \
        " + " written, "interval '" interval "'", "interval '" interval "'", NOTHING               \
    }

static const struct retention retentions[] = {
    OF_RUN("1d", "1 day"),   OF_RUN("36h", "36 hours"), OF_RUN("30d", "30 days"),
    OF_RUN("2w", "14 days"), OF_RUN("90d", "90 days"),  OF_RUN("1mo", "1 month"),
    OF_RUN("1y", "1 year"),
};

static const struct retention at = {NULL, NOTHING, NOTHING, NOTHING};

/* It stands in each row; less than a day counts as one (min_retention), nonsense as never. */
static const struct unit {
    const char *written, *interval;
    int most; /* of so many units is a hundred years */
} units[] = {{"1h", "1 hour", 876000}, {"1d", "1 day", 36500}, {"1w", "7 days", 5214}};

static const struct retention *retention_in_row(struct random_maker *maker)
{
    static struct retention retention;
    const struct unit *unit = &RANDOM_PICK(maker, units);
    const char *dice = random_row_dice(maker, "keep", 60);

    random_column(maker, "\"keepFor\"", random_dice(maker, 2) == 0 ? "integer" : "bigint",
                  keep_format("CASE %s WHEN 57 THEN NULL WHEN 58 THEN 0 WHEN 59 THEN -7"
                              " WHEN 56 THEN 2000000000 ELSE 1 + %s END",
                              dice, dice));
    retention = (struct retention){
        .written = keep_format(" + \"keepFor\" * %s", unit->written),
        .of_value =
            keep_format("greatest((1 + %s) * interval '%s', '1 day')", dice, unit->interval),
        .of_run = NOTHING,
        .of_row = keep_format("CASE WHEN t.\"keepFor\" BETWEEN 1 AND %d THEN"
                              " greatest(t.\"keepFor\" * interval '%s', '1 day') END",
                              unit->most, unit->interval),
    };
    return &retention;
}

static const struct retention *choose_retention(struct random_maker *maker, const char *name)
{
    const struct retention *retention = &RANDOM_PICK(maker, retentions);

    if (random_dice(maker, 4) == 0) {
        text_addf(&maker->options, "expires = at %s\n", name);
        return &at;
    }
    if (RETENTION_IN_ROW > 0 && random_dice(maker, RETENTION_IN_ROW) == 0)
        retention = retention_in_row(maker);
    text_addf(&maker->options, "expires = %s%s\n", name, retention->written);
    return retention;
}

/* ---- the moment of each row, and what stands there instead ---- */

/* On both sides of the cutoff, far from it and so near that it is reached while the job runs, and
 * in the future. */
static const char *moment_of_row(const struct random_maker *maker,
                                 const struct retention *retention)
{
    return keep_format("now() - %s + CASE %s"
                       " WHEN 0 THEN %s * interval '1 ms'"
                       " WHEN 1 THEN %s * interval '1 second'"
                       " WHEN 2 THEN interval '400 days' + %s * interval '1 hour'"
                       " ELSE - %s * interval '1 minute' END",
                       retention->of_value, random_row_dice(maker, "side", 10),
                       random_row_dice(maker, "near", 5000), random_row_dice(maker, "left", 86400),
                       random_row_dice(maker, "later", 999),
                       random_row_dice(maker, "overdue", 600000));
}

static const char *live_value_of_row(const struct random_maker *maker, const struct mark_kind *kind,
                                     bool sentinel)
{
    struct text values = {0};
    int count = 0;

    for (; count < MOST_LIVE && kind->never_expires[count] != NULL; count++)
        text_addf(&values, " WHEN %d THEN %s", count, kind->never_expires[count]);
    if (sentinel)
        text_addf(&values, " ELSE %s", kind->sentinel_row);
    return keep_format("(CASE %s%s END)::%s", random_row_dice(maker, "live", count + sentinel),
                       keep_text(text_take(&values)), kind->type);
}

/* ---- the column ---- */

static const char *type_of_column(struct random_maker *maker, const char *type)
{
    if (random_dice(maker, 4) != 0)
        return type;
    text_addf(&maker->before, "CREATE DOMAIN mark AS %s;\n", type);
    if (random_dice(maker, 2) == 0)
        return "mark";
    text_add(&maker->before, "CREATE DOMAIN marked AS mark;\n");
    return "marked";
}

static void add_mark_column(struct random_maker *maker, const struct mark_kind *kind,
                            const char *name, const char *value)
{
    const char *type = type_of_column(maker, kind->type);

    if (kind->immutable && !maker->partitioned_by_mark && random_dice(maker, 4) == 0) {
        random_column(maker, "source", kind->type, value);
        text_addf(&maker->columns, ", %s %s GENERATED ALWAYS AS (source) STORED", name, type);
        maker->restore = "source = NULL";
        return;
    }
    random_column(maker, name, type, value);
    maker->restore = keep_format("%s = NULL", name);
}

static void add_mark_index(struct random_maker *maker, const char *name)
{
    static const char *const indexes[] = {
        "",
        "CREATE INDEX ON $table ($column);\n",
        "CREATE INDEX ON $table ($column) WHERE $column IS NOT NULL;\n",
    };
    static const char *const scans[] = {"auto", "heap", "index", "index"};
    const char *index = random_put(RANDOM_PICK(maker, indexes), "$table", maker->table);

    text_add(&maker->after, random_put(index, "$column", name));
    text_addf(&maker->options, "scan = %s\n", RANDOM_PICK(maker, scans));
}

static void add_mark_options(struct random_maker *maker, const struct mark_kind *kind,
                             const char *zone, bool sentinel)
{
    if (kind->zoned)
        text_addf(&maker->options, "column_timezone = %s\n", zone);
    if (kind->epoch != NULL)
        text_addf(&maker->options, "epoch = %s\n", kind->epoch);
    if (sentinel)
        text_addf(&maker->options, "never_expires = %s, %s\n",
                  kind->epoch != NULL ? "0" : "infinity, null", kind->sentinel);
}

void random_mark(struct random_maker *maker)
{
    const char *name = RANDOM_PICK(maker, mark_names), *zone = RANDOM_PICK(maker, zones);
    const struct mark_kind *kind =
        &mark_kinds[random_dice(maker, maker->partitioned_by_mark ? KINDS_TIME : KINDS_ALL)];
    const struct retention *retention = choose_retention(maker, name);
    bool sentinel = LIVE > 0 && random_dice(maker, LIVE) == 0;
    const char *value =
        keep_format("(SELECT CASE WHEN %s = 0 THEN %s ELSE %s END FROM (SELECT %s AS m) AS x)",
                    random_row_dice(maker, "marked", 4), live_value_of_row(maker, kind, sentinel),
                    random_put(kind->value, "$zone", zone), moment_of_row(maker, retention));
    const char *marked = keep_format("CASE WHEN %s AND NOT (%s) THEN %s END", kind->finite,
                                     sentinel ? kind->sentinel_is : "false", kind->moment);

    add_mark_options(maker, kind, zone, sentinel);
    add_mark_column(maker, kind, name, value);
    add_mark_index(maker, name);
    if (maker->partitioned_by_mark)
        maker->layout = random_put(maker->layout, "$mark", name);
    maker->row_retention = retention->of_row;
    maker->run_retention = retention->of_run;
    maker->marked = random_put(random_put(marked, "$column", name), "$zone", zone);
}
