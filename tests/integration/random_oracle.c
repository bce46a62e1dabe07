#include "integration/random_oracle.h"

#include <string.h>

#include "base/text.h"
#include "integration/keep.h"
#include "integration/random_maker.h"
#include "integration/session.h"

/* reached: the cutoff from which on a row may go, NULL for never: a mark that is no moment, or one
 * from before computers kept time, is none. */
static const char functions[] =
    "CREATE FUNCTION public.dice(seed integer, purpose text, i bigint, sides integer)"
    " RETURNS integer LANGUAGE sql IMMUTABLE AS"
    " $$ SELECT ((hashtextextended(purpose || i, seed) & 2147483647) % sides)::integer $$;"

    "CREATE FUNCTION public.reached(marked timestamptz, retention interval)"
    " RETURNS timestamptz LANGUAGE sql STABLE AS $$"
    " SELECT CASE WHEN isfinite(marked) AND marked >= '1970-01-04 UTC' THEN marked + retention END "
    "$$;";

/*
 * Who goes, from the leaves up: a due row of our table goes once everything that refers to it has
 * gone before or goes with it; a row of another table can go if nothing keeps it, and does where
 * the row that it refers to goes. Nothing else ever goes. Where a due row stays because it was
 * restored, or refused, or got another child meanwhile, some of its children may have gone before.
 */
static const char decide[] =
    "CREATE FUNCTION public.decide() RETURNS void LANGUAGE plpgsql AS $$ BEGIN"
    " CREATE TEMP TABLE IF NOT EXISTS able (tbl text, rn bigint, PRIMARY KEY (tbl, rn));"
    " CREATE TEMP TABLE IF NOT EXISTS verdicts (tbl text, rn bigint, verdict text);"
    " TRUNCATE able, verdicts;"
    " LOOP"
    "  INSERT INTO able SELECT r.tbl, r.rn FROM rows AS r"
    "   WHERE (r.tbl <> 't' OR r.due AND NOT r.stubborn)"
    "     AND NOT EXISTS (SELECT FROM refs AS f WHERE f.ptbl = r.tbl AND f.prn = r.rn"
    "       AND f.how <> 'lets' AND (f.ctbl, f.crn) <> (f.ptbl, f.prn)"
    "       AND (f.how = 'keeps' AND f.ctbl <> 't' OR NOT EXISTS"
    "            (SELECT FROM able AS a WHERE a.tbl = f.ctbl AND a.rn = f.crn)))"
    "  ON CONFLICT DO NOTHING;"
    "  EXIT WHEN NOT FOUND;"
    " END LOOP;"
    " INSERT INTO verdicts WITH RECURSIVE goes (tbl, rn) AS ("
    "   SELECT a.tbl, a.rn FROM able AS a WHERE a.tbl = 't'"
    "   UNION SELECT f.ctbl, f.crn FROM goes AS g JOIN refs AS f"
    "     ON f.ptbl = g.tbl AND f.prn = g.rn AND f.how = 'goes'),"
    " unsure (tbl, rn) AS ("
    "   SELECT r.tbl, r.rn FROM rows AS r WHERE r.tbl = 't' AND r.was_due AND"
    "    (r.stubborn OR NOT r.due OR EXISTS (SELECT FROM refs AS f"
    "      WHERE f.ptbl = r.tbl AND f.prn = r.rn AND f.crn > 1000000))"
    "   UNION SELECT f.ctbl, f.crn FROM unsure AS u JOIN refs AS f"
    "     ON f.ptbl = u.tbl AND f.prn = u.rn AND f.how = 'goes')"
    " SELECT r.tbl, r.rn, CASE WHEN EXISTS (SELECT FROM goes AS g WHERE (g.tbl, g.rn) = (r.tbl, "
    "r.rn))"
    "   THEN 'go' WHEN r.tbl <> 't' AND EXISTS"
    "     (SELECT FROM unsure AS u WHERE (u.tbl, u.rn) = (r.tbl, r.rn)) THEN 'either' ELSE 'stay' "
    "END"
    "  FROM rows AS r;"
    " END $$;";

void random_oracle_install(PGconn *conn)
{
    sql_exec(conn, "%s", functions);
    sql_exec(conn, "SET client_min_messages = warning; %s", decide);
}

/* ---- what has to become of each row ---- */

static const char wrongly_gone[] =
    "SELECT format('promise R: %s %s is gone: %s', r.tbl, r.rn, left(b.shown, 120)) AS line"
    "  FROM verdicts AS r LEFT JOIN before AS b ON r.tbl = 't' AND b.rn = r.rn"
    " WHERE r.verdict = 'stay' AND NOT EXISTS"
    "   (SELECT FROM present AS p WHERE p.tbl = r.tbl AND p.rn = r.rn)";

static const char wrongly_there[] =
    "SELECT format('%s %s is still there: %s', r.tbl, r.rn, left(b.shown, 120)) AS line"
    "  FROM verdicts AS r LEFT JOIN before AS b ON r.tbl = 't' AND b.rn = r.rn"
    " WHERE r.verdict = 'go' AND EXISTS"
    "   (SELECT FROM present AS p WHERE p.tbl = r.tbl AND p.rn = r.rn)";

