#!/bin/sh
# Installs what libledger needs from the system's package manager, and nothing that is there already.
#
#   cmake/dependencies.sh            to build and run the library and ledgerd
#   cmake/dependencies.sh --servers  and a Postgres and a Redis, to run it over
#   cmake/dependencies.sh --test     and those, and to build and run the tests
#   cmake/dependencies.sh --ci       and what only CI runs: clang, clang-tidy, clang-format
#
# Run it as root, or as a user who may sudo. LEDGER_FETCH_HTTPLIB=ON in the environment leaves
# cpp-httplib to CMake's option of the same name.
set -eu

httplib_minimum=0.41
httplib_prefix=/usr/local
httplib_suites='forky trixie-backports sid'

build_packages='
g++|the C++20 compiler
cmake|configures the build
ninja-build|runs the build
make|the entry point: make run, make test
libsqlite3-dev|the embedded store
libssl-dev|hashes
libpq-dev|the Postgres store
libhiredis-dev|locks in Redis
libfmt-dev|formats log lines and messages of ledgerd
libsimdjson-dev|parses JSON: metadata, and the bodies that ledgerd gets
libcli11-dev|parses the command line of ledgerd
curl|calls ledgerd, as make run shows
'
server_packages='
postgresql|a private Postgres: for run-local, the benchmarks and the tests
redis-server|a private Redis: the same
'
test_packages='
doctest-dev|the test framework
pkg-config|finds the installed library, as its users do
python3-yaml|reads compose.yaml in the tests
python3-jsonschema|checks the answers of ledgerd against its OpenAPI document
ccache|makes the second build of the same file free
'
ci_packages='
clang-14|the second compiler, and its thread-safety analysis
libclang-rt-14-dev|the sanitizers of clang
clang-tidy-14|static analysis
clang-format-14|checks the formatting
git|lists the files to check
'

say() { printf 'dependencies: %s\n' "$*"; }

fail() {
  printf 'dependencies: error: %s\n' "$1" >&2
  shift
  for line in "$@"; do printf '  %s\n' "$line" >&2; done
  exit 1
}

names_of() { printf '%s\n' "$1" | sed -n 's/|.*//p'; }

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail 'installing needs root, and there is no sudo here.' \
      'Run this script as root, or ask an administrator to install:' \
      "${missing:- cpp-httplib $httplib_minimum or newer}"
  fi
}

# --- packages ---------------------------------------------------------------------------------------

find_missing() {
  # shellcheck disable=SC2046 # one word per package
  installed=$(dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' $(names_of "$packages") 2>/dev/null |
    sed -n 's/^ii *//p')
  missing=
  for name in $(names_of "$packages"); do
    if ! printf '%s\n' "$installed" | grep -qx -- "$name"; then
      missing="$missing $name"
    fi
  done
}

lists_refreshed=no
refresh_lists() {
  if [ "$lists_refreshed" = no ]; then
    say 'refreshing the package lists'
    as_root apt-get update -q ||
      fail 'apt-get update failed.' 'Check the network, the proxy in apt.conf and the sources, then run this again.'
    lists_refreshed=yes
  fi
}

lists_are_usable() {
  [ -n "$(find /var/lib/apt/lists -maxdepth 1 -name '*Packages*' -mtime -1 2>/dev/null | head -n 1)" ]
}

install_packages() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
}

install_missing() {
  for name in $missing; do
    say "installing $name: $(printf '%s\n' "$packages" | sed -n "s/^$name|//p")"
  done
  lists_are_usable || refresh_lists
  # Lists of yesterday may name a version that the mirror has replaced since: once more with new ones.
  # shellcheck disable=SC2086 # one word per package
  install_packages $missing || {
    [ "$lists_refreshed" = no ] && refresh_lists && install_packages $missing
  } || fail 'apt-get could not install:' "$missing" 'Its own message is above.'
}

# --- cpp-httplib --------------------------------------------------------------------------------------

# It has to be the single header of upstream: ledgerd sets limits when it compiles it, which the library
# that distributions split off has been compiled without.

version_of_header() { sed -n 's/^#define CPPHTTPLIB_VERSION "\(.*\)"/\1/p;/^#ifdef/q' "$1" 2>/dev/null; }

new_enough() { [ -n "$1" ] && dpkg --compare-versions "$1" ge "$httplib_minimum"; }

is_whole() { grep -q 'Implementation that will be part of the .cc file' "$1"; }

# The first header the compiler finds decides; an old one before a new one would hide it.
have_httplib() {
  for dir in /usr/local/include /usr/include; do
    if [ -f "$dir/httplib.h" ]; then
      new_enough "$(version_of_header "$dir/httplib.h")" && is_whole "$dir/httplib.h"
      return
    fi
  done
  return 1
}

