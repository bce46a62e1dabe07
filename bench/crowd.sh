# shellcheck shell=sh disable=SC2154 # variables of bench/run and lib.sh
# crowd: what 250 clients that dawdle on the status socket cost the purge, and who asks honestly.
#
# The daemon answers from the loop that also sends the batches. 200 clients only connect, 50 send a byte of
# a request ten times a second; who is thrown out is back within a second. Runs with and without them
# in turns.

socket=$work/crowd.sock

start_crowd() {
    "$client_crowd" "$socket" 200 50 >"$work/crowd.log" 2>&1 &
    echo $! >"$work/crowd.pid"
    until grep -q ready "$work/crowd.log"; do
        kill -0 "$(cat "$work/crowd.pid")" 2>/dev/null || die "no crowd: $(cat "$work/crowd.log")"
        sleep 0.1
    done
}

stop_crowd() {
    crowd=$(cat "$work/crowd.pid")
    kill "$crowd"
    wait "$crowd" 2>/dev/null || true
    rm "$work/crowd.pid"
}

# ask_honestly HOW: samples how long one question takes.
ask_honestly() {
    from=$(now_ms)
    "$pgpurgectl" --socket "$socket" metrics >/dev/null 2>&1 || die "no answer on $socket"
    sample "$1" $(($(now_ms) - from))
}

# The daemon is paused until the crowd is there.
one_round() { # calm | crowded
    restore dense
    echo bench >"$work/paused"
    start_daemon
    until "$pgpurgectl" --socket "$socket" status >/dev/null 2>&1; do sleep 0.1; done
    [ "$1" = calm ] || start_crowd
    "$pgpurgectl" --socket "$socket" resume bench >/dev/null
    until has_run; do
        ask_honestly "$1_answer_ms"
        sleep 0.05
    done
    [ "$1" = calm ] || stop_crowd
    stop_daemon
    expect_nothing_due pgpurged
    sample "$1_rows_per_second" "$(own_rate)"
}

write_config duty_cycle=100 batch_rows=1000 every=1d
printf '\n[pgpurged]\nsocket = %s\nstate_directory = %s\n' "$socket" "$work" >>"$work/bench.conf"
for _ in $(seq "$rounds"); do
    one_round calm
    one_round crowded
done

for what in rows_per_second answer_ms; do
    for how in calm crowded; do
        json_samples "${how}_$what" "$what"
        printf '%-28s %s\n' "$how $what" "$(spread "${how}_$what")"
    done
done
echo
figure 'crowd: rows per second, crowded / calm' \
    "$(compute "$(of crowded_rows_per_second median) / $(of calm_rows_per_second median)")" '>=' 0.9
figure 'crowd: longest honest answer in the crowd, ms' "$(of crowded_answer_ms max)" '<=' 100
