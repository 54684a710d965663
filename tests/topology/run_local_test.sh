#!/bin/sh
# examples/run-local.sh starts the whole topology, keeps its ledger, and leaves no process behind,
# however it ends.
#
#   run_local_test.sh RUN_LOCAL LEDGERD
set -eu

run_local=$1
ledgerd=$2
folder=$(mktemp -d)
chmod 0755 "$folder" # the servers may run as another user
script_pid=

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  cat "$folder/log" >&2
  exit 1
}

# The processes whose current folder is in ours: the script, Postgres', Redis and ledgerd.
processes() {
  for process in /proc/[0-9]*; do
    case $(readlink "$process/cwd" 2>/dev/null) in
      "$folder"*) echo "${process#/proc/}" ;;
    esac
  done
}

clean_up() {
  [ -z "$script_pid" ] || kill "$script_pid" 2>/dev/null || :
  rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

start() {
  : >"$folder/log"
  (cd "$folder" && LOCAL_DIR=local exec "$run_local" "$ledgerd" --demo --listen 127.0.0.1:0 \
    --log-format text >log 2>&1) &
  script_pid=$!
  url=
  while [ -z "$url" ]; do
    kill -0 "$script_pid" 2>/dev/null || fail 'it did not start'
    url=$(sed -n 's/.*listening on \(http:[^ ]*\).*/\1/p' "$folder/log")
    [ -n "$url" ] || sleep 0.1
  done
  [ "$(servers | wc -l)" -ge 3 ] || fail 'Postgres, Redis and ledgerd were not all found'
}

servers() { processes | grep -vx "$script_pid"; }

pid_of() {
  for pid in $(servers); do
    if [ "$(cat "/proc/$pid/comm")" = "$1" ]; then echo "$pid"; fi
  done
}

transfer() {
  curl -sS --noproxy '*' --max-time 60 "$url/transfer" -H 'Idempotency-Key: order-1' \
    -d '{"from_id":1,"to_id":2,"amount":1.00}'
}

# expect TEXT ANSWER
expect() { case $2 in *"$1"*) ;; *) fail "expected $1, and got $2" ;; esac; }

# Not all are children of ours to wait for.
must_all_end() {
  wait "$script_pid" 2>/dev/null || :
  tries=0
  while [ -n "$(processes)" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 600 ] || fail "left behind after $1: $(processes | tr '\n' ' ')"
    sleep 0.1
  done
  script_pid=
}

start
expect '"Transfer Complete"' "$(transfer)"
expect '(Recovered)' "$(transfer)"
expect '"locks":"closed"' "$(curl -sS --noproxy '*' "$url/readyz")"
kill -TERM "$script_pid"
must_all_end 'SIGTERM to the script'

start
expect '(Recovered)' "$(transfer)" # the ledger was kept
kill -KILL "$(pid_of ledgerd)"
must_all_end 'SIGKILL to ledgerd'

start
expect '(Recovered)' "$(transfer)"
kill -KILL "$script_pid"
must_all_end 'SIGKILL to the script'
echo 'run-local: all as it should be'
