/*
 * Why: what the program says on the command line is its contract with people and scripts: --plan is
 * read before anything is trusted to it, and exit codes are acted upon.
 */
#include <check.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "config.h"
#include "golden.h"
#include "integration/cluster.h"
#include "integration/daemon.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/program.h"
#include "integration/promises.h"
#include "integration/scene.h"
#include "integration/session.h"

/* What differs from run to run, and what stands for it in a golden file. */
static const struct changing {
    const char *pattern, *replacement;
} changing[] = {
    {"20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}", "YYYY-MM-DD HH:MM:SS"},
    {"done on [A-Z][a-z]{2} 20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}",
     "done on DAY YYYY-MM-DD HH:MM"},
    {"[^ ]*/pgpurged:", "pgpurged:"},
    {"\\[[^]]*/pgpurged/pgpurged\\.conf\\]", "[SYSCONFDIR/pgpurged/pgpurged.conf]"},
};

static const char *replaced(const char *text, const struct changing *what)
{
    struct text out = {0};
    regmatch_t match;
    regex_t regex;

    ck_assert_int_eq(regcomp(&regex, what->pattern, REG_EXTENDED | REG_NEWLINE), 0);
    while (*text != '\0' && regexec(&regex, text, 1, &match, 0) == 0) {
        text_add_bytes(&out, text, (size_t)match.rm_so);
        text_add(&out, what->replacement);
        text += match.rm_eo;
    }
    text_add(&out, text);
    regfree(&regex);
    return keep_text(text_take(&out));
}

static const char *normalized(const char *text)
{
    for (size_t i = 0; i < ARRAY_LENGTH(changing); i++)
        text = replaced(text, &changing[i]);
    return text;
}

/* --- the plan --- */

static void compare_plan(const char *golden, const char *config, int code)
{
    const char *output;

    ck_assert_int_eq(pgpurged_run(&output, "--config", config, "--plan", NULL), code);
    golden_compare(golden, normalized(output));
}

static const char *config_of(const struct scene *scene, const char *sections)
{
    return scene_config_through(cluster_conninfo(harness_cluster(), scene->database, "pgpurged"),
                                sections);
}

START_TEST(plan_says_what_would_go_and_how_and_deletes_nothing)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, 400);
    sql_exec(scene.own, "CREATE TABLE \"Visits\" (id int, \"Day\" date);"
                        "INSERT INTO \"Visits\" VALUES (1, '2001-02-03'), (2, NULL);"
                        "CREATE TABLE sessions (id int, expires_at timestamp);"
                        "GRANT SELECT, DELETE ON \"Visits\", sessions TO pgpurged;"
                        "CREATE TABLE drafts (id int, deleted_at timestamptz);"
                        "CREATE INDEX ON drafts (deleted_at);"
                        "GRANT SELECT, DELETE, UPDATE ON drafts TO pgpurged;"
                        "INSERT INTO drafts SELECT i, CASE WHEN i %% 500 = 0 THEN '2020-01-01'"
                        "  ::timestamptz END FROM generate_series(1, 250000) AS i;"
                        "CREATE VIEW totals AS SELECT id, deleted_at FROM orders");
    sql_exec(scene.own, "VACUUM");
    compare_plan("cli/plan.txt",
                 config_of(&scene,
                           "window = Mon-Fri 01:00-05:00, Sat-Sun 00:00-08:00\n"
                           "timezone = Europe/Berlin\n"
                           "[job orders]\ntable = orders\nexpires = deleted_at + 30d\n"
                           "[job visits]\ntable = \"Visits\"\nexpires = \"Day\" + 2y\n"
                           "column_timezone = UTC\nduty_cycle = 20\nmax_rows_per_second = 500\n"
                           "[job sessions]\ntable = sessions\nexpires = at expires_at\n"
                           "column_timezone = Asia/Tokyo\n"
                           "[job drafts]\ntable = drafts\nexpires = deleted_at + 30d\n"
                           "workers = 2\n"
                           "[job totals]\ntable = totals\nexpires = deleted_at + 30d\n"),
                 1);
    ck_assert_int_eq(promises_check(scene.own, "orders", SCENE_DUE), 0);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM pgpurged.runs"), 0);
    scene_end(&scene);
}
END_TEST

