/*
 * What must be true of a row beside its mark: flags, and one condition in SQL.
 */
#include "base/text.h"
#include "integration/keep.h"
#include "integration/random_maker.h"

static const struct flag {
    const char *name, *type, *option, *set, *unset, *condition;
} flags[] = {
    {"is_deleted", "boolean", "is_deleted", "true", "false", "t.is_deleted"},
    {"visible", "boolean", "visible = false", "false", "true", "NOT t.visible"},
    {"status", "text", "status = deleted", "'deleted'", "'Deleted'", "t.status = 'deleted'"},
    {"state", "state", "state = gone", "'gone'::$schema.state", "'here'::$schema.state",
     "t.state = 'gone'"},
    {"\"Removed\"", "smallint", "\"Removed\"", "1", "0", "t.\"Removed\" = 1"},
    {"level", "integer", "level = -1", "-1", "1", "t.level = -1"},
    {"del", "char(1)", "del = Y", "'Y'", "'N'", "t.del = 'Y'"},
    {"\"user\"", "varchar(20)", "\"user\" = 'a, ''b'''", "'a, ''b'''", "'a'",
     "t.\"user\" = 'a, ''b'''"},
};

static void add_flag(struct random_maker *maker, const struct flag *flag)
{
    random_column(maker, flag->name, flag->type,
                  keep_format("CASE %s WHEN 0 THEN %s WHEN 1 THEN NULL ELSE %s END",
                              random_row_dice(maker, flag->name, 8), flag->unset, flag->set));
    text_addf(&maker->wanted, " AND %s", flag->condition);
    if (random_dice(maker, 2) == 0)
        maker->restore = keep_format("%s = %s", flag->name, flag->unset);
}

void random_flags(struct random_maker *maker)
{
    const char *before = "flag = ";

    text_add(&maker->before, "CREATE TYPE state AS ENUM ('here', 'gone');\n");
    for (size_t i = 0; i < ARRAY_LENGTH(flags); i++) {
        if (random_dice(maker, 3) != 0)
            continue;
        add_flag(maker, &flags[i]);
        text_addf(&maker->options, "%s%s", before, flags[i].option);
        before = ", ";
    }
    if (before[0] == ',')
        text_add(&maker->options, "\n");
}

/* Some of them are neither true nor false for a row whose category is NULL. */
void random_condition(struct random_maker *maker)
{
    static const char *const conditions[] = {
        "category <> 3",
        "category IN (1, 2, 4) OR note = 'any; (way'",
        "NOT (category = 1 AND note IS NULL)",
        "pg_catalog.length(note) > 2\n  AND category < 5",
        "CASE WHEN category = 2 THEN false ELSE true END",
    };
    const char *condition = RANDOM_PICK(maker, conditions);

    random_column(maker, "category", "integer",
                  keep_format("nullif(%s, 0)", random_row_dice(maker, "category", 6)));
    random_column(maker, "note", "text",
                  keep_format("(ARRAY['any; (way', 'x', '-- ', NULL])[1 + %s]",
                              random_row_dice(maker, "note", 4)));
    text_addf(&maker->options, "where = %s\n", condition);
    text_addf(&maker->wanted, " AND (%s)", condition);
}
