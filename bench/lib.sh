# shellcheck shell=sh disable=SC2154 # variables of bench/run and lib.sh
# What all benchmarks share: the table they purge, how we and the others purge it, samples and their
# medians, and the figures that end up in the table and in the JSON file. Sourced by bench/run, which sets
#   root        the source tree              work      a folder for this run
#   pgpurged    the program                  scale     1 = the sizes that the figures are stated for
#   rounds      how often each way is measured

# ---- the server and its data -------------------------------------------------------------------

sql() {
    psql -X -q -v ON_ERROR_STOP=1 "$@"
}

# ask QUERY: one value.
ask() {
    sql -At -c "$1"
}

# scaled N: N rows at the scale of this run.
scaled() {
    awk -v n="$1" -v scale="$scale" 'BEGIN { printf "%d", n * scale }'
}

# make_template ROWS DUE: a table of ~200 bytes a row, DUE of them due at random places. Some rows are
# marked recently and most are live, as in an application.
make_template() {
    sql >/dev/null <<SQL
SET client_min_messages = warning;
DROP TABLE IF EXISTS template;
SELECT setseed(0.5);
CREATE TABLE template AS
SELECT n AS id, (random() * 90000)::integer AS customer_id,
       md5(n::text) || md5((n + 1)::text) || md5((n + 2)::text) || md5((n + 3)::text) AS body,
       0 AS touched, now() - n * interval '1 second' AS created_at,
       CASE WHEN dice < $2.0 / $1 THEN now() - interval '31 days' - random() * interval '300 days'
            WHEN dice < $2.0 / $1 + 0.05 THEN now() - random() * interval '29 days' END AS deleted_at
FROM generate_series(1, $1::bigint) AS n, LATERAL (SELECT random() + n * 0 AS dice) AS dice;
SQL
}

# The table anew, from the template, with nothing left to do for the server that would fall into the
# measurement.
restore_table() {
    sql <<'SQL'
SET client_min_messages = warning;
SET maintenance_work_mem = '256MB';
DROP TABLE IF EXISTS rows;
CREATE TABLE rows AS TABLE template;
ALTER TABLE rows ADD PRIMARY KEY (id);
GRANT SELECT, DELETE, UPDATE (deleted_at) ON rows TO pgpurged;
VACUUM ANALYZE rows;
CHECKPOINT;
SQL
    sync # what the kernel still has to write would go to the account of whoever comes next
}

due_rows() {
    ask "SELECT count(*) FROM rows WHERE deleted_at < now() - interval '30 days'"
}

# Every way of purging has to have purged, or its time means nothing.
expect_nothing_due() {
    left=$(due_rows)
    [ "$left" -eq 0 ] || die "$1 has left $left due rows"
}

# write_config [OPTION=VALUE...]: one job on the table; `conninfo` may be one of the options.
write_config() {
    conninfo="host=$PGHOST port=$PGPORT dbname=$PGDATABASE user=pgpurged"
    job=
    for option in "$@"; do
        case $option in
        conninfo=*) conninfo=${option#conninfo=} ;;
        *) job="$job
${option%%=*} = ${option#*=}" ;;
        esac
    done
    cat >"$work/bench.conf" <<CONF
[database bench]
conninfo = $conninfo

[job bench]
database = bench
table = public.rows
expires = deleted_at + 30d
window = always$job
CONF
}

# ---- time, samples, figures --------------------------------------------------------------------

now_ms() {
    echo $(($(date +%s%N) / 1000000))
}

# timed COMMAND...: runs it and sets elapsed to its wall time in seconds.
timed() {
    timed_from=$(now_ms)
    "$@" >"$work/timed.log" 2>&1 || {
        tail -n 20 "$work/timed.log" >&2
        die "$1 failed"
    }
    elapsed=$(awk -v ms=$(($(now_ms) - timed_from)) 'BEGIN { print ms / 1000 }')
}

# sample HOW VALUE: one measurement.
sample() {
    echo "$2" >>"$work/samples.$1"
}

# of HOW median|min|max
of() {
    sort -g "$work/samples.$1" | awk -v what="$2" '{ v[NR] = $1 } END {
        if (what == "min") print v[1]; else if (what == "max") print v[NR]
        else print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# compute EXPRESSION [DIGITS]: arithmetic that sh doesn't have.
compute() {
    awk "BEGIN { printf \"%.${2:-2}f\", $1 }"
}

# spread HOW: "median (min-max)"
spread() {
    printf '%s (%s-%s)' "$(compute "$(of "$1" median)")" "$(compute "$(of "$1" min)")" "$(compute "$(of "$1" max)")"
}

# json_samples HOW UNIT: puts all samples of HOW into the JSON file.
json_samples() {
    printf '{"benchmark": "%s", "name": "%s", "unit": "%s", "median": %s, "min": %s, "max": %s, "samples": [%s]}\n' \
        "$benchmark" "$1" "$2" "$(of "$1" median)" "$(of "$1" min)" "$(of "$1" max)" \
        "$(paste -sd, "$work/samples.$1" | sed 's/,/, /g')" >>"$work/results"
}

# figure TEXT VALUE RELATION BOUND: one of the figures that we promise; RELATION is >=, <= or ==.
figure() {
    met=$(awk "BEGIN { print ($2 $3 $4) ? \"true\" : \"false\" }")
    word=met
    [ "$met" = true ] || { word=MISSED; touch "$work/missed"; }
    printf '  %-6s  %s: %s (wanted: %s %s)\n' "$word" "$1" "$2" "$3" "$4"
    printf '{"benchmark": "%s", "figure": "%s", "value": %s, "wanted": "%s %s", "met": %s}\n' \
        "$benchmark" "$1" "$2" "$3" "$4" "$met" >>"$work/figures"
}

# ---- our way -----------------------------------------------------------------------------------

purge_once() {
    "$pgpurged" --config "$work/bench.conf" --once
}

start_daemon() {
    "$pgpurged" --config "$work/bench.conf" >"$work/daemon.log" 2>&1 &
    daemon=$!
    echo "$daemon" >"$work/daemon.pid"
}

stop_daemon() {
    kill -TERM "$daemon"
    wait "$daemon" || die "the daemon ended with status $?"
    rm "$work/daemon.pid"
}

# has_run: whether a run has ended; the daemon must live.
has_run() {
    kill -0 "$daemon" 2>/dev/null || die "the daemon has ended: $(tail -n 5 "$work/daemon.log")"
    [ "$(ask "SELECT count(*) FROM pgpurged.runs WHERE ended_at IS NOT NULL")" -gt 0 ]
}

# run_ours HOW: one run on the table as it is; samples its seconds as HOW.
run_ours() {
    timed purge_once
    sample "$1" "$elapsed"
    expect_nothing_due "pgpurged"
}

# last_run EXPRESSION: about the latest run, from pgpurged.runs AS r.
last_run() {
    ask "SELECT $1 FROM pgpurged.runs AS r ORDER BY id DESC LIMIT 1"
}

# batch_ms FRACTION: that percentile of the latest run's batches.
batch_ms() {
    ask "SELECT round(percentile_cont($1) WITHIN GROUP (ORDER BY elapsed_ms)::numeric, 2)
         FROM pgpurged.audit WHERE run = (SELECT max(id) FROM pgpurged.runs)"
}
