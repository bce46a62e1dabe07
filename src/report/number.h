/*
 * number: numbers and moments as machines read them, most of them added to a struct text. A scrape
 * of 1,000 jobs prints a hundred thousand numbers, and each batch has a dozen for parameters, so
 * these do without printf.
 */
#ifndef PGPURGED_REPORT_NUMBER_H
#define PGPURGED_REPORT_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/text.h"

/* Room for any 64-bit integer and a NUL. */
enum { NUMBER_INT_BYTES = 21 };

/* Prints it to the end of `room`; returns where it begins. */
const char *number_print_int(char room[NUMBER_INT_BYTES], int64_t value);
void number_add_int(struct text *out, int64_t value);

/* Six digits after the point at most, and no zeros at the end. The value must be finite. */
void number_add(struct text *out, double value);

/* 2026-11-21T01:00:00Z: RFC 3339, UTC, to the second. */
void number_add_time(struct text *out, struct wall moment);

/* Reads the same; false if it is anything else. */
bool number_read_time(const char *text, struct wall *moment);

#endif
