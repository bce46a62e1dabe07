/*
 * What refers to a made-up table: children, their children, and the table itself, by foreign keys
 * with every action, under each mode of `children`.
 *
 * The oracle gets each reference as a row of refs (ctbl, crn, ptbl, prn, how): how is `keeps` where
 * the child keeps its parent, `goes` where it goes with it, `lets` where it is changed.
 */
#include <string.h>

#include "base/text.h"
#include "integration/keep.h"
#include "integration/random_maker.h"

enum mode { MODE_SKIP, MODE_CASCADE, MODE_DELETE };

/* The mode of `children`, one for all references to the table. */
static enum mode mode_of(struct random_maker *maker)
{
    static const char *const modes[] = {"skip", "cascade", "delete"};

    if (maker->children_depth == 0) {
        maker->children_mode = random_dice(maker, 3);
        maker->children_depth = 1 + random_dice(maker, 3);
        text_addf(&maker->options, "children = %s\nchildren_depth = %d\n",
                  modes[maker->children_mode], maker->children_depth);
    }
    return (enum mode)maker->children_mode;
}

static const struct action {
    const char *sql;
    bool keeps, lets; /* by itself, whatever the mode */
    bool cascades;
} actions[] = {
    {"", true, false, false},
    {"ON DELETE RESTRICT", true, false, false},
    {"DEFERRABLE INITIALLY DEFERRED", true, false, false},
    {"ON DELETE CASCADE", false, false, true},
    {"ON DELETE CASCADE DEFERRABLE", false, false, true},
    {"ON DELETE SET NULL", false, true, false},
    {"ON DELETE SET DEFAULT", false, true, false},
};

static const char *how_of(struct random_maker *maker, const struct action *action, int level)
{
    enum mode mode = mode_of(maker);

    if (action->lets)
        return "lets";
    if (mode == MODE_SKIP || level > maker->children_depth ||
        (mode == MODE_CASCADE && !action->cascades))
        return "keeps";
    return "goes";
}

/* A table and the columns by which others refer to it. */
struct parent {
    const char *tbl, *table, *only;
    const struct random_key_column *key;
    int key_count;
    int level;
};

/* The columns, each with something before its name and behind it. */
static const char *columns_of(const struct parent *parent, const char *before, bool types)
{
    struct text out = {0};

    for (int i = 0; i < parent->key_count; i++)
        text_addf(&out, "%s%s%s%s%s", i > 0 ? ", " : "", before, parent->key[i].name,
                  types ? " " : "", types ? parent->key[i].type : "");
    return keep_text(text_take(&out));
}

static const char *refers(const struct parent *parent)
{
    struct text out = {0};

    for (int i = 0; i < parent->key_count; i++)
        text_addf(&out, "%sc.up_%s = p.%s", i > 0 ? " AND " : "", parent->key[i].name,
                  parent->key[i].name);
    return keep_text(text_take(&out));
}

static void add_relative(struct random_maker *maker, const char *tbl, const char *table)
{
    text_addf(&maker->tables, " UNION ALL SELECT '%s', rn FROM %s", tbl, table);
    text_addf(&maker->relatives,
              " UNION ALL SELECT '%s', '%s'::regclass UNION ALL SELECT '%s', relid"
              " FROM pg_partition_tree('%s')",
              tbl, table, tbl, table);
}

static void add_references(struct random_maker *maker, const char *tbl, const char *table,
                           const struct parent *parent, const char *how)
{
    text_addf(&maker->references,
              "%sSELECT '%s' AS ctbl, c.rn AS crn, '%s' AS ptbl, p.rn AS prn, '%s' AS how"
              " FROM %s AS c JOIN %s %s AS p ON %s",
              maker->references.length > 0 ? " UNION ALL " : "", tbl, parent->tbl, how, table,
              parent->only, parent->table, refers(parent));
}

/* ---- children ---- */

