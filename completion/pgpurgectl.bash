# bash completion for pgpurgectl(1): commands, options, and the names of the jobs, which the daemon
# is asked for.

# The names, over the socket that is already on the command line; nothing if no daemon answers soon.
# Only plain ones, because compgen -W expands what it is given as a shell would.
_pgpurgectl_jobs()
{
    local i socket=()

    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
            -s | --socket) socket=(--socket "${COMP_WORDS[i + 1]}") ;;
        esac
    done
    "${COMP_WORDS[0]}" --timeout 1s "${socket[@]}" jobs 2>/dev/null |
        grep -E '^[A-Za-z0-9_.-]+$'
}

# The command among the words before the cursor, "" if there is none yet.
_pgpurgectl_command()
{
    local i word

    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case $word in
            -s | --socket | -w | --warning | -c | --critical | --timeout | --interval | --color | \
                --success-warning | --success-critical) ((i++)) ;;
            -*) ;;
            *)
                echo "$word"
                return
                ;;
        esac
    done
}

_pgpurgectl()
{
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} words=

    COMPREPLY=()
    case $previous in
        -s | --socket)
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return
            ;;
        --color) words="auto always never" ;;
        -w | --warning | -c | --critical | --timeout | --interval | --success-*) return ;;
        *)
            if [[ $current == -* ]]; then
                words="--color --critical --help --interval --json --socket --success-critical
                    --success-warning --timeout --version --warning"
            else
                case $(_pgpurgectl_command) in
                    "") words="status watch check run pause resume reload metrics jobs" ;;
                    status | watch | check | run | pause | resume) words=$(_pgpurgectl_jobs) ;;
                esac
            fi
            ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _pgpurgectl pgpurgectl
