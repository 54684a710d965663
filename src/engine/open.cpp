#include "engine/open.h"

#include <algorithm>
#include <string>

#include "ledger/circuit_breaker.h"
#include "ledger/in_process_lock.h"
#include "ledger/memory_store.h"
#include "ledger/no_lock.h"
#include "ledger/sqlite_store.h"
#ifdef LEDGER_WITH_POSTGRES
#include "ledger/postgres_store.h"
#endif
#ifdef LEDGER_WITH_REDIS
#include "ledger/redis_lock.h"
#endif

namespace ledger::engine {
namespace {

constexpr std::string_view kSqlite = "sqlite:";

Error invalid(std::string detail) { return Error{ErrorCode::invalid_option, std::move(detail)}; }

bool has_duplicate_code(std::vector<Currency> currencies) {
  const auto code = [](const Currency& currency) { return currency.code(); };
  std::ranges::sort(currencies, {}, code);
  return std::ranges::adjacent_find(currencies, {}, code) != currencies.end();
}

bool is_postgres(std::string_view url) {
  return url.starts_with("postgres://") || url.starts_with("postgresql://");
}

// No message may quote the URL: it may hold a password.
Result<std::unique_ptr<Store>> open_postgres(std::string_view url) {
#ifdef LEDGER_WITH_POSTGRES
  return open_postgres_store({.url = std::string(url)});
#else
  static_cast<void>(url);
  return invalid("store: this library was built without Postgres (LEDGER_WITH_POSTGRES=OFF)");
#endif
}

Result<std::unique_ptr<LockProvider>> open_redis_lock(const Options& options) {
#ifdef LEDGER_WITH_REDIS
  auto redis = make_redis_lock({.address = options.locks, .clock = options.clock});
  if (!redis) return invalid("locks: " + redis.error().detail);
  return make_guarded_lock(std::move(*redis), {}, nullptr, options.clock);
#else
  static_cast<void>(options);
  return invalid("locks: this library was built without Redis (LEDGER_WITH_REDIS=OFF)");
#endif
}

}  // namespace

Result<std::unique_ptr<Store>> open_store(std::string_view url) {
  if (url == "memory:") return make_memory_store();
  if (url.starts_with(kSqlite) && url.size() > kSqlite.size()) {
    return open_sqlite_store({.path = std::string(url.substr(kSqlite.size()))});
  }
  if (is_postgres(url)) return open_postgres(url);
  return invalid("store must be \"sqlite:PATH\", \"memory:\" or \"postgres://…\"");
}

Result<std::unique_ptr<LockProvider>> open_locks(const Options& options) {
  if (options.locks == "none") return make_no_lock();
  if (options.locks == "in-process") return make_in_process_lock();
  if (options.locks.find(':') != std::string::npos) return open_redis_lock(options);
  return invalid("locks must be \"none\", \"in-process\", or a Redis (host:port, redis://…)");
}

Result<void> check_options(const Options& options) {
  using std::chrono::milliseconds;
  if (options.max_batch_requests < 1 || options.max_batch_requests > 100'000) {
    return invalid("max_batch_requests must be from 1 to 100000");
  }
  if (options.max_batch_bytes < 1) return invalid("max_batch_bytes must be 1 or more");
  if (options.max_queued_requests < options.max_batch_requests) {
    return invalid("max_queued_requests must not be less than max_batch_requests");
  }
  if (options.request_timeout <= milliseconds::zero()) {
    return invalid("request_timeout must be above zero");
  }
  if (options.resolve_timeout < milliseconds::zero()) {
    return invalid("resolve_timeout must not be negative");
  }
  if (options.expiry_interval < milliseconds::zero()) {
    return invalid("expiry_interval must not be negative");
  }
  if (options.lock_wait < milliseconds::zero()) return invalid("lock_wait must not be negative");
  if (options.min_backoff <= milliseconds::zero() || options.max_backoff < options.min_backoff) {
    return invalid("min_backoff must be above zero and not above max_backoff");
  }
  if (has_duplicate_code(options.currencies)) return invalid("currencies has a code twice");
  return {};
}

}  // namespace ledger::engine
