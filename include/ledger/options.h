// How a ledger is opened.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ledger/clock.h"
#include "ledger/money.h"

namespace ledger {

/// Each field's comment says what it means, its default, and when to change it. Ledger::open
/// checks them all and names the first one that is out of range.
struct Options {
  /// Where the journal lives: "sqlite:PATH" (durable; one process), "postgres://…" (durable; any
  /// number of processes; open_postgres_store() has what else can be set) or "memory:" (tests).
  std::string store = "sqlite:ledger.db";

  /// Who grants leases: "none", "in-process", or where a Redis is: "host:port", "redis://…" or
  /// "sentinel://…" (RedisLockOptions::address has all the forms). None is right while one ledger
  /// has the store to itself, as with SQLite. In-process pays when several ledgers of one process
  /// share a store; Redis when several processes do. Redis stands behind a circuit breaker: while
  /// it is away the ledger goes on without leases, and only conflicts grow. make_redis_lock() and
  /// make_guarded_lock() have what else can be set.
  std::string locks = "none";

  /// Record declines (insufficient funds, unknown account …) under their key, so that a retry never
  /// has another outcome. Default true. Off: a declined request may be retried with its key, and
  /// declines cost no row.
  bool record_declines = true;

  /// The most requests in one commit, 1 to 100,000. More raises throughput under load and the time
  /// one commit takes; a lone request never waits for others. Default 4,096.
  std::size_t max_batch_requests = 4096;

  /// The most bytes of requests in one commit (a single larger request still goes alone).
  /// Default 4 MiB.
  std::size_t max_batch_bytes = 4UL << 20;

  /// The most requests waiting, in all threads together; more get queue_full at once.
  /// Default 65,536.
  std::size_t max_queued_requests = 65536;

  /// How long a request may take before its commit is sent; then deadline_exceeded (or the reason
  /// it was last held up by). A commit under way is always waited for. Default 5 s.
  std::chrono::milliseconds request_timeout{5000};

  /// How long a commit in doubt is looked into before the caller is told commit_in_doubt.
  /// Default 10 s.
  std::chrono::milliseconds resolve_timeout{10000};

  /// How long a request waits for a lease another holder has; 0: it fails at once. Default 1 s.
  std::chrono::milliseconds lock_wait{1000};

  /// How often holds whose time has come are looked for and released, by a thread of the ledger's
  /// own; so long may their money stay held after it. 0: only by Ledger::expire_holds. Change it
  /// where another process does it, or to have no thread. Default 1 s.
  std::chrono::milliseconds expiry_interval{1000};

  /// The first and the longest pause before a retry after a conflict, a refused lease or a failed
  /// settle; doubled in between, with jitter of one half. Defaults 1 ms and 100 ms.
  std::chrono::milliseconds min_backoff{1};
  std::chrono::milliseconds max_backoff{100};

  /// Currencies of your own, beside ISO 4217; no code twice. Default none.
  std::vector<Currency> currencies{};

  /// Time. Default (nullptr): the machine's clocks. Change it in tests.
  std::shared_ptr<Clock> clock{};

  /// Seeds the jitter of backoffs; 0 (default): from the system. Set it for repeatable runs.
  std::uint64_t seed = 0;
};

}  // namespace ledger
