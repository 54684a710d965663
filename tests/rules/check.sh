#!/bin/sh
# Checks the project's own rules, those that no compiler knows, over the tree at $1. Prints every
# place that breaks one, as file:line: text, and exits 1 if there is any.
set -u

cd "$1" || exit 2

# report RULE: what it read on standard input, if anything, breaks that rule.
report() {
  places=$(cat)
  if [ -n "$places" ]; then
    printf '%s\n' "$1" "$places" | sed '2,$s/^/  /'
  fi
}

cpp_files() { find "$@" \( -name '*.h' -o -name '*.cpp' \) 2>/dev/null | sort; }

# includes_in PATH...: every include of those files as file:line:"name" or file:line:<name>.
includes_in() {
  grep_code '^[[:space:]]*#[[:space:]]*include' "$@" | sed 's/:[^:]*include[[:space:]]*\(["<][^">]*[">]\).*/:\1/'
}

# grep_code REGEX PATH...: the matching lines of those files, line comments left out.
grep_code() {
  regex=$1
  shift
  # shellcheck disable=SC2016 # awk's own
  cpp_files "$@" | xargs -r awk -v regex="$regex" \
    '{ sub(/\/\/.*/, "") } $0 ~ regex { print FILENAME ":" FNR ":" $0 }'
}

# only_own PATH PREFIX...: includes of our own headers from PATH that start with none of the prefixes.
only_own() {
  path=$1
  shift
  allowed=$(printf '|%s' "$@")
  includes_in "$path" | grep -F ':"' | grep -Ev ":\"(${allowed#|})"
}

check_all() {
  layer_rule='include direction: base <- core <- engine; stores, locks and caches stand apart from each other and from the engine'
  {
    only_own include/ledger ledger/
    only_own src/base ledger/ base/
    only_own src/core ledger/ base/ core/
    # The one that joins a transaction of the caller's is an opener: it names its backend.
    only_own src/engine ledger/ base/ core/ engine/ |
      grep -v '^src/engine/postgres_transaction\.cpp:.*"store/postgres/joined_store\.h"'
    only_own src/redis ledger/ base/ redis/
    for backend in src/store/* src/lock/* src/cache/*; do
      case $backend in
        */redis) shared=redis/ ;;
        *) shared="${backend#src/}/" ;;
      esac
      [ -d "$backend" ] && only_own "$backend" ledger/ base/ core/ "${backend#src/}/" "$shared"
    done
  } | report "$layer_rule"

  includes_in include/ledger | grep -F ':<' | grep -Ev ':<[a-z_]+>$' |
    report 'the public headers include the standard library and each other, nothing else'

  includes_in include src daemon | grep -E ':[<"]sqlite3(ext)?\.h' | grep -v '^src/store/sqlite/' |
    report 'only src/store/sqlite includes sqlite3.h'

  includes_in include src daemon | grep -E ':[<"](libpq|postgres)' | grep -v '^src/store/postgres/' |
    report 'only src/store/postgres includes libpq'

  includes_in include src daemon | grep -E ':[<"]hiredis' | grep -v '^src/redis/connection\.cpp:' |
    report 'only src/redis/connection.cpp includes hiredis'

  includes_in include src | grep -E ':[<"](httplib|CLI/|fmt/)' |
    report 'cpp-httplib, CLI11 and fmt stay inside daemon/'

  # Its limits are macros, which every file that sees it must set alike.
  includes_in daemon | grep -E ':[<"]httplib\.h' | grep -v '^daemon/http/httplib_adapter\.h:' |
    report 'only daemon/http/httplib_adapter.h includes httplib.h'

  includes_in include src daemon | grep -E ':[<"]simdjson' |
    grep -v -e '^daemon/json_reader\.cpp:' -e '^src/core/metadata\.cpp:' |
    report 'only daemon/json_reader.cpp and src/core/metadata.cpp include simdjson'

  grep_code '(^|[^A-Za-z0-9_])(double|float)([^A-Za-z0-9_]|$)' include/ledger src/core |
    report 'no floating point touches money: none in include/ledger and src/core'

  grep_code 'std::([a-z_]*mutex|condition_variable|lock_guard|scoped_lock|unique_lock)' include src daemon |
    grep -v '^src/base/mutex\.h:' | report 'locks are those of base/mutex.h, which the compiler can check'

  # A source that is in no list would be compiled, formatted and checked by nobody.
  cpp_files src daemon examples tests | grep '\.cpp$' | while read -r file; do
    dir=$(dirname "$file")
    while [ ! -f "$dir/CMakeLists.txt" ] && [ "$dir" != . ]; do dir=$(dirname "$dir"); done
    path=${file#"$dir"/}
    grep -qwE "${path%.cpp}(\.cpp)?" "$dir/CMakeLists.txt" || echo "$file"
  done | report 'every source file is built: it is named in the nearest CMakeLists.txt'

  if [ -f README.md ]; then
    awk '/^```/ { if (inside) exit; inside = /^```cpp/; next } inside' README.md |
      diff - examples/transfer.cpp | report "the README's example is examples/transfer.cpp, which the tests run"
  fi

  find include src daemon examples tests cmake \
    \( -name '*.h' -o -name '*.cpp' -o -name '*.sh' -o -name '*.cmake' -o -name CMakeLists.txt \) 2>/dev/null |
    sort | xargs -r wc -l | awk '$2 != "total" && $1 >= 600 { print $2 ": " $1 " lines" }' |
    report 'every file is under 600 lines'
}

breaches=$(check_all)
[ -z "$breaches" ] || { printf '%s\n' "$breaches"; exit 1; }
