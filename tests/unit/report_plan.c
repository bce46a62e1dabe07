#include "report/plan_text.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "report/json.h"

static struct wall at(int64_t seconds)
{
    return (struct wall){seconds * 1000000};
}

enum { TUESDAY = 1774936800 }; /* 2026-03-31 06:00 UTC */

static struct plan_partition partition(const char *name, int64_t pages, double rows, double due)
{
    return (struct plan_partition){text_copy(name), pages, rows, due};
}

/* What every plan has, also of a job that is refused at once. */
static struct plan plain(const char *job, const char *table)
{
    struct plan plan;

    plan_init(&plan);
    plan.job = text_copy(job);
    plan.database = text_copy("shop");
    plan.table = text_copy(table);
    plan.rule = text_copy("deleted_at + 30d");
    plan.batch_time_ms = 50;
    plan.batch_rows = 5000;
    plan.duty_cycle_percent = 50;
    plan.max_duty_cycle_percent = 80;
    plan.workers = 1;
    plan.window = text_copy("Mon-Fri 01:00-05:00");
    plan.timezone = text_copy("Europe/Berlin");
    plan.every = text_copy("1d");
    return plan;
}

/* Everything that there is to say. */
static struct plan sampled(void)
{
    struct plan plan = plain("orders", "public.orders");

    plan.meaning = text_copy("due is what was marked before 2026-03-01 06:00:00 UTC");
    plan.pages = 83334;
    plan.page_bytes = 8192;
    plan.sureness = PLAN_SAMPLED;
    plan.rows = 2998413;
    plan.due = 801234;
    plan.low = 780111;
    plan.high = 822357;
    plan.sampled_pages = 2000;
    plan.undated = 1499;
    plan.earliest = at(TUESDAY - 90 * 86400);
    plan.not_counted = text_copy("the count took longer than 60s and was given up");
    plan.found_by = (struct plan_scan){
        true, HEAP_SCAN, text_copy("heap scan: no index begins with the expiry column")};
    plan.max_rows_per_second = 1000;
    plan.workers = 2;
    plan.forecast.present = true;
    plan.forecast.window_s = 12012;
    plan.forecast.ends = true;
    plan.forecast.begins = at(TUESDAY + 19 * 3600);
    plan.forecast.done = at(TUESDAY + 22 * 3600 + 1212);
    plan.forecast.rows_per_busy_s = 45123;
    plan.forecast.measured = true;
    plan.forecast.rows_per_day = 10285714;
    plan.forecast.expiring_per_day = 12345678;
    plan.forecast.catches_up = MAYBE_NO;
    plan.forecast.children_per_busy_s = 45123;
    plan.children = mem_new(3 * sizeof *plan.children);
    plan.children[0] = (struct plan_children){text_copy("public.order_lines"), 2403702};
    plan.children[1] = (struct plan_children){text_copy("public.notes"), 12};
    plan.children[2] = (struct plan_children){text_copy("public.drafts"), 0.2};
    plan.children_count = 3;
    plan.partitions = mem_new(2 * sizeof *plan.partitions);
    plan.partitions[0] = partition("public.orders_2025", 50000, 1.8e6, 800000);
    plan.partitions[1] = partition("public.orders_2026", 33334, NAN, NAN);
    plan.partition_count = 2;
    plan.all_partitions = 14;
    plan_note(&plan.limits, text_copy("max_wal_rate = 10MB"), NULL);
    plan_note(&plan.references, text_copy("public.items (items_order_fkey): no index serves it"),
              text_copy("CREATE INDEX CONCURRENTLY ON public.items (order_id)"));
    plan_note(&plan.triggers, text_copy("log_delete, after each row"), NULL);
    plan_note(&plan.grants,
              text_copy("role pgpurged may not lock rows: where others hold locks, single rows "
                        "have to be tried one by one"),
              text_copy("GRANT UPDATE (deleted_at) ON public.orders TO pgpurged"));
    plan_note(&plan.risks, text_copy("pid 4711 holds locks on the table"), NULL);
    plan_note(&plan.hints,
              text_copy("an_identifier_without_any_blank_that_is_longer_than_a_line_"
                        "of_this_text_can_ever_be_so_it_stays and goes on"),
              text_copy("CREATE UNIQUE INDEX CONCURRENTLY ON public.orders (number)\n"
                        "WHERE deleted_at IS NULL"));
    plan.sql = text_copy("DELETE FROM ONLY \"public\".\"orders\" AS t\n WHERE true");
    return plan;
}

