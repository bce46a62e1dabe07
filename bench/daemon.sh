# shellcheck shell=sh disable=SC2154 # variables of bench/run and lib.sh
# daemon: what the process itself costs: memory, CPU beside the server's backend, wake-ups while idle.
#
# It runs for years beside other things, nearly always idle, so what its start costs (loading of libraries, for
# the most part) doesn't count: it starts with the job paused. Memory is the highest that it ever had (VmHWM);
# a wake-up is a voluntary context switch of the idle process.

# Clock ticks of 10 ms, as in /proc/PID/stat, would be too coarse for the daemon.
cpu_ns() { # PID...
    for pid in "$@"; do cat "/proc/$pid/schedstat" 2>/dev/null || true; done |
        awk '{ ns += $1 } END { printf "%.0f", ns }'
}

status_of() { # FIELD: a number out of /proc/PID/status
    awk -v field="$1:" '$1 == field { print $2 }' "/proc/$daemon/status"
}

# The backend may be gone as soon as the run has ended, so its time is read all the while.
watch_run() {
    echo bench >"$work/paused"
    start_daemon
    until grep -q '(paused)' "$work/daemon.log"; do sleep 0.05; done
    started_ns=$(cpu_ns "$daemon")
    "$pgpurgectl" --socket "$socket" resume bench >/dev/null
    backend_ns=0
    until has_run; do
        backends=$(ask "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity WHERE usename = 'pgpurged'")
        # shellcheck disable=SC2086
        ns=$(cpu_ns $backends)
        [ "$ns" -lt "$backend_ns" ] || backend_ns=$ns
        sleep 0.05
    done
    daemon_ns=$(($(cpu_ns "$daemon") - started_ns))
}

one_round() {
    restore dense
    watch_run
    sample cpu_percent "$(compute "100 * $daemon_ns / ($backend_ns > 0 ? $backend_ns : 1)")"
    a_while 2 # what belongs to the end of the run
    from=$(status_of voluntary_ctxt_switches)
    a_while 10
    sample wakeups $(($(status_of voluntary_ctxt_switches) - from))
    sample rss_mb "$(compute "$(status_of VmHWM) / 1024")"
    stop_daemon
}

socket=$work/daemon.sock
write_config duty_cycle=100 every=1d
printf '\n[pgpurged]\nsocket = %s\nstate_directory = %s\n' "$socket" "$work" >>"$work/bench.conf"
for _ in $(seq "$rounds"); do one_round; done

json_samples rss_mb MB
json_samples cpu_percent %
json_samples wakeups wakeups
printf '%-40s %s\n' 'highest resident memory, MB' "$(spread rss_mb)" \
    'CPU time, % of the backend'\''s' "$(spread cpu_percent)" 'wake-ups in 10 s with nothing due' "$(spread wakeups)"
echo
figure 'daemon: resident memory, MB' "$(of rss_mb max)" '<=' 10
figure 'daemon: CPU time, % of the backend'\''s' "$(of cpu_percent median)" '<=' 3
figure 'daemon: wake-ups in 10 s with nothing due' "$(of wakeups max)" '==' 0
