#include "engine/run_totals.h"

#include <math.h>

#include "report/json.h"

void run_totals_start(struct run_totals *totals, const struct reference_graph *references)
{
    totals->began = mono_now();
    totals->rows_before = totals->run.rows;
    totals->last_rows = 0;
    totals->most_passes = 1;
    totals->moving = false;
    run_totals_count_anew(totals, references);
}

void run_totals_free(struct run_totals *totals)
{
    fk_blocked_free(&totals->fk_blocked);
    rejected_list_free(&totals->rejected_by);
}

void run_totals_add(struct run_totals *totals, int64_t rows)
{
    totals->last_rows = rows;
    totals->run.rows += rows;
    totals->run.batches += rows > 0;
}

void run_totals_reject(struct run_totals *totals, int64_t rows, const struct rejected_cause *cause)
{
    totals->rejected += rows;
    rejected_list_add(&totals->rejected_by, cause, rows);
}

void run_totals_end_partition(struct run_totals *totals, int passes, int64_t skipped)
{
    totals->skipped += skipped;
    fk_blocked_end_partition(&totals->fk_blocked);
    if (passes > totals->most_passes)
        totals->most_passes = passes;
}

void run_totals_count_anew(struct run_totals *totals, const struct reference_graph *references)
{
    totals->skipped = 0;
    fk_blocked_begin_run(&totals->fk_blocked, references);
    totals->rejected = 0;
    rejected_list_free(&totals->rejected_by);
}

int64_t run_totals_rejected(const struct run_totals *totals)
{
    return totals->rejected + fk_blocked_rows(&totals->fk_blocked);
}

void run_totals_list_rejected(const struct run_totals *totals,
                              const struct reference_graph *references, struct rejected_list *list)
{
    fk_blocked_list(&totals->fk_blocked, references, list);
    rejected_list_add_all(list, &totals->rejected_by);
    rejected_list_sort(list);
}

bool run_totals_explain_left(const struct run_totals *totals,
                             const struct reference_graph *references, struct text *detail)
{
    struct rejected_list rejected = {0};

    if (totals->skipped > 0)
        text_addf(detail, "%lld due rows are left that others had locked",
                  (long long)totals->skipped);
    run_totals_list_rejected(totals, references, &rejected);
    if (rejected.count > 0) {
        text_add(detail, detail->length > 0 ? ", " : "");
        rejected_list_explain(&rejected, detail);
    }
    rejected_list_free(&rejected);
    return detail->length > 0;
}

char *run_totals_rejected_json(const struct run_totals *totals,
                               const struct reference_graph *references)
{
    struct rejected_list list = {0};
    struct text out = {0};

    run_totals_list_rejected(totals, references, &list);
    json_write_rejected(&out, &list);
    rejected_list_free(&list);
    return text_take(&out);
}
