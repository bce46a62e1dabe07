#include "model/rejected.h"

#include <inttypes.h>
#include <stdlib.h>

enum { MOST_CAUSES = 20, MOST_EXPLAINED = 5 };

static bool same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : text_equal(a, b);
}

static struct rejected_by *find(const struct rejected_list *list,
                                const struct rejected_cause *cause)
{
    for (size_t i = 0; i < list->count; i++) {
        struct rejected_by *by = &list->items[i];

        if (by->reason == cause->reason && same(by->name, cause->name) &&
            same(by->sqlstate, cause->sqlstate) && same(by->message, cause->message))
            return by;
    }
    return NULL;
}

static struct rejected_by *append(struct rejected_list *list, const struct rejected_cause *cause)
{
    struct rejected_by *by;

    list->items = mem_grow(list->items, (list->count + 1) * sizeof *list->items);
    by = &list->items[list->count++];
    *by = (struct rejected_by){
        .reason = cause->reason,
        .name = cause->name != NULL ? text_copy(cause->name) : NULL,
        .sqlstate = cause->sqlstate != NULL ? text_copy(cause->sqlstate) : NULL,
        .message = cause->message != NULL ? text_copy(cause->message) : NULL,
    };
    return by;
}

/* The server sends text in the database's encoding, and takes none back that isn't. Half of a UTF-8
 * character would do for it to refuse a whole record. */
static char *sound(const char *foreign)
{
    char *copy = foreign != NULL ? text_copy(foreign) : NULL;

    if (copy == NULL || text_is_utf8(copy))
        return copy;
    for (char *c = copy; *c != '\0'; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    return copy;
}

static void add_sound(struct rejected_list *list, const struct rejected_cause *cause, int64_t rows)
{
    const struct rejected_cause rest = {.reason = cause->reason};
    struct rejected_by *by = find(list, cause);

    if (by == NULL && list->count < MOST_CAUSES)
        by = append(list, cause);
    if (by == NULL)
        by = find(list, &rest);
    if (by == NULL)
        by = append(list, &rest);
    by->rows += rows;
}

void rejected_list_add(struct rejected_list *list, const struct rejected_cause *cause, int64_t rows)
{
    char *name = sound(cause->name), *message = sound(cause->message);

    add_sound(list, &(struct rejected_cause){cause->reason, name, cause->sqlstate, message}, rows);
    free(name);
    free(message);
}

void rejected_list_add_all(struct rejected_list *list, const struct rejected_list *more)
{
    for (size_t i = 0; i < more->count; i++) {
        const struct rejected_by *by = &more->items[i];

        add_sound(list, &(struct rejected_cause){by->reason, by->name, by->sqlstate, by->message},
                  by->rows);
    }
}

/* Equal ones stay in the order in which they were met. */
void rejected_list_sort(struct rejected_list *list)
{
    for (size_t i = 1; i < list->count; i++) {
        struct rejected_by by = list->items[i];
        size_t at = i;

        for (; at > 0 && list->items[at - 1].rows < by.rows; at--)
            list->items[at] = list->items[at - 1];
        list->items[at] = by;
    }
}

void rejected_list_free(struct rejected_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].name);
        free(list->items[i].sqlstate);
        free(list->items[i].message);
    }
    free(list->items);
    *list = (struct rejected_list){0};
}

int64_t rejected_list_rows(const struct rejected_list *list)
{
    int64_t rows = 0;

    for (size_t i = 0; i < list->count; i++)
        rows += list->items[i].rows;
    return rows;
}

int64_t rejected_list_rows_for(const struct rejected_list *list, enum rejected_reason reason)
{
    int64_t rows = 0;

    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].reason == reason)
            rows += list->items[i].rows;
    return rows;
}

void rejected_by_explain(const struct rejected_by *by, struct text *out)
{
    if (by->message != NULL && by->sqlstate != NULL)
        text_addf(out, "\"%s (%s)\"", by->message, by->sqlstate);
    else if (by->name != NULL && by->reason == REJECTED_TRIGGER) /* no error says what it does */
        text_addf(out, "%s (%s)", by->name, rejected_reason_sentence(by->reason));
    else if (by->name != NULL)
        text_add(out, by->name);
    else
        text_addf(out, "\"%s\"", rejected_reason_sentence(by->reason));
}

void rejected_list_explain(const struct rejected_list *list, struct text *out)
{
    int64_t rest = rejected_list_rows(list);
    const char *comma = "";

    for (size_t i = 0; i < list->count && i < MOST_EXPLAINED; i++) {
        text_addf(out, "%s%" PRId64 " rejected by ", comma, list->items[i].rows);
        rejected_by_explain(&list->items[i], out);
        rest -= list->items[i].rows;
        comma = ", ";
    }
    if (rest > 0)
        text_addf(out, "%s%" PRId64 " rejected for other reasons", comma, rest);
}

void rejected_list_summarize(const struct rejected_list *list, struct text *out)
{
    const char *before = " (";

    for (int i = 0; i < REJECTED_REASON_COUNT; i++) {
        enum rejected_reason reason = (enum rejected_reason)i;
        int64_t rows = rejected_list_rows_for(list, reason);

        if (rows == 0)
            continue;
        text_addf(out, "%s%" PRId64 " %s", before, rows, rejected_reason_code(reason));
        before = ", ";
    }
    text_add(out, list->count > 0 ? ")" : "");
}
