#include "sql/vacuum.h"

#include "base/text.h"
#include "sql/queries.h"

const char *sql_vacuum_rights(int server_version)
{
    return server_version < VERSION_WITH_MAINTAIN ? sql_vacuum_rights_14 : sql_vacuum_rights_17;
}

const char *sql_vacuum_tables(int server_version)
{
    return server_version < VERSION_WITH_MAINTAIN ? sql_vacuum_tables_14 : sql_vacuum_tables_17;
}

const char *sql_vacuum_settings(int server_version)
{
    return server_version < VERSION_WITH_MAINTAIN ? sql_vacuum_settings_14 : sql_vacuum_settings_17;
}

/* TRUNCATE would take an ACCESS EXCLUSIVE lock to give the table's end back to the disk. */
char *sql_vacuum_of(const char *table)
{
    return text_format("VACUUM (TRUNCATE OFF, INDEX_CLEANUP AUTO, SKIP_LOCKED, PARALLEL 0) %s",
                       table);
}
