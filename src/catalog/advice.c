#include "catalog/advice.h"

#include <stdlib.h>

#include "base/text.h"
#include "catalog/query.h"
#include "sql/advice.h"
#include "sql/statements.h"

/* The steps of the request, and the columns of sql_advice_table. */
enum { STEP_TABLE = 2, STEP_TRIGGERS, STEP_LOCKS, STEP_WRAPAROUND, STEP_INDEXES, STEP_TOAST };

enum table_column {
    COLUMN_TABLE,
    COLUMN_COLUMN,
    COLUMN_SCHEMA,
    COLUMN_ROLE,
    COLUMN_PARTITIONED,
    COLUMN_BLOCKS,
    COLUMN_ROWS,
    COLUMN_BLOCK_SIZE,
    COLUMN_NULLABLE,
    COLUMN_USAGE,
    COLUMN_SELECT,
    COLUMN_DELETE,
    COLUMN_LOCK,
    COLUMN_SEES_ALL,
    COLUMN_HEIRS,
    COLUMN_FIRST_HEIR
};

void advice_send(struct pg *pg, const struct job_settings *job, bool readable, pg_result_fn *fn,
                 void *arg)
{
    const char *values[] = {job->table.schema, job->table.name, job->expires.column};
    const struct pg_step commit = {sql_commit, NULL, 0};
    const struct pg_step indexes = {sql_advice_indexes, values, ARRAY_LENGTH(values)};
    const struct pg_step steps[] = {
        {sql_begin_read_only, NULL, 0},
        {sql_settings, NULL, 0},
        [STEP_TABLE] = {sql_advice_table, values, 3},
        [STEP_TRIGGERS] = {sql_advice_triggers, values, 2},
        [STEP_LOCKS] = {sql_advice_locks, values, 2},
        [STEP_WRAPAROUND] = {sql_advice_wraparound, values, 2},
        [STEP_INDEXES] = readable ? indexes : commit,
        [STEP_TOAST] = {sql_advice_toast, values, 2},
        commit,
    };
    size_t count = readable ? ARRAY_LENGTH(steps) : STEP_INDEXES + 1;

    pg_send(pg, steps, count, QUERY_DEADLINE_MS, fn, arg);
}

/* NULL stays NULL. */
static char *copied(const struct pg_result *reply, size_t step, int row, int column)
{
    const char *text = pg_result_text(reply, step, row, column);

    return text != NULL ? text_copy(text) : NULL;
}

static double or_unknown(const struct pg_result *reply, size_t step, int row, int column)
{
    return pg_result_text(reply, step, row, column) != NULL
               ? pg_result_double(reply, step, row, column)
               : -1;
}

static void read_table(const struct pg_result *reply, struct advice *advice)
{
    advice->table = copied(reply, STEP_TABLE, 0, COLUMN_TABLE);
    advice->column = copied(reply, STEP_TABLE, 0, COLUMN_COLUMN);
    advice->schema = copied(reply, STEP_TABLE, 0, COLUMN_SCHEMA);
    advice->role = copied(reply, STEP_TABLE, 0, COLUMN_ROLE);
    advice->partitioned = pg_result_bool(reply, STEP_TABLE, 0, COLUMN_PARTITIONED);
    advice->blocks = (int64_t)or_unknown(reply, STEP_TABLE, 0, COLUMN_BLOCKS);
    advice->rows = pg_result_double(reply, STEP_TABLE, 0, COLUMN_ROWS);
    advice->block_size = (uint32_t)pg_result_int(reply, STEP_TABLE, 0, COLUMN_BLOCK_SIZE);
    advice->nullable = pg_result_bool(reply, STEP_TABLE, 0, COLUMN_NULLABLE);
    advice->usage = pg_result_bool(reply, STEP_TABLE, 0, COLUMN_USAGE);
    advice->can_select = pg_result_bool(reply, STEP_TABLE, 0, COLUMN_SELECT);
    advice->can_delete = pg_result_bool(reply, STEP_TABLE, 0, COLUMN_DELETE);
    advice->can_lock = pg_result_bool(reply, STEP_TABLE, 0, COLUMN_LOCK);
    advice->sees_all = pg_result_bool(reply, STEP_TABLE, 0, COLUMN_SEES_ALL);
    advice->inheritance_children = pg_result_int(reply, STEP_TABLE, 0, COLUMN_HEIRS);
    advice->first_inheritance_child = copied(reply, STEP_TABLE, 0, COLUMN_FIRST_HEIR);
}

