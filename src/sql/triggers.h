/*
 * triggers: which of pg_trigger AS g fire in our sessions (session_replication_role = origin).
 */
#ifndef PGPURGED_SQL_TRIGGERS_H
#define PGPURGED_SQL_TRIGGERS_H

#define SQL_FIRES "NOT g.tgisinternal AND g.tgenabled IN ('O', 'A')"

#endif
