#!/bin/sh
# Checks the checker: a tree that keeps the rules passes, and each seeded breach is found.
set -u

check=$(dirname "$0")/check.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failed=0

clean_tree() {
  rm -rf "${tree:?}"/*
  mkdir -p "$tree/include/ledger" "$tree/src/base" "$tree/src/core" "$tree/src/engine" \
    "$tree/src/store/memory" "$tree/src/store/sqlite" "$tree/src/lock/none" "$tree/daemon/http"
  printf '%s\n' '#include <string>' '#include "ledger/error.h"' '/// Prevents a double spend.' \
    >"$tree/include/ledger/money.h"
  printf '%s\n' '#include <sqlite3.h>' '#include "core/apply.h"' '#include "store/sqlite/schema.h"' \
    >"$tree/src/store/sqlite/store.cpp"
  printf '%s\n' '#include <mutex>' 'std::mutex mutex_;' >"$tree/src/base/mutex.h"
  printf '%s\n' '#include "core/apply.h"' >"$tree/src/engine/batcher.cpp"
  printf '%s\n' '#include <httplib.h>' >"$tree/daemon/http/httplib_adapter.h"
  printf '%s\n' '#include "http/httplib_adapter.h"' >"$tree/daemon/http/server.cpp"
}

# Every source that is there is also built, until a test says otherwise.
list_sources() {
  (cd "$tree" && find src daemon -name '*.cpp') >"$tree/CMakeLists.txt"
}

finds() {
  file=$1 text=$2
  clean_tree
  printf '%s\n' "$text" >>"$tree/$file"
  list_sources
  if sh "$check" "$tree" >/dev/null; then
    printf 'not found: in %s: %.60s\n' "$file" "$text"
    failed=1
  fi
}

clean_tree
list_sources
if ! sh "$check" "$tree"; then
  echo 'a tree that keeps the rules was refused'
  failed=1
fi

finds src/base/error.cpp '#include "core/money.h"'
finds src/core/money.cpp '#include "engine/batcher.h"'
finds src/core/money.cpp '#include "store/memory/store.h"'
finds src/engine/ledger.cpp '#include "store/sqlite/store.h"'
finds src/store/memory/store.cpp '#include "store/sqlite/schema.h"'
finds src/store/memory/store.cpp '#include "engine/batcher.h"'
finds src/store/sqlite/store.cpp '#include "lock/none/no_lock.h"'
finds src/lock/none/no_lock.cpp '#include "store/memory/store.h"'
finds include/ledger/store.h '#include "base/mutex.h"'
finds include/ledger/store.h '#include <sqlite3.h>'
finds include/ledger/store.h '  #  include <openssl/evp.h>'
finds src/engine/ledger.cpp '#include <sqlite3.h>'
finds daemon/routes.cpp '#include "sqlite3.h"'
finds src/engine/open.cpp '#include <libpq-fe.h>'
finds src/lock/none/no_lock.cpp '#include <hiredis/hiredis.h>'
finds src/core/money.cpp '#include <simdjson.h>'
finds src/engine/ledger.cpp '#include <httplib.h>'
finds daemon/http/server.cpp '#include <httplib.h>'
finds daemon/routes.cpp '#include <simdjson.h>'
finds src/core/money.cpp 'double amount = 0; // minor units'
finds include/ledger/money.h 'static float rate();'
finds daemon/http/server.cpp 'std::lock_guard<std::mutex> lock(mutex_);'
finds src/engine/long.cpp "$(yes '//' | head -n 600)"

clean_tree
list_sources
touch "$tree/src/core/forgotten.cpp"
if sh "$check" "$tree" >/dev/null; then
  echo 'not found: a source that is not built'
  failed=1
fi

exit "$failed"
