/*
 * The application's triggers on a made-up table: some keep a row, some refuse it, some count.
 */
#include "base/text.h"
#include "integration/random_maker.h"

static const char make_trigger[] =
    "CREATE FUNCTION $schema.$name() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS"
    " $$ BEGIN $body RETURN $result; END $$;\n"
    "CREATE TRIGGER $name $when ON $table $each EXECUTE FUNCTION $schema.$name();\n";

struct trigger {
    const char *name, *when, *each, *body, *result;
};

static void add_trigger(struct random_maker *maker, const struct trigger *trigger)
{
    const char *text = random_put(make_trigger, "$body", trigger->body);

    text = random_put(text, "$name", trigger->name);
    text = random_put(text, "$when", trigger->when);
    text = random_put(text, "$each", trigger->each);
    text = random_put(text, "$result", trigger->result);
    text = random_put(text, "$table", maker->table);
    text_add(&maker->after, random_put(text, "$schema", maker->schema));
}

void random_keeping_trigger(struct random_maker *maker)
{
    add_trigger(maker, &(struct trigger){"keep", "BEFORE DELETE", "FOR EACH ROW",
                                         "IF OLD.rn % 41 = 3 THEN RETURN NULL; END IF;", "OLD"});
    text_add(&maker->stubborn, " OR t.rn % 41 = 3");
}

void random_raising_trigger(struct random_maker *maker)
{
    static const char *const whens[] = {"BEFORE DELETE", "AFTER DELETE"};

    add_trigger(maker,
                &(struct trigger){"refuse", RANDOM_PICK(maker, whens), "FOR EACH ROW",
                                  "IF OLD.rn % 67 = 9 THEN RAISE 'kept for the auditors'; END IF;",
                                  "OLD"});
    text_add(&maker->stubborn, " OR t.rn % 67 = 9");
}

/* The application's own audit: what it has seen go must be what is gone. */
void random_counting_trigger(struct random_maker *maker)
{
    if (maker->partitioned_by_mark) /* it would see a row go that moves to another partition */
        return;
    text_add(&maker->after, "CREATE TABLE seen_going (rn bigint);\n");
    if (maker->partitioned || random_dice(maker, 2) == 0)
        add_trigger(maker,
                    &(struct trigger){"witness", "AFTER DELETE", "FOR EACH ROW",
                                      "INSERT INTO $schema.seen_going VALUES (OLD.rn);", "NULL"});
    else
        add_trigger(maker, &(struct trigger){"witness", "AFTER DELETE",
                                             "REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT",
                                             "INSERT INTO $schema.seen_going"
                                             " SELECT rn FROM old_rows;",
                                             "NULL"});
}
