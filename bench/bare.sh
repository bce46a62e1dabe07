# shellcheck shell=sh disable=SC2154 # variables of bench/run and lib.sh
# bare: a table without any index, not even a primary key.

beside_one_delete bare 3000000
figure 'no index: rate, times the one DELETE' "$(faster ours one_delete)" '>=' 1.0
