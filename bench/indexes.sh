# shellcheck shell=sh disable=SC2154 # variables of bench/run and lib.sh
# indexes: a table with six of them, which a DELETE leaves to VACUUM.

beside_one_delete indexes 1500000
figure 'six indexes: rate, times the one DELETE' "$(faster ours one_delete)" '>=' 1.0
