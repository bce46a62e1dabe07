# bash completion for pgpurged(8): options, and the names of the jobs, which stand in the configuration.

# The names, from the configuration that is already on the command line, or the usual one; nothing if it can't be
# read. They have nothing in them that compgen -W would expand.
_pgpurged_jobs()
{
    local i config=()

    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
            -c | --config) config=(--config "${COMP_WORDS[i + 1]}") ;;
        esac
    done
    "${COMP_WORDS[0]}" "${config[@]}" --print-config 2>/dev/null |
        sed -n 's/^\[job \(.*\)\]$/\1/p'
}

# Whether job names may follow.
_pgpurged_takes_jobs()
{
    local word

    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $word in
            --plan | --once) return 0 ;;
        esac
    done
    return 1
}

# The options that may still follow: there is one verb at most, and --config is given once.
_pgpurged_options()
{
    local word config=--config verbs="--check --init-sql --once --plan --print-config" exact=--exact json=--json

    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $word in
            -c | --config) config= ;;
            --exact*) exact= verbs=${verbs:+--plan} ;;
            --json) json= verbs=${verbs:+--plan} ;;
            --plan) verbs= ;;
            --check | --init-sql* | --once | --print-config) verbs= exact= json= ;;
        esac
    done
    echo "$verbs $config $exact $json --help --version"
}

_pgpurged()
{
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} words=

    COMPREPLY=()
    case $previous in
        -c | --config)
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return
            ;;
    esac
    if [[ $current == -* ]]; then
        words=$(_pgpurged_options)
    elif _pgpurged_takes_jobs; then
        words=$(_pgpurged_jobs)
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _pgpurged pgpurged
