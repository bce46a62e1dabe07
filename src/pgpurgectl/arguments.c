#include "pgpurgectl/arguments.h"

#include <getopt.h>
#include <math.h>
#include <stdlib.h>

#include "base/text.h"
#include "config/duration.h"

/* Options without a letter of their own. */
enum {
    OPTION_COLOR = 256,
    OPTION_INTERVAL,
    OPTION_SUCCESS_CRITICAL,
    OPTION_SUCCESS_WARNING,
    OPTION_TIMEOUT
};

enum { DAY_S = 86400 };

static const struct option long_options[] = {
    {"color", required_argument, NULL, OPTION_COLOR},
    {"critical", required_argument, NULL, 'c'},
    {"help", no_argument, NULL, 'h'},
    {"interval", required_argument, NULL, OPTION_INTERVAL},
    {"json", no_argument, NULL, 'j'},
    {"socket", required_argument, NULL, 's'},
    {"success-critical", required_argument, NULL, OPTION_SUCCESS_CRITICAL},
    {"success-warning", required_argument, NULL, OPTION_SUCCESS_WARNING},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"version", no_argument, NULL, 'V'},
    {"warning", required_argument, NULL, 'w'},
    {NULL, 0, NULL, 0},
};

void arguments_help(FILE *out)
{
    fputs(
        "usage: pgpurgectl [OPTION...] [COMMAND] [JOB]\n"
        "\n"
        "Commands:\n"
        "  status [JOB]          print what the daemon does, and why a job does not run (default)\n"
        "  watch [JOB]           print the status again and again\n"
        "  check [JOB]           print one line and set the exit code for a monitoring system\n"
        "  run JOB               start a run now, even outside the job's window\n"
        "  pause JOB             pause the job until it is resumed, also after a restart\n"
        "  resume JOB            end the pause\n"
        "  reload                make the daemon read its configuration again\n"
        "  metrics               print the metrics in the text format of Prometheus\n"
        "  jobs                  print the names of the jobs, one per line\n"
        "\n"
        "Options:\n"
        "  -s, --socket PATH     the daemon's socket (" PGPURGED_SOCKET ")\n"
        "  -j, --json            print JSON\n"
        "      --timeout TIME    longest time to wait for an answer (10s)\n"
        "      --color WHEN      auto, always or never\n"
        "      --interval TIME   with watch: time between two updates (2s)\n"
        "  -h, --help            print this and exit\n"
        "  -V, --version         print the version and exit\n"
        "\n"
        "Options of check:\n"
        "  -w, --warning TIME    WARNING if the oldest due row is later than this (2d)\n"
        "  -c, --critical TIME   CRITICAL if it is later than this (7d)\n"
        "      --success-warning TIME, --success-critical TIME\n"
        "                        longest time since the last successful run (not checked)\n"
        "\n"
        "A TIME is a number and a unit: ms, s, min, h, d, w.\n"
        "Exit codes: 0 success; 1 the daemon refused; 2 no daemon answers; 3 bad usage.\n"
        "Exit codes of check: 0 OK, 1 WARNING, 2 CRITICAL or no daemon answers, 3 UNKNOWN or bad "
        "usage.\n",
        out);
}

static bool read_ms(const char *option, const char *value, int64_t *ms, struct err *err)
{
    if (!duration_parse_ms(value, "s", ms, err))
        return err_prefix(err, "%s", option);
    if (*ms < 100)
        return err_set(err, "%s: %s is too short; the minimum is 100ms", option, value);
    return true;
}

static bool read_limit(const char *option, const char *value, double *seconds, struct err *err)
{
    int64_t ms;

    if (!duration_parse_ms(value, "h", &ms, err))
        return err_prefix(err, "%s", option);
    *seconds = (double)ms / 1000;
    return true;
}

static bool read_colour(const char *value, enum colour *colour, struct err *err)
{
    static const char *const names[] = {
        [COLOUR_AUTO] = "auto", [COLOUR_ALWAYS] = "always", [COLOUR_NEVER] = "never"};

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (text_equal(value, names[i])) {
            *colour = (enum colour)i;
            return true;
        }
    return err_set(err, "--color: \"%s\" is not one of auto, always, never", value);
}

/* With two sockets it is not clear which daemon was meant. */
static bool read_socket(const char *path, struct arguments *arguments, struct err *err)
{
    if (arguments->socket != NULL)
        return err_set(err, "--socket is given twice");
    arguments->socket = path;
    return true;
}

static bool read_option(int letter, const char *value, struct arguments *arguments, struct err *err)
{
    switch (letter) {
    case 's':
        return read_socket(value, arguments, err);
    case 'j':
        arguments->json = true;
        return true;
    case 'h':
        arguments->help = true;
        return true;
    case 'V':
        arguments->version = true;
        return true;
    case 'w':
        return read_limit("--warning", value, &arguments->limits.overdue_warning_s, err);
    case 'c':
        return read_limit("--critical", value, &arguments->limits.overdue_critical_s, err);
    case OPTION_SUCCESS_WARNING:
        return read_limit("--success-warning", value, &arguments->limits.success_warning_s, err);
    case OPTION_SUCCESS_CRITICAL:
        return read_limit("--success-critical", value, &arguments->limits.success_critical_s, err);
    case OPTION_COLOR:
        return read_colour(value, &arguments->colour, err);
    case OPTION_INTERVAL:
        return read_ms("--interval", value, &arguments->interval_ms, err);
    case OPTION_TIMEOUT:
        return read_ms("--timeout", value, &arguments->timeout_ms, err);
    }
    return false;
}

/* getopt only tells the position; the sentence is ours. */
static bool option_failed(int letter, char **argv, struct err *err)
{
    const char *word = argv[optind - 1];

    if (letter == ':')
        return err_set(err, "%s needs a value", word);
    if (text_starts(word, "--") && optopt != 0)
        return err_set(err, "%s: this option takes no value", word);
    if (optopt != 0)
        return err_set(err, "there is no option -%c", optopt);
    return err_set(err, "there is no option %s", word);
}

bool arguments_read(int argc, char **argv, struct arguments *arguments, struct err *err)
{
    int letter;

    *arguments = (struct arguments){
        .timeout_ms = 10 * 1000,
        .interval_ms = 2 * 1000,
        .limits = {2 * DAY_S, 7 * DAY_S, NAN, NAN},
    };
    opterr = 0;
    while ((letter = getopt_long(argc, argv, ":c:hjs:Vw:", long_options, NULL)) != -1) {
        if (letter == '?' || letter == ':')
            return option_failed(letter, argv, err);
        if (!read_option(letter, optarg, arguments, err))
            return false;
    }
    if (arguments->socket == NULL)
        arguments->socket = PGPURGED_SOCKET;
    arguments->words = argv + optind;
    arguments->word_count = argc - optind;
    return true;
}
