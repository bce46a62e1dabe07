#include "sql/action.h"

#include "base/text.h"

char *sql_delete(const char *relation, const char *row, const char *condition)
{
    return text_format("DELETE FROM ONLY %s AS %s\n"
                       " WHERE %s",
                       relation, row, condition);
}

static char *delete_rows(const struct sql_target *target, const char *relation,
                         const char *condition)
{
    (void)target;
    return sql_delete(relation, "t", condition);
}

const struct action action_delete = {
    .name = "delete",
    .privileges = "SELECT, DELETE",
    .statement = delete_rows,
    .may_drop = true,
    .frees_space = true,
};
