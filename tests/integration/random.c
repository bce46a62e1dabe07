/*
 * Why: nobody thinks of every schema. This test makes them up, hundreds of them, fills them, purges
 * them while the application restores, changes, inserts and locks rows, and asks an oracle of its
 * own what should have become of each row.
 *
 *   RANDOM_SEED=17      makes this schema again, alone; CK_RUN_CASE=NAME picks the test that failed
 *   RANDOM_SCHEMAS=50   so many in each test, from the seed on
 *
 * What the application does is not repeated by the seed, since it depends on who is first.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "integration/await.h"
#include "integration/daemon.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/program.h"
#include "integration/random_oracle.h"
#include "integration/random_schema.h"
#include "integration/scene.h"
#include "integration/session.h"
#include "integration/spawn.h"

/* In a storm, all of a group are purged at the same time. */
enum { GROUP = 25, STORM_GROUP = 8, LONGEST_RUN_MS = 60000 };

/* Schemas that one `pgpurged --once` purges. */
struct group {
    struct scene scene;
    struct random_schema schemas[GROUP];
    int count, inserted;
    const char *config, *log;
};

/* ---- making them ---- */

/* Many jobs at once, so that the application meets each of them at work. */
static void write_config(struct group *group, const char *sections)
{
    const char *folder = cluster_folder(harness_cluster());

    group->config =
        config_write(folder,
                     "[pgpurged]\nlog_level = debug\nstate_directory = %s\n"
                     "[database d]\nconninfo = %s\nmax_connections = %d\n"
                     "[defaults]\ndatabase = d\nduty_cycle = 100\n%s",
                     folder, cluster_conninfo(harness_cluster(), group->scene.database, "pgpurged"),
                     STORM_GROUP, sections);
}

static void make_group(struct group *group, unsigned first_seed, int count, const char *options)
{
    struct text sections = {0};

    text_addf(&sections, "%s\n", options);
    group->count = count;
    for (int i = 0; i < count; i++) {
        group->schemas[i] = random_schema_make(first_seed + (unsigned)i);
        sql_exec(group->scene.own, "%s", group->schemas[i].ddl);
        text_add(&sections, group->schemas[i].section);
    }
    write_config(group, keep_text(text_take(&sections)));
}

static void drop_group(struct group *group)
{
    for (int i = 0; i < group->count; i++)
        sql_exec(group->scene.own, "SET client_min_messages = warning; DROP SCHEMA %s CASCADE",
                 group->schemas[i].schema);
}

/* ---- purging them, beside the application ---- */

/* Where it would have to wait, or the database refuses, the deed is left undone as a whole. */
static void try_deed(PGconn *application, const char *deed, int rn, int number)
{
    const char *values[] = {keep_format("%d", rn), keep_format("%d", number)};
    const Oid types[] = {20, 20}; /* bigint */

    PQclear(PQexecParams(application, deed, 2, types, values, NULL, NULL, 0));
}

static void do_something(struct group *group, PGconn *application,
                         const struct random_schema *schema)
{
    const char *const deeds[] = {schema->restore, schema->restore, schema->touch, schema->insert,
                                 schema->insert_child};

    try_deed(application, deeds[(size_t)rand() % ARRAY_LENGTH(deeds)], rand() % schema->rows + 1,
             ++group->inserted);
}

/* Rows that are locked, or restored, or get children, and nothing is committed until this session's
 * next turn: the purge has to wait for them, and to look at them once more then. */
static void hold_something(struct group *group, PGconn *holder, const struct random_schema *schema)
{
    const char *const deeds[] = {schema->restore_next, schema->restore_next, schema->lock_next,
                                 schema->insert_children_next};

    sql_error(holder, "COMMIT"); /* a deferred constraint may refuse */
    sql_exec(holder, "BEGIN");
    try_deed(holder, deeds[(size_t)rand() % ARRAY_LENGTH(deeds)], rand() % 8, ++group->inserted);
}

/* The sessions of the application. */
struct storm {
    PGconn *busy, *holders[6];
};

static PGconn *connect_hurried(const struct group *group)
{
    PGconn *session = scene_connect(&group->scene);

    sql_exec(session, "SET lock_timeout = '5ms'");
    return session;
}

static void storm_begin(struct storm *storm, const struct group *group)
{
    storm->busy = connect_hurried(group);
    for (size_t i = 0; i < ARRAY_LENGTH(storm->holders); i++)
        storm->holders[i] = connect_hurried(group);
}

static void storm_end(struct storm *storm)
{
    for (size_t i = 0; i < ARRAY_LENGTH(storm->holders); i++) {
        sql_error(storm->holders[i], "COMMIT");
        PQfinish(storm->holders[i]);
    }
    PQfinish(storm->busy);
}

static void storm_once(struct storm *storm, struct group *group)
{
    size_t holder = (size_t)rand() % ARRAY_LENGTH(storm->holders);

    do_something(group, storm->busy, &group->schemas[rand() % group->count]);
    hold_something(group, storm->holders[holder], &group->schemas[rand() % group->count]);
}

