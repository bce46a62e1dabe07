#include "catalog/requirements.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static bool has_kind(const struct relation *relation, const char *kind)
{
    return text_equal(relation->kind, kind);
}

/* --- what can be wrong with a relation --- */

static bool is_ours(const struct relation *relation)
{
    return text_equal(relation->schema, "pgpurged");
}

static bool is_temporary(const struct relation *relation)
{
    return text_equal(relation->persistence, "t");
}

static bool is_system(const struct relation *relation)
{
    return relation->is_system;
}

static bool is_no_table(const struct relation *relation)
{
    return !has_kind(relation, "r") && !has_kind(relation, "p");
}

static bool is_foreign(const struct relation *relation)
{
    return has_kind(relation, "f");
}

static bool is_no_plain_table(const struct relation *relation)
{
    return !has_kind(relation, "r");
}

static bool is_no_heap(const struct relation *relation)
{
    return has_kind(relation, "r") &&
           (relation->access_method == NULL || !text_equal(relation->access_method, "heap"));
}

static bool is_hypertable(const struct relation *relation)
{
    return relation->is_hypertable;
}

static bool is_in_closed_schema(const struct relation *relation)
{
    return !relation->can_use_schema;
}

static bool is_unreadable(const struct relation *relation)
{
    return !relation->can_select;
}

static bool is_undeletable(const struct relation *relation)
{
    return !relation->can_select || !relation->can_delete;
}

static bool is_unlockable(const struct relation *relation)
{
    return !relation->can_lock && !is_foreign(relation);
}

static bool has_policies(const struct relation *relation)
{
    return relation->has_policies;
}

static bool has_rules(const struct relation *relation)
{
    return relation->delete_rules != NULL;
}

static bool has_non_firing(const struct relation *relation)
{
    return relation->non_firing_triggers != NULL;
}

static bool has_no_identity(const struct relation *relation)
{
    return relation->without_identity != NULL;
}

static bool is_referenced(const struct relation *relation)
{
    return relation->referenced_by != NULL;
}

static bool has_delete_triggers(const struct relation *relation)
{
    return relation->delete_triggers != NULL;
}

static bool is_published(const struct relation *relation)
{
    return relation->published_by != NULL;
}

static bool is_not_owned(const struct relation *relation)
{
    return !relation->is_owned;
}

/* --- the requirements --- */

/* In the texts: $T the relation, $S its schema, $K what it is, $A its access method, $O its owner,
 * $R the role, $C the column, $N the names that are to blame, $H what helps a child as well. */
struct requirement {
    unsigned uses;    /* it counts for one of these, ... */
    unsigned not_for; /* ... and for none of these */
    bool (*broken)(const struct relation *relation);
    enum finding_weight weight;
    size_t names; /* offset of $N in struct relation */
    const char *text, *sql, *advice;
    bool is_final; /* then nothing else matters */
};

/* What would make the count of a DELETE untrue (promise A), hide rows from it or it from the
 * application, or fail each time. */
enum { USE_ROWS_GO = USE_PARTITION | USE_TABLE | USE_CHILD };

#define NAMES(field) offsetof(struct relation, field)

