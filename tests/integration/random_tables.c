/*
 * What a made-up table is: its key, its storage, its partitions, its past, and the tables that
 * inherit from it.
 */
#include "base/text.h"
#include "integration/random_maker.h"

/* ---- partitions ---- */

static const struct layout {
    const char *by, *partitions;
    const char *column; /* what a key has to contain */
} layouts[] = {
    {"PARTITION BY LIST (part)",
     "CREATE TABLE part_0 PARTITION OF $table FOR VALUES IN (0);\n"
     "CREATE TABLE part_1 PARTITION OF $table FOR VALUES IN (1);\n"
     "CREATE TABLE \"part other\" PARTITION OF $table DEFAULT;\n",
     "part"},
    {"PARTITION BY HASH (rn)",
     "CREATE TABLE part_0 PARTITION OF $table FOR VALUES WITH (MODULUS 2, REMAINDER 0);\n"
     "CREATE TABLE part_1 PARTITION OF $table FOR VALUES WITH (MODULUS 2, REMAINDER 1);\n",
     "rn"},
    {"PARTITION BY LIST (part)",
     "CREATE TABLE part_0 PARTITION OF $table FOR VALUES IN (0, 1) PARTITION BY RANGE (part, rn);\n"
     "CREATE TABLE part_00 PARTITION OF part_0 FOR VALUES FROM (MINVALUE, MINVALUE) TO (1, 20);\n"
     "CREATE TABLE part_01 PARTITION OF part_0 DEFAULT;\n"
     "CREATE TABLE part_1 PARTITION OF $table DEFAULT;\n",
     "part, rn"},
};

/* By the mark itself, as tables often are that only grow. A restored row moves to another leaf. */
static const struct layout layout_by_mark = {
    "PARTITION BY RANGE ($mark)",
    "CREATE TABLE part_old PARTITION OF $table FOR VALUES FROM ('2024-01-01') TO ('2026-01-01');\n"
    "CREATE TABLE part_new PARTITION OF $table FOR VALUES FROM ('2026-01-01') TO ('2026-09-01');\n"
    "CREATE TABLE part_none PARTITION OF $table DEFAULT;\n",
    NULL};

void random_partitions(struct random_maker *maker)
{
    int choice = random_dice(maker, (int)ARRAY_LENGTH(layouts) + 1);
    const struct layout *layout =
        choice == ARRAY_LENGTH(layouts) ? &layout_by_mark : &layouts[choice];

    maker->partitioned = true;
    maker->partitioned_by_mark = layout == &layout_by_mark;
    maker->layout = layout->by;
    maker->partition_key = layout->column;
    text_add(&maker->partitions, random_put(layout->partitions, "$table", maker->table));
}

/* ---- keys ---- */

static const struct key {
    const char *names, *types, *values;
} keys[] = {
    {NULL, NULL, NULL},
    {"k", "k bigint", "i"},
    {"k", "k uuid", "md5(i::text)::uuid"},
    {"k", "k text", "'key ' || i"},
    {"a, k", "a bigint, k text", "i % 7, 'key ' || i"},
};

void random_key(struct random_maker *maker)
{
    static const char *const kinds[] = {"PRIMARY KEY", "UNIQUE"};
    const struct key *key = &RANDOM_PICK(maker, keys);

    random_column(maker, "rn", "bigint NOT NULL", "i");
    random_column(maker, "part", "integer NOT NULL", "(i % 3)::integer");
    if (key->names == NULL || maker->partitioned_by_mark)
        return;
    maker->key = key->names;
    maker->key_types = key->types;
    maker->key_values = key->values;
    text_addf(&maker->columns, ", %s, %s (%s%s%s)", key->types, RANDOM_PICK(maker, kinds),
              maker->partitioned ? maker->partition_key : "", maker->partitioned ? ", " : "",
              key->names);
    text_addf(&maker->names, ", %s", key->names);
    text_addf(&maker->values, ", %s", key->values);
}

/* ---- storage ---- */

/* The last column, so that the others are seen where a row is shown. */
void random_filler(struct random_maker *maker)
{
    static const char *const fillers[] = {
        "repeat('x', 10)", "repeat('x', 720)", "repeat(md5(i::text), (i % 5)::int * 20)",
        "CASE WHEN i % 9 = 0 THEN repeat(md5(i::text), 700) END", /* beside the table */
    };

    random_column(maker, "filler", "text", RANDOM_PICK(maker, fillers));
}

void random_unlogged(struct random_maker *maker)
{
    if (!maker->partitioned)
        maker->storage = "UNLOGGED";
}

void random_room_in_pages(struct random_maker *maker)
{
    if (!maker->partitioned)
        maker->layout = "WITH (fillfactor = 30)";
}

/* Rows that were deleted and changed before, so that the pages have holes and old versions. */
void random_history(struct random_maker *maker)
{
    text_addf(&maker->after,
              "DELETE FROM %s AS t WHERE dice(%u, 'past', t.rn, 5) = 0;\n"
              "UPDATE %s AS t SET filler = 'later' WHERE dice(%u, 'past', t.rn, 5) = 1;\n",
              maker->table, maker->seed, maker->table, maker->seed);
}

/* A table that inherits from ours is another table: its rows stay, however due they look. */
void random_heir(struct random_maker *maker)
{
    if (maker->partitioned)
        return;
    maker->only = "ONLY";
    text_addf(&maker->after,
              "CREATE TABLE heir () INHERITS (%s);\n"
              "INSERT INTO heir (%s) SELECT %s FROM generate_series(500001, 500030) AS i;\n",
              maker->table, maker->names.data, maker->values.data);
    text_add(&maker->tables, " UNION ALL SELECT 'heir', rn FROM heir");
}