static void read_triggers(const struct pg_result *reply, struct advice *advice)
{
    advice->trigger_count = (size_t)pg_result_rows(reply, STEP_TRIGGERS);
    advice->triggers = mem_new(advice->trigger_count * sizeof *advice->triggers);
    for (size_t i = 0; i < advice->trigger_count; i++)
        advice->triggers[i] = (struct advice_trigger){
            .name = copied(reply, STEP_TRIGGERS, (int)i, 0),
            .when = copied(reply, STEP_TRIGGERS, (int)i, 1),
            .each_row = pg_result_bool(reply, STEP_TRIGGERS, (int)i, 2),
            .function = copied(reply, STEP_TRIGGERS, (int)i, 3),
            .non_firing = pg_result_bool(reply, STEP_TRIGGERS, (int)i, 4),
        };
}

static void read_locks(const struct pg_result *reply, struct advice *advice)
{
    advice->lock_count = (size_t)pg_result_rows(reply, STEP_LOCKS);
    advice->locks = mem_new(advice->lock_count * sizeof *advice->locks);
    for (size_t i = 0; i < advice->lock_count; i++)
        advice->locks[i] = (struct advice_lock){
            .who = copied(reply, STEP_LOCKS, (int)i, 0),
            .application = copied(reply, STEP_LOCKS, (int)i, 1),
            .mode = copied(reply, STEP_LOCKS, (int)i, 2),
            .age_s = or_unknown(reply, STEP_LOCKS, (int)i, 3),
            .shuts_out = pg_result_bool(reply, STEP_LOCKS, (int)i, 4),
        };
}

static struct advice_index read_index(const struct pg_result *reply, int row)
{
    return (struct advice_index){
        .unique = pg_result_bool(reply, STEP_INDEXES, row, 2),
        .primary = pg_result_bool(reply, STEP_INDEXES, row, 3),
        .partial = pg_result_text(reply, STEP_INDEXES, row, 4) != NULL,
        .has_column = pg_result_bool(reply, STEP_INDEXES, row, 5),
        .of_live_rows = pg_result_bool(reply, STEP_INDEXES, row, 6),
        .needed = pg_result_bool(reply, STEP_INDEXES, row, 8),
        .scans = pg_result_double(reply, STEP_INDEXES, row, 9),
    };
}

static void read_indexes(const struct pg_result *reply, struct advice *advice)
{
    advice->index_count = (size_t)pg_result_rows(reply, STEP_INDEXES);
    advice->indexes = mem_new(advice->index_count * sizeof *advice->indexes);
    advice->keys = mem_new(advice->index_count * sizeof *advice->keys);
    for (size_t i = 0; i < advice->index_count; i++) {
        advice->indexes[i] = read_index(reply, (int)i);
        advice->keys[i] = (struct advice_keys){
            .name = copied(reply, STEP_INDEXES, (int)i, 0),
            .keys = copied(reply, STEP_INDEXES, (int)i, 1),
            .constraint = copied(reply, STEP_INDEXES, (int)i, 7),
        };
    }
}

void advice_read(const struct pg_result *reply, struct advice *advice)
{
    *advice = (struct advice){.known = pg_result_rows(reply, STEP_TABLE) > 0};
    if (!advice->known)
        return;
    read_table(reply, advice);
    read_triggers(reply, advice);
    read_locks(reply, advice);
    advice->wraparound_pid = pg_result_int(reply, STEP_WRAPAROUND, 0, 0);
    read_indexes(reply, advice);
    advice->toast_bytes = pg_result_double(reply, STEP_TOAST, 0, 0);
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
    free(advice->table);
    free(advice->column);
    free(advice->schema);
    free(advice->role);
    free(advice->first_inheritance_child);
    *advice = (struct advice){0};
}
