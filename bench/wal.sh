# shellcheck shell=sh disable=SC2154 # variables of bench/run and lib.sh
# wal: how much WAL a purge writes, beside one DELETE, and with lz4 where the role may set wal_compression.
#
# Text that is not repeated: hexadecimal digits of MD5 sums, no two alike.

grant_lz4() {
    server_sql -c 'GRANT SET ON PARAMETER wal_compression TO pgpurged'
}

revoke_lz4() {
    server_sql -c 'REVOKE SET ON PARAMETER wal_compression FROM pgpurged'
}

warm_up dense
for _ in $(seq "$rounds"); do
    other one_delete dense
    ours ours dense duty_cycle=100 "$large_batches"
    grant_lz4
    ours lz4 dense duty_cycle=100 "$large_batches"
    revoke_lz4
done

printf '%-46s %24s %8s %20s\n' '' 'MB of WAL (min-max)' ratio seconds
for how in one_delete ours lz4; do
    json_samples "${how}_wal" MB
    json_samples "$how" s
    printf '%-46s %24s %8s %20s\n' "$how" "$(spread "${how}_wal")" \
        "$(compute "$(of "${how}_wal" median) / $(of one_delete_wal median)")" "$(spread "$how")"
done
echo
figure 'WAL, times that of the one DELETE' "$(compute "$(of ours_wal median) / $(of one_delete_wal median)" 3)" '<=' 1.0
figure 'WAL with lz4, times that of the one DELETE' "$(compute "$(of lz4_wal median) / $(of one_delete_wal median)" 3)" '<=' 0.5
