#include "catalog/sequence.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct sequence {
    struct pg *pg;
    struct sequence_part *parts;
    size_t part_count;
    size_t part, question; /* the one that was asked last */
    sequence_fn *fn;
    void *arg;
};

/* --- values --- */

void question_text(struct question_values *values, const char *text)
{
    values->values[values->count++] = text;
}

void question_number(struct question_values *values, int64_t number)
{
    question_text(values, query_number(&values->numbers[values->count], number));
}

const char *question_built(struct question_values *values, char *text)
{
    values->built[values->built_count++] = text;
    return text;
}

void question_sent(struct question_values *values)
{
    for (size_t i = 0; i < values->built_count; i++)
        free(values->built[i]);
}

enum batch_outcome question_fine_if(bool fine)
{
    return fine ? BATCH_COMMITTED : BATCH_REFUSED;
}

/* --- asking --- */

static void answered(void *arg, const struct pg_result *reply);

static void send_question(struct sequence *sequence, const struct question *question, void *data)
{
    struct question_values values = {.sql = question->sql};
    struct pg_step step;

    if (question->values != NULL)
        question->values(data, &values);
    step = (struct pg_step){values.sql, values.values, values.count};
    switch (question->manner) {
    case QUESTION_USUAL:
        query_send(sequence->pg, &step, true, answered, sequence);
        break;
    case QUESTION_INDEX:
        query_send_to_index(sequence->pg, &step, answered, sequence);
        break;
    case QUESTION_PATIENT:
        query_send_patiently(sequence->pg, &step, values.timeout_ms, answered, sequence);
        break;
    }
    question_sent(&values);
}

/* Asks the next question that is wanted, beginning with the one at hand; ends the sequence where
 * there is none. */
static void ask(struct sequence *sequence)
{
    for (; sequence->part < sequence->part_count; sequence->part++, sequence->question = 0) {
        const struct sequence_part *part = &sequence->parts[sequence->part];

        for (; sequence->question < part->count; sequence->question++) {
            const struct question *question = &part->questions[sequence->question];

            if (question->wanted == NULL || question->wanted(part->data)) {
                send_question(sequence, question, part->data);
                return;
            }
        }
    }
    sequence->fn(sequence->arg, BATCH_COMMITTED, NULL);
}

/* No row is touched here: what would be a row's fault in a batch is the question's fault. */
static enum batch_outcome failed(const struct question *question, void *data,
                                 const struct pg_result *reply, struct err *err)
{
    enum batch_outcome outcome = query_outcome(reply);

    query_error(pg_result_error(reply), err);
    if (pg_result_status(reply) == PG_FAILED && question->failed != NULL)
        return question->failed(data, outcome, err);
    return outcome == BATCH_ROW_ERROR ? BATCH_REFUSED : outcome;
}

static enum batch_outcome succeeded(const struct question *question, void *data,
                                    const struct pg_result *reply, struct err *err)
{
    if (question->judge != NULL)
        return question->judge(data, reply, err);
    if (question->read != NULL)
        question->read(data, reply);
    return BATCH_COMMITTED;
}

static void answered(void *arg, const struct pg_result *reply)
{
    struct sequence *sequence = arg;
    const struct sequence_part *part = &sequence->parts[sequence->part];
    const struct question *question = &part->questions[sequence->question];
    enum batch_outcome outcome;
    struct err err = {""};

    outcome = pg_result_status(reply) == PG_DONE ? succeeded(question, part->data, reply, &err)
                                                 : failed(question, part->data, reply, &err);
    if (outcome != BATCH_COMMITTED) {
        sequence->fn(sequence->arg, outcome, &err);
        return;
    }
    if (!question->again)
        sequence->question++;
    ask(sequence);
}

struct sequence *sequence_start(struct pg *pg, const struct sequence_part *parts, size_t count,
                                sequence_fn *fn, void *arg)
{
    struct sequence *sequence = mem_new(sizeof *sequence);

    *sequence = (struct sequence){.pg = pg, .part_count = count, .fn = fn, .arg = arg};
    sequence->parts = mem_new(count * sizeof *parts);
    memcpy(sequence->parts, parts, count * sizeof *parts);
    ask(sequence);
    return sequence;
}

void sequence_free(struct sequence *sequence)
{
    if (sequence == NULL)
        return;
    free(sequence->parts);
    free(sequence);
}
