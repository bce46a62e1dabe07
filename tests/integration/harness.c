#include "integration/harness.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "integration/bindir.h"

enum {
    AUTOMAKE_SKIP = 77,
    LONGEST_MESSAGE_BYTES = 1 << 20, /* a failure shows a daemon's log; Check gives up at 4 kB */
};

static struct cluster *the_cluster;

struct cluster *harness_cluster(void)
{
    return the_cluster;
}

/* A skipped test counts as a check that passed in Check's own summary; who adds up takes the lines
 * that begin with SKIP off again. */
static void print_skip(const char *test, const char *reason)
{
    printf("SKIP: %s: %s\n", test, reason);
    fflush(stdout);
}

void harness_skip(const char *reason)
{
    print_skip(tcase_name(), reason);
    exit(0);
}

static int skip_all(const TTest *const *tests, size_t count)
{
    for (size_t i = 0; i < count; i++)
        print_skip(tests[i]->name, "no PostgreSQL server of version 14 or newer is installed");
    printf("100%%: Checks: %zu, Failures: 0, Errors: 0\n", count);
    return AUTOMAKE_SKIP;
}

static Suite *suite_of(const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(program_invocation_short_name);
    for (size_t i = 0; i < count; i++) {
        TCase *tcase = tcase_create(tests[i]->name);
        tcase_set_timeout(tcase, HARNESS_TIMEOUT_S);
        tcase_add_test(tcase, tests[i]);
        suite_add_tcase(suite, tcase);
    }
    return suite;
}

static int run(Suite *suite)
{
    check_set_max_msg_size(LONGEST_MESSAGE_BYTES);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int harness_main(const TTest *const *tests, size_t count, const struct cluster_options *options)
{
    struct err err;
    const char *bindir = bindir_find();
    if (bindir == NULL)
        return skip_all(tests, count);
    umask(022); /* as root we have a server and strangers at the socket that are other users */
    the_cluster = cluster_new(bindir, options, &err);
    if (the_cluster == NULL) {
        fprintf(stderr, "%s\n", err.text);
        return EXIT_FAILURE;
    }
    int result = run(suite_of(tests, count));
    cluster_free(the_cluster);
    return result;
}
