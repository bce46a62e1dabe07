#include "integration/session.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "integration/await.h"
#include "integration/keep.h"

static void ignore_notice(void *arg, const PGresult *result)
{
    (void)arg;
    (void)result;
}

PGconn *sql_connect(const char *conninfo)
{
    PGconn *conn = PQconnectdb(conninfo);
    if (PQstatus(conn) != CONNECTION_OK)
        ck_abort_msg("%s: %s", conninfo, PQerrorMessage(conn));
    PQsetNoticeReceiver(conn, ignore_notice, NULL);
    return conn;
}

static bool succeeded(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

static PGresult *run(PGconn *conn, const char *statement)
{
    PGresult *result = PQexec(conn, statement);
    if (!succeeded(result))
        ck_abort_msg("%s\n%s", statement, PQerrorMessage(conn));
    return result;
}

/* One value as text: the core of sql_int() and sql_text(). */
static const char *value(PGconn *conn, const char *statement)
{
    PGresult *result = run(conn, statement);
    if (PQntuples(result) < 1 || PQnfields(result) < 1)
        ck_abort_msg("%s\ngave no row", statement);
    const char *text = keep_text(text_copy(PQgetvalue(result, 0, 0)));
    PQclear(result);
    return text;
}

static const char *sqlstate(const PGresult *result)
{
    const char *code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (succeeded(result))
        return "00000";
    /* libpq has no code for what it finds out itself: the connection is gone. */
    return keep_text(text_copy(code != NULL ? code : "08006"));
}

#define FORMATTED(statement)                                                                       \
    va_list args;                                                                                  \
    va_start(args, format);                                                                        \
    const char *statement = keep_vformat(format, args);                                            \
    va_end(args)

void sql_exec(PGconn *conn, const char *format, ...)
{
    FORMATTED(statement);
    PQclear(run(conn, statement));
}

int64_t sql_int(PGconn *conn, const char *format, ...)
{
    FORMATTED(statement);
    return strtoll(value(conn, statement), NULL, 10);
}

const char *sql_text(PGconn *conn, const char *format, ...)
{
    FORMATTED(statement);
    return value(conn, statement);
}

const char *sql_error(PGconn *conn, const char *format, ...)
{
    FORMATTED(statement);
    PGresult *result = PQexec(conn, statement);
    const char *code = sqlstate(result);
    PQclear(result);
    return code;
}

struct question {
    PGconn *conn;
    const char *query;
};

static bool answered_yes(void *arg)
{
    struct question *question = arg;
    return text_equal(value(question->conn, question->query), "t");
}

void await_sql(PGconn *conn, const char *query, int timeout_ms)
{
    struct question question = {conn, query};
    await(answered_yes, &question, timeout_ms, query);
}

void sql_start(PGconn *conn, const char *statement)
{
    if (!PQsendQuery(conn, statement))
        ck_abort_msg("%s\n%s", statement, PQerrorMessage(conn));
}

const char *sql_join(PGconn *conn)
{
    const char *code = "00000";
    PGresult *result;
    while ((result = PQgetResult(conn)) != NULL) {
        if (!succeeded(result))
            code = sqlstate(result);
        PQclear(result);
    }
    return code;
}