START_TEST(plan_of_one_job_asks_about_no_other)
{
    struct scene scene = scene_new();
    const char *config, *output;

    scene_add_orders(&scene, 40);
    config = scene_config(&scene, "[job ghosts]\ntable = ghosts\nexpires = deleted_at + 30d\n");
    ck_assert_int_eq(pgpurged_run(&output, "--config", config, "--plan", "orders", NULL), 0);
    ck_assert_ptr_null(strstr(output, "ghosts"));
    scene_end(&scene);
}
END_TEST

START_TEST(plan_of_a_job_that_is_not_configured_is_bad_usage)
{
    struct scene scene = scene_new();
    const char *output;

    ck_assert_int_eq(
        pgpurged_run(&output, "--config", scene_config(&scene, ""), "--plan", "order", NULL), 2);
    ck_assert_ptr_nonnull(strstr(output, "there is no [job order]"));
    scene_end(&scene);
}
END_TEST

/* A role without TEMP, INSERT or anything else is enough, and a standby as well. */
START_TEST(plan_writes_nothing_even_where_it_could)
{
    struct scene scene = scene_new();

    scene_add_orders(&scene, 40);
    sql_exec(scene.own, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %%I SET"
                        " default_transaction_read_only = on', current_database()); END $$");
    ck_assert_int_eq(pgpurged_run(NULL, "--config", scene_config(&scene, ""), "--plan", NULL), 0);
    scene_end(&scene);
}
END_TEST

START_TEST(plan_of_a_database_that_is_not_there_says_so)
{
    const char *config =
        scene_config_through("host=127.0.0.1 port=1 dbname=nowhere", scene_job(""));
    const char *output;

    ck_assert_int_eq(pgpurged_run(&output, "--config", config, "--plan", NULL), 1);
    ck_assert_ptr_nonnull(strstr(output, "refused"));
}
END_TEST

/* --- the command line --- */

static const struct command {
    const char *golden, *arguments[3];
    int code;
} commands[] = {
    {"cli/help.txt", {"--help"}, 0},
    {"cli/help.txt", {"-h"}, 0},
    {"cli/unknown-option.txt", {"--purge-everything"}, 2},
    {"cli/missing-file.txt", {"--config"}, 2},
    {"cli/stray-name.txt", {"orders"}, 2},
    {"cli/stray-name-check.txt", {"--check", "orders"}, 2},
};

START_TEST(the_command_line_answers_as_it_always_did)
{
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++) {
        const struct command *row = &commands[i];
        const char *output;
        int code = pgpurged_run(&output, row->arguments[0], row->arguments[1], NULL);

        ck_assert_msg(code == row->code, "%s: %d", row->golden, code);
        golden_compare(row->golden, normalized(output));
    }
}
END_TEST

/* --- verbs --- */

/* Two verbs are a typo: nobody can say which one was meant, and the last one deleted. Each runs on
 * a database of due rows. */
START_TEST(two_verbs_in_any_order_are_bad_usage_and_nothing_is_done)
{
    static const char *const verbs[] = {"--check", "--plan", "--once", "--print-config",
                                        "--init-sql"};
    struct scene scene = scene_new();
    const char *config, *output;

    scene_add_orders(&scene, 40);
    config = scene_config(&scene, "");
    for (size_t i = 0; i < ARRAY_LENGTH(verbs); i++)
        for (size_t j = 0; j < ARRAY_LENGTH(verbs); j++) {
            int code = pgpurged_run(&output, "--config", config, verbs[i], verbs[j], NULL);

            ck_assert_msg(code == 2, "%s %s: %d", verbs[i], verbs[j], code);
            ck_assert_msg(strstr(output, i == j ? "is given twice" : "exclude each other") != NULL,
                          "%s %s: %s", verbs[i], verbs[j], output);
        }
    ck_assert_int_eq(pgpurged_run(NULL, "-c", config, "--plan", "orders", "--once", NULL), 2);
    ck_assert_int_eq(pgpurged_run(NULL, "-c", config, "--check", "--plan", "--once", NULL), 2);
    ck_assert_int_eq(pgpurged_run(NULL, "-c", config, "--init-sql=me", "--once", NULL), 2);
    ck_assert_int_eq(pgpurged_run(NULL, "-c", config, "--pl", "--on", NULL), 2);
    ck_assert_int_eq(pgpurged_run(NULL, "-c", config, "--config", config, "--once", NULL), 2);
    ck_assert_int_eq(scene_due(&scene), 20);
    ck_assert_int_eq(sql_int(scene.own, "SELECT count(*) FROM pgpurged.runs"), 0);
    scene_end(&scene);
}
END_TEST

