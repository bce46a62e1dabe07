# shellcheck shell=sh disable=SC2154 # variables of bench/run and lib.sh
# loop: 4 M rows with 2.4 M due: we, and the usual loop, which reads again and again what it has deleted.
#
# Its cost grows with the square of the rows, so that it is stopped when it has taken 51 times as long as we:
# then the figure is a lower bound. It has an index at its service.

# stopped_after SECONDS COMMAND: sets elapsed, and left to the rows that are still due.
stopped_after() {
    from=$(now_ms)
    "$2" >"$work/timed.log" 2>&1 &
    echo $! >"$work/loop.pid"
    while kill -0 "$(cat "$work/loop.pid")" 2>/dev/null; do
        sleep 0.2
        [ $(($(now_ms) - from)) -lt "$(compute "$1 * 1000" 0)" ] || stop_loop
    done
    elapsed=$(compute "$(($(now_ms) - from)) / 1000")
    rm "$work/loop.pid"
    left=$(due_rows)
}

stop_loop() {
    ask "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
         WHERE datname = 'bench' AND pid <> pg_backend_pid()" >/dev/null
    wait "$(cat "$work/loop.pid")" || true
}

one_loop() {
    restore most
    stopped_after "$(compute "51 * $(of ours median)")" "$1"
    sample "$1" "$elapsed"
    sample "$1_left" "$left"
}

loop_row() {
    json_samples "$1" s
    json_samples "$1_left" rows
    if [ "$(of "$1_left" median)" -gt 0 ]; then
        printf '%-46s %20s   stopped: %s of %s rows were still due\n' "$2" "> $(of "$1" median)" "$(of "$1_left" median)" "$due"
    else
        printf '%-46s %20s %10s %8s\n' "$2" "$(spread "$1")" "$(compute "$due / $(of "$1" median)" 0)" "$(faster "$1" ours)"
    fi
}

warm_up most
for _ in $(seq "$rounds"); do ours ours most duty=100; done
for way in client_loop ordered_loop; do one_loop "$way"; done

row_titles 4000000
row ours 'pgpurged --once, rest off' ours
loop_row client_loop 'DELETE ... LIMIT 1000, from a client'
loop_row ordered_loop 'the same in the order of the index'
echo
figure 'many due: rate, times the usual loop (at least)' "$(faster ours client_loop)" '>=' 50
figure 'many due: rate, times the usual loop with ORDER BY (at least)' "$(faster ours ordered_loop)" '>=' 3
