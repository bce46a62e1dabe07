# shellcheck shell=sh disable=SC2154 # variables of bench/run and lib.sh
# line: the rate at 1 M and at 16 M rows: the cost has to grow in a straight line.
#
# The usual loop reads its own tombstones again and again, so that its cost grows with the square. A scan
# visits each page once; this is the proof.

one_size() {
    ours "seconds_$1" "$1" duty_cycle=100 batch_rows=1000
    sample "$1" "$(own_rate)"
}

size_row() {
    json_samples "$1" rows/s
    printf '%12s %12s %24s %12s\n' "$(scaled "$2")" "$(of "seconds_$1" median)" \
        "$(spread "$1" | sed 's/\.00//g')" "$(compute "$(of "$1" median) / $(of small median)")"
}

warm_up small
for _ in $(seq "$rounds"); do
    one_size small
    one_size large
done

printf '%12s %12s %24s %12s\n' rows seconds 'rows/s (min-max)' ratio
size_row small 1000000
size_row large 16000000
echo
figure '16 M rows: rate, times that at 1 M' "$(compute "$(of large median) / $(of small median)")" '>=' 0.9
