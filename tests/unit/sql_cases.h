/* The cases of check_sql that stand in files of their own; the suite owns them. */
#ifndef TESTS_UNIT_SQL_CASES_H
#define TESTS_UNIT_SQL_CASES_H

#include <check.h>

TCase *sql_children_cases(void);

#endif
