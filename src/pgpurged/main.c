#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "config.h"
#include "config/duration.h"
#include "config/settings.h"
#include "net/sd.h"
#include "pgpurged/configuration.h"
#include "pgpurged/daemon.h"
#include "pgpurged/plan.h"
#include "sql/schema.h"

enum verb { VERB_RUN, VERB_CHECK, VERB_PLAN, VERB_ONCE, VERB_INIT_SQL, VERB_PRINT_CONFIG };

struct arguments {
    const char *config_path; /* NULL = none was named */
    enum verb verb;
    const char *verb_option; /* the option that asked for it; NULL = none did */
    const char *role;        /* --init-sql=ROLE */
    char *const *names;
    size_t name_count;
    int64_t count_ms; /* --exact */
    bool json;
};

#define DEFAULT_CONFIG PGPURGED_SYSCONFDIR "/pgpurged/pgpurged.conf"

static const char usage[] =
    "Usage: pgpurged [OPTION]... [JOB]...\n"
    "Removes expired rows from PostgreSQL tables as its configuration says.\n"
    "\n"
    "Without an option it runs in the foreground and logs to stderr.\n"
    "\n"
    "  -c, --config FILE    the configuration [" DEFAULT_CONFIG "]\n"
    "      --check          check the configuration and exit\n"
    "      --plan [JOB]...  connect and print the due rows, the scan and the SQL; deletes nothing\n"
    "      --exact[=TIME]   with --plan: count the rows instead of estimating them, for at most\n"
    "                       TIME per job [60s]\n"
    "      --json           with --plan: print JSON\n"
    "      --once [JOB]...  run each job once, now, outside its window too, and exit\n"
    "      --print-config   print the configuration in canonical form with all defaults\n"
    "      --init-sql[=ROLE]\n"
    "                       print the SQL that prepares or upgrades a database, for psql; ROLE\n"
    "                       is the daemon's login role [pgpurged]\n"
    "  -h, --help           print this text and exit\n"
    "  -V, --version        print the version and exit\n"
    "\n"
    "SIGHUP reloads the configuration. SIGTERM finishes the batches in flight and exits.\n"
    "Exit status: 0 success, 1 failure, 2 bad usage or configuration,\n"
    "3 incomplete: due rows are left (held, rejected or locked).\n";

static int usage_error(void)
{
    fputs("Try `pgpurged --help`.\n", stderr);
    return EXIT_USAGE;
}

enum {
    OPTION_CHECK = 256,
    OPTION_PLAN,
    OPTION_EXACT,
    OPTION_JSON,
    OPTION_ONCE,
    OPTION_INIT_SQL,
    OPTION_PRINT_CONFIG
};

