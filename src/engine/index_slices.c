#include "engine/index_slices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/query.h"
#include "policy/scan_choice.h"
#include "report/number.h"

void slices_start(struct slices *slices)
{
    *slices = (struct slices){.limit = CHOOSE_SLICE_ROWS};
}

void slices_free(struct slices *slices)
{
    free(slices->tids);
    *slices = (struct slices){0};
}

void slice_send(struct pg *pg, const struct slices *slices, const struct sql_statements *sql,
                const char *cutoff, pg_result_fn *fn, void *arg)
{
    struct query_number limit;
    const char *values[] = {slices->from[0] != '\0' ? slices->from : NULL,
                            query_number(&limit, slices->limit), cutoff};

    query_send_to_index(pg, &(struct pg_step){sql->take_slice, values, ARRAY_LENGTH(values)}, fn,
                        arg);
}

/* --- lists of TIDs --- */

/* One "(block,offset)" in double quotes. Returns what follows it, or NULL. */
static const char *parse_tid(const char *text, struct tid *tid)
{
    char *end;
    unsigned long block, offset;

    if (!text_starts(text, "\"("))
        return NULL;
    block = strtoul(text + strlen("\"("), &end, 10);
    if (*end != ',' || block > UINT32_MAX)
        return NULL;
    offset = strtoul(end + 1, &end, 10);
    if (!text_starts(end, ")\"") || offset > UINT16_MAX)
        return NULL;
    *tid = (struct tid){(uint32_t)block, (uint16_t)offset};
    return end + strlen(")\"");
}

static size_t count_of(const char *text, char sign)
{
    size_t count = 0;

    while ((text = strchr(text, sign)) != NULL) {
        count++;
        text++;
    }
    return count;
}

int64_t slice_parse(const char *list, struct tid **tids)
{
    size_t most = count_of(list, '('), count = 0;
    const char *at = list;

    *tids = NULL;
    if (text_equal(list, "{}"))
        return 0;
    *tids = mem_new((most + 1) * sizeof **tids);
    do {
        at = count < most ? parse_tid(at + 1, &(*tids)[count++]) : NULL;
    } while (at != NULL && *at == ',');
    if (list[0] == '{' && at != NULL && text_equal(at, "}"))
        return (int64_t)count;
    free(*tids);
    *tids = NULL;
    return -1;
}

/* Thousands of them for each batch, so without printf. */
void slice_print(const struct slice_part *part, struct text *out)
{
    text_add(out, "{");
    for (size_t i = 0; i < part->count; i++) {
        text_add(out, i > 0 ? ",\"(" : "\"(");
        number_add_int(out, part->tids[i].block);
        text_add(out, ",");
        number_add_int(out, part->tids[i].offset);
        text_add(out, ")\"");
    }
    text_add(out, "}");
}

/* --- slice by slice --- */

static int64_t pages_of(const struct tid *tids, size_t count)
{
    int64_t pages = 0;

    for (size_t i = 0; i < count; i++)
        pages += i == 0 || tids[i].block != tids[i - 1].block;
    return pages;
}

bool slice_read(const struct pg_result *reply, struct slices *slices, struct err *err)
{
    const char *list = pg_result_text(reply, QUERY_STEP, 0, 0);
    const char *reached = pg_result_text(reply, QUERY_STEP, 0, 1);
    int64_t rows = pg_result_int(reply, QUERY_STEP, 0, 2);
    struct tid *tids;

    if (slice_parse(list != NULL ? list : "{}", &tids) != rows ||
        (rows > 0 && (reached == NULL || strlen(reached) >= sizeof slices->from))) {
        free(tids);
        return err_set(err, "the server's answer to a slice of the index can't be read");
    }
    free(slices->tids);
    slices->tids = tids;
    slices->count = (size_t)rows;
    slices->pages += pages_of(tids, slices->count);
    slices->at_end = rows < slices->limit;
    slices->stuck = !slices->at_end && text_equal(reached, slices->from);
    slices->limit = slices->stuck ? 2 * slices->limit : CHOOSE_SLICE_ROWS;
    if (rows > 0)
        snprintf(slices->from, sizeof slices->from, "%s", reached);
    return true;
}

void slice_leave_out(struct slices *slices, const struct tid *rejected, size_t rejected_count)
{
    size_t kept = 0, next = 0;

    for (size_t i = 0; i < slices->count; i++) {
        while (next < rejected_count && tid_before(rejected[next], slices->tids[i]))
            next++;
        if (next == rejected_count || !tid_equal(rejected[next], slices->tids[i]))
            slices->tids[kept++] = slices->tids[i];
    }
    slices->count = kept;
}
