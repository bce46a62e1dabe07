/*
 * harness: the main program of an integration test.
 *
 * One program has one cluster, made before its first test and removed after the last; each test
 * takes a database of its own from it. Where the machine has no PostgreSQL server, every test is
 * skipped, with a line "SKIP: TEST: reason" that tests/run counts.
 */
#ifndef PGPURGED_INTEGRATION_HARNESS_H
#define PGPURGED_INTEGRATION_HARNESS_H

#include <check.h>
#include <stddef.h>

#include "integration/cluster.h"

/* The time that a test may take, in seconds, sanitizers and a busy machine included. */
enum { HARNESS_TIMEOUT_S = 300 };

/* Runs the tests, each as a test case of its own name (so CK_RUN_CASE=NAME runs one alone), and
 * returns what main() has to return. */
int harness_main(const TTest *const *tests, size_t count, const struct cluster_options *options);

/* The cluster that all tests of the program share. */
struct cluster *harness_cluster(void);

/* Ends the running test as skipped. */
void harness_skip(const char *reason) __attribute__((noreturn));

#endif
