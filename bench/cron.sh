# shellcheck shell=sh disable=SC2154 # variables of bench/run and lib.sh
# cron: pg_cron with the usual loop, 1000 rows once a minute: how many rows go in an hour, beside ours.
#
# Its packaged version knows no shorter interval than a minute. Measured from one turn to the next.

schedule() {
    server_sql -c 'CREATE EXTENSION IF NOT EXISTS pg_cron' >/dev/null
    server_sql >/dev/null <<'SQL'
SELECT cron.schedule_in_database('purge', '* * * * *', $$DELETE FROM rows WHERE ctid IN (
    SELECT ctid FROM rows WHERE deleted_at < now() - interval '30 days' LIMIT 1000)$$, 'bench');
SQL
}

turns() {
    ask_server "SELECT count(*) FROM cron.job_run_details WHERE status = 'succeeded'"
}

# So many turns, and the seconds between the starts of the first and of the last one.
await_turns() {
    attempts=$((($1 + 1) * 65))
    until [ "$(turns)" -ge "$1" ]; do
        attempts=$((attempts - 1))
        [ "$attempts" -gt 0 ] || die "pg_cron doesn't run: $(tail -n 5 "$work/server/server.log")"
        sleep 1
    done
    between=$(ask_server "SELECT extract(epoch FROM max(start_time) - min(start_time)) FROM cron.job_run_details")
}

ours ours dense duty_cycle=100 "$large_batches"
sample rows_per_hour "$(compute "3600 * $(own_rate)" 0)"
restore dense
schedule
await_turns 2
server_sql -c "SELECT cron.unschedule('purge')" >/dev/null
done_rows=$((due - $(due_rows)))
sample cron_rows_per_hour "$(compute "3600 * ($done_rows / 2) / $between" 0)"

for how in rows_per_hour cron_rows_per_hour; do json_samples "$how" rows/h; done
printf '%-46s %20s %10s\n' '' 'rows in an hour' ratio \
    'pgpurged --once, rest off' "$(of rows_per_hour median)" 1.00 \
    'pg_cron, LIMIT 1000 once a minute' "$(of cron_rows_per_hour median)" \
    "$(compute "$(of cron_rows_per_hour median) / $(of rows_per_hour median)" 6)"
echo
echo "the $due rows of \`dense\` would take pg_cron $(compute "$due / $(of cron_rows_per_hour median)" 1) hours"
