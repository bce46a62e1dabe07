#include "integration/plans.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "integration/keep.h"
#include "integration/program.h"
#include "integration/session.h"

/* Every plan of the test's process, which need not be freed. */
static json_t *kept;

json_t *plans_read(const char *config, const char *option, int expected_code)
{
    const char *output;
    json_error_t error;
    int code = pgpurged_run(&output, "--config", config, "--plan", "--json", option, NULL);
    json_t *document = json_loads(output, 0, &error);

    ck_assert_msg(document != NULL, "%s: %s", error.text, keep_tail(output));
    if (kept == NULL)
        kept = json_array();
    json_array_append_new(kept, document);
    ck_assert_msg(code == expected_code, "exit code %d: %s", code, keep_tail(output));
    return json_array_get(json_object_get(document, "jobs"), 0);
}

json_t *plans_at(json_t *plan, const char *path)
{
    char *rest = text_copy(path);

    for (char *key = strtok(rest, "."); key != NULL; key = strtok(NULL, "."))
        plan = json_object_get(plan, key);
    free(rest);
    ck_assert_msg(plan != NULL, "%s is not there", path);
    return plan;
}

int64_t plans_number(json_t *plan, const char *path)
{
    ck_assert_msg(json_is_integer(plans_at(plan, path)), "%s is no number", path);
    return json_integer_value(plans_at(plan, path));
}

const char *plans_text(json_t *plan, const char *path)
{
    const char *value = json_string_value(plans_at(plan, path));

    return value != NULL ? value : "";
}

json_t *plans_note(json_t *plan, const char *group, const char *piece)
{
    json_t *notes = plans_at(plan, group), *note;
    size_t i;

    json_array_foreach(notes, i,
                       note) if (strstr(plans_text(note, "text"), piece) != NULL ||
                                 strstr(plans_text(note, "sql"), piece) != NULL) return note;
    return NULL;
}

void plans_check_note(json_t *plan, const char *group, const char *piece)
{
    ck_assert_msg(plans_note(plan, group, piece) != NULL, "%s: nothing about %s in %s", group,
                  piece, json_dumps(plans_at(plan, group), 0));
}

void plans_run_notes(PGconn *own, json_t *plan, const char *group)
{
    json_t *note;
    size_t i;

    json_array_foreach(plans_at(plan, group), i, note)
    {
        char *sql = text_copy(plans_text(note, "sql"));

        for (char *one = strtok(sql, "\n"); one != NULL; one = strtok(NULL, "\n"))
            sql_exec(own, "%s", one);
        free(sql);
    }
}