static const struct requirement requirements[] = {
    /* what it is */
    {USE_TABLE, 0, is_ours, FINDING_REFUSES, 0, "$T belongs to pgpurged itself and is never purged",
     NULL, NULL, true},
    {USE_TABLE, 0, is_temporary, FINDING_REFUSES, 0, "$T is a temporary table of another session",
     NULL, NULL, true}, /* its schema is a system schema as well */
    {USE_TABLE, 0, is_system, FINDING_REFUSES, 0, "$T is a system table and is never purged", NULL,
     NULL, true},
    {USE_TABLE, 0, is_no_table, FINDING_REFUSES, 0,
     "$T is $K; only the rows of a plain table can be purged", NULL, NULL, true},
    {USE_PARTITION, 0, is_foreign, FINDING_REFUSES, 0,
     "$T is a foreign table, and its rows can't be found by TID", NULL, "purge it where it lives",
     true},
    {USE_CHILD, 0, is_no_plain_table, FINDING_REFUSES, 0,
     "$T refers to due rows, but is no plain table, so that its rows can't be deleted first", NULL,
     "write children = skip", true},
    {USE_TABLE | USE_PARTITION, 0, is_no_heap, FINDING_REFUSES, 0,
     "$T is stored by the access method \"$A\", which has no TID scans; only heap tables can be "
     "purged",
     NULL, NULL, true},
    {USE_TABLE, 0, is_hypertable, FINDING_REFUSES, 0,
     "$T is a hypertable of TimescaleDB: here it is an empty shell, and its chunks are not "
     "supported",
     NULL, "use its own add_retention_policy()", true},

    /* what the role may do with it */
    {USE_ROWS_GO | USE_LOOKUP, 0, is_in_closed_schema, FINDING_REFUSES, 0,
     "role $R may not use schema $S", "GRANT USAGE ON SCHEMA $S TO $R", NULL, false},
    {USE_ROWS_GO, 0, is_undeletable, FINDING_REFUSES, 0,
     "role $R may not read and delete rows of $T", "GRANT SELECT, DELETE ON $T TO $R", NULL, false},
    {USE_LOOKUP, USE_CHILD, is_unreadable, FINDING_REFUSES, 0,
     "role $R can't see whether rows of $T refer to due ones", "GRANT SELECT ON $T TO $R", NULL,
     false},
    {USE_LOCKED, 0, is_unlockable, FINDING_REFUSES, 0,
     "role $R may not lock rows of $T, so that one could be restored while the rows that refer to "
     "it are deleted",
     "GRANT UPDATE ($C) ON $T TO $R", NULL, false},
    {USE_ROWS_GO | USE_LOOKUP, 0, has_policies, FINDING_REFUSES, 0,
     "row level security of $T applies to role $R and would hide rows from the purge",
     "ALTER ROLE $R BYPASSRLS", NULL, false},

    /* what a DELETE would do beside deleting, or fail to do */
    {USE_ROWS_GO, 0, has_rules, FINDING_REFUSES, NAMES(delete_rules),
     "$T has a rule ON DELETE ($N), so that a row count would not say what is gone", NULL,
     "drop the rule$H", false},
    {USE_TABLE | USE_CHILD_TABLE, 0, has_non_firing, FINDING_REFUSES, NAMES(non_firing_triggers),
     "$T has a trigger ON DELETE FOR EACH STATEMENT ($N), which would not fire, because each "
     "DELETE names a partition",
     NULL, "put it on the partitions and write non_firing_triggers = $N$H", false},
    {USE_ROWS_GO, 0, has_no_identity, FINDING_REFUSES, NAMES(without_identity),
     "$T is published ($N) without a replica identity, so that the server refuses each DELETE",
     "ALTER TABLE $T REPLICA IDENTITY FULL", "give it a primary key$H", false},

    /* what keeps it from being dropped in one piece */
    {USE_DROP, 0, is_referenced, FINDING_KEEPS, NAMES(referenced_by),
     "a foreign key points at it ($N)", NULL, NULL, false},
    {USE_DROP, 0, has_delete_triggers, FINDING_KEEPS, NAMES(delete_triggers),
     "its triggers ON DELETE ($N) would not fire", NULL, NULL, false},
    {USE_DROP, 0, is_published, FINDING_KEEPS, NAMES(published_by),
     "it is published ($N), and subscribers would keep its rows", NULL, NULL, false},
    {USE_DROP, 0, is_not_owned, FINDING_KEEPS, 0, "only its owner can drop it", "GRANT $O TO $R",
     NULL, false},

    /* what is better otherwise */
    {USE_SKIP_LOCKED, USE_LOCKED, is_unlockable, FINDING_ADVICE, 0,
     "role $R may not lock rows of $T: where others hold locks, single rows have to be tried one "
     "by one",
     "GRANT UPDATE ($C) ON $T TO $R", NULL, false},
};

/* --- texts --- */

static const char *or_nothing(const char *text)
{
    return text != NULL ? text : "";
}

