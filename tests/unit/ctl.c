#include "ctl.h"

#include <stdlib.h>

int main(void)
{
    Suite *suite = suite_create("pgpurgectl");
    SRunner *runner = srunner_create(suite);
    int failed;

    setenv("TZ", "UTC", 1);
    suite_add_tcase(suite, ctl_commands_cases());
    suite_add_tcase(suite, ctl_completion_cases());
    suite_add_tcase(suite, ctl_trouble_cases());
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
