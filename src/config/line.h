/*
 * line: one line of the file by itself: what it is, and whether inih could misread it.
 *
 * inih 55 cuts long lines and section names, takes ` ;` in the middle of a value for a comment,
 * stops at a NUL, and knows no line numbers (tests/unit/config_inih.c shows each). So whatever
 * it could take for something else than a person would is refused here, before it sees it. Pure.
 */
#ifndef PGPURGED_CONFIG_LINE_H
#define PGPURGED_CONFIG_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* inih's buffer is 200 bytes, its section names 50, both with the final NUL. */
enum { LINE_BYTES_MAX = 199, SECTION_BYTES_MAX = 49 };

enum line_kind {
    LINE_BLANK,    /* or a comment */
    LINE_SECTION,  /* [header] */
    LINE_OPTION,   /* name = value */
    LINE_INDENTED, /* goes on with the value before, if that may */
};

struct line {
    enum line_kind kind;
    const char *text; /* inside the bytes given: the header of a section, the name of an option, or
                         the whole indented text */
    size_t length;
};

/* `bytes` is one line without its line end. err says what is wrong, without file and line. */
bool line_read(const char *bytes, size_t length, struct line *line, struct err *err);

#endif
