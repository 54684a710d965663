#!/bin/sh
# The story of a lost answer, told by a real ledgerd: the money moves, the connection drops without a
# word, and the retry is answered from the record. Then the same with kill -9 in the middle.
#
#   examples/chaos.sh [LEDGERD]     build/release/ledgerd unless given; needs curl
#
# Ends with 0 only if everything went as it says.
set -eu

ledgerd=${1:-build/release/ledgerd}
folder=$(mktemp -d)
pid=

stop() {
  [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || :
  rm -rf "$folder"
}
trap stop EXIT
trap 'exit 1' HUP INT TERM

say() { printf '\n%s\n' "$*"; }
fail() {
  printf '\nNot as told: %s\n\n' "$*" >&2
  cat "$folder/log" >&2
  exit 1
}

# Starts ledgerd on a free port over the folder's own file. Sets pid and url.
start() {
  : >"$folder/log"
  CHAOS_MODE=true "$ledgerd" --demo --db "sqlite:$folder/ledger.db" --locks in-process \
    --listen 127.0.0.1:0 --log-level info --log-format text >/dev/null 2>"$folder/log" &
  pid=$!
  url=
  while [ -z "$url" ]; do
    kill -0 "$pid" 2>/dev/null || fail 'ledgerd did not start'
    url=$(sed -n 's/.*listening on \(http:[^ ]*\).*/\1/p' "$folder/log")
    [ -n "$url" ] || sleep 0.1
  done
}

# transfer KEY [CHAOS]: sets status to curl's exit code, and answer to what came.
transfer() {
  set -- "$1" "${2:+X-Simulate-Chaos: $2}"
  printf "  curl -i %s/transfer -H 'Idempotency-Key: %s'" "$url" "$1"
  [ -z "$2" ] || printf " -H '%s'" "$2"
  printf " -d '%s'\n" "$body"
  status=0
  answer=$(curl -sS -i --noproxy '*' --max-time 60 "$url/transfer" \
    -H "Idempotency-Key: $1" ${2:+-H "$2"} -d "$body" 2>&1) || status=$?
  printf '%s\n' "$answer" | tr -d '\r' | sed -n '/^HTTP/p; /^X-Db-Hit/p; /^{/p; /^curl/p' | sed 's/^/    /'
}
body='{"from_id":1,"to_id":2,"amount":100.00}'

must_be_dropped() { [ "$status" = 52 ] || fail "curl ended with $status, and not with 52 (empty reply)"; }

must_be_recovered() {
  [ "$status" = 0 ] || fail "curl ended with $status"
  printf '%s\n' "$answer" | grep -q '"Transfer Complete (Recovered)"' || fail 'the answer is not "Recovered"'
  printf '%s\n' "$answer" | grep -qi '^X-Db-Hit: true' || fail 'the header X-Db-Hit is missing'
}

# must_have ACCOUNT BALANCE
must_have() {
  account=$(curl -sS --noproxy '*' --max-time 60 "$url/v1/accounts/$1") || fail "cannot read account $1"
  printf '  account %s has %s\n' "$1" "$(printf '%s' "$account" | sed 's/.*"balance":"\([^"]*\)".*/\1/')"
  printf '%s' "$account" | grep -q "\"balance\":\"$2\"" || fail "account $1 does not have $2"
}

start
say 'Two accounts of 1,000.00 each. A transfer of 100.00, whose answer is lost after the commit:'
transfer lost-answer true
must_be_dropped

say 'Did the money move? The client cannot know, so it sends the same again, with the same key:'
transfer lost-answer
must_be_recovered
must_have 1 900.00
must_have 2 1100.00

say 'Once more, but now the whole process is killed after the commit (SIGKILL):'
transfer lost-process kill-after-commit
must_be_dropped
code=0
wait "$pid" || code=$?
pid=
[ "$code" = 137 ] || fail "ledgerd ended with $code, and not by SIGKILL"

say 'ledgerd is started again, and the client retries:'
start
transfer lost-process
must_be_recovered
must_have 1 800.00
must_have 2 1200.00

say 'Two transfers, two lost answers, one death: each moved its money once.'
