/*
 * The cases of tests/unit/policy: one file for each thing that src/policy/ decides, put together
 * and run by policy.c. None of them needs a server or a clock.
 */
#ifndef TESTS_UNIT_POLICY_H
#define TESTS_UNIT_POLICY_H

#include <check.h>

TCase *admission_cases(void);
TCase *advice_cases(void);
TCase *backoff_cases(void);
TCase *breaker_cases(void);
TCase *choose_cases(void);
TCase *forecast_cases(void);
TCase *guard_cases(void);
TCase *job_step_cases(void);
TCase *limits_cases(void);
TCase *next_cases(void);
TCase *order_cases(void);
TCase *outcome_cases(void);
TCase *pace_cases(void);
TCase *schedule_cases(void);
TCase *urgency_cases(void);
TCase *vacuum_cases(void);
TCase *window_cases(void);

#endif
