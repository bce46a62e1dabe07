/* The cases of check_config, one for each file config_*.c; the suite owns them. */
#ifndef TESTS_UNIT_CONFIG_CASES_H
#define TESTS_UNIT_CONFIG_CASES_H

#include <check.h>

TCase *config_inih_cases(void);
TCase *config_values_cases(void);
TCase *config_marks_cases(void);
TCase *config_reference_cases(void);
TCase *config_lines_cases(void);
TCase *config_settings_cases(void);
TCase *config_golden_cases(void);

#endif