install_httplib() {
  lists_are_usable || refresh_lists
  say "taking the header of cpp-httplib from Debian's signed source packages: those before $httplib_minimum"
  say '  must not face a network, and the packaged library is compiled with other limits'
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' HUP INT TERM
  fetch_httplib_source ||
    fail "no suite of Debian gave cpp-httplib $httplib_minimum or newer (tried $httplib_suites)." \
      'Check the network and run this again; or, where there is internet, let CMake fetch a pinned release:' \
      'set LEDGER_FETCH_HTTPLIB=ON for this script and for make, or configure with -DLEDGER_FETCH_HTTPLIB=ON.'

  tar -xJf "$work"/download/cpp-httplib_*.orig.tar.xz -C "$work" --strip-components=1 \
    --wildcards --no-wildcards-match-slash '*/httplib.h'
  version=$(version_of_header "$work/httplib.h")
  { new_enough "$version" && is_whole "$work/httplib.h"; } || fail "the source package holds version '$version' of httplib.h, which was not expected."
  say "installing cpp-httplib $version from $suite as $httplib_prefix/include/httplib.h: HTTP parsing and routing in ledgerd"
  as_root install -D -m 0644 "$work/httplib.h" "$httplib_prefix/include/httplib.h"
}

# A private apt: its own sources, lists and cache, so that the machine's configuration is neither
# changed nor able to take anything else from that suite. apt checks the archive's signature and,
# against its signed index, every file. Only how to reach the network is taken over from the machine.
fetch_httplib_source() {
  keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  [ -r "$keyring" ] || fail "there is no $keyring to check Debian's signature with." \
    'Install debian-archive-keyring, or configure CMake with -DLEDGER_FETCH_HTTPLIB=ON.'
  mirror=$(debian_mirror)
  [ -n "$mirror" ] || fail 'no Debian mirror is configured for apt, so there is none to take cpp-httplib from.' \
    'Where there is internet, set LEDGER_FETCH_HTTPLIB=ON for this script and for make.'

  # apt drops root for its downloads, so its user must reach these folders.
  chmod 0755 "$work"
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/download"
  if [ "$(id -u)" = 0 ] && id _apt >/dev/null 2>&1; then
    chown -R _apt "$work/lists" "$work/cache" "$work/download"
  fi
  (
    umask 077
    apt-config dump | sed -n '/^Acquire::/p'
    echo "Dir::Etc::main \"/dev/null\";
Dir::Etc::parts \"/dev/null\";
Dir::Etc::preferences \"/dev/null\";
Dir::Etc::preferencesparts \"/dev/null\";
Dir::Etc::sourcelist \"$work/sources.list\";
Dir::Etc::sourceparts \"/dev/null\";
Dir::State::lists \"$work/lists\";
Dir::Cache \"$work/cache\";
Acquire::Languages \"none\";"
  ) >"$work/apt.conf"

  for suite in $httplib_suites; do
    echo "deb-src [signed-by=$keyring] $mirror $suite main" >"$work/sources.list"
    say "asking $suite for cpp-httplib"
    if private_apt update -qq && fetch_from_suite; then return 0; fi
    say "$suite does not have it"
  done
  return 1
}

private_apt() { APT_CONFIG="$work/apt.conf" apt-get "$@" >"$work/log" 2>&1; }

fetch_from_suite() {
  version=$(APT_CONFIG="$work/apt.conf" apt-cache showsrc --only-source cpp-httplib 2>/dev/null |
    sed -n 's/^Version: //p' | sort -V | tail -n 1)
  new_enough "$version" || return 1
  rm -f "$work"/download/*
  (cd "$work/download" && private_apt source -qq --download-only --only-source "cpp-httplib=$version") &&
    [ -f "$(echo "$work"/download/cpp-httplib_*.orig.tar.xz)" ]
}

# As apt itself understands its sources, in whichever form they are written.
debian_mirror() {
  # shellcheck disable=SC2016 # apt's placeholders
  apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' |
    sed -n 's/^Debian|Debian|//p' | head -n 1
}

# --- main -----------------------------------------------------------------------------------------------

packages=$build_packages
for argument in "$@"; do
  case $argument in
    --servers) packages="$packages$server_packages" ;;
    --test) packages="$packages$server_packages$test_packages" ;;
    --ci) packages="$packages$ci_packages" ;;
    -h | --help)
      sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p;}' "$0"
      exit 0
      ;;
    *) fail "unknown argument $argument" "usage: $0 [--servers] [--test] [--ci]" ;;
  esac
done

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  say 'this system has no apt; please see to it that these, by their Debian names, are installed:'
  printf '%s\n' "$packages" | sed -n 's/^\(..*\)|/  \1: /p'
  say "  cpp-httplib $httplib_minimum or newer, or build with LEDGER_FETCH_HTTPLIB=ON"
  exit 0
fi

fetch_httplib=no
if [ "${LEDGER_FETCH_HTTPLIB:-OFF}" = OFF ] && ! have_httplib; then
  fetch_httplib=yes
  packages="${packages}xz-utils|unpacks the source package of cpp-httplib
"
fi

find_missing
if [ -n "$missing" ]; then install_missing; fi
if [ "$fetch_httplib" = yes ]; then install_httplib; fi
