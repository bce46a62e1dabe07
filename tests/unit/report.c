#include "report.h"

#include <stdlib.h>

int main(void)
{
    Suite *suite = suite_create("show");
    SRunner *runner = srunner_create(suite);
    int failed;

    setenv("TZ", "UTC", 1); /* single moments are shown in local time */
    suite_add_tcase(suite, counters_cases());
    suite_add_tcase(suite, number_cases());
    suite_add_tcase(suite, human_cases());
    suite_add_tcase(suite, json_cases());
    suite_add_tcase(suite, plan_cases());
    suite_add_tcase(suite, prometheus_cases());
    suite_add_tcase(suite, terminal_cases());
    suite_add_tcase(suite, check_cases());
    suite_add_tcase(suite, rejected_cases());
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
