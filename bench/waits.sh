# shellcheck shell=sh disable=SC2154 # variables of bench/run and lib.sh
# waits: how long another session's UPDATE of a due row has to wait at most, calm and while much WAL is written.
#
# A row picked at random would hardly ever be one of the batch that is under way. So the prober looks at the audit
# table for where the purge has come to, and updates a due row within two batches of that place.

install_prober() {
    sql <<'SQL'
CREATE TABLE waits (at timestamptz NOT NULL, ms double precision NOT NULL);
CREATE FUNCTION probe(anywhere boolean, pages bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    block bigint;
    victim tid;
    began timestamptz;
BEGIN
    SELECT to_block INTO block FROM pgpurged.audit ORDER BY run DESC, batch DESC LIMIT 1;
    block := CASE WHEN anywhere THEN random() * (pages - 2)
                  ELSE least(coalesce(block, 0) + random() * 1100, pages - 2) END;
    SELECT ctid INTO victim FROM rows
     WHERE ctid >= format('(%s,0)', block)::tid AND ctid < format('(%s,0)', block + 2)::tid
       AND deleted_at < now() - interval '30 days' ORDER BY random() LIMIT 1;
    IF victim IS NULL THEN RETURN; END IF;
    began := clock_timestamp();
    UPDATE rows SET touched = touched + 1 WHERE ctid = victim AND deleted_at < now() - interval '30 days';
    INSERT INTO waits VALUES (began, extract(epoch FROM clock_timestamp() - began) * 1000);
END
$$;
SQL
}

# Not the fsync of its own commit is to be measured.
start_prober() { # anywhere: true | false
    echo "SELECT probe($1, :pages);" >"$work/probe.sql"
    PGOPTIONS='-c synchronous_commit=off' pgbench -n -M prepared -f "$work/probe.sql" -R 500 -T 600 \
        -D pages="$(ask "SELECT relpages FROM pg_class WHERE relname = 'rows'")" >/dev/null 2>&1 &
    echo $! >"$work/prober.pid"
    until [ "$(ask 'SELECT count(*) FROM waits')" -gt 100 ]; do sleep 0.1; done
}

# About 2 kB a row, a commit for every 100.
start_writer() {
    echo "INSERT INTO written SELECT repeat(md5(random()::text), 60) FROM generate_series(1, 100);" >"$work/write.sql"
    sql -c 'CREATE TABLE written (body text)' -c 'ALTER TABLE written ALTER body SET STORAGE PLAIN'
    pgbench -n -f "$work/write.sql" -T 600 >/dev/null 2>&1 &
    echo $! >"$work/writer.pid"
    sleep 0.5
}

stop_load() { # NAME
    kill "$(cat "$work/$1.pid")"
    wait "$(cat "$work/$1.pid")" 2>/dev/null || true
    rm "$work/$1.pid"
}

# longest HOW: samples the longest wait since the purge has begun, how many probes there were, and how many of
# them met one of our locks.
longest() {
    sample "$1" "$(ask "SELECT round(max(ms)::numeric, 2) FROM waits WHERE at > '$purge_began'")"
    sample "$1_probes" "$(ask "SELECT count(*) FROM waits WHERE at > '$purge_began'")"
    sample "$1_waited" "$(ask "SELECT count(*) FROM waits WHERE at > '$purge_began' AND ms > 1")"
}

# under_load HOW COMMAND
under_load() {
    sample "before_$1" "$(ask 'SELECT round(max(ms)::numeric, 2) FROM waits')"
    purge_began=$(ask 'SELECT clock_timestamp()')
    timed "$2"
    longest "$1"
    stop_load prober
}

one_round() {
    restore dense
    install_prober
    write_config
    start_prober false
    under_load calm purge_once
    restore dense
    install_prober
    start_prober false
    start_writer
    start_wal
    under_load writing purge_once
    stop_load writer
    sample mb_per_second "$(compute "$(wal_mb) / $elapsed")"
    restore dense
    install_prober
    start_prober true
    under_load one_delete one_delete
}

wait_row() {
    json_samples "before_$1" ms
    json_samples "$1" ms
    printf '%-46s %20s %24s %8s %10s\n' "$2" "$(of "before_$1" median)" "$(spread "$1")" "$(of "$1_probes" median)" \
        "$(of "$1_waited" median)"
}

for _ in $(seq "$rounds"); do one_round; done

json_samples mb_per_second MB/s
printf '%-46s %20s %24s %8s %10s\n' '' 'ms, before a purge' 'and meanwhile (min-max)' probes 'over 1 ms'
wait_row calm 'pgpurged, defaults'
wait_row writing "the same, $(of mb_per_second median) MB/s of WAL"
wait_row one_delete 'one DELETE'
echo
figure 'longest wait of an UPDATE of a due row, ms' "$(of calm median)" '<=' 10
figure 'longest wait of an UPDATE of a due row, ms, much WAL' "$(of writing median)" '<=' 50
