/*
 * quote: the only place where a name or a text is put into SQL. All of them return a new string,
 * free() it.
 */
#ifndef PGPURGED_SQL_QUOTE_H
#define PGPURGED_SQL_QUOTE_H

/* "name", always quoted, quotes doubled (the manual, 4.1.1 Identifiers and Key Words). */
char *sql_identifier(const char *name);

/* "schema"."name" */
char *sql_qualified(const char *schema, const char *name);

/* 'text', quotes doubled, as an E'' literal where it holds a backslash, so that it means the same
 * whatever standard_conforming_strings is (4.1.2.2). */
char *sql_literal(const char *value);

#endif
