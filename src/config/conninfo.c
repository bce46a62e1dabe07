#include "config/conninfo.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MASK "********"

static const char blanks[] = " \t";

/* password and sslpassword of today; anything named alike of tomorrow. */
static bool is_secret(const char *name, size_t length)
{
    char *copy = strndup(name, length);
    bool secret =
        copy == NULL || strcasestr(copy, "password") != NULL || strcasestr(copy, "secret") != NULL;

    free(copy);
    return secret;
}

/* A secret stands from value to end. */
static bool mask_secret(const char *value, const char *end, struct text *out, struct err *err)
{
    size_t length = (size_t)(end - value);

    if (length == strlen(MASK) && strncmp(value, MASK, length) == 0)
        return err_set(err, "the password is masked (" MASK ") as --print-config prints it; write "
                            "passfile=FILE instead, or the real password");
    text_add(out, length > 0 ? MASK : "");
    return true;
}

/* Behind a value of the keyword form that starts at `value`: quoted, or up to a blank; a backslash
 * takes the next character as it is. NULL if a quote is not closed. */
static const char *value_end(const char *value)
{
    bool quoted = *value == '\'';
    const char *c = quoted ? value + 1 : value;

    for (; *c != '\0'; c++) {
        if (*c == '\\' && c[1] != '\0')
            c++;
        else if (quoted && *c == '\'')
            return c + 1;
        else if (!quoted && strchr(blanks, *c) != NULL)
            return c;
    }
    return quoted ? NULL : c;
}

static bool mask_value(const char *value, const char *end, struct text *out, struct err *err)
{
    if (*value != '\'')
        return mask_secret(value, end, out, err);
    text_add(out, "'");
    if (!mask_secret(value + 1, end - 1, out, err))
        return false;
    text_add(out, "'");
    return true;
}

/* An option of ours on an indented line becomes a part of the conninfo before it. libpq's own
 * connect_timeout is told from ours by the blanks that people put around our =. */
static bool check_not_ours(const char *name, size_t length, const char *equals,
                           option_name_fn *is_ours, struct err *err)
{
    char *copy = strndup(name, length);
    bool ours = copy != NULL && equals > name + length && is_ours(copy);

    if (ours)
        err_set(err,
                "%s has become a part of it; begin its line in the first column (libpq's own "
                "options are written without blanks around the =)",
                copy);
    free(copy);
    return !ours;
}

/* libpq would take it for the name of a database, and the server would repeat it in its message. */
static bool check_no_uri(const char *value, const char *end, struct err *err)
{
    char *copy = strndup(value, (size_t)(end - value));
    bool uri = copy != NULL && (strstr(copy, "postgres://") || strstr(copy, "postgresql://"));

    if (uri)
        err_set(err, "a URI stands alone: conninfo = postgresql://...");
    free(copy);
    return !uri;
}

/* One NAME = VALUE at *cursor, with what stands around it. */
static bool mask_pair(const char **cursor, option_name_fn *is_ours, struct text *out,
                      struct err *err)
{
    const char *name = *cursor;
    size_t name_length = strcspn(name, "= \t");
    const char *equals = name + name_length + strspn(name + name_length, blanks);
    const char *value, *end;

    /* What begins with [ could not be printed on a line of its own (document.c). */
    if (*equals != '=' || name_length == 0 || *name == '[')
        return err_set(err, "a word in it is not NAME=VALUE (a value with blanks stands in single "
                            "quotes: application_name='night shift')");
    if (!check_not_ours(name, name_length, equals, is_ours, err))
        return false;
    value = equals + 1 + strspn(equals + 1, blanks);
    end = value_end(value);
    if (end == NULL)
        return err_set(err, "a single quote in it is not closed");
    if (!check_no_uri(value, end, err))
        return false;
    text_add_bytes(out, name, (size_t)(value - name));
    *cursor = end;
    if (is_secret(name, name_length))
        return mask_value(value, end, out, err);
    text_add_bytes(out, value, (size_t)(end - value));
    return true;
}

static bool mask_pairs(const char *conninfo, option_name_fn *is_ours, struct text *out,
                       struct err *err)
{
    const char *cursor = conninfo;

    for (;;) {
        size_t blank = strspn(cursor, blanks);

        text_add_bytes(out, cursor, blank);
        cursor += blank;
        if (*cursor == '\0')
            return true;
        if (!mask_pair(&cursor, is_ours, out, err))
            return false;
    }
}

/* The scheme's length if it is a URI, 0 if not. */
static size_t scheme_length(const char *conninfo)
{
    static const char *const schemes[] = {"postgresql://", "postgres://"};

    for (size_t i = 0; i < ARRAY_LENGTH(schemes); i++) {
        if (text_starts(conninfo, schemes[i]))
            return strlen(schemes[i]);
    }
    return 0;
}