static const struct option long_options[] = {
    {"config", required_argument, NULL, 'c'},
    {"check", no_argument, NULL, OPTION_CHECK},
    {"plan", no_argument, NULL, OPTION_PLAN},
    {"exact", optional_argument, NULL, OPTION_EXACT},
    {"json", no_argument, NULL, OPTION_JSON},
    {"once", no_argument, NULL, OPTION_ONCE},
    {"init-sql", optional_argument, NULL, OPTION_INIT_SQL},
    {"print-config", no_argument, NULL, OPTION_PRINT_CONFIG},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

/* The time limit of --exact without a value. */
enum { COUNT_MS = 60 * 1000 };

static bool read_count_time(const char *value, struct arguments *arguments)
{
    struct err err;

    arguments->count_ms = COUNT_MS;
    if (value == NULL ||
        (duration_parse_ms(value, "s", &arguments->count_ms, &err) && arguments->count_ms > 0))
        return true;
    fprintf(stderr, "pgpurged: --exact: %s\n",
            arguments->count_ms > 0 ? err.text : "the time must be longer than 0");
    return false;
}

/* Options that change how another option works. Returns false if that option is missing. */
static bool check_arguments(const struct arguments *arguments)
{
    const char *stray = arguments->json ? "--json" : arguments->count_ms > 0 ? "--exact" : NULL;

    if (arguments->name_count > 0 && arguments->verb != VERB_PLAN && arguments->verb != VERB_ONCE) {
        fprintf(stderr, "pgpurged: \"%s\": job names need --plan or --once\n", arguments->names[0]);
        return false;
    }
    if (stray != NULL && arguments->verb != VERB_PLAN) {
        fprintf(stderr, "pgpurged: %s needs --plan\n", stray);
        return false;
    }
    return true;
}

/* A command line that says two things is a typo, and one of the two may delete: whichever would
 * win, nothing is done. Returns false for the caller to return. */
static bool contradicts(const char *first, const char *second)
{
    if (text_equal(first, second))
        fprintf(stderr, "pgpurged: %s is given twice\n", first);
    else
        fprintf(stderr, "pgpurged: %s and %s exclude each other\n", first, second);
    return false;
}

static bool take_config(const char *path, struct arguments *arguments)
{
    if (arguments->config_path != NULL)
        return contradicts("--config", "--config");
    arguments->config_path = path;
    return true;
}

/* The options of which a command line has at most one. Returns false if it is none of them, or not
 * the only one. */
static bool take_verb(int option, struct arguments *arguments)
{
    static const struct {
        int option;
        enum verb verb;
        const char *name;
    } verbs[] = {
        {OPTION_CHECK, VERB_CHECK, "--check"},
        {OPTION_PLAN, VERB_PLAN, "--plan"},
        {OPTION_ONCE, VERB_ONCE, "--once"},
        {OPTION_INIT_SQL, VERB_INIT_SQL, "--init-sql"},
        {OPTION_PRINT_CONFIG, VERB_PRINT_CONFIG, "--print-config"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(verbs); i++)
        if (verbs[i].option == option) {
            if (arguments->verb_option != NULL)
                return contradicts(arguments->verb_option, verbs[i].name);
            arguments->verb = verbs[i].verb;
            arguments->verb_option = verbs[i].name;
            return true;
        }
    return false;
}

/* Returns false with *status set if the program is to end here. */
static bool take_option(int option, struct arguments *arguments, int *status)
{
    switch (option) {
    case 'c':
        if (take_config(optarg, arguments))
            return true;
        break;
    case OPTION_EXACT:
        if (read_count_time(optarg, arguments))
            return true;
        break;
    case OPTION_JSON:
        arguments->json = true;
        return true;
    case OPTION_INIT_SQL:
        if (optarg != NULL)
            arguments->role = optarg;
        if (take_verb(option, arguments))
            return true;
        break;
    case 'h':
        fputs(usage, stdout);
        *status = EXIT_DONE;
        return false;
    case 'V':
        puts(PACKAGE_STRING);
        *status = EXIT_DONE;
        return false;
    default:
        if (take_verb(option, arguments))
            return true;
        break;
    }
    *status = usage_error();
    return false;
}

/* Returns false with *status set if the program is to end here. */
static bool read_arguments(int argc, char **argv, struct arguments *arguments, int *status)
{
    int option;

    *arguments = (struct arguments){.role = "pgpurged"};
    while ((option = getopt_long(argc, argv, "c:hV", long_options, NULL)) != -1)
        if (!take_option(option, arguments, status))
            return false;
    if (arguments->config_path == NULL)
        arguments->config_path = DEFAULT_CONFIG;
    arguments->names = argv + optind;
    arguments->name_count = (size_t)(argc - optind);
    if (check_arguments(arguments))
        return true;
    *status = usage_error();
    return false;
}

static int print_init_sql(const char *role)
{
    struct text sql = {0};

    schema_sql(role, &sql);
    fputs(sql.data, stdout);
    text_free(&sql);
    return EXIT_DONE;
}

static int print_config(struct settings *settings)
{
    struct text out = {0};

    settings_print(settings, &out);
    fputs(out.data, stdout);
    text_free(&out);
    settings_free(settings);
    return EXIT_DONE;
}

static int check_config(struct settings *settings)
{
    size_t databases = settings->database_count, jobs = settings->job_count;

    printf("%s: correct: %zu database%s, %zu job%s\n", settings->path, databases,
           databases == 1 ? "" : "s", jobs, jobs == 1 ? "" : "s");
    settings_free(settings);
    return EXIT_DONE;
}

static int run_verb(const struct arguments *arguments, struct settings *settings)
{
    struct daemon_order order = {arguments->config_path, arguments->verb == VERB_ONCE,
                                 arguments->names, arguments->name_count};
    struct plan_order plan = {arguments->names, arguments->name_count, arguments->count_ms,
                              arguments->json};

    if (!configuration_has_jobs(settings, arguments->names, arguments->name_count)) {
        settings_free(settings);
        return EXIT_USAGE;
    }
    switch (arguments->verb) {
    case VERB_CHECK:
        return check_config(settings);
    case VERB_PRINT_CONFIG:
        return print_config(settings);
    case VERB_PLAN:
        return plan_run(settings, &plan);
    case VERB_RUN:
    case VERB_ONCE:
        configuration_apply_log(settings);
        log_never_wait();
        return daemon_run(settings, &order);
    case VERB_INIT_SQL:
        break;
    }
    return EXIT_USAGE;
}

/* The memory of a long answer, such as 7 MB of metrics for 1,000 jobs, goes back to the kernel once
 * the answer is sent. By default glibc raises its threshold after the first such block and keeps
 * all later ones; setting the threshold to its initial value stops that. */
static void free_large_blocks_at_once(void)
{
#ifdef M_MMAP_THRESHOLD
    mallopt(M_MMAP_THRESHOLD, 128 * 1024);
#endif
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    struct settings *settings;
    struct err err;
    int status;

    free_large_blocks_at_once();
    if (!read_arguments(argc, argv, &arguments, &status))
        return status;
    if (arguments.verb == VERB_INIT_SQL)
        return print_init_sql(arguments.role);
    log_setup(LOG_LEVEL_INFO, notify_stderr_is_journal());
    settings = configuration_load(arguments.config_path, &err);
    if (settings == NULL) {
        log_error("%s", err.text);
        return EXIT_USAGE;
    }
    return run_verb(&arguments, settings);
}
