// Recent outcomes, remembered in Redis for all processes that share a store.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "ledger/export.h"
#include "ledger/outcome_cache.h"
#include "ledger/result.h"

namespace ledger {

/// How to reach Redis, and what to keep there. make_redis_cache checks every field.
struct RedisCacheOptions {
  /// Where Redis is, in the forms of RedisLockOptions::address.
  std::string address = "127.0.0.1:6379";

  /// Proves the entries: at least 16 bytes that nobody knows but the processes that share the
  /// store, and that belong to this journal alone. Take Store::identity(). An entry that was
  /// written with another secret, for another journal or by another hand, is not believed.
  std::string secret{};

  /// Stands before the idempotency key in every key. Default "ledger:outcome:".
  std::string key_prefix = "ledger:outcome:";

  /// How long an outcome is remembered: 1 ms to one day. Default 10 minutes: as long as clients
  /// retry.
  std::chrono::milliseconds ttl{600'000};

  /// How long to wait for a connection, and for an answer. Above zero; default 50 ms: longer than
  /// that the store is quicker.
  std::chrono::milliseconds connect_timeout{50};
  std::chrono::milliseconds command_timeout{50};

  /// After trouble, how long the cache does without Redis before it tries again. Default 1 s.
  std::chrono::milliseconds pause{1'000};
};

/// A cache over Redis. One round trip looks up a batch; what is kept is sent by a thread of the
/// cache's own, off the callers' path. Connects when it is first needed, so Redis may be away now.
/// Fails with invalid_option; the detail names the field, and never holds a secret.
///
/// Redis may be flushed, stale, slow, away, or in another's hands: every entry carries an
/// HMAC-SHA256 (RFC 2104) over the rows, and one that is not exactly what a process with the secret
/// wrote under this key counts as not there. The worst is lost time: of a Redis that hangs, one
/// command_timeout in each `pause`.
///
/// What no cache can know is that the journal itself was set back: after restoring a database to an
/// earlier time, or failing over to a standby that had not received everything, flush it, or wait
/// for `ttl` before serving.
LEDGER_EXPORT Result<std::unique_ptr<OutcomeCache>> make_redis_cache(
    const RedisCacheOptions& options);

}  // namespace ledger