static const char make_child[] =
    "CREATE TABLE $child (rn bigint$unique, $columns,\n"
    "  CONSTRAINT \"$tbl's parent\" FOREIGN KEY ($up) REFERENCES $parent ($key) $action) $layout;\n"
    "$partitions"
    "INSERT INTO $child (rn, $up) SELECT x.rn, $values FROM (SELECT n AS rn,\n"
    "   1 + dice($seed, '$tbl', n, $parents) AS j FROM generate_series(1::bigint, $rows) AS n) AS "
    "x\n"
    "  LEFT JOIN $only $parent AS p ON p.rn = x.j AND x.rn % 11 <> 0;\n"
    "SET CONSTRAINTS ALL IMMEDIATE;\n"
    "$index"
    "GRANT SELECT, DELETE, UPDATE ON $child TO pgpurged;\n";

static const char deed_insert_child[] =
    "WITH x AS (SELECT p.*, 2000000 + $2 * 8 + row_number() OVER () AS child"
    "  FROM $only $parent AS p WHERE p.rn IN ($which)),"
    " r AS (INSERT INTO $schema.$child (rn, $up) SELECT p.child, $values FROM x AS p),"
    " o AS (INSERT INTO $schema.known SELECT '$tbl', x.child, false, true, false FROM x)"
    " INSERT INTO $schema.refs SELECT '$tbl', x.child, 't', x.rn, '$how' FROM x";

static const char partitions_of_child[] =
    "CREATE TABLE $tbl_0 PARTITION OF $child FOR VALUES WITH (MODULUS 2, REMAINDER 0);\n"
    "CREATE TABLE $tbl_1 PARTITION OF $child FOR VALUES WITH (MODULUS 2, REMAINDER 1);\n"
    "GRANT SELECT, DELETE, UPDATE ON $tbl_0, $tbl_1 TO pgpurged;\n";

struct child {
    const char *tbl, *table;
    const struct parent *parent;
    const char *action, *how;
    int rows, parents;
    bool partitioned, indexed;
};

static const char *put_child(const char *text, const struct random_maker *maker,
                             const struct child *child)
{
    const struct parent *parent = child->parent;
    const struct random_word words[] = {
        {"$partitions", child->partitioned ? partitions_of_child : ""},
        {"$layout", child->partitioned ? "PARTITION BY HASH (rn)" : ""},
        {"$unique", child->partitioned ? "" : " PRIMARY KEY"},
        {"$index", child->indexed ? "CREATE INDEX ON $child ($up);\n" : ""},
        {"$columns", columns_of(parent, "up_", true)},
        {"$values", columns_of(parent, "p.", false)},
        {"$up", columns_of(parent, "up_", false)},
        {"$key", columns_of(parent, "", false)},
        {"$parents", keep_format("%d", child->parents)},
        {"$parent", parent->table},
        {"$action", child->action},
        {"$child", child->table},
        {"$tbl", child->tbl},
        {"$rows", keep_format("%d", child->rows)},
        {"$seed", keep_format("%u", maker->seed)},
        {"$only", parent->only},
        {"$how", child->how},
    };

    return random_put_all(text, words, ARRAY_LENGTH(words));
}

static void add_child(struct random_maker *maker, struct child *child)
{
    const struct action *action = &RANDOM_PICK(maker, actions);

    child->action = action->sql;
    child->how = how_of(maker, action, child->parent->level + 1);
    child->indexed = random_dice(maker, 2) == 0;
    text_add(&maker->links, put_child(make_child, maker, child));
    add_relative(maker, child->tbl, child->table);
    add_references(maker, child->tbl, child->table, child->parent, child->how);
}

static void add_family(struct random_maker *maker, const struct parent *parent,
                       const char *const names[2], bool deep)
{
    static const struct random_key_column child_key[] = {{"rn", "bigint", NULL}};
    struct child child = {.tbl = names[0],
                          .table = names[1],
                          .parent = parent,
                          .rows = maker->rows / 4,
                          .parents = maker->rows,
                          .partitioned = !deep && random_dice(maker, 3) == 0};
    const struct parent below = {child.tbl, child.table, "", child_key, 1, 1};
    struct child grandchild = {.tbl = "files",
                               .table = "\"to\"",
                               .parent = &below,
                               .rows = maker->rows / 6,
                               .parents = child.rows};

    add_child(maker, &child);
    maker->insert_child = put_child(deed_insert_child, maker, &child);
    if (deep)
        add_child(maker, &grandchild);
}