static void storm_until_end(struct group *group, pid_t pid, int *code)
{
    struct mono began = mono_now();
    struct storm storm;

    storm_begin(&storm, group);
    while (!spawn_ended(pid, code)) {
        storm_once(&storm, group);
        ck_assert_msg(mono_ms_between(began, mono_now()) < LONGEST_RUN_MS, "the run does not end");
    }
    storm_end(&storm);
}

/* Returns the exit code. */
static int purge(struct group *group, bool storm)
{
    const char *const argv[] = {program_pgpurged(), "--config", group->config, "--once", NULL};
    int code = 0;

    group->log = keep_format("%s.log", group->config);
    pid_t pid = spawn(&(struct spawn){.argv = argv, .output = group->log, .death_signal = SIGKILL});
    if (storm)
        storm_until_end(group, pid, &code);
    else if (!spawn_wait(pid, LONGEST_RUN_MS, &code))
        ck_abort_msg("the run does not end: %s", keep_tail(keep_file(group->log)));
    return code;
}

/* ---- judging them ---- */

static void show_log(const struct group *group, const struct random_schema *schema)
{
    const char *own = keep_format("job=%s ", schema->job);
    char *log = file_content(group->log), *rest = log, *line;

    while ((line = strsep(&rest, "\n")) != NULL) {
        if (strstr(line, "job=") == NULL || strstr(line, own) != NULL)
            puts(line);
    }
    free(log);
}

/* Check cuts long messages, so all that is needed to play it again goes to stdout. */
static void show(const struct group *group, const struct random_schema *schema, const char *wrongs)
{
    printf("---- RANDOM_SEED=%u ----\n%s\n%s---- its log ----\n", schema->seed, schema->ddl,
           schema->section);
    show_log(group, schema);
    printf("---- what is wrong with RANDOM_SEED=%u ----\n%s\n", schema->seed, wrongs);
    fflush(stdout);
}

static int judge(const struct group *group, bool complete)
{
    int wrong = 0;

    for (int i = 0; i < group->count; i++) {
        const char *wrongs = random_oracle_judge(group->scene.own, &group->schemas[i], complete);

        if (wrongs[0] == '\0')
            continue;
        show(group, &group->schemas[i], wrongs);
        wrong++;
    }
    return wrong;
}

static bool expects_rest(const struct group *group)
{
    for (int i = 0; i < group->count; i++) {
        if (random_oracle_expects_rest(group->scene.own, &group->schemas[i]))
            return true;
    }
    return false;
}

/* The first run beside the application may leave what others had locked or moved; the one after the
 * storm may not. Returns how many schemas are not as they should be. */
static int purge_and_judge(struct group *group, bool storm)
{
    int wrong = 0, code;

    if (storm) {
        purge(group, true);
        wrong = judge(group, false);
    }
    code = purge(group, false);
    wrong += judge(group, true);
    ck_assert_msg(wrong > 0 || code == (expects_rest(group) ? 3 : 0), "exit code %d: %s", code,
                  keep_tail(keep_file(group->log)));
    return wrong;
}

/* ---- the tests ---- */

/* So that a job is at work for some tenths of a second. */
#define SLOW "max_rows_per_second = 500"

static int number_from(const char *variable, int otherwise)
{
    const char *asked = getenv(variable);

    return asked != NULL ? atoi(asked) : otherwise;
}

static void check_schemas(const char *options, bool storm)
{
    bool replay = getenv("RANDOM_SEED") != NULL;
    int seed = number_from("RANDOM_SEED", (int)(time(NULL) % 1000000) * 1000 + getpid() % 1000);
    int count = number_from("RANDOM_SCHEMAS", replay ? 1 : storm ? 40 : 60), wrong = 0;
    int most = storm ? STORM_GROUP : GROUP;
    struct group group = {.scene = scene_new()};

    printf("%s: RANDOM_SEED=%d RANDOM_SCHEMAS=%d\n", tcase_name(), seed, count);
    fflush(stdout);
    srand((unsigned)seed);
    random_oracle_install(group.scene.own);
    for (int done = 0; done < count; done += group.count) {
        make_group(&group, (unsigned)(seed + done), count - done < most ? count - done : most,
                   options);
        wrong += purge_and_judge(&group, storm);
        drop_group(&group);
    }
    ck_assert_msg(wrong == 0, "%d made-up schemas are not as they should be; see above", wrong);
    scene_end(&group.scene);
}

START_TEST(made_up_schemas_are_purged_of_what_is_due_and_of_nothing_else)
{
    check_schemas("", false);
}
END_TEST

START_TEST(made_up_schemas_are_purged_by_several_workers)
{
    check_schemas("workers = 2", false);
}
END_TEST

START_TEST(made_up_schemas_are_purged_beside_the_application)
{
    check_schemas(SLOW, true);
}
END_TEST

START_TEST(made_up_schemas_are_purged_by_several_workers_beside_the_application)
{
    check_schemas("workers = 2\n" SLOW, true);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        made_up_schemas_are_purged_of_what_is_due_and_of_nothing_else,
        made_up_schemas_are_purged_by_several_workers,
        made_up_schemas_are_purged_beside_the_application,
        made_up_schemas_are_purged_by_several_workers_beside_the_application,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
