# shellcheck shell=sh disable=SC2154 # variables of bench/run and lib.sh
# tiny: what a day leaves in a big table: 10,000 of 20 M rows are due, with an index; it must not be read.
#
# That it was not is seen in what PostgreSQL counts: the copy of the data set is not in its cache, so that
# each page that was looked at, for whatever reason, has been read once.

# A session hands in its counts when it ends.
pages_read() {
    until [ "$(ask "SELECT count(*) FROM pg_stat_activity WHERE usename = 'pgpurged'")" -eq 0 ]; do sleep 0.1; done
    ask "SELECT heap_blks_read FROM pg_statio_user_tables WHERE relname = 'rows'"
}

one_round() {
    ours ours tiny duty_cycle=100
    sample own_seconds "$(last_run 'extract(epoch FROM ended_at - started_at)')"
    sample pages "$(pages_read)"
    other one_delete tiny
}

for _ in $(seq "$rounds"); do one_round; done
all_pages=$(ask "SELECT relpages FROM pg_class WHERE relname = 'rows'")

row_titles 20000000
row ours 'pgpurged --once, rest off'
row own_seconds 'the run alone, without start and preflight'
row one_delete 'one DELETE'
json_samples pages pages
echo
echo "pages of the table that were read: $(of pages median) of $all_pages"
echo
figure 'tiny increment: seconds' "$(of ours median)" '<=' 1
figure 'tiny increment: rate, times the one DELETE' "$(faster ours one_delete)" '>=' 1.0
figure 'tiny increment: pages read for each due row' "$(compute "$(of pages max) / $due")" '<=' 1.5
