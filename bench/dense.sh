# shellcheck shell=sh disable=SC2154 # variables of bench/run and lib.sh
# dense: many due rows at random places: we, one DELETE, and the loop that people run instead.
#
# 3 M rows of ~200 bytes, 800 k of them due, each way with its audit rows. The main figure of the product:
# small batches must not cost more than the one DELETE that nobody dares to run.

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

# What a cron job sends, statement after statement, over one connection.
write_client_loop() {
    awk -v n=$(($1 / 1000 + 1)) 'BEGIN { while (n-- > 0) print \
        "WITH gone AS (DELETE FROM rows WHERE ctid IN (SELECT ctid FROM rows" \
        " WHERE deleted_at < now() - interval '\''30 days'\'' LIMIT 1000) RETURNING 1)" \
        " INSERT INTO others_audit (rows) SELECT count(*) FROM gone;" }' >"$work/client_loop.sql"
}

client_loop() {
    sql -f "$work/client_loop.sql"
}

# The same loop inside of the server, which spares it the round trips and the RETURNING.
server_loop() {
    sql <<'SQL'
DO $$
DECLARE n bigint;
BEGIN
    LOOP
        DELETE FROM rows WHERE ctid IN (
            SELECT ctid FROM rows WHERE deleted_at < now() - interval '30 days' LIMIT 1000);
        GET DIAGNOSTICS n = ROW_COUNT;
        EXIT WHEN n = 0;
        INSERT INTO others_audit (rows) VALUES (n);
        COMMIT;
    END LOOP;
END
$$;
SQL
}

run_other() {
    timed "$1"
    sample "$1" "$elapsed"
    expect_nothing_due "$1"
}

one_round() {
    restore_table
    write_config duty=100 batch_rows=1000
    run_ours ours
    sample run "$(last_run 'extract(epoch FROM ended_at - started_at)')"
    sample batch_p99 "$(batch_ms 0.99)"
    restore_table
    write_config duty=100
    run_ours large
    sample large_p99 "$(batch_ms 0.99)"
    restore_table
    write_config duty=100 workers=2
    run_ours two
    for way in one_delete client_loop server_loop; do
        restore_table
        run_other "$way"
    done
}

# row HOW TEXT: its time, its rate, and the one DELETE's time divided by its.
row() {
    json_samples "$1" s
    printf '%-42s %20s %10s %8s\n' "$2" "$(spread "$1")" "$(compute "$due / $(of "$1" median)" 0)" \
        "$(compute "$(of one_delete median) / $(of "$1" median)")"
}

make_template "$(scaled 3000000)" "$(scaled 800000)"
sql -c 'CREATE TABLE others_audit (at timestamptz DEFAULT clock_timestamp(), rows bigint)'
restore_table
write_config duty=100
due=$(due_rows)
write_client_loop "$due"
purge_once # not counted: whoever comes first pays for the server's first touch of its shared memory
for _ in $(seq "$rounds"); do one_round; done

echo "$(scaled 3000000) rows, $due due"
echo
printf '%-42s %20s %10s %8s\n' '' 'seconds (min-max)' 'rows/s' 'ratio'
row ours 'pgpurged --once, rest off, batches of 1000'
row large 'the same, batch_rows as it is (5000)'
row two 'the same, and workers = 2'
row one_delete 'one DELETE'
row client_loop 'DELETE ... LIMIT 1000, from a client'
row server_loop 'DELETE ... LIMIT 1000, in a procedure'
json_samples run s
json_samples batch_p99 ms
json_samples large_p99 ms
echo
echo "batches of 1000: the run by its own record $(spread run) s, p99 of a batch $(spread batch_p99) ms; of 5000: p99 $(spread large_p99) ms"
echo
figure 'rate, times the one DELETE' "$(compute "$(of one_delete median) / $(of ours median)")" '>=' 1.2
figure 'rate, times the usual loop' "$(compute "$(of client_loop median) / $(of ours median)")" '>=' 2.5
figure 'p99 of a batch of 1000, ms' "$(of batch_p99 median)" '<=' 10
