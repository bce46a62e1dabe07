#include "integration/standby.h"

#include <check.h>
#include <endian.h>

#include "base/text.h"
#include "integration/harness.h"
#include "integration/keep.h"
#include "integration/session.h"

PGconn *standby_connect(const char *name)
{
    PGconn *standby =
        sql_connect(keep_format("%s replication=true application_name='%s'",
                                cluster_conninfo(harness_cluster(), "postgres", "postgres"), name));
    PGresult *result = PQexec(standby, "IDENTIFY_SYSTEM");
    const char *position = keep_text(text_copy(PQgetvalue(result, 0, 2)));

    PQclear(result);
    result = PQexec(standby, keep_format("START_REPLICATION %s", position));
    ck_assert_msg(PQresultStatus(result) == PGRES_COPY_BOTH, "%s", PQerrorMessage(standby));
    PQclear(result);
    return standby;
}

/* "Standby status update" of the streaming replication protocol: written, flushed and replayed up
 * to here. */
void standby_report(PGconn *standby, int64_t position)
{
    struct __attribute__((packed)) {
        char kind;
        uint64_t written, flushed, replayed, clock;
        char reply_wanted;
    } update = {'r',
                htobe64((uint64_t)position),
                htobe64((uint64_t)position),
                htobe64((uint64_t)position),
                0,
                0};

    ck_assert_int_eq(PQputCopyData(standby, (const char *)&update, sizeof update), 1);
    ck_assert_int_eq(PQflush(standby), 0);
}
