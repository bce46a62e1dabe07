/* Single lines, and the file as sections and options: what is refused before inih sees it. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/document.h"
#include "config/line.h"
#include "config_cases.h"

/* ---- lines ---- */

static const struct {
    const char *bytes;
    enum line_kind kind;
    const char *text;
} lines[] = {
    {"", LINE_BLANK, ""},
    {" \t ", LINE_BLANK, ""},
    {"# a ;comment #here", LINE_BLANK, NULL},
    {"; another", LINE_BLANK, NULL},
    {"   # indented", LINE_BLANK, NULL},
    {"[pgpurged]", LINE_SECTION, "pgpurged"},
    {"[ job orders ]  ", LINE_SECTION, "job orders"},
    {"[]", LINE_SECTION, ""},
    {"table=orders", LINE_OPTION, "table"},
    {"table \t= orders", LINE_OPTION, "table"},
    {"table =", LINE_OPTION, "table"},
    {"metrics_listen = [::1]:9788", LINE_OPTION, "metrics_listen"},
    {"conninfo = a=b;c#d", LINE_OPTION, "conninfo"},
    {"window = Größe €😀", LINE_OPTION, "window"},
    {"  dbname=shop ", LINE_INDENTED, "dbname=shop"},
    {"\t[job x]", LINE_INDENTED, "[job x]"},
};

START_TEST(line_is_told_what_it_is)
{
    struct line line;
    struct err err;

    ck_assert_msg(line_read(lines[_i].bytes, strlen(lines[_i].bytes), &line, &err), "%s", err.text);
    ck_assert_int_eq(line.kind, lines[_i].kind);
    if (lines[_i].text != NULL) {
        ck_assert_uint_eq(line.length, strlen(lines[_i].text));
        ck_assert_mem_eq(line.text, lines[_i].text, line.length);
    }
}
END_TEST

#define BYTES(text) text, sizeof(text) - 1

static const struct {
    const char *bytes;
    size_t length;
    const char *message;
} wrong_lines[] = {
    {BYTES("ta\0ble = x"), "control character 0x00 in column 3; this must be a text file"},
    {BYTES("table = \x1b[1m"), "control character 0x1b in column 9; this must be a text file"},
    {BYTES("table = a\rb"), "control character 0x0d in column 10; this must be a text file"},
    {BYTES("\x7f"
           "ELF"),
     "control character 0x7f in column 1; this must be a text file"},
    {BYTES("# \xc2\x9b"
           "1m"),
     "control character 0x9b in column 3; this must be a text file"},
    {BYTES("a = \xff"), "byte 0xff in column 5 is not UTF-8 text"},
    {BYTES("a = \x80"), "byte 0x80 in column 5 is not UTF-8 text"},
    {BYTES("a = Gr\xf6\xdf"
           "e"),
     "byte 0xf6 in column 7 is not UTF-8 text"},
    {BYTES("a = \xc3"), "byte 0xc3 in column 5 is not UTF-8 text"},
    {BYTES("a = \xc0\xaf"), "byte 0xc0 in column 5 is not UTF-8 text"},
    {BYTES("a = \xe0\x80\xaf"), "byte 0xe0 in column 5 is not UTF-8 text"},
    {BYTES("a = \xed\xa0\x80"), "byte 0xed in column 5 is not UTF-8 text"},
    {BYTES("a = \xf4\x90\x80\x80"), "byte 0xf4 in column 5 is not UTF-8 text"},
    {BYTES("a = b ;c"), "\";\" after a blank looks like a comment: put a comment on a line of its "
                        "own, or drop the blank if it belongs to the value"},
    {BYTES("a = b\t# c"), "\"#\" after a blank looks like a comment: put a comment on a line of "
                          "its own, or drop the blank if it belongs to the value"},
    {BYTES("[job a] ; b"), "\";\" after a blank looks like a comment: put a comment on a line of "
                           "its own, or drop the blank if it belongs to the value"},
    {BYTES("  b #c"), "\"#\" after a blank looks like a comment: put a comment on a line of its "
                      "own, or drop the blank if it belongs to the value"},
    {BYTES("a =;b"), "a value can't begin with \";\""},
    {BYTES("a=#b"), "a value can't begin with \"#\""},
    {BYTES("[job a"), "the section's name has no closing ]"},
    {BYTES("[job a] b"), "there is something behind the section's ]; drop it"},
    {BYTES("[job a]]"), "there is something behind the section's ]; drop it"},
    {BYTES("[12345678901234567890123456789012345678901234567890]"),
     "the section's name is too long: 50 bytes stand between the brackets"},
    {BYTES("table"), "expected NAME = VALUE or [SECTION]"},
    {BYTES("= x"), "expected NAME = VALUE or [SECTION]"},
    {BYTES("window: always"), "expected NAME = VALUE or [SECTION]"},
    {BYTES("a:b = c"), "expected NAME = VALUE or [SECTION]"},
    {BYTES("two words = c"), "expected NAME = VALUE or [SECTION]"},
    {BYTES("\xc2\xa0table = x"), "expected NAME = VALUE or [SECTION]"},
    {BYTES("postgresql://u:secret@h/?a=b"), "expected NAME = VALUE or [SECTION]"},
};

