# shellcheck shell=sh disable=SC2154 # variables of bench/run and lib.sh
# dense: many due rows at random places: we, one DELETE, and what people run instead.
#
# 3 M rows of ~200 bytes, 800 k of them due, each way with its audit rows. The main figure of the product:
# small batches must not cost more than the one DELETE that nobody dares to run. Batches of 2000 rows take 4 ms here.

one_round() {
    ours ours dense duty_cycle=100 batch_rows=2000
    sample run "$(last_run 'extract(epoch FROM ended_at - started_at)')"
    sample batch_p99 "$(batch_ms 0.99)"
    other one_delete dense
    for batch_rows in 1000 5000; do
        ours "of_$batch_rows" dense duty_cycle=100 batch_rows="$batch_rows"
        sample "p99_of_$batch_rows" "$(batch_ms 0.99)"
    done
    ours digest dense duty_cycle=100 batch_rows=2000 audit_digest=id
    ours two dense duty_cycle=100 batch_rows=2000 workers=2
    for way in ordered_loop procedure keyset; do other "$way" dense; done
    # Without an ORDER BY it takes minutes, unless a scan happens to go on where the last one stopped, which depends
    # on shared_buffers (doc/benchmarks.md).
    capped client_loop dense "$(compute "5 * $(of ours median)")"
}

# quickest HOW...: the least of their medians.
quickest() {
    for how in "$@"; do of "$how" median; done | sort -g | head -n 1
}

warm_up dense
for _ in $(seq "$rounds"); do one_round; done

row_titles 3000000
row ours 'pgpurged --once, rest off (batches of 2000)'
row digest 'the same, with a digest of the keys'
row two 'the first, and workers = 2'
row of_1000 'the first, batch_rows = 1000'
row of_5000 'the first, batch_rows = 5000'
row one_delete 'one DELETE'
capped_row client_loop 'DELETE ... LIMIT 1000, from a client'
row ordered_loop 'the same in the order of the index'
row procedure 'the same, in a procedure with COMMIT'
row keyset 'by key, SKIP LOCKED, procedure with COMMIT'
json_samples run s
json_samples batch_p99 ms
json_samples p99_of_1000 ms
json_samples p99_of_5000 ms
echo
echo "the run by its own record: $(spread run) s"
echo "p99 of a batch: $(spread batch_p99) ms; of 1000 rows $(spread p99_of_1000) ms, of 5000 $(spread p99_of_5000) ms"
echo
figure 'dense: rate, times the one DELETE' "$(faster ours one_delete)" '>=' 1.5
figure 'dense: p99 of a batch, ms' "$(of batch_p99 median)" '<=' 5
figure 'dense, digest of the keys: rate, times the one DELETE' "$(faster digest one_delete)" '>=' 1.0
figure 'dense, 2 workers: rate, times the one DELETE' "$(faster two one_delete)" '>=' 1.8
figure 'dense: rate, times the usual loop' \
    "$(compute "$(quickest client_loop ordered_loop) / $(of ours median)")" '>=' 3
figure 'dense: rate, times a procedure with COMMIT' \
    "$(compute "$(quickest procedure keyset) / $(of ours median)")" '>=' 2.5
