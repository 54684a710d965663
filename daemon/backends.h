// From the configuration to a store and its locks: where the daemon names concrete backends.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "ledger/lock_provider.h"
#include "ledger/outcome_cache.h"
#include "ledger/postgres_store.h"
#include "ledger/result.h"
#include "ledger/store.h"
#include "log.h"

namespace ledgerd {

enum class Locks : std::uint8_t { none, in_process, redis };

struct BackendConfig {
  /// "sqlite:PATH", "memory:", "postgres://…" or "postgresql://…". May hold a password, as may
  /// `redis`: neither goes into a message as it is.
  std::string db = "sqlite:ledger.db";
  /// The rest of db_ matters to Postgres alone.
  std::string db_schema = "ledger";
  ledger::PostgresIsolation db_isolation = ledger::PostgresIsolation::serializable;
  std::size_t db_connections = 8;
  bool db_migrate = true;

  Locks locks = Locks::in_process;
  std::string redis;  ///< as RedisLockOptions::address; read for locks and outcomes in Redis
  std::chrono::milliseconds lock_ttl{10'000};
  std::optional<std::chrono::milliseconds> outcome_ttl;  ///< nothing: no cache

  [[nodiscard]] bool is_postgres() const;
};

struct Backends {
  std::unique_ptr<ledger::Store> store;
  std::unique_ptr<ledger::LockProvider> locks;
  std::unique_ptr<ledger::OutcomeCache> cache;  ///< nullptr: none
};

/// Fails as the factories do; the detail of an invalid_option names the setting. Redis may be away;
/// its circuit breaker logs when that changes. `logger` must outlive the locks.
ledger::Result<Backends> open_backends(const BackendConfig& config, Logger& logger);

/// Brings the schema up to date, and nothing else. Fails as open_backends does.
ledger::Result<void> migrate_store(const BackendConfig& config);

/// For messages: without user, password and parameters.
std::string describe_store(const BackendConfig& config);
std::string describe_locks(const BackendConfig& config);

}  // namespace ledgerd
