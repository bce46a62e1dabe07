# shellcheck shell=sh disable=SC2154 # variables of bench/run and lib.sh
# snapshot: another session holds a snapshot, as a report or a backup does, and keeps the dead rows alive.

hold_snapshot() {
    sql -c 'BEGIN ISOLATION LEVEL REPEATABLE READ' -c 'SELECT count(*) FROM pg_class' -c 'SELECT pg_sleep(600)' >/dev/null 2>&1 &
    echo $! >"$work/snapshot.pid"
    until [ "$(ask "SELECT count(*) FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'")" -gt 0 ]; do sleep 0.05; done
}

# Its server process goes by itself only when it next writes to the client.
release_snapshot() {
    ask "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'" >/dev/null
    wait "$(cat "$work/snapshot.pid")" || true
    rm "$work/snapshot.pid"
}

# with_snapshot HOW COMMAND...
with_snapshot() {
    restore dense
    hold_snapshot
    timed "$2"
    sample "$1" "$elapsed"
    release_snapshot
    expect_nothing_due "$2"
}

warm_up dense
for _ in $(seq "$rounds"); do
    ours ours dense duty_cycle=100 "$large_batches"
    with_snapshot held purge_once
    other one_delete dense
    with_snapshot one_delete_held one_delete
done

row_titles 3000000
row ours 'pgpurged --once, rest off'
row held 'the same, a snapshot held open'
row one_delete 'one DELETE'
row one_delete_held 'the same, a snapshot held open'
echo
figure 'a snapshot held open: rate, times without' "$(faster held ours)" '>=' 0.9
