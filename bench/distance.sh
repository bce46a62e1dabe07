# shellcheck shell=sh disable=SC2154 # variables of bench/run and lib.sh
# distance: a server 10 ms away: how long a batch takes, and the rate with the settings as they are.
#
# BEGIN, guard, DELETE with its audit row and COMMIT, sent one by one, would wait four times. A proxy between
# the daemon and the server holds back what goes through, and counts the bursts.

start_proxy() { # MILLISECONDS of a round trip
    mkdir -p "$work/proxy"
    delay=$(compute "$1 / 2" 1)
    "$delay_proxy" --server "$PGHOST/.s.PGSQL.$PGPORT" --listen "$work/proxy" --port 5432 \
        --delay "$delay" >"$work/proxy.log" 2>&1 &
    proxy=$!
    echo "$proxy" >"$work/proxy.pid"
    await_proxy '^port'
}

stop_proxy() {
    kill -TERM "$proxy"
    wait "$proxy" || true
    rm -rf "$work/proxy.pid" "$work/proxy"
}

await_proxy() { # PATTERN in what it prints
    turns=50
    until grep -q "$1" "$work/proxy.log"; do
        turns=$((turns - 1))
        [ "$turns" -gt 0 ] || die "the proxy doesn't answer: $(cat "$work/proxy.log")"
        sleep 0.1
    done
}

count_bursts() {
    kill -USR1 "$proxy"
    await_proxy '^bursts'
    bursts=$(sed -n 's/^bursts //p' "$work/proxy.log" | tail -n 1)
}

# one_distance HOW MILLISECONDS [OPTION=VALUE...]
one_distance() {
    away=$2
    how=$1_$2
    shift 2
    restore dense
    write_config conninfo="host=$work/proxy port=5432 dbname=$PGDATABASE user=pgpurged" "$@"
    start_proxy "$away"
    timed purge_once
    count_bursts
    stop_proxy
    expect_nothing_due pgpurged
    batches=$(last_run batches)
    sample "ms_$how" "$(last_run "extract(epoch FROM ended_at - started_at) * 1000 / $batches")"
    sample "bursts_$how" "$(compute "$bursts / $batches" 3)"
    sample "rate_$how" "$(own_rate)"
}

distance_row() { # TEXT HOW
    json_samples "ms_$2" ms
    json_samples "bursts_$2" 'bursts per batch'
    json_samples "rate_$2" rows/s
    printf '%-38s %22s %20s %34s\n' "$1" "$(spread "ms_$2")" "$(spread "bursts_$2")" "$(spread "rate_$2")"
}

for _ in $(seq "$rounds"); do
    for distance in 0 10; do
        one_distance fast "$distance" duty_cycle=100 batch_rows=1000
        one_distance default "$distance"
    done
done

printf '%-38s %22s %20s %34s\n' '' 'ms per batch' 'bursts per batch' 'rows/s (min-max)'
for distance in 0 10; do
    distance_row "$distance ms, rest off, batches of 1000" "fast_$distance"
    distance_row "$distance ms, settings as they are" "default_$distance"
done
echo
figure '10 ms away: rate, times the local one' "$(compute "$(of rate_default_10 median) / $(of rate_default_0 median)")" '>=' 0.8
figure '10 ms away: a batch of 1000 takes longer by, ms' "$(compute "$(of ms_fast_10 median) - $(of ms_fast_0 median)")" '<=' 13
figure '10 ms away: round trips for each batch' "$(of bursts_fast_10 max)" '<=' 1.1
