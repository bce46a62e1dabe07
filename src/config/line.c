#include "config/line.h"

#include <stdint.h>
#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* How many bytes the UTF-8 character at `s` has, 0 if it is none; *code is its number. */
static size_t utf8_length(const unsigned char *s, size_t room, uint32_t *code)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = *s < 0x80 ? 1 : *s >> 5 == 6 ? 2 : *s >> 4 == 14 ? 3 : *s >> 3 == 30 ? 4 : 0;

    if (length == 0 || length > room)
        return 0;
    *code = length == 1 ? *s : *s & (0x7fU >> length);
    for (size_t i = 1; i < length; i++) {
        if (s[i] >> 6 != 2)
            return 0;
        *code = *code << 6 | (s[i] & 0x3f);
    }
    if (*code < smallest[length] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
        return 0;
    return length;
}

static bool is_control(uint32_t code)
{
    return (code < 0x20 && code != '\t') || (code >= 0x7f && code <= 0x9f);
}

/* Control characters would reach logs and terminals with our messages. */
static bool check_characters(const char *bytes, size_t length, struct err *err)
{
    const unsigned char *s = (const unsigned char *)bytes;

    for (size_t at = 0, step; at < length; at += step) {
        uint32_t code = 0;

        step = utf8_length(s + at, length - at, &code);
        if (step == 0)
            return err_set(err, "byte 0x%02x in column %zu is not UTF-8 text", s[at], at + 1);
        if (is_control(code))
            return err_set(err, "control character 0x%02x in column %zu; this must be a text file",
                           (unsigned)code, at + 1);
    }
    return true;
}

/* inih drops what follows ` ;` and keeps what follows ` #`: people mean a comment by both. */
static bool check_inline_comment(const char *text, size_t length, struct err *err)
{
    for (size_t i = 1; i < length; i++) {
        if ((text[i] == ';' || text[i] == '#') && is_blank(text[i - 1]))
            return err_set(err,
                           "\"%c\" after a blank looks like a comment: put a comment on a line of "
                           "its own, or drop the blank if it belongs to the value",
                           text[i]);
    }
    return true;
}

static bool read_section(struct line *line, struct err *err)
{
    const char *end = memchr(line->text, ']', line->length);

    if (end == NULL)
        return err_set(err, "the section's name has no closing ]");
    if (end != line->text + line->length - 1)
        return err_set(err, "there is something behind the section's ]; drop it");
    line->kind = LINE_SECTION;
    line->text++;
    line->length -= 2;
    if (line->length > SECTION_BYTES_MAX)
        return err_set(err, "the section's name is too long: %zu bytes stand between the brackets",
                       line->length);
    while (line->length > 0 && is_blank(line->text[0])) {
        line->text++;
        line->length--;
    }
    while (line->length > 0 && is_blank(line->text[line->length - 1]))
        line->length--;
    return true;
}

/* Names only: a value, which could be a part of a password, is never repeated in a message. */
static bool read_option(struct line *line, struct err *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    const char *value, *end = line->text + line->length;
    size_t name = 0;

    while (name < line->length && strchr(allowed, line->text[name]) != NULL)
        name++;
    for (value = line->text + name; value < end && is_blank(*value);)
        value++;
    if (name == 0 || value == end || *value != '=')
        return err_set(err, "expected NAME = VALUE or [SECTION]");
    for (value++; value < end && is_blank(*value);)
        value++;
    if (value < end && (*value == ';' || *value == '#'))
        return err_set(err, "a value can't begin with \"%c\"", *value);
    line->kind = LINE_OPTION;
    line->length = name;
    return true;
}

static bool check_length(size_t length, struct err *err)
{
    if (length <= LINE_BYTES_MAX)
        return true;
    return err_set(err,
                   "the line has %zu bytes, at most %d are allowed (the value of conninfo, window "
                   "or where may go "
                   "on in the next line, indented)",
                   length, LINE_BYTES_MAX);
}

bool line_read(const char *bytes, size_t length, struct line *line, struct err *err)
{
    size_t indent = 0, end = length;

    if (!check_characters(bytes, length, err) || !check_length(length, err))
        return false;
    while (indent < end && is_blank(bytes[indent]))
        indent++;
    while (end > indent && is_blank(bytes[end - 1]))
        end--;
    *line = (struct line){LINE_INDENTED, bytes + indent, end - indent};
    if (line->length == 0 || line->text[0] == '#' || line->text[0] == ';') {
        line->kind = LINE_BLANK;
        return true;
    }
    if (!check_inline_comment(line->text, line->length, err))
        return false;
    if (indent > 0)
        return true;
    return line->text[0] == '[' ? read_section(line, err) : read_option(line, err);
}