static const char *value_of(char letter, const struct requirement *requirement,
                            const struct relation *relation, const struct relation_role *role)
{
    switch (letter) {
    case 'T':
        return relation->written;
    case 'S':
        return relation->schema_written;
    case 'K':
        return relation_kind(relation);
    case 'A':
        return relation->access_method != NULL ? relation->access_method : "none";
    case 'O':
        return relation->owner;
    case 'R':
        return role->role;
    case 'C':
        return role->column;
    case 'H':
        return (role->uses & (USE_CHILD | USE_CHILD_TABLE)) != 0 ? " or write children = skip" : "";
    default: /* N */
        return *(const char *const *)((const char *)relation + requirement->names);
    }
}

static char *filled_in(const char *pattern, const struct requirement *requirement,
                       const struct relation *relation, const struct relation_role *role)
{
    struct text out = {0};
    size_t length;

    if (pattern == NULL)
        return NULL;
    for (; *pattern != '\0'; pattern += length) {
        if (*pattern == '$') {
            text_add(&out, or_nothing(value_of(pattern[1], requirement, relation, role)));
            length = 2;
        } else {
            length = strcspn(pattern, "$");
            text_add_bytes(&out, pattern, length);
        }
    }
    return text_take(&out);
}

/* --- judging --- */

static bool counts(const struct requirement *requirement, unsigned uses)
{
    return (requirement->uses & uses) != 0 && (requirement->not_for & uses) == 0;
}

static void add_finding(struct findings *findings, const struct requirement *requirement,
                        const struct relation *relation, const struct relation_role *role)
{
    findings->items = mem_grow(findings->items, (findings->count + 1) * sizeof *findings->items);
    findings->items[findings->count++] = (struct finding){
        .requirement = requirement,
        .weight = requirement->weight,
        .relation = text_copy(relation->written),
        .of_partition = relation->is_partition,
        .root = relation->root,
        .text = filled_in(requirement->text, requirement, relation, role),
        .sql = filled_in(requirement->sql, requirement, relation, role),
        .advice = filled_in(requirement->advice, requirement, relation, role),
        .is_grant = requirement->sql != NULL && text_starts(requirement->sql, "GRANT"),
        .names_relation = requirement->sql != NULL && strstr(requirement->sql, "$T") != NULL,
    };
}

void requirements_judge(const struct relation *relation, const struct relation_role *role,
                        struct findings *findings)
{
    for (size_t i = 0; i < ARRAY_LENGTH(requirements); i++) {
        const struct requirement *requirement = &requirements[i];

        if (!counts(requirement, role->uses) || !requirement->broken(relation))
            continue;
        add_finding(findings, requirement, relation, role);
        if (requirement->is_final)
            return;
    }
}

void findings_free(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        free(findings->items[i].relation);
        free(findings->items[i].text);
        free(findings->items[i].sql);
        free(findings->items[i].advice);
    }
    free(findings->items);
    *findings = (struct findings){0};
}

const struct finding *findings_first(const struct findings *findings, enum finding_weight weight)
{
    for (size_t i = 0; i < findings->count; i++)
        if (findings->items[i].weight == weight)
            return &findings->items[i];
    return NULL;
}

char *finding_sentence(const struct finding *finding)
{
    const char *run = finding->sql == NULL      ? ""
                      : finding->advice == NULL ? "; run: "
                                                : ", or run: ";

    return text_format("%s%s%s%s%s", finding->text, finding->advice != NULL ? "; " : "",
                       or_nothing(finding->advice), run, or_nothing(finding->sql));
}

bool findings_allow(const struct findings *findings, struct err *err)
{
    const struct finding *first = findings_first(findings, FINDING_REFUSES);
    char *sentence;

    if (first == NULL)
        return true;
    sentence = finding_sentence(first);
    err_set(err, "%s", sentence);
    free(sentence);
    return false;
}

char *finding_text_for(const struct finding *finding, const struct relation_role *role,
                       const char *relations)
{
    const struct relation all = {.written = relations};

    return filled_in(finding->requirement->text, finding->requirement, &all, role);
}

char *finding_sql_for(const struct finding *finding, const struct relation_role *role,
                      const char *relations)
{
    const struct relation all = {.written = relations};

    return filled_in(finding->requirement->sql, finding->requirement, &all, role);
}
