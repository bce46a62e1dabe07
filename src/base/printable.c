#include "base/printable.h"

#include <stdint.h>

/* First and last character of what is escaped, beside bytes that are no character. */
static const struct span {
    uint32_t first, last;
} unsafe[] = {
    {0x00, 0x08},       {0x0A, 0x1F},       {0x7F, 0x9F}, /* C0 but the tab, DEL, C1 */
    {0xAD, 0xAD},       {0x61C, 0x61C},     {0x180E, 0x180E},
    {0x200B, 0x200F},   {0x2028, 0x202E},   {0x2060, 0x206F}, /* unseen, directions, separators */
    {0xFEFF, 0xFEFF},   {0xFFF9, 0xFFFB},   {0x1D173, 0x1D17A},
    {0xE0000, 0xE0FFF}, {0xFFFFE, 0xFFFFF}, {0x10FFFE, 0x10FFFF},
};

static bool is_unsafe(uint32_t character)
{
    for (size_t i = 0; i < ARRAY_LENGTH(unsafe); i++)
        if (character >= unsafe[i].first && character <= unsafe[i].last)
            return true;
    return false;
}

static uint32_t decode(const unsigned char *s, size_t length)
{
    static const unsigned char of_first[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t character = s[0] & of_first[length];

    for (size_t i = 1; i < length; i++)
        character = character << 6 | (s[i] & 0x3F);
    return character;
}

static void add_escape(struct text *out, uint32_t character)
{
    text_addf(out,
              character <= 0x7F     ? "\\x%02X"
              : character <= 0xFFFF ? "\\u%04X"
                                    : "\\U%08X",
              (unsigned)character);
}

static void add(struct text *out, const char *string, bool lines)
{
    const unsigned char *s = (const unsigned char *)string;
    size_t length;

    for (; *s != '\0'; s += length) {
        length = text_utf8_length(s);
        if (length == 0) {
            text_addf(out, "\\x%02X", *s);
            length = 1;
        } else if (is_unsafe(decode(s, length)) && !(lines && *s == '\n')) {
            add_escape(out, decode(s, length));
        } else {
            text_add_bytes(out, (const char *)s, length);
        }
    }
}

void printable_add_line(struct text *out, const char *string)
{
    add(out, string, false);
}

void printable_add(struct text *out, const char *string)
{
    add(out, string, true);
}

/* --- SQL --- */

/* Behind a quoted piece of SQL that begins at `quoted`: a doubled quote is one of its characters,
 * and behind a backslash any, where those count. */
static const char *quoted_end(const char *quoted, bool backslashes)
{
    const char *c = quoted + 1;

    for (; *c != '\0'; c++) {
        if (backslashes && *c == '\\' && c[1] != '\0')
            c++;
        else if (*c == *quoted && c[1] == *quoted)
            c++;
        else if (*c == *quoted)
            return c + 1;
    }
    return c;
}

static bool has_unsafe(const char *from, const char *end)
{
    size_t length;

    for (const unsigned char *s = (const unsigned char *)from; (const char *)s < end; s += length) {
        length = text_utf8_length(s);
        if (length > 0 && is_unsafe(decode(s, length)))
            return true;
        length += length == 0;
    }
    return false;
}

/* In the form that U&"..." and E'...' have. */
static void add_sql_escape(struct text *out, char quote, uint32_t character)
{
    if (quote == '"')
        text_addf(out, character <= 0xFFFF ? "\\%04X" : "\\+%06X", (unsigned)character);
    else
        text_addf(out, character <= 0xFFFF ? "\\u%04X" : "\\U%08X", (unsigned)character);
}

/* `backslashes`: those in it are escapes already. */
static void add_quoted(struct text *out, const char *from, const char *end, bool backslashes)
{
    size_t length;

    for (const char *c = from; c < end; c += length) {
        const unsigned char *s = (const unsigned char *)c;

        length = text_utf8_length(s);
        if (length > 0 && is_unsafe(decode(s, length)))
            add_sql_escape(out, *from, decode(s, length));
        else if (*c == '\\' && !backslashes)
            text_add(out, "\\\\");
        else
            text_add_bytes(out, c, length > 0 ? length : 1);
        length += length == 0;
    }
}

void printable_add_sql(struct text *out, const char *sql)
{
    while (*sql != '\0') {
        bool escapes = (*sql == 'E' || *sql == 'e') && sql[1] == '\'';
        const char *quoted = sql + escapes, *end;

        if (*quoted != '"' && *quoted != '\'') {
            text_add_bytes(out, sql++, 1);
            continue;
        }
        end = quoted_end(quoted, escapes);
        if (has_unsafe(quoted, end)) {
            text_add(out, *quoted == '"' ? "U&" : "E");
            add_quoted(out, quoted, end, escapes);
        } else {
            text_add_bytes(out, sql, (size_t)(end - sql));
        }
        sql = end;
    }
}
