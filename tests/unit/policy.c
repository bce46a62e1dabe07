#include "policy.h"

#include <stdlib.h>

int main(void)
{
    Suite *suite = suite_create("policy");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, admission_cases());
    suite_add_tcase(suite, advice_cases());
    suite_add_tcase(suite, backoff_cases());
    suite_add_tcase(suite, breaker_cases());
    suite_add_tcase(suite, choose_cases());
    suite_add_tcase(suite, forecast_cases());
    suite_add_tcase(suite, guard_cases());
    suite_add_tcase(suite, job_step_cases());
    suite_add_tcase(suite, limits_cases());
    suite_add_tcase(suite, next_cases());
    suite_add_tcase(suite, order_cases());
    suite_add_tcase(suite, outcome_cases());
    suite_add_tcase(suite, pace_cases());
    suite_add_tcase(suite, schedule_cases());
    suite_add_tcase(suite, urgency_cases());
    suite_add_tcase(suite, vacuum_cases());
    suite_add_tcase(suite, window_cases());
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