/* --- statements that are pasted --- */

/* Whoever may make a partition writes a line of the plan, and `sort -u` made a statement of it. */
START_TEST(statements_of_the_plan_survive_tools_that_read_lines)
{
    struct scene scene = scene_new();
    const char *config, *output, *grants;

    sql_exec(
        scene.own,
        "CREATE TABLE orders (id int, deleted_at timestamptz) PARTITION BY LIST (id);"
        "GRANT SELECT, UPDATE, DELETE ON orders TO pgpurged; CREATE ROLE mallory;"
        "CREATE TABLE \"a\nALTER ROLE mallory SUPERUSER;--\" PARTITION OF orders FOR VALUES IN (1);"
        "CREATE TABLE \"b\\\u202E\" PARTITION OF orders FOR VALUES IN (2)");
    config = scene_config(&scene, "");
    pgpurged_run(&output, "--config", config, "--plan", NULL);
    ck_assert_ptr_null(strstr(output, "\nALTER ROLE"));
    ck_assert_int_eq(
        program_run(
            &grants, "/bin/sh", "-c",
            keep_format("'%s' --config '%s' --plan | sed -n 's/^ *run: \\(.*\\)/\\1;/p' | sort -u",
                        program_pgpurged(), config),
            NULL),
        0);
    ck_assert_ptr_nonnull(strstr(grants, "GRANT "));
    sql_exec(scene.own, "%s", grants);
    ck_assert_str_eq(sql_text(scene.own, "SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory'"),
                     "f");
    sql_exec(scene.own, "DROP ROLE mallory");
    scene_end(&scene);
}
END_TEST

/* --- what is allowed and perhaps not meant --- */

START_TEST(two_jobs_on_one_table_with_different_retention_are_told_at_load_and_in_the_plan)
{
    struct scene scene = scene_new();
    const char *config, *output;

    scene_add_orders(&scene, 40);
    config =
        scene_config_of(&scene, "[job years]\ntable = orders\nexpires = deleted_at + 3y\n"
                                "[job days]\ntable = public.orders\nexpires = deleted_at + 30d\n"
                                "where = id > 0\n");
    ck_assert_int_eq(pgpurged_run(&output, "--config", config, "--check", NULL), 0);
    ck_assert_ptr_nonnull(strstr(output, "jobs years and days purge the same table"));
    ck_assert_ptr_nonnull(strstr(output, "the shorter retention decides, deleted_at + 30d"));
    ck_assert_int_eq(pgpurged_run(&output, "--config", config, "--plan", "years", "--json", NULL),
                     0);
    ck_assert_ptr_nonnull(strstr(output, "\"risks\""));
    ck_assert_ptr_nonnull(strstr(strstr(output, "\"risks\""), "the shorter retention decides"));
    ck_assert_int_eq(pgpurged_run(&output, "--config", config, "--once", NULL), 0);
    ck_assert_ptr_nonnull(strstr(output, "jobs years and days purge the same table"));
    scene_end(&scene);
}
END_TEST

/* The same retention, a job that is switched off, another table, another database: nothing to say.
 */
