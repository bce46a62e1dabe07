#include "model/codes.h"

struct word {
    const char *code, *sentence;
};

#define WORDS_ROW(name, code, sentence) [name] = {code, sentence},
static const struct word job_states[] = {JOB_STATES(WORDS_ROW)};
static const struct word reasons[] = {REASONS(WORDS_ROW)};
static const struct word run_outcomes[] = {RUN_OUTCOMES(WORDS_ROW)};
static const struct word vacuum_outcomes[] = {VACUUM_OUTCOMES(WORDS_ROW)};
static const struct word batch_outcomes[] = {BATCH_OUTCOMES(WORDS_ROW)};
static const struct word rejected_reasons[] = {REJECTED_REASONS(WORDS_ROW)};

#define WORDS_FUNCTIONS(kind, type, table)                                                         \
    const char *kind##_code(enum type word)                                                        \
    {                                                                                              \
        return table[word].code;                                                                   \
    }                                                                                              \
    const char *kind##_sentence(enum type word)                                                    \
    {                                                                                              \
        return table[word].sentence;                                                               \
    }

WORDS_FUNCTIONS(job_state, job_state, job_states)
WORDS_FUNCTIONS(reason, reason, reasons)
WORDS_FUNCTIONS(run_outcome, run_outcome, run_outcomes)
WORDS_FUNCTIONS(vacuum_outcome, vacuum_outcome, vacuum_outcomes)
WORDS_FUNCTIONS(batch_outcome, batch_outcome, batch_outcomes)
WORDS_FUNCTIONS(rejected_reason, rejected_reason, rejected_reasons)
