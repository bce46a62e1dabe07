#include "purge/effects.h"

#include <stddef.h>

bool effects_allowed(const struct effects *effects, const char *what, const char *name,
                     struct err *err)
{
    const char *otherwise = effects->otherwise != NULL ? effects->otherwise : "";

    if (effects->rules != NULL)
        return err_set(err,
                       "%s has a rule ON DELETE (%s), so that a row count would not say what is "
                       "gone; drop the rule%s",
                       what, effects->rules, otherwise);
    if (effects->silent != NULL)
        return err_set(err,
                       "%s has a trigger ON DELETE FOR EACH STATEMENT (%s), which would not fire, "
                       "because each DELETE names a partition; put it on the partitions and write "
                       "silent_triggers = %s%s",
                       what, effects->silent, effects->silent, otherwise);
    if (effects->unidentified != NULL)
        return err_set(err,
                       "%s is published (%s) without a replica identity, so that the server "
                       "refuses each DELETE; give it a primary key%s, or run: ALTER TABLE %s "
                       "REPLICA IDENTITY FULL",
                       what, effects->unidentified, otherwise, name);
    return true;
}