START_TEST(jobs_that_do_not_meet_are_not_told)
{
    const char *output;
    const char *config = scene_config_through(
        "dbname=nowhere", "[database e]\nconninfo = dbname=other\n"
                          "[job a]\ntable = orders\nexpires = deleted_at + 30d\n"
                          "[job b]\ntable = orders\nexpires = deleted_at + 30d\nflag = gone\n"
                          "[job c]\ntable = orders\nexpires = deleted_at + 1d\nenabled = no\n"
                          "[job d]\ntable = old.orders\nexpires = deleted_at + 1d\n"
                          "[job e]\ntable = orders\nexpires = deleted_at + 1d\ndatabase = e\n");

    ck_assert_int_eq(pgpurged_run(&output, "--config", config, "--check", NULL), 0);
    ck_assert_ptr_null(strstr(output, "the same table"));
}
END_TEST

/* Whoever may write the file says what is deleted. */
START_TEST(a_file_that_everybody_may_write_is_refused)
{
    const char *config = scene_config_through("dbname=nowhere", scene_job("")), *output;

    ck_assert_int_eq(chmod(config, 0666), 0);
    ck_assert_int_eq(pgpurged_run(&output, "--config", config, "--check", NULL), 2);
    ck_assert_ptr_nonnull(strstr(output, "everybody may write it"));
    ck_assert_int_eq(pgpurged_run(&output, "--config", config, "--once", NULL), 2);
    ck_assert_int_eq(chmod(config, 0644), 0);
    ck_assert_int_eq(pgpurged_run(&output, "--config", config, "--check", NULL), 0);
    if (chown(config, (uid_t)-1, 12345) != 0)
        return; /* not root */
    ck_assert_int_eq(chmod(config, 0660), 0);
    ck_assert_int_eq(pgpurged_run(&output, "--config", config, "--check", NULL), 2);
    ck_assert_ptr_nonnull(strstr(output, "its group may write it"));
}
END_TEST

START_TEST(a_folder_that_everybody_may_write_is_told)
{
    const char *folder = keep_format("%s/open", cluster_folder(harness_cluster())), *output,
               *config;

    ck_assert_int_eq(mkdir(folder, 0755), 0);
    config = config_write(folder, "[database d]\nconninfo = dbname=x\n[defaults]\ndatabase = d\n%s",
                          scene_job(""));
    ck_assert_int_eq(chmod(folder, 01777), 0);
    ck_assert_int_eq(pgpurged_run(&output, "--config", config, "--check", NULL), 0);
    ck_assert_ptr_null(strstr(output, "everybody"));
    ck_assert_int_eq(chmod(folder, 0777), 0);
    ck_assert_int_eq(pgpurged_run(&output, "--config", config, "--check", NULL), 0);
    ck_assert_ptr_nonnull(strstr(output, "everybody can write in "));
}
END_TEST

/* --- what others have written --- */

/* Clears the screen, writes backwards, rings. */
#define STEERS "E'\\x1b[2J\\u202Eabc\\u009b31m\\x07'"

static void assert_steers_nothing(const char *output)
{
    ck_assert_ptr_null(strchr(output, '\033'));
    ck_assert_ptr_null(strchr(output, '\a'));
    ck_assert_ptr_null(strstr(output, "\u202E"));
    ck_assert_ptr_null(strstr(output, "\xc2\x9b"));
}

START_TEST(names_and_messages_of_the_server_cannot_steer_a_terminal)
{
    struct scene scene = scene_new();
    const char *config, *output;

    scene_add_orders(&scene, 40);
    sql_exec(scene.own,
             "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS"
             " $$ BEGIN RAISE EXCEPTION USING MESSAGE = " STEERS "; END $$;"
             "DO $$ BEGIN EXECUTE format('CREATE TRIGGER %%I BEFORE DELETE ON orders FOR EACH ROW"
             " EXECUTE FUNCTION stop()', " STEERS "); END $$");
    config = scene_config(&scene, "");
    pgpurged_run(&output, "--config", config, "--plan", NULL);
    ck_assert_ptr_nonnull(strstr(output, "\\x1B[2J\\u202Eabc"));
    assert_steers_nothing(output);
    pgpurged_run(&output, "--config", config, "--plan", "--json", NULL);
    ck_assert_ptr_nonnull(strstr(output, "\u202Eabc"));
    pgpurged_run(&output, "--config", config, "--once", NULL);
    ck_assert_ptr_nonnull(strstr(output, "\\x1B[2J\\u202Eabc"));
    assert_steers_nothing(output);
    scene_end(&scene);
}
END_TEST

