#include "net/http_parse.h"

#include <string.h>
#include <strings.h>

/* A piece of the client's buffer; not terminated. */
struct span {
    const char *at;
    size_t length;
};

/* One call's state. `rest` is what has not been looked at yet, never beyond HTTP_MAX_HEAD. */
struct parser {
    struct http_parsed *parsed;
    struct span rest;
    bool needs_host, has_host, has_length;
    size_t body_length;
};

static bool bad(struct parser *parser, int status, const char *problem)
{
    parser->parsed->status = status;
    parser->parsed->problem = problem;
    return false;
}

static bool span_is(struct span span, const char *word)
{
    return span.length == strlen(word) && memcmp(span.at, word, span.length) == 0;
}

static bool span_is_ignoring_case(struct span span, const char *word)
{
    return span.length == strlen(word) && strncasecmp(span.at, word, span.length) == 0;
}

/* Cuts off and returns what stands before `separator`, or everything if there is none. */
static struct span span_cut(struct span *rest, char separator)
{
    const char *found = rest->length > 0 ? memchr(rest->at, separator, rest->length) : NULL;
    struct span first = *rest;

    if (found != NULL)
        first.length = (size_t)(found - rest->at);
    rest->at += first.length + (found != NULL);
    rest->length -= first.length + (found != NULL);
    return first;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter_or_digit(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

/* RFC 9110: the characters of a method's and of a header's name. */
static bool is_token(struct span span)
{
    for (size_t i = 0; i < span.length; i++)
        if (!is_letter_or_digit(span.at[i]) && !is_one_of(span.at[i], "!#$%&'*+-.^_`|~"))
            return false;
    return span.length > 0;
}

/* No control characters but the tab. */
static bool is_text(struct span span)
{
    for (size_t i = 0; i < span.length; i++) {
        unsigned char c = (unsigned char)span.at[i];
        if ((c < ' ' && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

enum line_state { LINE_COMPLETE, LINE_PARTIAL, LINE_BAD };

/* A line ends with CR LF, or with LF alone for the sake of a person with nc. What there is of a
 * partial line is looked at already: binary garbage (a TLS hello, say) need not wait for the
 * deadline. */
static enum line_state next_line(struct parser *parser, struct span *line)
{
    bool complete =
        parser->rest.length > 0 && memchr(parser->rest.at, '\n', parser->rest.length) != NULL;

    *line = complete ? span_cut(&parser->rest, '\n') : parser->rest;
    if (line->length > 0 && line->at[line->length - 1] == '\r')
        line->length--;
    if (!is_text(*line))
        return LINE_BAD;
    return complete ? LINE_COMPLETE : LINE_PARTIAL;
}

static bool parse_version(struct parser *parser, struct span version)
{
    if (version.length != strlen("HTTP/1.1") || memcmp(version.at, "HTTP/", 5) != 0 ||
        !is_digit(version.at[5]) || version.at[6] != '.' || !is_digit(version.at[7]))
        return bad(parser, 400, "the request line must be: METHOD /path HTTP/1.1");
    if (version.at[5] != '1')
        return bad(parser, 505, "only HTTP/1.1 and HTTP/1.0 are supported");
    parser->needs_host = version.at[7] != '0';
    return true;
}

static bool parse_method(struct parser *parser, struct span method)
{
    struct http_parsed *parsed = parser->parsed;

    if (!is_token(method))
        return bad(parser, 400, "the request line must be: METHOD /path HTTP/1.1");
    parsed->head_only = span_is(method, "HEAD");
    parsed->method = span_is(method, "POST") ? HTTP_POST : HTTP_GET;
    if (parsed->method == HTTP_GET && !parsed->head_only && !span_is(method, "GET"))
        return bad(parser, 405, "only GET, HEAD and POST are supported");
    return true;
}

/* Plain: /segment/segment of letters, digits and - . _ ~, none of them empty, "." or "..".
 * Percent-encoding is refused as well, because nothing here has a name that needs it. */
static bool is_plain_path(struct span path)
{
    if (span_is(path, "/"))
        return true;
    if (span_cut(&path, '/').length > 0) /* what stands before the first slash */
        return false;
    do {
        struct span segment = span_cut(&path, '/');
        if (segment.length == 0 || span_is(segment, ".") || span_is(segment, ".."))
            return false;
        for (size_t i = 0; i < segment.length; i++)
            if (!is_letter_or_digit(segment.at[i]) && !is_one_of(segment.at[i], "-._~"))
                return false;
    } while (path.length > 0);
    return path.at[-1] != '/'; /* the last character of all: no slash at the end */
}

/* A query is cut off: nothing here has parameters, and a scraper may be set to send some. */
static bool parse_target(struct parser *parser, struct span target)
{
    struct span path = span_cut(&target, '?');

    if (path.length > HTTP_MAX_PATH)
        return bad(parser, 414, "the path is too long");
    if (!is_plain_path(path))
        return bad(parser, 400,
                   "the path must be plain: /segment/segment, without encoded characters");
    memcpy(parser->parsed->path, path.at, path.length);
    return true;
}

static bool parse_request_line(struct parser *parser, struct span line)
{
    struct span method = span_cut(&line, ' ');
    struct span target = span_cut(&line, ' ');

    return parse_version(parser, line) && parse_method(parser, method) &&
           parse_target(parser, target);
}

static struct span trimmed(struct span span)
{
    while (span.length > 0 && is_one_of(span.at[0], " \t")) {
        span.at++;
        span.length--;
    }
    while (span.length > 0 && is_one_of(span.at[span.length - 1], " \t"))
        span.length--;
    return span;
}

static bool parse_content_length(struct parser *parser, struct span value)
{
    if (parser->has_length || value.length == 0)
        return bad(parser, 400, "Content-Length must be one number");
    parser->has_length = true;
    for (size_t i = 0; i < value.length; i++) {
        if (!is_digit(value.at[i]))
            return bad(parser, 400, "Content-Length must be one number");
        parser->body_length = 10 * parser->body_length + (size_t)(value.at[i] - '0');
        if (parser->body_length > HTTP_MAX_BODY)
            return bad(parser, 413, "a request must not have a body");
    }
    return true;
}

/* Only what decides where the request ends is looked at; every other header is ignored. */
static bool parse_header(struct parser *parser, struct span line)
{
    bool has_colon = memchr(line.at, ':', line.length) != NULL;
    struct span name = span_cut(&line, ':');

    if (!has_colon || !is_token(name))
        return bad(parser, 400, "a header must be: Name: value");
    if (span_is_ignoring_case(name, "Content-Length"))
        return parse_content_length(parser, trimmed(line));
    if (span_is_ignoring_case(name, "Transfer-Encoding"))
        return bad(parser, 411, "send Content-Length instead of Transfer-Encoding");
    if (span_is_ignoring_case(name, "Expect"))
        return bad(parser, 417, "Expect is not supported, because no request needs a body");
    if (span_is_ignoring_case(name, "Host")) {
        if (parser->has_host)
            return bad(parser, 400, "two Host headers");
        parser->has_host = true;
    }
    return true;
}

/* The empty line has come. `head_length` is what stands before the body. */
static enum http_progress parse_end(struct parser *parser, size_t head_length, size_t length)
{
    if (parser->needs_host && !parser->has_host) {
        bad(parser, 400, "HTTP/1.1 needs a Host header");
        return HTTP_BAD;
    }
    parser->parsed->length = head_length + parser->body_length;
    return length < parser->parsed->length ? HTTP_UNFINISHED : HTTP_COMPLETE;
}

enum http_progress http_parse(const char *bytes, size_t length, struct http_parsed *parsed)
{
    size_t head_limit = length < HTTP_MAX_HEAD ? length : HTTP_MAX_HEAD;
    struct parser parser = {.parsed = parsed, .rest = {bytes, head_limit}};
    struct span line;

    *parsed = (struct http_parsed){0};
    for (bool first = true;; first = false) {
        enum line_state state = next_line(&parser, &line);
        if (state == LINE_BAD) {
            bad(&parser, 400, "control characters in the request");
            return HTTP_BAD;
        }
        if (state == LINE_PARTIAL) {
            if (length < HTTP_MAX_HEAD)
                return HTTP_UNFINISHED;
            bad(&parser, 431, "the request line and the headers are too long");
            return HTTP_BAD;
        }
        if (!first && line.length == 0)
            return parse_end(&parser, head_limit - parser.rest.length, length);
        if (!(first ? parse_request_line(&parser, line) : parse_header(&parser, line)))
            return HTTP_BAD;
    }
}
