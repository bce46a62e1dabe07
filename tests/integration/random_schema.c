/*
 * What a made-up schema may have: a table of features, each with how often it is there. A feature
 * writes its part into the maker; at the end the parts are put together.
 */
#include "integration/random_schema.h"

#include <stdlib.h>
#include <string.h>

#include "integration/keep.h"
#include "integration/random_maker.h"

/* ---- the dice (splitmix64) ---- */

static uint64_t next_number(struct random_maker *maker)
{
    uint64_t z = maker->state += 0x9e3779b97f4a7c15U;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

int random_dice(struct random_maker *maker, int sides)
{
    return (int)(next_number(maker) % (uint64_t)sides);
}

const char *random_row_dice(const struct random_maker *maker, const char *purpose, int sides)
{
    return keep_format("dice(%u, '%s', i, %d)", maker->seed, purpose, sides);
}

/* ---- parts ---- */

void random_column(struct random_maker *maker, const char *name, const char *type,
                   const char *value)
{
    const char *comma = maker->names.length > 0 ? ", " : "";

    text_addf(&maker->columns, "%s%s %s", comma, name, type);
    text_addf(&maker->names, "%s%s", comma, name);
    text_addf(&maker->values, "%s%s", comma, value);
}

const char *random_put(const char *text, const char *word, const char *with)
{
    struct text out = {0};
    const char *found;

    for (; (found = strstr(text, word)) != NULL; text = found + strlen(word)) {
        text_add_bytes(&out, text, (size_t)(found - text));
        text_add(&out, with);
    }
    text_add(&out, text);
    return keep_text(text_take(&out));
}

const char *random_put_all(const char *text, const struct random_word *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        text = random_put(text, words[i].word, words[i].with);
    return text;
}

static const char *taken(struct text *text)
{
    return keep_text(text_take(text));
}

/* ---- names ---- */

static const char *const table_names[] = {
    "orders",          "\"User\"",
    "\"order\"",       "\"a.b c\"",
    "\"quo\"\"te'd\"", "\"Bestellungen mit Umläuten, bis an die Grenze von 63 Bytes, ß\"",
};

static void choose_names(struct random_maker *maker)
{
    static const char *const schemas[] = {"s%u", "s%u", "\"S.%u\"", "\"s %u\""};

    maker->schema = keep_format(RANDOM_PICK(maker, schemas), maker->seed);
    maker->table = RANDOM_PICK(maker, table_names);
    maker->rows = 50 + random_dice(maker, 350);
}

/* ---- features ---- */

static void add_batches(struct random_maker *maker)
{
    static const char *const batch_rows[] = {"3", "7", "20", "100", "5000"};
    static const char *const batch_times[] = {"1ms", "10ms", "50ms"};
    static const char *const lock_timeouts[] = {"2ms", "20ms", "100ms"};

    text_addf(&maker->options, "batch_rows = %s\nbatch_time = %s\nlock_timeout = %s\n",
              RANDOM_PICK(maker, batch_rows), RANDOM_PICK(maker, batch_times),
              RANDOM_PICK(maker, lock_timeouts));
}

/* One schema in so many has it; 0 switches it off. The order matters: later ones look at what
 * earlier ones chose. */
static const struct feature {
    int one_in;
    void (*add)(struct random_maker *maker);
} features[] = {
    {4, random_partitions},
    {1, random_key},
    {2, random_children},
    {6, random_declared},
    {4, random_self_reference},
    {1, random_mark},
    {3, random_flags},
    {4, random_condition},
    {1, add_batches},
    {1, random_filler},
    {8, random_unlogged},
    {4, random_room_in_pages},
    {3, random_history},
    {6, random_heir},
    {2, random_dropping},
    {4, random_keeping_trigger},
    {5, random_raising_trigger},
    {4, random_counting_trigger},
};

static void add_features(struct random_maker *maker)
{
    for (size_t i = 0; i < ARRAY_LENGTH(features); i++) {
        if (features[i].one_in > 0 && random_dice(maker, features[i].one_in) == 0)
            features[i].add(maker);
    }
}

/* ---- put together ---- */

static const char *wanted_of(struct random_maker *maker)
{
    return keep_format("coalesce(true%s, false)", taken(&maker->wanted));
}

static const char *reached_of(const struct random_maker *maker)
{
    return keep_format("reached(%s, %s)", maker->marked, maker->row_retention);
}

static const char ddl[] =
    "CREATE SCHEMA $schema;\n"
    "SET search_path = $schema, public;\n"
    "$before"
    "CREATE $storage TABLE $table ($columns) $layout;\n"
    "$partitions"
    "INSERT INTO $table ($names) SELECT $values FROM generate_series(1::bigint, $rows) AS i;\n"
    "$after"
    "$links"
    "GRANT USAGE ON SCHEMA $schema TO pgpurged;\n"
    "DO $do$ DECLARE r regclass; BEGIN\n"
    "  FOR r IN SELECT '$table'::regclass UNION SELECT relid FROM pg_partition_tree('$table') "
    "LOOP\n"
    "    EXECUTE format('GRANT SELECT, DELETE, UPDATE (filler) ON %s TO pgpurged', r);\n"
    "  END LOOP;\n"
    "END $do$;\n"
    "ANALYZE $table;\n"
    /* what the oracle knows */
    "CREATE VIEW present AS SELECT 't' AS tbl, rn FROM $only $table$tables;\n"
    "CREATE TABLE known AS SELECT p.tbl, p.rn, p.tbl = 't' AND $wanted AS wanted,\n"
    "  p.tbl <> 't' OR $stubborn AS stubborn, p.tbl = 't' AND $wanted AS was_wanted,\n"
    "  CASE WHEN p.tbl = 't' THEN $reached END AS reached\n"
    "  FROM present AS p LEFT JOIN $only $table AS t ON p.tbl = 't' AND t.rn = p.rn;\n"
    "CREATE VIEW run AS SELECT *, started_at - $run_retention AS latest_cutoff FROM pgpurged.runs\n"
    "  WHERE job = '$job' ORDER BY id DESC LIMIT 1;\n"
    "CREATE VIEW rows AS SELECT tbl, rn, wanted AND past AS due, stubborn, was_wanted AND past AS "
    "was_due\n"
    "  FROM (SELECT *, coalesce(reached <= (SELECT cutoff FROM run), false) AS past FROM known) AS "
    "k;\n"
    "CREATE TABLE refs (ctbl, crn, ptbl, prn, how) AS $refs;\n"
    "CREATE TABLE before AS SELECT t.rn, t::text AS shown FROM $only $table AS t;\n"
    "CREATE TABLE relations (tbl, relation) AS SELECT 't', '$table'::regclass::oid UNION\n"
    "  SELECT 't', relid FROM pg_partition_tree('$table')$relatives;\n";

static const char deed_restore[] =
    "WITH r AS (UPDATE $only $table AS t SET $restore WHERE rn IN ($which)"
    "  RETURNING rn)"
    " UPDATE $schema.known AS o SET wanted = false FROM r WHERE o.tbl = 't' AND o.rn = r.rn";

/* Moves the row behind the scan. */
static const char deed_touch[] = "UPDATE $only $table SET filler = filler || 'y' WHERE rn = $1";

/* A row of any kind, live or due. */
static const char deed_insert[] =
    "WITH r AS (INSERT INTO $table ($names) SELECT $values FROM (SELECT $2 + 1000000 AS i) AS n"
    "  RETURNING *)"
    " INSERT INTO $schema.known SELECT 't', t.rn, $wanted, $stubborn, $wanted, $reached FROM r AS "
    "t";

static const char deed_lock[] =
    "SELECT FROM $only $table WHERE rn IN ($which) FOR UPDATE SKIP LOCKED";

static const char next_due[] =
    "SELECT rn FROM $only $table AS t WHERE $wanted AND $reached <= now() - $run_retention"
    " ORDER BY tableoid, ctid LIMIT 3 OFFSET $1";

static const char *or_nothing(const char *text)
{
    return text != NULL ? text : "";
}

static struct random_schema put_together(struct random_maker *maker)
{
    const char *name = keep_format("%s.%s", maker->schema, maker->table);
    const char *job = keep_format("s%u", maker->seed);
    const char *literal = keep_format("'%s'", random_put(name, "'", "''"));
    const struct random_word words[] = {
        {"$which", next_due},
        {"$wanted", wanted_of(maker)},
        {"$reached", reached_of(maker)},
        {"$run_retention", maker->run_retention},
        {"$job", job},
        {"$stubborn", keep_format("(false%s)", taken(&maker->stubborn))},
        {"$after", taken(&maker->after)},
        {"$links", taken(&maker->links)},
        {"'$table'", literal},
        {"$relatives", taken(&maker->relatives)},
        {"$refs", maker->references.length > 0
                      ? taken(&maker->references)
                      : "SELECT '', 0::bigint, '', 0::bigint, '' WHERE false"},
        {"$tables", taken(&maker->tables)},
        {"$table", name},
        {"$before", taken(&maker->before)},
        {"$storage", or_nothing(maker->storage)},
        {"$columns", taken(&maker->columns)},
        {"$layout", or_nothing(maker->layout)},
        {"$partitions", taken(&maker->partitions)},
        {"$names", taken(&maker->names)},
        {"$values", taken(&maker->values)},
        {"$rows", keep_format("%d", maker->rows)},
        {"$only", or_nothing(maker->only)},
        {"$restore", maker->restore},
        {"$schema", maker->schema},
    };
    enum { WORDS = ARRAY_LENGTH(words) };
    const char *insert_child = or_nothing(maker->insert_child);

    return (struct random_schema){
        .seed = maker->seed,
        .job = job,
        .schema = maker->schema,
        .table = name,
        .rows = maker->rows,
        .ddl = random_put_all(ddl, words, WORDS),
        .section = keep_format("[job %s]\ntable = %s\n%s", job, name, taken(&maker->options)),
        .restore = random_put_all(random_put(deed_restore, "$which", "$1"), words, WORDS),
        .restore_next = random_put_all(deed_restore, words, WORDS),
        .touch = random_put_all(deed_touch, words, WORDS),
        .insert = random_put_all(deed_insert, words, WORDS),
        .insert_child = random_put_all(random_put(insert_child, "$which", "$1"), words, WORDS),
        .insert_children_next = random_put_all(insert_child, words, WORDS),
        .lock_next = random_put_all(deed_lock, words, WORDS),
    };
}

struct random_schema random_schema_make(unsigned seed)
{
    struct random_maker maker = {.state = seed, .seed = seed};

    choose_names(&maker);
    add_features(&maker);
    return put_together(&maker);
}
