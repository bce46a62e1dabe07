#include "pgpurged/ledger.h"

#include <stdlib.h>

#include "base/text.h"

struct ledger_entry {
    enum { LEDGER_JOB, LEDGER_DATABASE } kind;
    char *name;
    union {
        struct job_counters job;
        struct database_counters database;
    } counters;
};

static struct ledger_entry *find_or_add(struct ledger *ledger, int kind, const char *name)
{
    struct ledger_entry *entry;

    for (size_t i = 0; i < ledger->count; i++)
        if ((int)ledger->entries[i]->kind == kind && text_equal(ledger->entries[i]->name, name))
            return ledger->entries[i];
    entry = mem_new(sizeof *entry);
    entry->kind = kind;
    entry->name = text_copy(name);
    ledger->entries =
        mem_grow(ledger->entries, (ledger->count + 1) * sizeof(struct ledger_entry *));
    ledger->entries[ledger->count++] = entry;
    return entry;
}

struct job_counters *ledger_job(struct ledger *ledger, const char *name)
{
    return &find_or_add(ledger, LEDGER_JOB, name)->counters.job;
}

struct database_counters *ledger_database(struct ledger *ledger, const char *name)
{
    return &find_or_add(ledger, LEDGER_DATABASE, name)->counters.database;
}

void ledger_free(struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->count; i++) {
        free(ledger->entries[i]->name);
        free(ledger->entries[i]);
    }
    free(ledger->entries);
    *ledger = (struct ledger){0};
}