static struct plan refused(void)
{
    struct plan plan = plain("totals", "public.totals");

    plan.refused =
        text_copy("public.totals is a view; only the rows of a plain table can be purged");
    return plan;
}

static struct plan counted(void)
{
    struct plan plan = plain("visits", "public.\"Visits\"");

    plan.pages = 1;
    plan.page_bytes = 8192;
    plan.sureness = PLAN_COUNTED;
    plan.rows = 3;
    plan.due = plan.low = plan.high = 0;
    plan.earliest = at(TUESDAY + 60);
    plan.forecast.present = true;
    plan.forecast.ends = true;
    plan.forecast.rows_per_busy_s = 200000;
    plan.forecast.rows_per_day = 1e9;
    plan.forecast.expiring_per_day = 0;
    plan.forecast.catches_up = MAYBE_YES;
    return plan;
}

static struct plan indexed(void)
{
    struct plan plan = plain("drafts", "public.drafts");

    plan.pages = 1107;
    plan.page_bytes = 8192;
    plan.sureness = PLAN_INDEXED;
    plan.rows = 250000;
    plan.due = plan.low = plan.high = 500;
    plan.found_by = (struct plan_scan){
        true, INDEX_SCAN, text_copy("index scan: 500 due rows touch about 402 of 1,107 pages")};
    plan.forecast.present = true;
    plan.forecast.always = true;
    plan.forecast.window_s = 0.01;
    plan.forecast.ends = true;
    plan.forecast.begins = plan.forecast.done = at(TUESDAY);
    plan.forecast.rows_per_busy_s = 50000;
    plan.forecast.children_per_busy_s = 30000;
    plan.children = mem_new(sizeof *plan.children);
    plan.children[0] = (struct plan_children){text_copy("public.pictures"), 1};
    plan.children_count = 1;
    return plan;
}

static struct plan without_privileges(void)
{
    struct plan plan = plain("secrets", "public.secrets");

    plan.refused = text_copy("role pgpurged lacks a privilege on public.secrets");
    plan.pages = 10;
    plan.page_bytes = 8192;
    plan.sureness = PLAN_STATISTICS;
    plan.rows = 1234567;
    plan_note(&plan.grants, text_copy("needed"),
              text_copy("GRANT SELECT, DELETE ON public.secrets TO pgpurged"));
    return plan;
}

static struct plan endless(void)
{
    struct plan plan = counted();

    plan.due = plan.low = plan.high = 3;
    plan.forecast.ends = false;
    return plan;
}

static struct plan (*const plans[])(void) = {sampled, refused, counted, indexed, without_privileges,
                                             endless};

START_TEST(plan_reads_as)
{
    struct text out = {0};

    for (size_t i = 0; i < ARRAY_LENGTH(plans); i++) {
        struct plan plan = plans[i]();

        if (i > 0)
            text_add(&out, "\n");
        plan_text(&out, &plan);
        plan_clear(&plan);
    }
    golden_check("plan.txt", &out);
    text_free(&out);
}
END_TEST

START_TEST(plan_as_json_reads_as)
{
    struct plan all[ARRAY_LENGTH(plans)];
    struct text out = {0};

    for (size_t i = 0; i < ARRAY_LENGTH(plans); i++)
        all[i] = plans[i]();
    json_write_plans(&out, all, ARRAY_LENGTH(plans));
    for (size_t i = 0; i < ARRAY_LENGTH(plans); i++)
        plan_clear(&all[i]);
    golden_check("plan.json", &out);
    text_free(&out);
}
END_TEST

START_TEST(plan_with_a_name_that_is_no_utf8_is_json_all_the_same)
{
    struct plan plan = plain("gr\xf6\xdf"
                             "e",
                             "public.t");
    struct text out = {0};
    json_t *document;

    json_write_plans(&out, &plan, 1);
    document = json_loads(out.data, 0, NULL);
    ck_assert_ptr_nonnull(document);
    ck_assert_str_eq(json_string_value(json_object_get(
                         json_array_get(json_object_get(document, "jobs"), 0), "job")),
                     "gr\xEF\xBF\xBD\xEF\xBF\xBD"
                     "e");
    json_decref(document);
    plan_clear(&plan);
    text_free(&out);
}
END_TEST

TCase *plan_cases(void)
{
    TCase *tcase = tcase_create("plan");

    tcase_add_test(tcase, plan_reads_as);
    tcase_add_test(tcase, plan_as_json_reads_as);
    tcase_add_test(tcase, plan_with_a_name_that_is_no_utf8_is_json_all_the_same);
    return tcase;
}