START_TEST(line_that_inih_would_misread_is_refused)
{
    /* A copy of exactly that size, so that a sanitizer sees a read beyond its end. */
    char *bytes = mem_new(wrong_lines[_i].length);
    struct line line;
    struct err err;

    memcpy(bytes, wrong_lines[_i].bytes, wrong_lines[_i].length);
    ck_assert(!line_read(bytes, wrong_lines[_i].length, &line, &err));
    ck_assert_str_eq(err.text, wrong_lines[_i].message);
    free(bytes);
}
END_TEST

START_TEST(line_of_199_bytes_is_read_and_one_of_200_is_refused)
{
    char bytes[200];
    struct line line;
    struct err err;

    memset(bytes, 'a', sizeof bytes);
    bytes[1] = '=';
    ck_assert(line_read(bytes, 199, &line, &err));
    ck_assert(!line_read(bytes, 200, &line, &err));
    ck_assert_str_eq(err.text,
                     "the line has 200 bytes, at most 199 are allowed (the value of conninfo, "
                     "window or where may go on in the next line, indented)");
}
END_TEST

/* ---- documents ---- */

static bool read_text(const char *text, struct document *document, struct err *err)
{
    return document_read("f", text, strlen(text), document, err);
}

START_TEST(document_knows_sections_values_and_lines)
{
    static const char text[] = "\xef\xbb\xbf# comment\r\n"
                               "[database shop]\r\n"
                               "conninfo =\r\n"
                               "  host=a\r\n"
                               "\r\n"
                               "# in between\r\n"
                               "\tdbname=b  user=c \r\n"
                               "max_connections=3\r\n"
                               "[ job  orders ]";
    struct document document;
    struct err err;

    ck_assert_msg(read_text(text, &document, &err), "%s", err.text);
    ck_assert_int_eq(document.line_count, 9);
    ck_assert_uint_eq(document.section_count, 2);
    ck_assert_int_eq(document.sections[0].kind, SECTION_DATABASE);
    ck_assert_str_eq(document.sections[0].name, "shop");
    ck_assert_uint_eq(document.sections[0].entry_count, 2);
    ck_assert_str_eq(document.sections[0].entries[0].option->name, "conninfo");
    ck_assert_str_eq(document.sections[0].entries[0].value.data, "host=a dbname=b  user=c");
    ck_assert_int_eq(document.sections[0].entries[0].line, 3);
    ck_assert_str_eq(document.sections[0].entries[1].value.data, "3");
    ck_assert_int_eq(document.sections[0].entries[1].line, 8);
    ck_assert_int_eq(document.sections[1].kind, SECTION_JOB);
    ck_assert_str_eq(document.sections[1].name, "orders");
    ck_assert_int_eq(document.sections[1].line, 9);
    document_free(&document);
}
END_TEST

START_TEST(document_of_an_empty_file_is_empty)
{
    struct document document;
    struct err err;

    ck_assert(read_text("", &document, &err));
    ck_assert_uint_eq(document.section_count, 0);
    ck_assert_int_eq(document.line_count, 0);
    document_free(&document);
}
END_TEST

