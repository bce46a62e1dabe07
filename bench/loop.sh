# shellcheck shell=sh disable=SC2154 # variables of bench/run and lib.sh
# loop: 4 M rows with 2.4 M due: we, and the usual loop, which reads again and again what it has deleted.
#
# Its cost grows with the square of the rows, so that it is stopped when it has taken 51 times as long as we:
# then the figure is a lower bound, and one round has to do. It has an index at its service.

warm_up most
for _ in $(seq "$rounds"); do ours ours most duty_cycle=100 "$large_batches"; done
for way in client_loop ordered_loop; do capped "$way" most "$(compute "51 * $(of ours median)")"; done

row_titles 4000000
row ours 'pgpurged --once, rest off' ours
capped_row client_loop 'DELETE ... LIMIT 1000, from a client' ours
capped_row ordered_loop 'the same in the order of the index' ours
echo
figure 'many due: rate, times the usual loop (at least)' "$(faster ours client_loop)" '>=' 50
figure 'many due: rate, times the usual loop in the order of the index (at least)' "$(faster ours ordered_loop)" '>=' 10
