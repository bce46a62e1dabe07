#include "catalog/advice.h"

#include <stdlib.h>

#include "base/text.h"
#include "catalog/query.h"

/* NULL stays NULL. */
static char *copied(const struct pg_result *reply, int row, int column)
{
    const char *text = pg_result_text(reply, QUERY_STEP, row, column);

    return text != NULL ? text_copy(text) : NULL;
}

static double or_unknown(const struct pg_result *reply, int row, int column)
{
    return pg_result_text(reply, QUERY_STEP, row, column) != NULL
               ? pg_result_double(reply, QUERY_STEP, row, column)
               : -1;
}

void advice_read_triggers(const struct pg_result *reply, struct advice *advice)
{
    advice->trigger_count = (size_t)pg_result_rows(reply, QUERY_STEP);
    advice->triggers = mem_new(advice->trigger_count * sizeof *advice->triggers);
    for (size_t i = 0; i < advice->trigger_count; i++)
        advice->triggers[i] = (struct advice_trigger){
            .name = copied(reply, (int)i, 0),
            .when = copied(reply, (int)i, 1),
            .each_row = pg_result_bool(reply, QUERY_STEP, (int)i, 2),
            .function = copied(reply, (int)i, 3),
            .non_firing = pg_result_bool(reply, QUERY_STEP, (int)i, 4),
        };
}

void advice_read_locks(const struct pg_result *reply, struct advice *advice)
{
    advice->lock_count = (size_t)pg_result_rows(reply, QUERY_STEP);
    advice->locks = mem_new(advice->lock_count * sizeof *advice->locks);
    for (size_t i = 0; i < advice->lock_count; i++)
        advice->locks[i] = (struct advice_lock){
            .who = copied(reply, (int)i, 0),
            .application = copied(reply, (int)i, 1),
            .mode = copied(reply, (int)i, 2),
            .age_s = or_unknown(reply, (int)i, 3),
            .shuts_out = pg_result_bool(reply, QUERY_STEP, (int)i, 4),
        };
}

static struct advice_index read_index(const struct pg_result *reply, int row)
{
    return (struct advice_index){
        .unique = pg_result_bool(reply, QUERY_STEP, row, 2),
        .primary = pg_result_bool(reply, QUERY_STEP, row, 3),
        .partial = pg_result_text(reply, QUERY_STEP, row, 4) != NULL,
        .has_column = pg_result_bool(reply, QUERY_STEP, row, 5),
        .of_live_rows = pg_result_bool(reply, QUERY_STEP, row, 6),
        .needed = pg_result_bool(reply, QUERY_STEP, row, 8),
        .scans = pg_result_double(reply, QUERY_STEP, row, 9),
    };
}

void advice_read_indexes(const struct pg_result *reply, struct advice *advice)
{
    advice->index_count = (size_t)pg_result_rows(reply, QUERY_STEP);
    advice->indexes = mem_new(advice->index_count * sizeof *advice->indexes);
    advice->keys = mem_new(advice->index_count * sizeof *advice->keys);
    for (size_t i = 0; i < advice->index_count; i++) {
        advice->indexes[i] = read_index(reply, (int)i);
        advice->keys[i] = (struct advice_keys){
            .name = copied(reply, (int)i, 0),
            .keys = copied(reply, (int)i, 1),
            .constraint = copied(reply, (int)i, 7),
        };
    }
}

void advice_free(struct advice *advice)
{
    for (size_t i = 0; i < advice->trigger_count; i++) {
        free(advice->triggers[i].name);
        free(advice->triggers[i].when);
        free(advice->triggers[i].function);
    }
    for (size_t i = 0; i < advice->lock_count; i++) {
        free(advice->locks[i].who);
        free(advice->locks[i].application);
        free(advice->locks[i].mode);
    }
    for (size_t i = 0; i < advice->index_count; i++) {
        free(advice->keys[i].name);
        free(advice->keys[i].keys);
        free(advice->keys[i].constraint);
    }
    free(advice->triggers);
    free(advice->locks);
    free(advice->indexes);
    free(advice->keys);
    *advice = (struct advice){0};
}