/* --- secrets --- */

/* libpq quotes what it can't read, and so would we. */
static const char *const secret_conninfos[] = {
    "postgresql://u:gehe%im@127.0.0.1:1/db",
    "postgresql://u:geheim@127.0.0.1:1/db?sslpassword=gehe%im",
    "postgresql://u:geheim@[::1/db",
    "postgresql://u:geheim@127.0.0.1:1/db?geheim",
    "postgresql://u:geheim@127.0.0.1:1/db?sslmode=a=b",
    "postgresql://u:geheim@127.0.0.1:1/db",
    "postgresql://u:geheim",
    "dbname=postgresql://u:geheim@127.0.0.1:1/db",
    "host=127.0.0.1 port=1 password=geheim",
    "host=127.0.0.1 port=1 password=geheim sslpassword='geheim' nonsense=1",
    "host=127.0.0.1 port=1 password='geheim' x",
    "host=127.0.0.1 port=1 password=ge\\ heim geheim=1",
};

START_TEST(no_password_of_a_conninfo_is_ever_shown)
{
    static const char *const verbs[] = {"--check", "--plan", "--once", "--print-config"};
    const char *output;

    for (size_t i = 0; i < ARRAY_LENGTH(secret_conninfos); i++)
        for (size_t j = 0; j < ARRAY_LENGTH(verbs); j++) {
            const char *config = scene_config_through(secret_conninfos[i], scene_job(""));

            if (j == 2 && i == 8) /* a database that is not there is waited for */
                continue;
            pgpurged_run(&output, "--config", config, verbs[j], NULL);
            ck_assert_msg(strstr(output, "geheim") == NULL && strstr(output, "gehe%") == NULL,
                          "%s %s: %s", verbs[j], secret_conninfos[i], output);
        }
}
END_TEST

START_TEST(version_is_the_package_and_its_number)
{
    const char *output;

    ck_assert_int_eq(pgpurged_run(&output, "--version", NULL), 0);
    ck_assert_str_eq(output, PACKAGE_STRING "\n");
    ck_assert_int_eq(pgpurged_run(&output, "-V", NULL), 0);
    ck_assert_str_eq(output, PACKAGE_STRING "\n");
}
END_TEST

START_TEST(check_says_in_one_line_that_a_file_is_fine)
{
    const char *config = scene_config_through("dbname=nowhere", scene_job(""));
    const char *output;

    ck_assert_int_eq(pgpurged_run(&output, "--config", config, "--check", NULL), 0);
    ck_assert_str_eq(output, keep_format("%s: correct: 1 database, 1 job\n", config));
}
END_TEST

/* What is printed gives the same again. */
START_TEST(print_config_feeds_itself)
{
    const char *config = scene_config_through("dbname=nowhere", scene_job("duty_cycle = 7"));
    const char *first, *second;

    ck_assert_int_eq(pgpurged_run(&first, "--config", config, "--print-config", NULL), 0);
    ck_assert_ptr_nonnull(strstr(first, "\nduty_cycle = 7\n"));
    config = config_write(cluster_folder(harness_cluster()), "%s", first);
    ck_assert_int_eq(pgpurged_run(&second, "--config", config, "--print-config", NULL), 0);
    ck_assert_str_eq(first, second);
}
END_TEST

static const struct completion {
    const char *words; /* behind --config CONFIG; the last one is completed */
    const char *replies;
} completions[] = {
    {"--pl", "--plan "},
    {"--plan o", "old_orders orders "},
    {"--plan --exact --json or", "orders "},
    {"--once ''", "old_orders orders "},
    {"--check ''", " "},
    {"--check --p", " "},
    {"--plan --", "--exact --json --help --version "},
    {"--once --", "--help --version "},
    {"--p", "--plan --print-config "},
};