/* libpq takes the first @ before the first / for the end of the user's part. Any other @ would
 * leave a piece of a password in the host, the path or the options. */
static bool check_uri(const char *rest, struct err *err)
{
    const char *at = strchr(rest, '@');

    if (strpbrk(rest, blanks) != NULL)
        return err_set(err, "a URI has no blanks; write %%20, or use the form host=... dbname=...");
    if (at != NULL && (strchr(at + 1, '@') != NULL || strcspn(rest, "/") < (size_t)(at - rest)))
        return err_set(err, "an @ or / inside the URI's user or password must be written %%40 or "
                            "%%2F");
    return true;
}

/* libpq repeats what it can't decode, and a password is what needs a % most often. */
static bool check_percent(const char *uri, struct err *err)
{
    for (const char *c = strchr(uri, '%'); c != NULL; c = strchr(c + 1, '%')) {
        if (!isxdigit((unsigned char)c[1]) || !isxdigit((unsigned char)c[2]))
            return err_set(err, "a %% in the URI is not followed by two hexadecimal digits; a %% "
                                "itself is written %%25");
        if (c[1] == '0' && c[2] == '0')
            return err_set(err, "a URI can't have the character %%00");
    }
    return true;
}

/* host[:port], and others behind commas. What is no port may be a password whose @ was forgotten.
 */
static bool check_hosts(const char *hosts, struct err *err)
{
    const char *end = hosts + strcspn(hosts, "/?");

    while (hosts < end) {
        const char *closed = *hosts == '[' ? strchr(hosts, ']') : hosts;

        if (closed == NULL || closed > end)
            return err_set(err, "a [ in the URI is not closed");
        hosts = *hosts == '[' ? closed + 1 : hosts + strcspn(hosts, ":,/?");
        if (*hosts == ':')
            hosts += 1 + strspn(hosts + 1, "0123456789");
        if (hosts < end && *hosts != ',')
            return err_set(err, "a port in the URI is not a number (a password stands between user "
                                "and host: user:password@host)");
        hosts += hosts < end;
    }
    return true;
}

/* user[:password]@ at the beginning of rest, if it is there. */
static bool mask_user(const char **cursor, struct text *out, struct err *err)
{
    const char *at = strchr(*cursor, '@');
    size_t user = strcspn(*cursor, ":@");
    const char *colon = *cursor + user;

    if (at == NULL)
        return true;
    text_add_bytes(out, *cursor, user);
    *cursor = at;
    if (*colon != ':')
        return true;
    text_add(out, ":");
    return mask_secret(colon + 1, at, out, err);
}

/* NAME=VALUE between the & of the URI's options; `end` stands behind it. */
static bool mask_uri_option(const char *option, const char *end, struct text *out, struct err *err)
{
    size_t length = (size_t)(end - option), name_length = strcspn(option, "=&");

    if (memchr(option, '%', name_length) != NULL)
        return err_set(err, "an option's name in the URI is percent-encoded; write it plainly");
    if (name_length == length || !is_secret(option, name_length)) {
        text_add_bytes(out, option, length);
        return true;
    }
    text_add_bytes(out, option, name_length + 1);
    return mask_secret(option + name_length + 1, end, out, err);
}

static bool mask_uri_options(const char *list, struct text *out, struct err *err)
{
    for (;;) {
        const char *end = list + strcspn(list, "&");

        if (!mask_uri_option(list, end, out, err))
            return false;
        if (*end == '\0')
            return true;
        text_add(out, "&");
        list = end + 1;
    }
}

static bool mask_uri(const char *conninfo, size_t scheme, struct text *out, struct err *err)
{
    const char *cursor = conninfo + scheme;
    size_t path;

    if (!check_uri(cursor, err) || !check_percent(cursor, err))
        return false;
    text_add_bytes(out, conninfo, scheme);
    if (!mask_user(&cursor, out, err) || !check_hosts(cursor + (*cursor == '@'), err))
        return false;
    path = strcspn(cursor, "?");
    text_add_bytes(out, cursor, path);
    if (cursor[path] == '\0')
        return true;
    text_add(out, "?");
    return mask_uri_options(cursor + path + 1, out, err);
}

bool conninfo_mask(const char *conninfo, option_name_fn *is_ours, struct text *out, struct err *err)
{
    size_t scheme = scheme_length(conninfo);

    return scheme > 0 ? mask_uri(conninfo, scheme, out, err)
                      : mask_pairs(conninfo, is_ours, out, err);
}

/* What was loaded is no option of ours any more. */
static bool is_no_option(const char *name)
{
    (void)name;
    return false;
}

bool conninfo_has_secret(const char *conninfo)
{
    struct text masked = {0};
    struct err err;
    bool secret =
        !conninfo_mask(conninfo, is_no_option, &masked, &err) || !text_equal(masked.data, conninfo);

    text_free(&masked);
    return secret;
}
