# shellcheck shell=sh disable=SC2154 # variables of bench/run and lib.sh
# wide: rows of 10 kB that nothing can compress, so that most of the work is in the TOAST table.

beside_one_delete wide 60000
figure 'wide rows: rate, times the one DELETE' "$(faster ours one_delete)" '>=' 1.0
