/*
 * action: what happens to a due row. A new action is one struct action.
 *
 * Nothing else in the product writes a statement that changes rows of the application. Its
 * condition, which says the rows, holds the full predicate (promise R).
 */
#ifndef PGPURGED_SQL_ACTION_H
#define PGPURGED_SQL_ACTION_H

#include <stdbool.h>

#include "sql/predicate.h"

struct action {
    const char *name;       /* as in pgpurged.runs and pgpurged.audit */
    const char *privileges; /* on the table, as in a GRANT */
    /* The statement that does it to the rows t of the relation for which the condition holds; its
     * row count is what the audit table says. A RETURNING clause may be put behind it. free() it.
     */
    char *(*statement)(const struct sql_target *target, const char *relation,
                       const char *condition);
    bool stays_due;   /* the row is still due afterwards */
    bool may_drop;    /* a partition that holds nothing but due rows may be dropped instead */
    bool frees_space; /* a VACUUM afterwards makes space reusable */
};

extern const struct action action_delete;

/* `DELETE FROM ONLY relation AS row WHERE condition`; free() it. */
char *sql_delete(const char *relation, const char *row, const char *condition);

#endif
