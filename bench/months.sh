# shellcheck shell=sh disable=SC2154 # variables of bench/run and lib.sh
# months: a table that is partitioned by time: row by row, and by dropping the partitions that are due as a whole.

# A job for each partition that is due, one after the other.
write_jobs() {
    cat >"$work/bench.conf" <<CONF
[database bench]
conninfo = host=$PGHOST port=$PGPORT dbname=$PGDATABASE user=pgpurged
max_connections = 1

[defaults]
database = bench
expires = deleted_at + 30d
window = always
duty = 100
CONF
    for month in $(seq 9); do
        printf '[job month_%s]\ntable = public.rows_%s\n' "$month" "$month" >>"$work/bench.conf"
    done
}

row_by_row() {
    restore months
    write_jobs
    timed purge_once
    sample ours "$elapsed"
    expect_nothing_due pgpurged
}

# What a person would type, who has to know that every row in them is due.
drop_by_hand() {
    sql -c "DROP TABLE $(seq -f 'rows_%g' -s ', ' 9)"
}

for _ in $(seq "$rounds"); do
    row_by_row
    other one_delete months
    other drop_by_hand months
done

row_titles 3000000
row ours 'pgpurged --once, rest off, row by row'
row one_delete 'one DELETE'
row drop_by_hand 'DROP TABLE of nine partitions, by hand'
echo
figure 'partitions, row by row: rate, times the one DELETE' "$(faster ours one_delete)" '>=' 1.0
