#include "pgpurged/counter_registry.h"

#include <stdlib.h>

#include "base/text.h"

struct counter_registry_entry {
    enum { LEDGER_JOB, LEDGER_DATABASE } kind;
    char *name;
    union {
        struct job_counters job;
        struct database_counters database;
    } counters;
};

static struct counter_registry_entry *find_or_add(struct counter_registry *registry, int kind,
                                                  const char *name)
{
    struct counter_registry_entry *entry;

    for (size_t i = 0; i < registry->count; i++)
        if ((int)registry->entries[i]->kind == kind && text_equal(registry->entries[i]->name, name))
            return registry->entries[i];
    entry = mem_new(sizeof *entry);
    entry->kind = kind;
    entry->name = text_copy(name);
    registry->entries = mem_grow(registry->entries,
                                 (registry->count + 1) * sizeof(struct counter_registry_entry *));
    registry->entries[registry->count++] = entry;
    return entry;
}

struct job_counters *counter_registry_job(struct counter_registry *registry, const char *name)
{
    return &find_or_add(registry, LEDGER_JOB, name)->counters.job;
}

struct database_counters *counter_registry_database(struct counter_registry *registry,
                                                    const char *name)
{
    return &find_or_add(registry, LEDGER_DATABASE, name)->counters.database;
}

void counter_registry_free(struct counter_registry *registry)
{
    for (size_t i = 0; i < registry->count; i++) {
        free(registry->entries[i]->name);
        free(registry->entries[i]);
    }
    free(registry->entries);
    *registry = (struct counter_registry){0};
}
