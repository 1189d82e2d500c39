# Shared by what runs scripts as tests: a line for each, and how many passed. Source it behind lib.sh.
# shellcheck shell=bash
# A script that cannot run ends with status 77 and prints "NOT RUN: why"; it does not count as passed.

# start_runner DIRECTORY: logs go there.
start_runner() {
    logs=$1
    mkdir -p "$logs"
    rm -f "$logs"/*.log "$logs"/*.line
    passed=0 not_run=0 failed=0
}

# run_script SCRIPT TEXT: the line begins with the script's name and TEXT. It goes to a file of its
# own, with the exit status in front.
run_script() {
    local name started status=0
    name=$(basename "$1" .sh)
    started=$(date +%s)
    timeout -k 5 240 "$1" >"$logs/$name.log" 2>&1 </dev/null || status=$?
    printf '%s %s\n' "$status" "$name ($2): $(($(date +%s) - started)) s" >"$logs/$name.line"
}

# report_script NAME: prints the line, counts it.
report_script() {
    local status text
    read -r status text <"$logs/$1.line"
    case $status in
    0)
        echo "ok       $text"
        passed=$((passed + 1))
        ;;
    77)
        echo "NOT RUN  $text: $(sed -n 's/^NOT RUN: //p' "$logs/$1.log")"
        not_run=$((not_run + 1))
        ;;
    *)
        echo "FAILED   $text"
        tail -n 30 "$logs/$1.log"
        failed=$((failed + 1))
        ;;
    esac
}

# finish_runner WHAT: the counts; ends with status 0 only if none failed.
finish_runner() {
    printf '# PASS: %s\n# NOT RUN: %s\n' "$passed" "$not_run"
    [ "$failed" = 0 ] || die "$failed of $((passed + not_run + failed)) $1 failed; see $logs"
}
