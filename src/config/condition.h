/*
 * condition: the text after `where =`: one SQL expression.
 *
 * It will stand in parentheses inside the DELETE. What could lead out of them is refused: a second
 * statement, a comment, quotes or parentheses that don't match. Whether it is an expression that
 * the table understands, the server says at preflight.
 */
#ifndef PGPURGED_CONFIG_CONDITION_H
#define PGPURGED_CONFIG_CONDITION_H

#include <stdbool.h>

#include "base/err.h"

bool condition_check(const char *text, struct err *err);

#endif
