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

static const struct action {
    const char *sql;
    bool keeps, lets; /* by itself, whatever the mode */
    bool cascades;
} actions[] = {
    {"", true, false, false},
    {"ON DELETE RESTRICT", true, false, false},
    {"DEFERRABLE INITIALLY DEFERRED", true, false, false},
    {"ON DELETE CASCADE", false, false, true},
    {"ON DELETE SET NULL", false, true, false},
    {"ON DELETE SET DEFAULT", false, true, false},
};

static const char *how_of(const struct action *action, enum mode mode, int level, int depth)
{
    if (action->lets)
        return "lets";
    if (mode == MODE_SKIP || level > depth || (mode == MODE_CASCADE && !action->cascades))
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
    "WITH r AS (INSERT INTO $schema.$child (rn, $up) SELECT $2 + 2000000, $values"
    "  FROM $only $parent AS p WHERE p.rn = $1 RETURNING rn),"
    " o AS (INSERT INTO $schema.rows SELECT '$tbl', r.rn, false, true, false FROM r)"
    " INSERT INTO $schema.refs SELECT '$tbl', r.rn, 't', $1, '$how' FROM r";

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

static void add_child(struct random_maker *maker, struct child *child, enum mode mode, int depth)
{
    const struct action *action = &RANDOM_PICK(maker, actions);

    child->action = action->sql;
    child->how = how_of(action, mode, child->parent->level + 1, depth);
    child->indexed = random_dice(maker, 2) == 0;
    text_add(&maker->links, put_child(make_child, maker, child));
    text_addf(&maker->tables, " UNION ALL SELECT '%s', rn FROM %s", child->tbl, child->table);
    text_addf(&maker->relatives,
              " UNION ALL SELECT '%s', '%s'::regclass UNION ALL SELECT '%s', relid"
              " FROM pg_partition_tree('%s')",
              child->tbl, child->table, child->tbl, child->table);
    add_references(maker, child->tbl, child->table, child->parent, child->how);
}

static const char *const child_names[][2] = {
    {"lines", "\"Order Lines\""}, {"notes", "notes"}, {"files", "\"to\""}};

void random_children(struct random_maker *maker)
{
    static const char *const modes[] = {"skip", "cascade", "delete"};
    static const struct random_key_column child_key[] = {{"rn", "bigint", NULL}};
    const struct parent self = {
        "t", "$table", maker->partitioned ? "" : "ONLY", maker->key_columns, maker->key_count, 0};
    enum mode mode = (enum mode)random_dice(maker, 3);
    int depth = 1 + random_dice(maker, 3), count = 1 + random_dice(maker, 2);

    if (maker->key == NULL)
        return;
    text_addf(&maker->options, "children = %s\nchildren_depth = %d\n", modes[mode], depth);
    for (int i = 0; i < count; i++) {
        struct child child = {.tbl = child_names[i][0],
                              .table = child_names[i][1],
                              .parent = &self,
                              .rows = maker->rows / 4,
                              .parents = maker->rows};
        const struct parent below = {child.tbl, child.table, "", child_key, 1, 1};
        struct child grandchild = {.tbl = "files",
                                   .table = "\"to\"",
                                   .parent = &below,
                                   .rows = maker->rows / 6,
                                   .parents = maker->rows / 4};
        bool has_grandchild = i == 0 && random_dice(maker, 2) == 0;

        child.partitioned = !has_grandchild && random_dice(maker, 3) == 0;
        add_child(maker, &child, mode, depth);
        maker->insert_child = put_child(deed_insert_child, maker, &child);
        if (has_grandchild)
            add_child(maker, &grandchild, mode, depth);
    }
}

/* ---- the table itself ---- */

/* Threads: most rows answer one of the rows before them, some themselves, and some each other. */
void random_self_reference(struct random_maker *maker)
{
    const struct parent self = {
        "t", "$table", maker->partitioned ? "" : "ONLY", maker->key_columns, maker->key_count, 0};
    const char *up = columns_of(&self, "up_", false), *key = columns_of(&self, "", false);
    const struct action *action = &actions[random_dice(maker, 4)]; /* not those that change it */

    if (maker->key == NULL || maker->partitioned) /* across leaves it may take several runs */
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
