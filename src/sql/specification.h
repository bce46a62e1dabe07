/*
 * specification: what is the same for all batches of a relation in a run, as pgpurged.purge_batch()
 * and pgpurged.drop_partition() read it (sql/schema.sql). A key that has the name of a column of
 * pgpurged.audit fills that column: a new audit value is one line here and one column there.
 */
#ifndef PGPURGED_SQL_SPECIFICATION_H
#define PGPURGED_SQL_SPECIFICATION_H

#include <stdint.h>

#include "sql/target_statements.h"

struct specification {
    int64_t run;
    int64_t root;     /* OID of the job's table */
    int64_t relation; /* OID of the partition: the same, or one of its partitions */
    const char *job, *cutoff;
    const char *policy;         /* the run's: pgpurged.policies.hash */
    const char *allow_triggers; /* the job's, "a, b"; NULL or "" = none */
    const struct sql_statements *statements;
};

/* Which of the statements a batch executes. */
enum batch_form { BATCH_RANGE, BATCH_LIST };

/* For batches; free() it. */
char *specification_of_batch(const struct specification *about, enum batch_form form,
                             bool skip_locked);
/* For drop_partition(); free() it. */
char *specification_of_drop(const struct specification *about);

#endif
