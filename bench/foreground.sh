# shellcheck shell=sh disable=SC2154 # variables of bench/run and lib.sh
# foreground: an application of 300 transactions a second on the table that is purged, before and meanwhile.
#
# Latencies from the moment at which a transaction was due to begin, so that a queue in front of it counts.
# The purge has its default pace; one DELETE is there for comparison.

start_application() {
    cat >"$work/application.sql" <<'SQL'
\set id random(1, :rows)
BEGIN;
SELECT body FROM rows WHERE id = :id;
UPDATE rows SET touched = touched + 1 WHERE id = :id AND deleted_at IS NULL;
COMMIT;
SQL
    rm -f "$work"/latencies.*
    pgbench -n -M prepared -f "$work/application.sql" -D rows="$(scaled 3000000)" -R 300 -c 4 -T 600 \
        -l --log-prefix="$work/latencies" >/dev/null 2>&1 &
    echo $! >"$work/application.pid"
    a_while 2 # connects, and finds its pages
}

stop_application() {
    kill "$(cat "$work/application.pid")"
    wait "$(cat "$work/application.pid")" 2>/dev/null || true
    rm "$work/application.pid"
}

# percentile P FROM TO: milliseconds, of the transactions that ended between these two moments (ms since 1970).
percentile() {
    awk -v from="$2" -v to="$3" '{ at = $5 * 1000 + $6 / 1000; if (at >= from && at <= to) print $3 / 1000 }' \
        "$work"/latencies.* | sort -g | awk -v p="$1" '{ v[NR] = $1 } END { print v[int((NR - 1) * p) + 1] }'
}

sample_latencies() { # HOW FROM TO
    for p in 0.50 0.95 1.00; do sample "$1_p${p#*.}" "$(percentile "$p" "$2" "$3")"; done
}

# beside HOW COMMAND: 5 seconds without and then as long as the command takes.
beside() {
    restore dense
    start_application
    from=$(now_ms)
    a_while 5
    began=$(now_ms)
    timed "$2"
    ended=$(now_ms)
    sleep 0.5 # its log is written when a buffer is full or it ends
    stop_application
    sample_latencies before "$from" "$began"
    sample_latencies "$1" "$began" "$ended"
}

latency_row() {
    for p in 50 95 00; do json_samples "$1_p$p" ms; done
    printf '%-30s %20s %20s %24s\n' "$2" "$(spread "$1_p50")" "$(spread "$1_p95")" "$(spread "$1_p00")"
}

write_config
for _ in $(seq "$rounds"); do
    beside ours purge_once
    sample rows_per_second "$(own_rate)"
    beside one_delete one_delete
done

json_samples rows_per_second rows/s
printf '%-30s %20s %20s %24s\n' 'milliseconds (min-max)' p50 p95 worst
latency_row before 'before'
latency_row ours 'pgpurged, defaults'
latency_row one_delete 'one DELETE'
echo
echo "rows purged in a second meanwhile: $(spread rows_per_second)"
echo
figure '300 transactions/s: p50, times before' "$(compute "$(of ours_p50 median) / $(of before_p50 median)")" '<=' 1.1
figure '300 transactions/s: p95, times before' "$(compute "$(of ours_p95 median) / $(of before_p95 median)")" '<=' 2
figure '300 transactions/s: rows purged in a second' "$(of rows_per_second median)" '>=' 100000