/* Rows that nobody knows would be a fault of this test. */
static const char unknown[] =
    "SELECT format('%s %s came from nowhere', p.tbl, p.rn) AS line"
    "  FROM present AS p EXCEPT"
    " SELECT format('%s %s came from nowhere', r.tbl, r.rn) FROM rows AS r";

static const char unaccounted[] =
    "SELECT format('promise A: %s rows of %s are gone, the audit table says %s', g.gone, g.tbl,"
    "              g.accounted) AS line"
    "  FROM (SELECT t.tbl,"
    "   (SELECT count(*) FROM rows AS r WHERE r.tbl = t.tbl) -"
    "   (SELECT count(*) FROM present AS p WHERE p.tbl = t.tbl) AS gone,"
    "   (SELECT coalesce(sum(a.rows), 0) FROM pgpurged.audit AS a JOIN relations AS n USING "
    "(relation)"
    "     WHERE n.tbl = t.tbl) AS accounted"
    "   FROM (SELECT DISTINCT tbl FROM rows) AS t) AS g"
    " WHERE g.gone <> g.accounted";

static const char unseen[] =
    "SELECT format('the application''s trigger saw %s go %s times', coalesce(s.rn, g.rn), s.times)"
    "  AS line"
    "  FROM (SELECT rn, count(*) AS times FROM seen_going GROUP BY rn) AS s FULL JOIN"
    "   (SELECT rn FROM rows WHERE tbl = 't' EXCEPT SELECT rn FROM present WHERE tbl = 't') AS g"
    "   USING (rn)"
    " WHERE s.times IS DISTINCT FROM 1 OR g.rn IS NULL";

/* Rows that ON DELETE SET NULL and SET DEFAULT have changed. */
static const char unaccounted_changes[] =
    "SELECT format('%s rows of %s have lost their parent, the audit table says %s', g.changed, "
    "g.tbl,"
    "              g.accounted) AS line"
    "  FROM (SELECT t.tbl,"
    "   (SELECT count(*) FROM refs AS f WHERE f.ctbl = t.tbl AND f.how = 'lets' AND NOT EXISTS"
    "     (SELECT FROM present AS p WHERE p.tbl = f.ptbl AND p.rn = f.prn)) AS changed,"
    "   (SELECT coalesce(sum(a.updated), 0) FROM pgpurged.audit AS a JOIN relations AS n"
    "     USING (relation) WHERE n.tbl = t.tbl) AS accounted"
    "   FROM (SELECT DISTINCT ctbl AS tbl FROM refs) AS t) AS g"
    " WHERE g.changed <> g.accounted";

#define LEFT_OVER "present AS p JOIN rows AS r USING (tbl, rn) WHERE r.tbl = 't' AND r.due"

/* Both of the job's last run. */
static const char wrong_cutoff[] =
    "SELECT format('promise R: the cutoff is %s, of a run that began at %s', cutoff, started_at)"
    "  AS line"
    "  FROM run WHERE cutoff > latest_cutoff OR cutoff < latest_cutoff - interval '1 min'";

static const char wrong_outcome[] =
    "SELECT format('the run says %s, %s rejected; %s due rows are left', o.outcome, o.rejected, "
    "l.n)"
    "  AS line"
    "  FROM run AS o, (SELECT count(*) AS n FROM " LEFT_OVER ") AS l"
    " WHERE o.outcome IS DISTINCT FROM CASE WHEN l.n > 0 THEN 'incomplete' ELSE 'done' END"
    "    OR o.rejected <> l.n OR o.skipped > 0";

/* ---- asked ---- */

static void enter(PGconn *conn, const struct random_schema *schema)
{
    sql_exec(conn, "SET search_path = %s, public", schema->schema);
}

static void ask(PGconn *conn, const char *question, struct text *out)
{
    text_add(out, sql_text(conn,
                           "SELECT coalesce(string_agg(line || E'\\n', '' ORDER BY line), '')"
                           " FROM (SELECT line FROM (%s) AS q LIMIT 6) AS q",
                           question));
}

const char *random_oracle_judge(PGconn *conn, const struct random_schema *schema, bool complete)
{
    struct text wrongs = {0};

    enter(conn, schema);
    sql_exec(conn, "SELECT decide()");
    ask(conn, wrongly_gone, &wrongs);
    ask(conn, wrong_cutoff, &wrongs);
    ask(conn, unknown, &wrongs);
    ask(conn, unaccounted, &wrongs);
    ask(conn, unaccounted_changes, &wrongs);
    if (strcmp(sql_text(conn, "SELECT to_regclass('seen_going') IS NOT NULL"), "t") == 0)
        ask(conn, unseen, &wrongs);
    if (complete) {
        ask(conn, wrongly_there, &wrongs);
        ask(conn, wrong_outcome, &wrongs);
    }
    return keep_text(text_take(&wrongs));
}

bool random_oracle_expects_rest(PGconn *conn, const struct random_schema *schema)
{
    enter(conn, schema);
    return sql_int(conn, "SELECT count(*) FROM " LEFT_OVER) > 0;
}
