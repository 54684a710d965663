# The everyday commands, thin over CMake and its presets. `make help` lists them.
#
# Variables:
#   LISTEN=127.0.0.1:8080      where `make run` and `make run-local` listen
#   LOCAL_DIR=local            where `make run-local` keeps its servers' data
#   CMAKE_ARGS=-D...           more arguments for the configure step
#   LEDGER_FETCH_HTTPLIB=ON    let CMake download cpp-httplib (pinned, hash-checked) when none is found

JOBS ?= $(shell nproc)
LISTEN ?= 127.0.0.1:8080
LEDGER_FETCH_HTTPLIB ?= OFF
export LEDGER_FETCH_HTTPLIB

# Looked up when used, so that a Ninja the dependency script has just installed is found.
configure = CMAKE_GENERATOR=$${CMAKE_GENERATOR-$$(command -v ninja >/dev/null && echo Ninja)} \
  cmake --preset $(1) -DLEDGER_FETCH_HTTPLIB=$(LEDGER_FETCH_HTTPLIB) $(CMAKE_ARGS)
build = cmake --build --preset $(1) --parallel $(JOBS)

.PHONY: help
help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## build ledgerd and run it with two funded demo accounts, in ledger.db
	@build/release/ledgerd --demo --db sqlite:ledger.db --listen $(LISTEN)

.PHONY: build
build: ## build the library and ledgerd, optimised: build/release/ledgerd
	@cmake/dependencies.sh
	@$(call configure,release)
	@$(call build,release)

.PHONY: run-local
run-local: build ## the same over a Postgres and a Redis of its own, without Docker; they keep their data in ./local
	@cmake/dependencies.sh --servers
	@examples/run-local.sh build/release/ledgerd --demo --listen $(LISTEN)

# Over Postgres and Redis in containers: compose.yaml. Any LEDGERD_PORT in the environment is heeded.
require_docker = docker compose version >/dev/null 2>&1 || \
  { echo 'make: this needs Docker with its compose plugin; make run-local needs neither' >&2; exit 1; }

# Made once: the database in the volume is created with it, and asks for it from then on.
.env:
	@$(require_docker)
	@umask 077 && printf 'POSTGRES_PASSWORD=%s\n' "$$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')" >$@

.PHONY: up
up: .env ## run ledgerd, Postgres and Redis in containers, on 127.0.0.1:8080; the first time makes a password in .env
	@$(require_docker)
	@docker compose up -d --wait

.PHONY: up-build
up-build: .env ## the same with ledgerd's image built anew
	@$(require_docker)
	@docker compose up -d --wait --build

# These two need no password, but compose reads the whole file.
.PHONY: down
down: ## stop and remove the containers; the ledger stays in its volume
	@$(require_docker)
	@POSTGRES_PASSWORD=unused docker compose down

.PHONY: logs
logs: ## follow what the containers log
	@$(require_docker)
	@POSTGRES_PASSWORD=unused docker compose logs -f

.PHONY: chaos
chaos: build ## a lost answer and a killed process, and how retries recover: see examples/chaos.sh
	@examples/chaos.sh build/release/ledgerd

.PHONY: stress
stress: build ## 20 seconds of load and kills, and then an audit: see examples/stress.sh
	@examples/stress.sh build/release/ledgerd

.PHONY: test
test: ## build everything for development and run all tests
	@cmake/dependencies.sh --test
	@$(call configure,dev)
	@$(call build,dev)
	@ctest --preset dev --parallel $(JOBS)

.PHONY: bench
bench: ## build and run the benchmarks
	@cmake/dependencies.sh --servers
	@$(call configure,bench)
	@$(call build,bench)
	@cmake --build --preset bench --target bench

.PHONY: clean
clean: ## remove everything that was built; ledgers stay (to delete that of make up: docker compose down --volumes)
	rm -rf build
