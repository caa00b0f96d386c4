# Read by tests/run and tests/mutants/run: no command runs for longer than it is given.

# bounded SECONDS COMMAND...: the command's exit code; 124 if it had to be ended, and with it all
# that it started. It has a process group of its own, which keys do not reach: they are passed on.
bounded() {
    local seconds="$1" running status
    shift
    # Descriptor 9, where there is one, is a lock that must not outlive the script.
    timeout --kill-after=10 "$seconds" "$@" </dev/null 9>&- &
    running=$!
    trap 'kill "$running"; exit 130' INT TERM
    wait "$running"
    status=$?
    trap - INT TERM
    # 137: it did not heed being told to end.
    if [[ $status -eq 124 || $status -eq 137 ]]; then
        echo "ended after $seconds s, which is all it is given: $*"
        return 124
    fi
    return "$status"
}
