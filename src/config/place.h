/*
 * place: where things are on this machine: whole paths, and addresses in numbers. Looks at nothing
 * but the text; whether anything is there is for whoever goes there.
 */
#ifndef PGPURGED_CONFIG_PLACE_H
#define PGPURGED_CONFIG_PLACE_H

#include <stdbool.h>

#include "base/err.h"

/* A path from / on: a daemon's current folder is nobody's business. */
bool place_check_path(const char *text, struct err *err);

/* ADDRESS:PORT in numbers, an IPv6 address in brackets. */
bool place_check_address(const char *text, struct err *err);

#endif