static const struct {
    const char *text, *message;
} wrong_documents[] = {
    {"table = x\n", "f:1: table: stands before the first section; begin with a line like "
                    "[pgpurged]"},
    {"[job a]\n\n[job  a]\n", "f:3: [job  a] is there twice; the other one is in line 1"},
    {"[pgpurged]\n[pgpurged]\n", "f:2: [pgpurged] is there twice; the other one is in line 1"},
    {"[job a]\ntable=b\ntable=c\n",
     "f:3: table: is set twice in [job a]; the other one is in line 2"},
    {"  table = x\n", "f:1: the line is indented, but there is no value that it could go on with; "
                      "begin it in the first column"},
    {"[job a]\n  table = x\n", "f:2: the line is indented, but there is no value that it could go "
                               "on with; begin it in the first column"},
    {"[job a]\ntable = x\n  y\n", "f:3: the line is indented, but the value of table can't go on "
                                  "in a second line; begin it in the first column"},
    {"[job a]\nwindow = always\n  [job b]\n",
     "f:3: the line is indented and would become a part of window; begin it in the first column"},
    {"[jobs a]\n", "f:1: [jobs] is no section; did you mean [job]?"},
    {"[Job a]\n", "f:1: [Job] is no section; did you mean [job]?"},
    {"[server]\n", "f:1: [server] is no section; the sections are [pgpurged], [database NAME], "
                   "[defaults], [job NAME]"},
    {"[]\n", "f:1: [] is no section; the sections are [pgpurged], [database NAME], [defaults], "
             "[job NAME]"},
    {"[job]\n", "f:1: [job] needs a name, as in [job orders]"},
    {"[database ]\n", "f:1: [database] needs a name, as in [database shop]"},
    {"[defaults all]\n", "f:1: [defaults] has no name; drop \"all\""},
    {"[job a/b]\n", "f:1: the name \"a/b\" may only have letters, digits and _ . -"},
    {"[job a b]\n", "f:1: the name \"a b\" may only have letters, digits and _ . -"},
    {"[job a2345678901234567890123456789012345678901]\n",
     "f:1: the name \"a2345678901234567890123456789012345678901\" is longer than 40 characters"},
    {"[job a]\nlock_timout = 1s\n",
     "f:2: lock_timout: is no option of [job NAME]; did you mean lock_timeout?"},
    {"[job a]\nTable = b\n", "f:2: Table: is no option of [job NAME]; did you mean table?"},
    {"[job a]\ncolour = red\n",
     "f:2: colour: is no option of [job NAME]; pgpurged.conf(5) lists them"},
    {"[job a]\nmax_connections = 1\n",
     "f:2: max_connections: is no option of [job NAME]; it belongs in [database NAME]"},
    {"[defaults]\ntable = a\n", "f:2: table: is no option of [defaults]; it belongs in [job NAME]"},
};

START_TEST(document_that_inih_or_a_person_could_misread_is_refused)
{
    struct document document;
    struct err err;

    ck_assert(!read_text(wrong_documents[_i].text, &document, &err));
    ck_assert_str_eq(err.text, wrong_documents[_i].message);
    document_free(&document);
}
END_TEST

START_TEST(libpq_options_may_stand_on_indented_lines)
{
    struct document document;
    struct err err;

    ck_assert(read_text("[database a]\nconninfo = host=b\n  connect_timeout=3\n", &document, &err));
    ck_assert_str_eq(document.sections[0].entries[0].value.data, "host=b connect_timeout=3");
    document_free(&document);
}
END_TEST

TCase *config_lines_cases(void)
{
    TCase *cases = tcase_create("lines");

    tcase_add_loop_test(cases, line_is_told_what_it_is, 0, ARRAY_LENGTH(lines));
    tcase_add_loop_test(cases, line_that_inih_would_misread_is_refused, 0,
                        ARRAY_LENGTH(wrong_lines));
    tcase_add_test(cases, line_of_199_bytes_is_read_and_one_of_200_is_refused);
    tcase_add_test(cases, document_knows_sections_values_and_lines);
    tcase_add_test(cases, document_of_an_empty_file_is_empty);
    tcase_add_loop_test(cases, document_that_inih_or_a_person_could_misread_is_refused, 0,
                        ARRAY_LENGTH(wrong_documents));
    tcase_add_test(cases, libpq_options_may_stand_on_indented_lines);
    return cases;
}
