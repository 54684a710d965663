#!/bin/sh
# ledgerd over a Postgres and a Redis of its own, as compose.yaml has them, without Docker. Everything
# ends when ledgerd ends, or when this script does.
#
#   examples/run-local.sh LEDGERD [ARGUMENT...]
#
# The ledger stays in ./local, or where LOCAL_DIR says. Postgres refuses to run as root; then the
# servers run as the user postgres. Needs the packages postgresql and redis-server.
# shellcheck disable=SC2317 # what traps and start() call
set -eu

ledgerd=$1
shift
folder=${LOCAL_DIR:-local}
postgres_pid='' redis_pid='' ledgerd_pid='' temporary=''

fail() {
  printf 'run-local: %s\n' "$*" >&2
  exit 1
}

# In a session of its own, so that Ctrl-C reaches this script alone, which ends them in order. Should
# it be killed, the kernel ends them.
own_session() {
  signal=$1
  shift
  exec setsid setpriv --pdeathsig "$signal" "$@"
}

# shellcheck disable=SC2086 # several words, or none
server() { own_session INT $server_user -- "$@"; }

# shellcheck disable=SC2086
as_server_user() { setpriv $server_user -- "$@"; }

# stop PID SIGNAL: and wait for the end.
stop() {
  [ -z "$1" ] || ! kill "-$2" "$1" 2>/dev/null || wait "$1" 2>/dev/null || :
}

stop_all() {
  trap '' HUP INT TERM
  stop "$ledgerd_pid" TERM
  stop "$redis_pid" TERM
  stop "$postgres_pid" INT
  [ -z "$temporary" ] || rm -rf "$temporary"
}
trap stop_all EXIT
trap 'exit 130' INT
trap 'exit 143' HUP TERM

# Below the range that outgoing connections are given.
random_port() { echo $((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000)); }

find_servers() {
  binaries=$(find /usr/lib/postgresql -path '*/bin/initdb' 2>/dev/null | sort -V | tail -n 1)
  [ -n "$binaries" ] || fail 'Postgres was not found: install postgresql'
  binaries=${binaries%/initdb}
  command -v redis-server >/dev/null || fail 'Redis was not found: install redis-server'
}

choose_user() {
  server_user=
  if [ "$(id -u)" = 0 ]; then
    id postgres >/dev/null 2>&1 || fail 'there is no user postgres to run Postgres as'
    server_user='--reuid postgres --regid postgres --clear-groups'
  fi
}

make_folder() {
  mkdir -p "$folder"
  folder=$(cd "$folder" && pwd)
  if ! as_server_user test -x "$folder"; then
    temporary=$(mktemp -d)
    printf 'run-local: the user postgres cannot reach %s; the ledger is in %s, and goes at the end.\n' \
      "$folder" "$temporary" >&2
    printf 'run-local: LOCAL_DIR=… puts it elsewhere.\n' >&2
    folder=$temporary
  fi
  chmod 0700 "$folder"
  [ -z "$server_user" ] || chown postgres: "$folder"
}

make_password() {
  password=$(cat "$folder/password" 2>/dev/null || :)
  [ -z "$password" ] || return 0
  password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  # shellcheck disable=SC2016 # for the other shell
  as_server_user sh -c 'umask 077; printf "%s\n" "$1" >"$2"' sh "$password" "$folder/password"
}

make_database() {
  [ ! -f "$folder/postgres/PG_VERSION" ] || return 0
  rm -rf "$folder/new"
  as_server_user "$binaries/initdb" -D "$folder/new" -U ledger --pwfile="$folder/password" \
    -A scram-sha-256 -E UTF8 --locale=C --data-checksums >"$folder/initdb.log" 2>&1 ||
    fail "initdb failed: $(cat "$folder/initdb.log")"
  mv "$folder/new" "$folder/postgres"
}

# The file's first line is the process, its eighth what that is doing.
postgres_is_ready() {
  sed -n '1p;8p' "$folder/postgres/postmaster.pid" 2>/dev/null | tr -d '\n ' |
    grep -qx "${postgres_pid}ready"
}

# start_postgres PORT: false if it ended, as it does when the port is taken.
start_postgres() {
  (server "$binaries/postgres" -D "$folder/postgres" -p "$1" -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories= >"$folder/postgres.log" 2>&1) &
  postgres_pid=$!
  until postgres_is_ready; do
    kill -0 "$postgres_pid" 2>/dev/null || return 1
    sleep 0.1
  done
}

start_redis() {
  # shellcheck disable=SC2016 # for the other shell
  as_server_user sh -c 'umask 077; cat >"$1"' sh "$folder/redis.conf" <<END
port $1
bind 127.0.0.1
requirepass $password
save ""
appendonly no
dir $folder
END
  (server redis-server "$folder/redis.conf" >"$folder/redis.log" 2>&1) &
  redis_pid=$!
  until REDISCLI_AUTH=$password redis-cli -p "$1" ping 2>/dev/null | grep -q PONG; do
    kill -0 "$redis_pid" 2>/dev/null || return 1
    sleep 0.1
  done
}

# start WHAT: on the first of some random ports that is free; sets port.
start() {
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    port=$(random_port)
    if "start_$1" "$port"; then return 0; fi
  done
  fail "$1 does not start: $(cat "$folder/$1.log")"
}

find_servers
choose_user
make_folder
make_password
make_database
start postgres
DB_URL=postgres://ledger:$password@127.0.0.1:$port/postgres
start redis
REDIS_ADDR=redis://:$password@127.0.0.1:$port
export DB_URL REDIS_ADDR

(own_session TERM -- "$ledgerd" "$@") &
ledgerd_pid=$!
status=0
wait "$ledgerd_pid" || status=$?
exit "$status"
