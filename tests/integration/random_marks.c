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

static const char *const zones[] = {"UTC", "Asia/Tokyo", "America/Los_Angeles", "Europe/Berlin"};

enum { MOST_LIVE = 8 };

/* $column and $zone stand for what they say; a moment to be stored is m. */
struct mark_kind {
    const char *type, *value, *finite, *moment;
    const char *epoch;
    bool zoned, by_day;
    bool immutable; /* may be a generated column */
    const char *live[MOST_LIVE];
};

#define SECONDS_9999 "253402300799"

static const struct mark_kind mark_kinds[] = {
    {.type = "timestamptz",
     .value = "m",
     .finite = "isfinite(t.$column)",
     .moment = "t.$column",
     .live = {"NULL", "'infinity'", "'-infinity'", "'9999-12-31 23:59:59+00'",
              "'1970-01-01 00:00:00+00'", "'0001-01-01 00:00:00+00'"}},
    {.type = "timestamp",
     .value = "m AT TIME ZONE '$zone'",
     .finite = "isfinite(t.$column)",
     .moment = "t.$column AT TIME ZONE '$zone'",
     .zoned = true,
     .immutable = true,
     .live = {"NULL", "'infinity'", "'-infinity'", "'9999-12-31'", "'1970-01-01'", "'0001-01-01'"}},
    {.type = "date",
     .value = "(m AT TIME ZONE '$zone')::date",
     .finite = "isfinite(t.$column)",
     .moment = "(t.$column + 1)::timestamp AT TIME ZONE '$zone'",
     .zoned = true,
     .by_day = true,
     .immutable = true,
     .live = {"NULL", "'infinity'", "'-infinity'", "'9999-12-31'", "'1970-01-01'", "'0001-01-01'"}},
};

/* ---- the moment of each row, and what stands there instead ---- */

static const struct retention {
    const char *written, *interval;
    bool by_calendar; /* the length of a month depends on where one begins to count */
} retentions[] = {
    {"1d", "1 day", false},   {"36h", "36 hours", false}, {"30d", "30 days", false},
    {"2w", "14 days", false}, {"90d", "90 days", false},  {"1mo", "1 month", true},
    {"1y", "1 year", true},
};

/*
 * On both sides of the cutoff, far from it and near, and in the future. `near` is far enough away
 * for the test to end before it is reached.
 */
static const char *moment_of_row(const struct random_maker *maker, const char *near)
{
    return keep_format("now() - interval '%s' + CASE %s"
                       " WHEN 0 THEN - interval '%s'"
                       " WHEN 1 THEN interval '%s'"
                       " WHEN 2 THEN interval '%s' + %s * interval '1 second'"
                       " WHEN 3 THEN interval '400 days' + %s * interval '1 hour'"
                       " ELSE - interval '%s' - %s * interval '1 minute' END",
                       maker->retention, random_row_dice(maker, "side", 10), near, near, near,
                       random_row_dice(maker, "left", 86400), random_row_dice(maker, "later", 999),
                       near, random_row_dice(maker, "overdue", 600000));
}

static const char *live_value_of_row(const struct random_maker *maker, const struct mark_kind *kind)
{
    struct text values = {0};
    int count = 0;

    for (; count < MOST_LIVE && kind->live[count] != NULL; count++)
        text_addf(&values, " WHEN %d THEN %s", count, kind->live[count]);
    return keep_format("(CASE %s%s END)::%s", random_row_dice(maker, "live", count),
                       keep_text(text_take(&values)), kind->type);
}

static const char *value_of_row(const struct random_maker *maker, const struct mark_kind *kind,
                                const char *zone, const char *near)
{
    return keep_format("(SELECT CASE WHEN %s = 0 THEN %s ELSE %s END FROM (SELECT %s AS m) AS x)",
                       random_row_dice(maker, "marked", 4), live_value_of_row(maker, kind),
                       random_put(kind->value, "$zone", zone), moment_of_row(maker, near));
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

    if (kind->immutable && random_dice(maker, 4) == 0) {
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
    static const char *const walks[] = {"auto", "heap", "index"};

    text_add(&maker->after,
             random_put(random_put(RANDOM_PICK(maker, indexes), "$table", maker->table), "$column",
                        name));
    text_addf(&maker->options, "walk = %s\n", RANDOM_PICK(maker, walks));
}

static const struct retention *choose_retention(struct random_maker *maker, const char *name)
{
    static const struct retention at = {"", "0", false};
    const struct retention *retention = &RANDOM_PICK(maker, retentions);

    if (random_dice(maker, 4) == 0) {
        text_addf(&maker->options, "expires = at %s\n", name);
        return &at;
    }
    text_addf(&maker->options, "expires = %s + %s\n", name, retention->written);
    return retention;
}

void random_mark(struct random_maker *maker)
{
    const struct mark_kind *kind = &RANDOM_PICK(maker, mark_kinds);
    const char *name = RANDOM_PICK(maker, mark_names), *zone = RANDOM_PICK(maker, zones);
    const struct retention *retention = choose_retention(maker, name);
    const char *near = retention->by_calendar ? "5 days" : kind->by_day ? "36 hours" : "10 min";

    maker->retention = retention->interval;
    maker->unsure = retention->by_calendar ? "4 days" : "5 min";
    if (kind->zoned)
        text_addf(&maker->options, "column_timezone = %s\n", zone);
    if (kind->epoch != NULL)
        text_addf(&maker->options, "epoch = %s\n", kind->epoch);
    add_mark_column(maker, kind, name, value_of_row(maker, kind, zone, near));
    add_mark_index(maker, name);
    maker->marked =
        random_put(random_put(keep_format("CASE WHEN %s THEN %s END", kind->finite, kind->moment),
                              "$column", name),
                   "$zone", zone);
}
