-- When a local time will be, so that a window closes by the clock of the database.
--
-- $1 zone
-- $2 day (since 1970)
-- $3 second of the day
-- Returns the moment (us since 1970), and how many seconds it is from now.
SELECT (extract(epoch FROM i.instant) * 1000000)::bigint AS instant,
       extract(epoch FROM i.instant - clock_timestamp()) AS seconds
  FROM (SELECT (timestamp '1970-01-01'
                + make_interval(days => $2::integer, secs => $3::double precision))
               AT TIME ZONE $1 AS instant) AS i