START_TEST(words_are_completed_with_the_jobs_of_the_configuration)
{
    const char *srcdir = getenv("srcdir"), *output;
    const char *config =
        scene_config_through("dbname=nowhere", "[job old_orders]\ntable = a\nexpires = at b\n"
                                               "[job orders]\ntable = a\nexpires = at b\n");

    for (size_t i = 0; i < ARRAY_LENGTH(completions); i++) {
        const struct completion *row = &completions[i];
        const char *script =
            keep_format(". '%s/completion/pgpurged.bash'; COMP_WORDS=('%s' --config '%s' %s);"
                        " COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _pgpurged;"
                        " printf '%%s ' \"${COMPREPLY[@]}\"",
                        srcdir != NULL ? srcdir : ".", program_pgpurged(), config, row->words);

        ck_assert_int_eq(program_run(&output, "/bin/bash", "-c", script, NULL), 0);
        ck_assert_msg(text_equal(output, row->replies), "%s: %s", row->words, output);
    }
}
END_TEST

/* Names that would end a block, a string or a name around them. */
START_TEST(init_sql_is_not_left_by_a_name)
{
    static const char *const roles[] = {
        "a$$; ALTER ROLE x SUPERUSER; --", "$$", "a\nb", "\\'; --", "'@ROLE@", "@ROLE_LITERAL@"};

    for (size_t i = 0; i < ARRAY_LENGTH(roles); i++) {
        const char *database = cluster_new_database(harness_cluster());
        PGconn *own = sql_connect(cluster_conninfo(harness_cluster(), database, "postgres"));
        char *literal = PQescapeLiteral(own, roles[i], strlen(roles[i]));
        char *name = PQescapeIdentifier(own, roles[i], strlen(roles[i]));
        const char *output;

        ck_assert_int_eq(pgpurged_run(&output, keep_format("--init-sql=%s", roles[i]), NULL), 0);
        sql_exec(own, "%s", output);
        sql_exec(own, "%s", output);
        ck_assert_int_eq(sql_int(own,
                                 "SELECT count(*) FROM pg_roles WHERE rolname = %s AND NOT"
                                 " rolsuper AND has_schema_privilege(oid, 'pgpurged', 'USAGE')",
                                 literal),
                         1);
        sql_exec(own, "DROP SCHEMA pgpurged CASCADE; DROP ROLE %s", name);
        PQfreemem(literal);
        PQfreemem(name);
        PQfinish(own);
    }
}
END_TEST

START_TEST(init_sql_makes_a_role_of_any_name)
{
    const char *database = cluster_new_database(harness_cluster());
    PGconn *own = sql_connect(cluster_conninfo(harness_cluster(), database, "postgres"));
    const char *output;

    ck_assert_int_eq(pgpurged_run(&output, "--init-sql=Purge \"it\"'s", NULL), 0);
    sql_exec(own, "%s", output);
    sql_exec(own, "%s", output);
    ck_assert_str_eq(sql_text(own, "SELECT has_table_privilege('Purge \"it\"''s',"
                                   " 'pgpurged.audit', 'INSERT')"),
                     "t");
    sql_exec(own, "DROP SCHEMA pgpurged CASCADE; DROP ROLE \"Purge \"\"it\"\"'s\"");
    PQfinish(own);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        plan_says_what_would_go_and_how_and_deletes_nothing,
        plan_of_one_job_asks_about_no_other,
        plan_of_a_job_that_is_not_configured_is_bad_usage,
        plan_writes_nothing_even_where_it_could,
        plan_of_a_database_that_is_not_there_says_so,
        the_command_line_answers_as_it_always_did,
        two_verbs_in_any_order_are_bad_usage_and_nothing_is_done,
        statements_of_the_plan_survive_tools_that_read_lines,
        two_jobs_on_one_table_with_different_retention_are_told_at_load_and_in_the_plan,
        jobs_that_do_not_meet_are_not_told,
        a_file_that_everybody_may_write_is_refused,
        a_folder_that_everybody_may_write_is_told,
        names_and_messages_of_the_server_cannot_steer_a_terminal,
        no_password_of_a_conninfo_is_ever_shown,
        version_is_the_package_and_its_number,
        check_says_in_one_line_that_a_file_is_fine,
        print_config_feeds_itself,
        words_are_completed_with_the_jobs_of_the_configuration,
        init_sql_makes_a_role_of_any_name,
        init_sql_is_not_left_by_a_name,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
