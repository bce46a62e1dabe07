# shellcheck shell=sh disable=SC2154 # variables of bench/run and lib.sh
# clustered: rows that were marked in the order in which they were written, so that the due ones lie together.

beside_one_delete clustered 3000000
figure 'clustered by time: rate, times the one DELETE' "$(faster ours one_delete)" '>=' 1.0
