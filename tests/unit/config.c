/* check_config: everything about src/config/, without a server. */
#include <stdlib.h>

#include "config_cases.h"

int main(void)
{
    Suite *suite = suite_create("config");
    SRunner *runner;
    int failed;

    suite_add_tcase(suite, config_inih_cases());
    suite_add_tcase(suite, config_values_cases());
    suite_add_tcase(suite, config_marks_cases());
    suite_add_tcase(suite, config_reference_cases());
    suite_add_tcase(suite, config_lines_cases());
    suite_add_tcase(suite, config_settings_cases());
    suite_add_tcase(suite, config_golden_cases());
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
