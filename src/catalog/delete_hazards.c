#include "catalog/delete_hazards.h"

#include <stddef.h>

bool delete_hazards_allowed(const struct delete_hazards *hazards, const char *what,
                            const char *name, struct err *err)
{
    const char *otherwise = hazards->otherwise != NULL ? hazards->otherwise : "";

    if (hazards->rules != NULL)
        return err_set(err,
                       "%s has a rule ON DELETE (%s), so that a row count would not say what is "
                       "gone; drop the rule%s",
                       what, hazards->rules, otherwise);
    if (hazards->non_firing != NULL)
        return err_set(err,
                       "%s has a trigger ON DELETE FOR EACH STATEMENT (%s), which would not fire, "
                       "because each DELETE names a partition; put it on the partitions and write "
                       "non_firing_triggers = %s%s",
                       what, hazards->non_firing, hazards->non_firing, otherwise);
    if (hazards->unidentified != NULL)
        return err_set(err,
                       "%s is published (%s) without a replica identity, so that the server "
                       "refuses each DELETE; give it a primary key%s, or run: ALTER TABLE %s "
                       "REPLICA IDENTITY FULL",
                       what, hazards->unidentified, otherwise, name);
    return true;
}
