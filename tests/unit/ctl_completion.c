#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl.h"

/* A daemon whose job names would run a command if the completion expanded them. */
static void answer_with_traps(int fd, const char *request)
{
    (void)request;
    ctl_send(fd, 200,
             "{\"daemon\":{},\"jobs\":[{\"name\":\"orders\"},{\"name\":\"old_orders\"},"
             "{\"name\":\"o$(echo owned >&2)\"},{\"name\":\"sessions\"}]}");
}

static void start(void)
{
    ctl_start(answer_with_traps);
}

static const struct row {
    const char *words; /* the line so far; its last word is completed */
    const char *replies;
} rows[] = {
    {"''", "status watch check run pause resume reload metrics jobs "},
    {"re", "resume reload "},
    {"--socket \"$SOCKET\" status ''", "orders old_orders sessions "},
    {"-s \"$SOCKET\" run o", "orders old_orders "},
    {"-s \"$SOCKET\" --json pause s", "sessions "},
    {"-s \"$SOCKET\" -w 1h check s", "sessions "},
    {"-s \"$SOCKET\" reload ''", ""},
    {"status --s", "--socket --success-critical --success-warning "},
    {"--color a", "auto always "},
    {"check --warning 1", ""},
    {"-s /nowhere/at/all run ''", ""},
};

START_TEST(word_is_completed)
{
    const struct row *row = &rows[_i];
    const char *srcdir = getenv("srcdir");
    char *command = text_format("exec bash -c '. \"$0\"; COMP_WORDS=(\"$CTL\" \"$@\"); "
                                "COMP_CWORD=$#; _pgpurgectl; printf \"%%s \" \"${COMPREPLY[@]}\"' "
                                "'%s/completion/pgpurgectl.bash' %s",
                                srcdir != NULL ? srcdir : ".", row->words);
    struct ctl_ran ran = ctl_shell(command);

    ck_assert_msg(text_equal(ran.out, row->replies[0] != '\0' ? row->replies : " "), "%s: %s",
                  row->words, ran.out);
    ck_assert_str_eq(ran.err, "");
    free(command);
}
END_TEST

TCase *ctl_completion_cases(void)
{
    TCase *tcase = tcase_create("completion");

    tcase_set_timeout(tcase, 30);
    tcase_add_checked_fixture(tcase, start, ctl_stop);
    tcase_add_loop_test(tcase, word_is_completed, 0, ARRAY_LENGTH(rows));
    return tcase;
}
