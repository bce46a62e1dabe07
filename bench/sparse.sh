# shellcheck shell=sh disable=SC2154 # variables of bench/run and lib.sh
# sparse: 1 % of 3 M rows are due, at random places, with an index: we and one DELETE.

beside_one_delete sparse 3000000 batch_rows=1000
figure 'sparse: rate, times the one DELETE' "$(faster ours one_delete)" '>=' 1.0
