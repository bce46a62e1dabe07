/*
 * Why: a rule that does not fit its table, a unit that is not known, a flag that can't have that
 * value, an expression that means something else each time, must not be guessed at. The job is
 * refused before anything is deleted, and the message says what to write.
 */
#include <check.h>
#include <string.h>

#include "base/text.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/scene.h"
#include "integration/session.h"

static const struct misfit {
    const char *name, *columns, *options, *message;
} misfits[] = {
    {"no_unit", "mark bigint", "expires = mark + 30d",
     "column \"mark\" of public.no_unit is of type bigint, which can't expire as long as its unit "
     "is not known; write epoch = s, ms or us"},
    {"unit_of_a_time", "mark timestamptz", "expires = mark + 30d\nepoch = ms",
     "column \"mark\" of public.unit_of_a_time is a timestamp with time zone and no integer; "
     "remove "
     "epoch"},
    {"ms_in_an_int", "mark integer", "expires = mark + 30d\nepoch = ms",
     "is of type integer, which is too small for milliseconds since 1970; write epoch = s"},
    {"smallint_mark", "mark smallint", "expires = mark + 30d\nepoch = s",
     "is of type smallint, which can't expire"},
    {"numeric_mark", "mark numeric", "expires = mark + 30d\nepoch = s",
     "is of type numeric, which can't expire"},
    {"misspelt", "deleted_at timestamptz", "expires = delete_at + 30d",
     "public.misspelt has no column \"delete_at\"; did you mean \"deleted_at\"?"},
    {"flag_for_time", "is_deleted boolean", "expires = is_deleted + 30d",
     "is of type boolean, which can't expire: it says whether, and not since when; write flag = "
     "is_deleted, and expires = COLUMN + 30d with the column that holds the time at which it was "
     "set"},
    {"live_without_zone", "mark timestamptz",
     "expires = mark + 30d\nnever_expires = 2001-01-01 00:00:00",
     "live: \"2001-01-01 00:00:00\" has no zone, and column \"mark\" of public.live_without_zone "
     "is "
     "a timestamptz; write for example 2001-01-01 00:00:00+00"},
    {"live_with_time", "mark date",
     "expires = mark + 30d\ncolumn_timezone = UTC\nnever_expires = 2001-01-01 00:00:00",
     "has a time, and column \"mark\" of public.live_with_time is a date; write 2001-01-01"},
    {"no_flag", "mark timestamptz", "expires = mark + 30d\nflag = is_deleted",
     "flag: public.no_flag has no column \"is_deleted\""},
    {"bare_text", "status text, mark timestamptz", "expires = mark + 30d\nflag = status",
     "flag: column \"status\" of public.bare_text is of type text, so it has to be said which of "
     "its values means gone; write flag = status = VALUE"},
    {"bare_enum", "status app.status, mark timestamptz", "expires = mark + 30d\nflag = status",
     "write flag = status = VALUE"},
    {"no_label", "status app.status, mark timestamptz",
     "expires = mark + 30d\nflag = status = gone",
     "flag: column \"status\" of public.no_label is of type app.status and never \"gone\"; its "
     "values are: live, on hold, deleted"},
    {"no_boolean", "gone boolean, mark timestamptz", "expires = mark + 30d\nflag = gone = Y",
     "flag: column \"gone\" of public.no_boolean is a boolean and never \"Y\"; write gone or gone "
     "= "
     "false"},
    {"no_number", "gone int, mark timestamptz", "expires = mark + 30d\nflag = gone = true",
     "flag: column \"gone\" of public.no_number is of type integer and never \"true\""},
    {"flag_of_time", "gone timestamptz, mark timestamptz", "expires = mark + 30d\nflag = gone",
     "is of type timestamp with time zone; a flag is a boolean, an integer, a text or an enum, and "
     "anything else is for where"},
    {"no_retention", "mark timestamptz", "expires = mark + days * 1d",
     "public.no_retention has no column \"days\""},
    {"text_retention", "days text, mark timestamptz", "expires = mark + days * 1d",
     "column \"days\" of public.text_retention is of type text, which can't be a number of times 1 "
     "day; it has to be an integer"},
    {"no_such_column", "mark timestamptz", "expires = mark + 30d\nwhere = kind = 'draft'",
     "where: column \"kind\" does not exist (42703)"},
    {"no_condition", "mark timestamptz", "expires = mark + 30d\nwhere = 1 + 1",
     "where: argument of IS TRUE must be type boolean, not type integer"},
    {"no_expression", "mark timestamptz", "expires = mark + 30d\nwhere = true ORDER BY 1",
     "where: syntax error at or near \"ORDER\""},
    {"no_schema", "mark timestamptz", "expires = mark + 30d\nwhere = is_due(mark)",
     "where: function is_due(timestamp with time zone) does not exist (42883); a function, type or "
     "operator that is not PostgreSQL's own needs its schema, as in public.is_test(email)"},
    {"volatile", "mark timestamptz", "expires = mark + 30d\nwhere = random() < 0.5",
     "where: it calls a function that is VOLATILE"},
    {"volatile_below", "mark timestamptz",
     "expires = mark + 30d\nwhere = mark < (SELECT max(clock_timestamp()))",
     "where: it calls a function that is VOLATILE"},
    {"volatile_own", "mark timestamptz", "expires = mark + 30d\nwhere = public.is_due(t.mark)",
     "where: it calls a function that is VOLATILE"},
    {"never_computed", "mark timestamptz", "expires = mark + 30d\nwhere = 1 / 0 = 1",
     "where: division by zero"},
};

static const char *make_misfits(const struct scene *scene)
{
    struct text jobs = {0};

    sql_exec(scene->own, "CREATE SCHEMA app;"
                         "CREATE TYPE app.status AS ENUM ('live', 'on hold', 'deleted');"
                         "CREATE FUNCTION is_due(timestamptz) RETURNS boolean LANGUAGE sql RETURN "
                         "true; ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO pgpurged");
    for (size_t i = 0; i < ARRAY_LENGTH(misfits); i++) {
        sql_exec(scene->own, "CREATE TABLE %s (%s)", misfits[i].name, misfits[i].columns);
        text_addf(&jobs, "[job %s]\ntable = %s\n%s\n", misfits[i].name, misfits[i].name,
                  misfits[i].options);
    }
    return keep_text(text_take(&jobs));
}

START_TEST(a_rule_that_does_not_fit_its_table_is_refused_with_what_to_write)
{
    struct scene scene = scene_new();
    const char *jobs = make_misfits(&scene);
    const char *log = scene_once(scene_config_of(&scene, jobs), 1);

    for (size_t i = 0; i < ARRAY_LENGTH(misfits); i++) {
        const char *line = strstr(log, keep_format("job=%s checking -> stopped", misfits[i].name));

        line = line != NULL ? keep_format("%.*s", (int)strcspn(line, "\n"), line) : "";
        ck_assert_msg(strstr(line, misfits[i].message) != NULL, "%s should stop with: %s\nbut: %s",
                      misfits[i].name, misfits[i].message, line);
    }
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM pgpurged.runs"), 0);
    scene_end(&scene);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_rule_that_does_not_fit_its_table_is_refused_with_what_to_write,
    };

    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
