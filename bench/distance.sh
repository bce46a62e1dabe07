# shellcheck shell=sh disable=SC2154 # variables of bench/run and lib.sh
# distance: a server 10 ms away: a batch is one round trip, so it takes 10 ms longer and not 40.
#
# BEGIN, guard, DELETE with its audit row and COMMIT, sent one by one, would wait four times. A proxy between
# the daemon and the server holds back what goes through, and counts the flights.

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

count_flights() {
    kill -USR1 "$proxy"
    await_proxy '^flights'
    flights=$(sed -n 's/^flights //p' "$work/proxy.log" | tail -n 1)
}

one_distance() { # MILLISECONDS
    restore_table
    start_proxy "$1"
    timed purge_once
    count_flights
    stop_proxy
    expect_nothing_due "pgpurged"
    batches=$(ask 'SELECT max(batch) FROM pgpurged.audit WHERE run = (SELECT max(id) FROM pgpurged.runs)')
    sample "batch_$1" "$(last_run "extract(epoch FROM ended_at - started_at) * 1000 / $batches")"
    sample "flights_$1" "$(compute "$flights / $batches" 3)"
}

row() { # MILLISECONDS
    json_samples "batch_$1" ms
    json_samples "flights_$1" 'flights per batch'
    printf '%18s %26s %26s\n' "$1" "$(spread "batch_$1")" "$(spread "flights_$1")"
}

# Not scaled down below some hundred batches: connecting and preflight are round trips as well.
make_template 1000000 270000
write_config duty=100 batch_rows=1000 conninfo="host=$work/proxy port=5432 dbname=$PGDATABASE user=pgpurged"
for _ in $(seq "$rounds"); do
    one_distance 0
    one_distance 10
done

printf '%18s %26s %26s\n' 'round trip, ms' 'ms per batch (min-max)' 'flights per batch'
row 0
row 10
echo
figure 'a batch takes longer by, ms, at a distance of 10 ms' "$(compute "$(of batch_10 median) - $(of batch_0 median)")" '<=' 13
figure 'round trips per batch, all of the run counted' "$(of flights_10 max)" '<=' 1.1
