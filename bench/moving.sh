# shellcheck shell=sh disable=SC2154 # variables of bench/run and lib.sh
# moving: another session updates due rows all the time; none that was due at the start may be left.
#
# An UPDATE writes the row anew, behind the scan or past its end. A scan that looks once leaves 42-79 % of
# the rows so updated (doc/decisions.md); a run must end only when nothing due is left.

start_updates() {
    cat >"$work/touch.sql" <<'SQL'
\set n random(1, :due)
UPDATE rows SET touched = touched + 1 WHERE id = (SELECT id FROM due WHERE n = :n);
SQL
    pgbench -n -f "$work/touch.sql" -D due="$1" -R 300 -c 2 -T 600 >/dev/null 2>&1 &
    echo $! >"$work/updates.pid"
    # The purge must not be over before the first UPDATE.
    until [ "$(ask 'SELECT count(*) FROM rows WHERE touched > 0')" -gt 0 ]; do sleep 0.1; done
}

stop_updates() {
    updates=$(cat "$work/updates.pid")
    kill "$updates"
    wait "$updates" 2>/dev/null || true
    # Its sessions hand in their counts when they end.
    until [ "$(ask "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pgbench'")" -eq 0 ]; do sleep 0.1; done
    rm "$work/updates.pid"
}

one_round() {
    restore dense
    sql -c "SET client_min_messages = warning" -c "DROP TABLE IF EXISTS due" -c "CREATE TABLE due AS SELECT row_number() OVER (ORDER BY random()) AS n, id
        FROM rows WHERE deleted_at < now() - interval '30 days'" -c 'ALTER TABLE due ADD PRIMARY KEY (n)' -c 'ANALYZE due'
    start_updates "$(ask 'SELECT count(*) FROM due')"
    timed purge_once
    sample seconds "$elapsed"
    sample left "$(ask "SELECT count(*) FROM rows JOIN due USING (id)")"
    stop_updates
    sample skipped "$(last_run skipped)"
    sample passes "$(last_run passes)"
    sample updates "$(ask "SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'rows'")"
}

# At a fifth of the time, so that the updates have the time to move rows about.
write_config duty_cycle=20 batch_rows=1000
for _ in $(seq "$rounds"); do one_round; done

for what in seconds updates passes skipped left; do
    json_samples "$what" "$what"
    printf '%-28s %s\n' "$what" "$(spread "$what")"
done
echo
figure '300 updates/s of due rows: rows due at the start and left at the end' "$(of left max)" '==' 0
