# shellcheck shell=sh disable=SC2154 # variables of bench/run and lib.sh
# pace: how many batches it takes until one lasts as long as it should, from a cold start.
#
# batch_time is the target and the upper limit at once: a batch aims at four fifths of it. It counts as reached
# when a batch has lasted at least half of it; batch_rows must not be in the way.

# The first batch that has lasted half of MILLISECONDS; 1000 stands for none.
first_on_target() {
    ask "SELECT coalesce(min(n), 1000) FROM (SELECT row_number() OVER (ORDER BY batch) AS n, elapsed_ms FROM pgpurged.audit) AS b
         WHERE elapsed_ms >= $1 / 2.0"
}

over_target() {
    ask "SELECT round(100.0 * count(*) FILTER (WHERE elapsed_ms > $1 * 2) / count(*), 1) FROM pgpurged.audit"
}

for _ in $(seq "$rounds"); do
    for target in 20 50; do
        ours "seconds_$target" dense duty_cycle=100 batch_rows=1000000 batch_time="${target}ms"
        sample "first_$target" "$(first_on_target "$target")"
        sample "p50_$target" "$(batch_ms 0.5)"
        sample "over_$target" "$(over_target "$target")"
    done
done

printf '%16s %24s %26s %30s\n' 'batch_time, ms' 'batches to reach it' 'p50 of a batch, ms' 'batches of twice it, %'
for target in 20 50; do
    json_samples "first_$target" batches
    json_samples "p50_$target" ms
    printf '%16s %24s %26s %30s\n' "$target" "$(spread "first_$target")" "$(spread "p50_$target")" "$(spread "over_$target")"
done
echo
figure 'batches until one lasts as long as it should' "$(of first_20 max)" '<=' 10
figure 'batches until one lasts as long as it should, target 50 ms' "$(of first_50 max)" '<=' 10
