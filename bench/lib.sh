# shellcheck shell=sh disable=SC2154 # variables of bench/run and lib.sh
# What all benchmarks share: talking to the server, how we purge, samples and their medians, and the figures
# that end up in the table and in the JSON file. Sourced by bench/run, which sets
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

# The server apart from any data set.
server_sql() {
    sql -d postgres "$@"
}

ask_server() {
    server_sql -At -c "$1"
}

# scaled N: N rows at the scale of this run.
scaled() {
    awk -v n="$1" -v scale="$scale" 'BEGIN { printf "%d", n * scale }'
}

due_rows() {
    ask "SELECT count(*) FROM rows WHERE deleted_at < now() - interval '30 days'"
}

# Every way of purging has to have purged, or its time means nothing.
expect_nothing_due() {
    left=$(due_rows)
    [ "$left" -eq 0 ] || die "$1 has left $left due rows"
}

# start_wal, wal_mb: how much has been written since.
start_wal() {
    wal_from=$(ask 'SELECT pg_current_wal_insert_lsn()')
}

wal_mb() {
    ask "SELECT round(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '$wal_from') / 1048576, 2)"
}

# How fast a table can be purged when nobody else needs the server: what doc/operations.md advises then.
large_batches=batch_rows=5000

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

# a_while SECONDS: where a load has to go on for so long to be measured; a look at a small scale has no time.
a_while() {
    sleep "$(awk -v s="$1" -v scale="$scale" 'BEGIN { print scale < 0.1 ? 0.5 : s }')"
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

# row HOW TEXT [REFERENCE]: a line of the table: its seconds, its rate, and how many times as fast as REFERENCE.
row() {
    json_samples "$1" s
    printf '%-46s %20s %10s %8s\n' "$2" "$(spread "$1")" "$(compute "$due / $(of "$1" median)" 0)" \
        "$(faster "$1" "${3:-one_delete}")"
}

row_titles() { # ROWS, before scaling
    echo "$(scaled "$1") rows, $due due"
    echo
    printf '%-46s %20s %10s %8s\n' '' 'seconds (min-max)' 'rows/s' 'ratio'
}

# faster HOW REFERENCE: the median of REFERENCE divided by that of HOW.
faster() {
    compute "$(of "$2" median) / $(of "$1" median)"
}

# figure TEXT VALUE RELATION BOUND: one of the figures that we promise; RELATION is >=, <= or ==.
figure() {
    met=$(awk "BEGIN { print ($2 $3 $4) ? \"true\" : \"false\" }")
    word=met
    [ "$met" = true ] || { word=MISSED; touch "$work/missed"; }
    printf '  %-6s  %s: %s (wanted: %s %s)\n' "$word" "$1" "$2" "$3" "$4"
    printf '| %s | %s | %s | %s %s | %s |\n' "$benchmark" "$1" "$2" "$3" "$4" "$word" >>"$work/table"
    printf '{"benchmark": "%s", "figure": "%s", "value": %s, "wanted": "%s %s", "met": %s}\n' \
        "$benchmark" "$1" "$2" "$3" "$4" "$met" >>"$work/figures"
}

# ---- our way -----------------------------------------------------------------------------------

purge_once() {
    "$pgpurged" --config "$work/bench.conf" --once &
    echo $! >"$work/purge.pid"
    status=0
    wait $! || status=$?
    rm "$work/purge.pid"
    return "$status"
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

# ours HOW DATA [OPTION=VALUE...]: one run on the table anew; samples its seconds as HOW.
ours() {
    how=$1
    restore "$2"
    shift 2
    write_config "$@"
    start_wal
    timed purge_once
    sample "$how" "$elapsed"
    sample "${how}_wal" "$(wal_mb)"
    expect_nothing_due pgpurged
}

# warm_up DATA: whoever comes first pays for the server's first touch of its shared memory; not counted.
warm_up() {
    restore "$1"
    write_config duty_cycle=100 "$large_batches"
    purge_once 2>"$work/timed.log" || die "pgpurged: $(tail -n 5 "$work/timed.log")"
}

# beside_one_delete DATA ROWS [OPTION=VALUE]: we, with that instead of large batches, and one DELETE, in turns,
# and the table; for the shapes that data comes in.
beside_one_delete() {
    warm_up "$1"
    for _ in $(seq "$rounds"); do
        ours ours "$1" duty_cycle=100 "${3-$large_batches}"
        sample batch_p99 "$(batch_ms 0.99)"
        sample own_seconds "$(last_run 'extract(epoch FROM ended_at - started_at)')"
        found=$(last_run scan)
        other one_delete "$1"
    done
    row_titles "$2"
    row ours 'pgpurged --once, rest off'
    row own_seconds 'the run alone, without start and preflight'
    row one_delete 'one DELETE'
    json_samples batch_p99 ms
    echo
    echo "found by: $found; p99 of a batch $(spread batch_p99) ms"
    echo
}

# own_rate: rows/s of the latest run by its own record, without connecting and the look at the catalog before it.
own_rate() {
    last_run 'round(rows / extract(epoch FROM ended_at - started_at))'
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
