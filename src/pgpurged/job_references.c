#include "pgpurged/job_references.h"

#include <stdlib.h>

#include "base/text.h"
#include "sql/quote.h"

/* Before a job's preflight its table is known by its name alone. */
static bool stands_for(const struct fk_table *referring, const char *name)
{
    if (text_equal(referring->name, name))
        return true;
    for (size_t i = 0; i < referring->partition_count; i++)
        if (text_equal(referring->partitions[i].name, name))
            return true;
    return false;
}

bool job_references_to(const struct fk_graph *family, const struct table_name *table, bool *keeps)
{
    char *name = sql_qualified(table->schema, table->name);
    bool found = false;

    *keeps = false;
    for (size_t i = 0; i < family->reference_count; i++) {
        const struct fk_reference *reference = &family->references[i];

        if (reference->child == 0 || !stands_for(&family->tables[reference->child], name))
            continue;
        found = true;
        *keeps |= fk_reference_keeps(reference);
    }
    free(name);
    return found;
}
