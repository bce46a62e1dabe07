# shellcheck shell=sh disable=SC2154 # variables of bench/run and lib.sh
# What people use instead of us, each with an audit row for what it has deleted. Sourced by bench/run.

# other WAY DATA: WAY on the table anew; samples its seconds.
other() {
    restore "$2"
    start_wal
    timed "$1"
    sample "$1" "$elapsed"
    sample "$1_wal" "$(wal_mb)"
    expect_nothing_due "$1"
}

# capped WAY DATA SECONDS: the same, stopped when it has taken so long; samples the rows that it has left, too.
capped() {
    restore "$2"
    from=$(now_ms)
    "$1" >"$work/timed.log" 2>&1 &
    echo $! >"$work/capped.pid"
    while kill -0 "$(cat "$work/capped.pid")" 2>/dev/null; do
        sleep 0.05
        [ $(($(now_ms) - from)) -lt "$(compute "$3 * 1000" 0)" ] || end_sessions
    done
    sample "$1" "$(compute "$(($(now_ms) - from)) / 1000")"
    sample "$1_left" "$(due_rows)"
    wait "$(cat "$work/capped.pid")" || [ "$(of "$1_left" max)" -gt 0 ] || die "$1: $(tail -n 5 "$work/timed.log")"
    rm "$work/capped.pid"
}

end_sessions() {
    ask "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
         WHERE datname = 'bench' AND pid <> pg_backend_pid()" >/dev/null
}

# capped_row WAY TEXT [REFERENCE]: as row(), with the bound that is known of a way that was stopped.
capped_row() {
    if [ "$(of "$1_left" max)" -eq 0 ]; then
        row "$@"
        return
    fi
    json_samples "$1" s
    json_samples "$1_left" rows
    printf '%-46s %20s   stopped: %s rows were still due\n' "$2" "> $(of "$1" min)" "$(of "$1_left" median)"
}

one_delete() {
    sql <<'SQL'
DO $$
DECLARE n bigint;
BEGIN
    DELETE FROM rows WHERE deleted_at < now() - interval '30 days';
    GET DIAGNOSTICS n = ROW_COUNT;
    INSERT INTO others_audit (rows) VALUES (n);
END
$$;
SQL
}

# The usual loop: what a cron job sends, statement after statement, over one connection.
client_loop() {
    repeat_statement "SELECT ctid FROM rows WHERE deleted_at < now() - interval '30 days' LIMIT 1000" | sql
}

# The same with an ORDER BY, without which the planner leaves the index alone.
ordered_loop() {
    repeat_statement "SELECT ctid FROM rows WHERE deleted_at < now() - interval '30 days'
        ORDER BY deleted_at LIMIT 1000" | sql
}

repeat_statement() { # SELECT of ctids
    awk -v rows="$1" -v n=$((due / 1000 + 1)) 'BEGIN { while (n-- > 0) print \
        "WITH gone AS (DELETE FROM rows WHERE ctid IN (" rows ") RETURNING 1)" \
        " INSERT INTO others_audit (rows) SELECT count(*) FROM gone;" }'
}

# The loop inside of the server, which spares it the round trips and the RETURNING.
procedure() {
    sql <<'SQL'
DO $$
DECLARE n bigint;
BEGIN
    LOOP
        DELETE FROM rows WHERE ctid IN (
            SELECT ctid FROM rows WHERE deleted_at < now() - interval '30 days' ORDER BY deleted_at LIMIT 1000);
        GET DIAGNOSTICS n = ROW_COUNT;
        EXIT WHEN n = 0;
        INSERT INTO others_audit (rows) VALUES (n);
        COMMIT;
    END LOOP;
END
$$;
SQL
}

# As those write it who have thought about it: by key, in the order of the index, stepping around locks, and each
# round beginning where the last one stopped. It does not lose a restored row, either.
keyset() {
    sql <<'SQL'
DO $$
DECLARE
    n bigint;
    last timestamptz := '-infinity';
    reached timestamptz;
BEGIN
    LOOP
        WITH page AS (
            SELECT id, deleted_at FROM rows
            WHERE deleted_at >= last AND deleted_at < now() - interval '30 days'
            ORDER BY deleted_at LIMIT 1000 FOR UPDATE SKIP LOCKED),
        gone AS (DELETE FROM rows USING page WHERE rows.id = page.id RETURNING page.deleted_at)
        SELECT count(*), max(gone.deleted_at) INTO n, reached FROM gone;
        EXIT WHEN n = 0;
        last := reached;
        INSERT INTO others_audit (rows) VALUES (n);
        COMMIT;
    END LOOP;
END
$$;
SQL
}