static struct parent made_up_table(const struct random_maker *maker)
{
    return (struct parent){
        "t", "$table", maker->partitioned ? "" : "ONLY", maker->key_columns, maker->key_count, 0};
}

void random_children(struct random_maker *maker)
{
    static const char *const names[][2] = {{"lines", "\"Order Lines\""}, {"notes", "notes"}};
    const struct parent parent = made_up_table(maker);

    if (maker->key == NULL)
        return;
    add_family(maker, &parent, names[0], random_dice(maker, 2) == 0);
    if (random_dice(maker, 2) == 0)
        add_family(maker, &parent, names[1], false);
}

/* ---- what no foreign key declares ---- */

static const char make_declared[] =
    "CREATE TABLE \"Audit\" (rn bigint, \"subject id\" bigint, kind text);\n"
    "INSERT INTO \"Audit\" SELECT n, 1 + dice($seed, 'subject', n, $parents),\n"
    "  CASE WHEN dice($seed, 'kind', n, 3) > 0 THEN 'the post' ELSE 'post' END\n"
    "  FROM generate_series(1::bigint, $parents / 3) AS n;\n"
    "GRANT SELECT, DELETE, UPDATE ON \"Audit\" TO pgpurged;\n"
    "DO $do$ BEGIN\n"
    "  EXECUTE (SELECT format('CREATE UNIQUE INDEX ON %s (%s)', '$table'::regclass,\n"
    "                         string_agg(quote_ident(a.attname), ', '))\n"
    "    FROM pg_attribute AS a WHERE a.attrelid = '$table'::regclass AND (a.attname = 'rn'\n"
    "     OR EXISTS (SELECT FROM pg_partitioned_table AS q WHERE q.partrelid = a.attrelid\n"
    "                 AND a.attnum = ANY (q.partattrs::int2[]))));\n"
    "END $do$;\n";

/* By rn, which is unique, and of one kind only; some refer to rows that are not there. */
void random_declared(struct random_maker *maker)
{
    static const struct action declared = {"", true, false, false};
    const struct random_word words[] = {{"$seed", keep_format("%u", maker->seed)},
                                        {"$parents", keep_format("%d", maker->rows)}};

    text_add(&maker->links, random_put_all(make_declared, words, ARRAY_LENGTH(words)));
    text_addf(&maker->options,
              "references = %s.\"Audit\".\"subject id\" -> rn where kind = the post\n",
              maker->schema);
    add_relative(maker, "declared", "\"Audit\"");
    text_addf(&maker->references,
              "%sSELECT 'declared', c.rn, 't', p.rn, '%s' FROM \"Audit\" AS c JOIN %s $table AS p"
              " ON p.rn = c.\"subject id\" AND c.kind = 'the post'",
              maker->references.length > 0 ? " UNION ALL " : "", how_of(maker, &declared, 1),
              maker->partitioned ? "" : "ONLY");
}

/* ---- the table itself ---- */

/* Threads: most rows answer one of the rows before them, some themselves, and some each other. */
void random_self_reference(struct random_maker *maker)
{
    const struct parent self = made_up_table(maker);
    const char *up = columns_of(&self, "up_", false), *key = columns_of(&self, "", false);
    const struct action *action = &actions[random_dice(maker, 5)]; /* not those that change it */

    if (maker->key == NULL)
        return;
    text_addf(&maker->columns, ", %s", columns_of(&self, "up_", true));
    text_addf(
        &maker->links,
        "UPDATE %s $table AS c SET (%s) = (SELECT %s FROM %s $table AS p WHERE p.rn = CASE"
        " WHEN dice(%u, 'self', c.rn, 40) = 0 THEN c.rn"
        " WHEN dice(%u, 'self', c.rn, 40) = 1 THEN c.rn + 1"
        " WHEN dice(%u, 'self', c.rn, 40) < 14 THEN c.rn - 1 - dice(%u, 'far', c.rn, 9) END);\n"
        "ALTER TABLE $table ADD FOREIGN KEY (%s) REFERENCES $table (%s) %s;\n",
        self.only, up, key, self.only, maker->seed, maker->seed, maker->seed, maker->seed, up, key,
        action->sql);
    add_references(maker, "t", keep_format("%s $table", self.only), &self, "keeps");
}
