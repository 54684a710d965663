#!/bin/sh
# The stress test against ledgerds that it starts, and kills with SIGKILL at random moments: one over a
# new SQLite file or, where DB_URL names a Postgres, two over that, with leases in REDIS_ADDR if it is
# set. In a Postgres the accounts that it opens stay.
#
#   examples/stress.sh [LEDGERD [OPTION...]]     build/release/ledgerd unless given; options as in
#                                                ledgerd stress --help, 20 seconds unless given
#
# Ends as `ledgerd stress` does: with 0 if everything held.
set -eu

ledgerd=${1:-build/release/ledgerd}
[ $# = 0 ] || shift
[ $# != 0 ] || set -- --duration 20

folder=$(mktemp -d)
stop() {
  for file in "$folder"/*.pid; do
    [ ! -f "$file" ] || kill "$(cat "$file")" 2>/dev/null || :
  done
  rm -rf "$folder"
}
trap stop EXIT
trap 'exit 1' HUP INT TERM

case ${DB_URL:=sqlite:$folder/ledger.db} in
  postgres*) servers='1 2' ;;
  *) servers=1 ;;
esac
export DB_URL

# The restart is a command of its own, since ledgerd stress runs it.
cat >"$folder/start" <<'SCRIPT'
# sh start LEDGERD FOLDER NUMBER PORT
"$1" --listen "127.0.0.1:$4" --log-level info --log-format text >/dev/null 2>>"$2/$3.log" &
echo $! >"$2/$3.pid"
SCRIPT

# sh crash PIDFILE. Waits for the end, which frees the port and the file. Not for ever: where nobody
# collects it, a dead process stays in the list.
cat >"$folder/crash" <<'SCRIPT'
pid=$(cat "$1")
kill -9 "$pid"
tries=25
while [ $tries -gt 0 ] && kill -0 "$pid" 2>/dev/null; do
  sleep 0.02
  tries=$((tries - 1))
done
SCRIPT

# start NUMBER: on a port that is free, below those that outgoing connections are given, so that
# nobody takes it between a kill and the restart. Sets port.
start() {
  for attempt in 1 2 3 4 5; do
    port=$(awk -v salt="$$$1$attempt" 'BEGIN { srand(salt); print 10000 + int(rand() * 20000) }')
    : >"$folder/$1.log"
    sh "$folder/start" "$ledgerd" "$folder" "$1" "$port"
    while kill -0 "$(cat "$folder/$1.pid")" 2>/dev/null; do
      if grep -q 'listening on' "$folder/$1.log"; then return; fi
      sleep 0.1
    done
    grep -q 'cannot listen' "$folder/$1.log" || break
  done
  cat "$folder/$1.log" >&2
  exit 3
}

for number in $servers; do
  start "$number"
  set -- "$@" --url "http://127.0.0.1:$port" \
    --crash-command "sh '$folder/crash' '$folder/$number.pid'" \
    --restart-command "sh '$folder/start' '$ledgerd' '$folder' $number $port"
done

code=0
"$ledgerd" stress "$@" || code=$?
exit "$code"
