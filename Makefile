# The everyday commands, thin over CMake and its presets. `make help` lists them.
#
# Variables:
#   LISTEN=127.0.0.1:8080      where `make run` listens
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
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## build ledgerd and run it with two funded demo accounts, in ledger.db
	@build/release/ledgerd --demo --db sqlite:ledger.db --listen $(LISTEN)

.PHONY: build
build: ## build the library and ledgerd, optimised: build/release/ledgerd
	@cmake/dependencies.sh
	@$(call configure,release)
	@$(call build,release)

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
	@cmake/dependencies.sh
	@$(call configure,bench)
	@$(call build,bench)
	@cmake --build --preset bench --target bench

.PHONY: clean
clean: ## remove everything that was built; ledgers stay
	rm -rf build
