#include "http.h"

#include <stdlib.h>

int main(void)
{
    SRunner *runner = srunner_create(http_parse_suite());
    int failed;

    srunner_add_suite(runner, http_listen_suite());
    srunner_add_suite(runner, http_server_suite());
    srunner_add_suite(runner, http_guard_suite());
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
