#include "catalog/installation.h"

#include "catalog/query.h"

/* The columns of sql_installation that are read here, in their order. */
enum installation_column {
    INSTALLATION_OWNER = 0,
    INSTALLATION_MEMBER = 2,
    INSTALLATION_FINDING = 4,
    INSTALLATION_REMEDY = 5,
};

static const char *text_of(const struct pg_result *reply, enum installation_column column)
{
    const char *text = pg_result_text(reply, QUERY_STEP, 0, (int)column);

    return text != NULL ? text : "";
}

enum batch_outcome installation_judge(void *data, const struct pg_result *reply, struct err *err)
{
    (void)data;
    if (pg_result_rows(reply, QUERY_STEP) == 0) {
        err_set(err, "schema pgpurged is gone");
        return BATCH_REFUSED;
    }
    if (text_of(reply, INSTALLATION_FINDING)[0] != '\0') {
        err_set(err, "schema pgpurged belongs to %s, but %s: nothing of it is called; %s",
                text_of(reply, INSTALLATION_OWNER), text_of(reply, INSTALLATION_FINDING),
                text_of(reply, INSTALLATION_REMEDY));
        return BATCH_REFUSED;
    }
    if (pg_result_bool(reply, QUERY_STEP, 0, INSTALLATION_MEMBER)) {
        err_set(err,
                "the daemon's role may act as %s, the owner of schema pgpurged, and so change the "
                "audit table; use a role that is no superuser, and no member of the owner",
                text_of(reply, INSTALLATION_OWNER));
        return BATCH_REFUSED;
    }
    return BATCH_COMMITTED;
}
