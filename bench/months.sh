# shellcheck shell=sh disable=SC2154 # variables of bench/run and lib.sh
# months: a table that is partitioned by time: row by row, and by dropping the partitions that are due as a whole.

# What a person would type, who has to know that every row in them is due.
drop_by_hand() {
    sql -c "DROP TABLE $(seq -f 'rows_%g' -s ', ' 9)"
}

expect_dropped() {
    left=$(ask "SELECT count(*) FROM pg_inherits WHERE inhparent = 'rows'::regclass")
    [ "$left" -eq 3 ] || die "pgpurged has left $left of 12 partitions, 3 are not due"
}

# Who owns the tables may vacuum them, and here autovacuum is off: the daemon would, and the one DELETE doesn't.
warm_up months
for _ in $(seq "$rounds"); do
    ours ours months duty_cycle=100 "$large_batches" vacuum=never
    other one_delete months
    ours dropped months duty_cycle=100 "$large_batches" vacuum=never drop_partitions=yes
    expect_dropped
    other drop_by_hand months
done

row_titles 3000000
row ours 'pgpurged --once, rest off, row by row'
row one_delete 'one DELETE'
row dropped 'pgpurged --once, drop_partitions = yes'
row drop_by_hand 'DROP TABLE of nine partitions, by hand'
echo
figure 'partitions, row by row: rate, times the one DELETE' "$(faster ours one_delete)" '>=' 1.0
figure 'partitions, dropped: rate, times the one DELETE' "$(faster dropped one_delete)" '>=' 1.0
