#include "sql/specification.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sql/action.h"

/* What the audit row says of each batch; a text that is NULL is left out. */
static json_t *audited(const struct specification *about)
{
    return json_pack("{s:I, s:I, s:I, s:s, s:s, s:s, s:s, s:s*}", "run", (json_int_t)about->run,
                     "root", (json_int_t)about->root, "relation", (json_int_t)about->relation,
                     "job", about->job, "partition", about->statements->partition, "cutoff",
                     about->cutoff, "action", about->statements->action->name, "policy",
                     about->policy);
}

static char *written(json_t *specification)
{
    char *text = json_dumps(specification, JSON_COMPACT);

    json_decref(specification);
    return text;
}

/* The family's document is JSON already. */
static char *with_family(char *specification, const char *family)
{
    char *text;

    if (family == NULL)
        return specification;
    text =
        text_format("%.*s,\"family\":%s}", (int)strlen(specification) - 1, specification, family);
    free(specification);
    return text;
}

char *specification_of_batch(const struct specification *about, enum batch_form form,
                             bool skip_locked)
{
    const struct sql_statements *sql = about->statements;
    bool list = form == BATCH_LIST;
    const char *family = list ? sql->family_tids : sql->family_range;
    json_t *specification = audited(about);

    if (skip_locked) {
        json_object_set_new(
            specification, "sql",
            json_string(list ? sql->delete_tids_skip_locked : sql->delete_skip_locked));
        json_object_set_new(specification, "count",
                            json_string(list ? sql->count_tids : sql->count_range));
    } else {
        json_object_set_new(specification, "sql",
                            json_string(list ? sql->delete_tids : sql->delete_range));
    }
    if (sql->with_keys)
        json_object_set_new(specification, "keys", json_true());
    if (about->allow_triggers != NULL && about->allow_triggers[0] != '\0')
        json_object_set_new(specification, "allow_triggers", json_string(about->allow_triggers));
    return with_family(written(specification), family);
}

char *specification_of_drop(const struct specification *about)
{
    json_t *specification = audited(about);

    json_object_set_new(specification, "has_live",
                        json_string(about->statements->has_never_expires));
    json_object_set_new(specification, "count", json_string(about->statements->count_partition));
    return written(specification);
}
