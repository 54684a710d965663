#include "backends.h"

#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "ledger/circuit_breaker.h"
#include "ledger/in_process_lock.h"
#include "ledger/memory_store.h"
#include "ledger/no_lock.h"
#include "ledger/redis_cache.h"
#include "ledger/redis_lock.h"
#include "ledger/sqlite_store.h"

namespace ledgerd {
namespace {

using ledger::CircuitState;
using ledger::Error;
using ledger::ErrorCode;
using ledger::LockProvider;
using ledger::OutcomeCache;
using ledger::Result;
using ledger::Store;

constexpr std::string_view kSqlite = "sqlite:";

/// What a factory calls its option, by the name of the setting it came from.
[[maybe_unused]] Error named(std::string_view setting, const Error& error) {
  if (error.code != ErrorCode::invalid_option) return error;
  return {error.code, fmt::format("{}: {}", setting, error.detail)};
}

#ifdef LEDGER_WITH_POSTGRES
ledger::PostgresOptions postgres_options(const BackendConfig& config) {
  return {.url = config.db,
          .schema = config.db_schema,
          .isolation = config.db_isolation,
          .connections = config.db_connections,
          .migrate = config.db_migrate,
          .application_name = "ledgerd"};
}

Error named_postgres(const Error& error) {
  const bool schema = error.detail.starts_with("schema");
  return named(schema ? "--db-schema (LEDGER_DB_SCHEMA)" : "--db (DB_URL)", error);
}

Result<std::unique_ptr<Store>> open_postgres(const BackendConfig& config) {
  auto store = ledger::open_postgres_store(postgres_options(config));
  if (!store) return named_postgres(store.error());
  return store;
}

Result<void> migrate_postgres(const BackendConfig& config) {
  const auto migrated = ledger::migrate_postgres_store(postgres_options(config));
  if (!migrated) return named_postgres(migrated.error());
  return {};
}
#else
Error without_postgres() {
  return {ErrorCode::invalid_option, "--db (DB_URL): this ledgerd was built without Postgres"};
}
Result<std::unique_ptr<Store>> open_postgres(const BackendConfig&) { return without_postgres(); }
Result<void> migrate_postgres(const BackendConfig&) { return without_postgres(); }
#endif

Result<std::unique_ptr<Store>> open_store(const BackendConfig& config) {
  if (config.is_postgres()) return open_postgres(config);
  if (config.db == "memory:") return ledger::make_memory_store();
  return ledger::open_sqlite_store({.path = config.db.substr(kSqlite.size())});
}

/// "redis://user:password@host/1" → "redis://host/1". REQUIRES: RedisLockOptions would take it, so
/// that an '@' can only end a password.
std::string_view after_password(std::string_view address) {
  const auto at = address.rfind('@');
  return at == std::string_view::npos ? address : address.substr(at + 1);
}

std::string without_password(std::string_view address) {
  const auto scheme = address.find("://");
  if (scheme == std::string_view::npos) return std::string(address);
  return fmt::format("{}://{}", address.substr(0, scheme),
                     after_password(address.substr(scheme + 3)));
}

#ifdef LEDGER_WITH_REDIS
ledger::CircuitCallback breaker_log(Logger& logger, std::string redis) {
  return [&logger, redis = std::move(redis)](CircuitState state) {
    switch (state) {
      case CircuitState::open:
        logger.warn("Redis fails or is slow: going on without leases", {{"redis", redis}});
        return;
      case CircuitState::half_open:
        logger.info("trying Redis again", {{"redis", redis}});
        return;
      case CircuitState::closed:
        logger.info("Redis is well again: leases are in use", {{"redis", redis}});
        return;
    }
  };
}

Result<std::unique_ptr<LockProvider>> open_redis(const BackendConfig& config, Logger& logger) {
  // Ledgers in two schemas of one database are strangers, so their accounts must not meet in Redis.
  auto redis = ledger::make_redis_lock(
      {.address = config.redis, .key_prefix = config.db_schema + ":lock:", .ttl = config.lock_ttl});
  if (!redis) return named("--redis (REDIS_ADDR)", redis.error());
  return ledger::make_guarded_lock(std::move(*redis), {},
                                   breaker_log(logger, without_password(config.redis)));
}

/// The journal's identity keeps what another ledger remembers in this Redis from being believed.
Result<std::unique_ptr<OutcomeCache>> open_cache(const BackendConfig& config, Store& store) {
  if (!config.outcome_ttl) return std::unique_ptr<OutcomeCache>();
  auto secret = store.identity();
  if (!secret) return secret.error();
  auto cache = ledger::make_redis_cache({.address = config.redis,
                                         .secret = std::move(*secret),
                                         .key_prefix = config.db_schema + ":outcome:",
                                         .ttl = *config.outcome_ttl});
  if (!cache) return named("--redis (REDIS_ADDR)", cache.error());
  return cache;
}
#else
Result<std::unique_ptr<OutcomeCache>> open_cache(const BackendConfig& config, Store&) {
  if (!config.outcome_ttl) return std::unique_ptr<OutcomeCache>();
  return Error{ErrorCode::invalid_option,
               "--redis (REDIS_ADDR): this ledgerd was built without Redis"};
}
Result<std::unique_ptr<LockProvider>> open_redis(const BackendConfig&, Logger&) {
  return Error{ErrorCode::invalid_option,
               "--redis (REDIS_ADDR): this ledgerd was built without Redis"};
}
#endif

Result<std::unique_ptr<LockProvider>> open_locks(const BackendConfig& config, Logger& logger) {
  switch (config.locks) {
    case Locks::none:
      return ledger::make_no_lock();
    case Locks::in_process:
      return ledger::make_in_process_lock();
    case Locks::redis:
      break;
  }
  return open_redis(config, logger);
}

}  // namespace

bool BackendConfig::is_postgres() const {
  return db.starts_with("postgres://") || db.starts_with("postgresql://");
}

Result<Backends> open_backends(const BackendConfig& config, Logger& logger) {
  // Locks first: that they cannot be had shows without a wait.
  auto locks = open_locks(config, logger);
  if (!locks) return locks.error();
  auto store = open_store(config);
  if (!store) return store.error();
  auto cache = open_cache(config, **store);
  if (!cache) return cache.error();
  return Backends{std::move(*store), std::move(*locks), std::move(*cache)};
}

Result<void> migrate_store(const BackendConfig& config) {
  if (config.is_postgres()) return migrate_postgres(config);
  // Any other migrates when it is opened.
  const auto opened = open_store(config);
  if (!opened) return opened.error();
  return {};
}

std::string describe_store(const BackendConfig& config) {
  if (!config.is_postgres()) return config.db;
  return fmt::format("postgres, schema {}", config.db_schema);
}

std::string describe_locks(const BackendConfig& config) {
  switch (config.locks) {
    case Locks::none:
      return "none";
    case Locks::in_process:
      return "in-process";
    case Locks::redis:
      break;
  }
  return without_password(config.redis);
}

}  // namespace ledgerd
