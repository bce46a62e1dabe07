/*
 * Why: the daemon answers from its only loop, beside the batches. Neither a crowd of clients that
 * dawdle, nor ten thousand scrapes, nor a thousand jobs may make it slow, large or deaf.
 * bench/crowd.sh measures what the crowd costs the purge; that takes a quiet machine.
 */
#include <check.h>
#include <dirent.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "integration/await.h"
#include "integration/crowd.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/program.h"
#include "integration/served.h"
#include "integration/session.h"
#include "integration/spawn.h"

/* A sanitizer's own memory is not what is measured. */
#ifdef __SANITIZE_ADDRESS__
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif

static int compare_ms(const void *a, const void *b)
{
    double first = *(const double *)a, second = *(const double *)b;

    return (first > second) - (first < second);
}

static int64_t resident_kb(pid_t pid)
{
    const char *status = keep_file(keep_format("/proc/%d/status", (int)pid));
    const char *line = strstr(status, "\nVmRSS:");

    ck_assert_msg(line != NULL, "%s", status);
    return atoll(line + strlen("\nVmRSS:"));
}

static int open_files(pid_t pid)
{
    DIR *folder = opendir(keep_format("/proc/%d/fd", (int)pid));
    int count = 0;

    ck_assert_ptr_nonnull(folder);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

/* ---- a crowd ---- */

enum { NOBODY = 65534 };

/* 200 idle ones and 50 slow ones; half of them another user's where we can play one. */
static void start_crowds(const struct served *served, pid_t crowds[2])
{
    static const struct spawn_user nobody = {NOBODY, NOBODY};
    struct crowd_options options = {.socket = served->socket, .idle = 100, .slow = 25};

    crowds[0] = crowd_start(&options);
    options.user = geteuid() == 0 ? &nobody : NULL;
    crowds[1] = crowd_start(&options);
    ck_assert(crowds[0] > 0 && crowds[1] > 0);
}

static const char *open_to_nobody(void)
{
    const struct group *group = geteuid() == 0 ? getgrgid(NOBODY) : NULL;

    return group != NULL ? keep_format("socket_group = %s", group->gr_name) : "";
}

START_TEST(an_honest_question_is_answered_at_once_in_a_crowd_and_the_purge_goes_on)
{
    enum { QUESTIONS = 40 };
    struct served served = served_new();
    double ms[QUESTIONS];
    pid_t crowds[2];

    scene_add_orders(&served.scene, 20000);
    served_start(&served,
                 served_config(&served, open_to_nobody(), scene_job("max_rows_per_second = 2000")));
    start_crowds(&served, crowds);
    for (int i = 0; i < QUESTIONS; i++) {
        struct answer answer = ask_get(served.socket, "/metrics");

        ck_assert_msg(answer.status == 200, "question %d: status %d after %.0f ms", i,
                      answer.status, answer.ms);
        ms[i] = answer.ms;
        usleep(50000);
    }
    qsort(ms, QUESTIONS, sizeof ms[0], compare_ms);
    printf("in a crowd of 250: median %.1f ms, longest %.1f ms\n", ms[QUESTIONS / 2],
           ms[QUESTIONS - 1]);
    ck_assert_double_le(ms[QUESTIONS * 9 / 10], sanitized ? 1000 : 100);
    scene_await_run(&served.scene, "orders", "done");
    crowd_stop(crowds[0]);
    crowd_stop(crowds[1]);
    served_end(&served);
}
END_TEST

/* ---- many questions ---- */

static void scrape(const struct served *served, int times)
{
    for (int i = 0; i < times; i++) {
        ck_assert_int_eq(ask_for_status(served->socket, "/metrics"), 200);
        if (i % 4 == 0)
            ck_assert_int_eq(ask_for_status(served->socket, "/v1/status"), 200);
    }
}

struct files {
    pid_t pid;
    int most;
};

/* The last connection is closed a moment after its client has gone. */
static bool has_few_files(void *arg)
{
    const struct files *files = arg;

    return open_files(files->pid) <= files->most;
}

START_TEST(ten_thousand_scrapes_leak_nothing)
{
    struct served served = served_new();
    struct files files;
    int64_t before_kb;

    scene_add_orders(&served.scene, 100);
    served_start(&served, served_config(&served, "", scene_job("")));
    served_await(&served, "orders", "waiting", "not_due");
    scrape(&served, 500);
    before_kb = resident_kb(served.daemon.pid);
    files = (struct files){served.daemon.pid, open_files(served.daemon.pid)};
    scrape(&served, 10000);
    printf("after 10,000 scrapes: %lld kB resident, %lld kB before\n",
           (long long)resident_kb(served.daemon.pid), (long long)before_kb);
    await(has_few_files, &files, AWAIT_MS, "no more open files than before");
    if (!sanitized)
        ck_assert_int_le(resident_kb(served.daemon.pid), before_kb + 1024);
    served_end(&served); /* under the leak checker it would not end with 0 */
}
END_TEST

/* ---- many jobs ---- */

enum { JOBS = 1000 };

static const char *thousand_jobs(void)
{
    struct text sections = {0};

    for (int i = 0; i < JOBS; i++)
        text_addf(&sections, "[job number_%d]\ntable = orders\nexpires = deleted_at + 30d\n", i);
    return keep_text(text_take(&sections));
}

static double busy_ms(pid_t pid)
{
    struct timespec busy;
    clockid_t clock;

    ck_assert_int_eq(clock_getcpuclockid(pid, &clock), 0);
    ck_assert_int_eq(clock_gettime(clock, &busy), 0);
    return 1e3 * (double)busy.tv_sec + 1e-6 * (double)busy.tv_nsec;
}

/* What an answer costs the daemon. That is its processor's time, because nobody would get anything
 * in time from a machine that is busy with other tests. */
static double cost_ms(const struct served *served, const char *path)
{
    enum { TIMES = 20 };
    double before = busy_ms(served->daemon.pid);

    for (int i = 0; i < TIMES; i++)
        ck_assert_int_eq(ask_for_status(served->socket, path), 200);
    return (busy_ms(served->daemon.pid) - before) / TIMES;
}

START_TEST(a_thousand_idle_jobs_stay_small_and_are_shown_quickly)
{
    struct served served = served_new();
    double status_ms, metrics_ms;
    int64_t kb;

    scene_add_orders(&served.scene, 4);
    served_start(&served, served_config(&served, "", thousand_jobs()));
    await_sql(served.scene.own, "SELECT count(*) = 1000 FROM pgpurged.runs WHERE outcome = 'done'",
              2 * AWAIT_MS);
    scene_await_no_daemon(&served.scene); /* its sessions, that is */
    scrape(&served, 20);
    status_ms = cost_ms(&served, "/v1/status");
    metrics_ms = cost_ms(&served, "/metrics");
    kb = resident_kb(served.daemon.pid);
    printf("1,000 jobs: status in %.1f ms, metrics in %.1f ms, %lld kB resident\n", status_ms,
           metrics_ms, (long long)kb);
    if (!sanitized) {
        ck_assert_int_le(kb, 20 * 1024);
        ck_assert_double_le(status_ms, 20);
    }
    served_end(&served);
}
END_TEST

/* ---- what Prometheus makes of it ---- */

static bool is_installed(const char *program)
{
    return program_run(NULL, "/bin/sh", "-c", keep_format("command -v %s", program), NULL) == 0;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names and labels of all series, up to the value. */
static size_t split_series(char *text, const char **series, size_t most)
{
    size_t count = 0;

    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
        if (line[0] != '#') {
            ck_assert_uint_lt(count, most);
            *strrchr(line, ' ') = '\0';
            series[count++] = line;
        }
    return count;
}

START_TEST(no_series_of_the_real_daemon_is_there_twice_and_promtool_finds_nothing)
{
    enum { MOST_SERIES = 10000 };
    static const char *series[MOST_SERIES];
    struct served served = served_new();
    const char *file = keep_format("%s/metrics", served.folder);
    const char *jobs = "[job second]\ntable = second\nexpires = deleted_at + 30d\n"
                       "[database gone]\nconninfo = host=/nowhere\n"
                       "[job third]\ndatabase = gone\ntable = t\nexpires = at expires_at\n";
    const char *output;

    scene_add_orders(&served.scene, 100);
    served_start(&served, served_config(&served, "", keep_format("%s%s", scene_job(""), jobs)));
    scene_await_run(&served.scene, "orders", "done");
    served_await(&served, "second", "stopped", "refused");
    const char *metrics = ask_get(served.socket, "/metrics").body;
    served_write(file, metrics);
    size_t count = split_series((char *)keep_format("%s", metrics), series, MOST_SERIES);
    qsort(series, count, sizeof series[0], compare_lines);
    for (size_t i = 1; i < count; i++)
        ck_assert_str_ne(series[i - 1], series[i]);
    served_end(&served);
    if (!is_installed("promtool"))
        harness_skip("promtool is not installed (apt-get install prometheus)");
    int code = program_run(&output, "/bin/sh", "-c",
                           keep_format("promtool check metrics <%s", file), NULL);
    ck_assert_msg(code == 0 && text_equal(output, ""), "promtool, %d: %s", code, output);
}
END_TEST

struct query {
    const char *port, *path;
    struct answer answer;
};

static bool has_result(void *arg)
{
    struct query *query = arg;

    query->answer = ask_get(query->port, query->path);
    return query->answer.status == 200 && strstr(query->answer.body, "\"value\":[") != NULL;
}

static pid_t start_prometheus(const struct served *served, const char *target, const char *port)
{
    const char *config = keep_format("%s/prometheus.yml", served->folder);
    const char *arguments =
        keep_format("exec prometheus --config.file=%s --storage.tsdb.path=%s/prometheus"
                    " --web.listen-address=127.0.0.1:%s",
                    config, served->folder, port);
    const char *argv[] = {"/bin/sh", "-c", arguments, NULL};

    served_write(config, keep_format("global: {scrape_interval: 1s}\n"
                                     "scrape_configs:\n"
                                     "  - job_name: pgpurged\n"
                                     "    honor_labels: true\n"
                                     "    static_configs: [{targets: ['127.0.0.1:%s']}]\n",
                                     target));
    return spawn(&(struct spawn){.argv = argv,
                                 .output = keep_format("%s/prometheus.log", served->folder),
                                 .death_signal = SIGKILL});
}

START_TEST(a_real_prometheus_knows_how_late_the_oldest_row_is)
{
    struct query query = {.path = "/api/v1/query?query=pgpurged_job_oldest_overdue_seconds"};
    struct served served;
    const char *metrics_port, *value;
    pid_t prometheus;

    if (!is_installed("prometheus"))
        harness_skip("prometheus is not installed (apt-get install prometheus)");
    served = served_new();
    metrics_port = ask_free_port();
    query.port = ask_free_port();
    scene_add_orders(&served.scene, 100);
    served_write(keep_format("%s/paused", served.folder), "orders\n");
    served_start(&served,
                 served_config(&served, keep_format("metrics_listen = 127.0.0.1:%s", metrics_port),
                               scene_job("")));
    served_await(&served, "orders", "held", "paused");
    prometheus = start_prometheus(&served, metrics_port, query.port);
    if (!await_quietly(has_result, &query, AWAIT_MS))
        ck_abort_msg("no answer from Prometheus: %d %s; its log:\n%s", query.answer.status,
                     query.answer.body,
                     keep_tail(keep_file(keep_format("%s/prometheus.log", served.folder))));
    ck_assert_msg(strstr(query.answer.body, "\"job_name\":\"orders\"") != NULL, "%s",
                  query.answer.body);
    value = strchr(strstr(query.answer.body, "\"value\":["), '"') + strlen("\"value\":[");
    value = strchr(value, '"') + 1;
    ck_assert_double_ge(atof(value), 86400 + 98 * 60);
    kill(prometheus, SIGTERM);
    ck_assert(spawn_wait(prometheus, AWAIT_MS, &(int){0}));
    served_end(&served);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        an_honest_question_is_answered_at_once_in_a_crowd_and_the_purge_goes_on,
        ten_thousand_scrapes_leak_nothing,
        a_thousand_idle_jobs_stay_small_and_are_shown_quickly,
        no_series_of_the_real_daemon_is_there_twice_and_promtool_finds_nothing,
        a_real_prometheus_knows_how_late_the_oldest_row_is,
    };
    return harness_main(tests, ARRAY_LENGTH(tests), &(struct cluster_options){0});
}
