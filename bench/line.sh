# shellcheck shell=sh disable=SC2154 # variables of bench/run and lib.sh
# line: the rate at 1 M and at 8 M rows: the cost has to grow in a straight line.
#
# The usual loop reads its own tombstones again and again, so that its cost grows with the square. A walk
# visits each page once; this is the proof.

one_size() {
    sql -c "ALTER TABLE $1 RENAME TO template"
    restore_table
    due=$(due_rows)
    run_ours "seconds_$1"
    sample "$1" "$(compute "$due / $elapsed" 0)"
    sql -c "ALTER TABLE template RENAME TO $1"
}

row() {
    json_samples "$1" rows/s
    printf '%12s %12s %24s %12s\n' "$(ask "SELECT count(*) FROM $1")" "$(of "seconds_$1" median)" \
        "$(spread "$1" | sed 's/\.00//g')" "$(compute "$(of "$1" median) / $(of small median)")"
}

for size in small large; do
    case $size in small) rows=$(scaled 1000000) ;; large) rows=$(scaled 8000000) ;; esac
    make_template "$rows" $((rows * 27 / 100))
    sql -c "ALTER TABLE template RENAME TO $size"
done
write_config duty=100 batch_rows=1000
for _ in $(seq "$rounds"); do
    one_size small
    one_size large
done

printf '%12s %12s %24s %12s\n' rows seconds 'rows/s (min-max)' ratio
row small
row large
echo
figure 'rate at the large size, times that at the small one' \
    "$(compute "$(of large median) / $(of small median)")" '>=' 0.9
sql -c 'DROP TABLE small, large'
