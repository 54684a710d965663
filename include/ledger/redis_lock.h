// Leases among the processes that share a store, kept in Redis.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "ledger/clock.h"
#include "ledger/export.h"
#include "ledger/lock_provider.h"
#include "ledger/result.h"

namespace ledger {

/// How to reach Redis, and how long to wait for it. make_redis_lock checks every field.
struct RedisLockOptions {
  /// Where Redis is, in one of these forms:
  ///
  ///     host:port                                     one server
  ///     host:port,host:port                           several, in order of preference
  ///     redis://[[user]:password@]host[:port][,…][/db]
  ///     sentinel://[[user]:password@]host[:port][,…]/master-name[/db]
  ///
  /// Of several servers, one that is dead, still loading, or a replica is passed over for the next;
  /// the one that answered is kept until it fails. With Sentinel the hosts are the sentinels: they
  /// are asked for the master at every new connection, so a failover is followed; the password is
  /// that of the master, the sentinels are asked without one. Ports default to 6379, and 26379 for
  /// sentinels; an IPv6 address stands in brackets. User, password and master name are
  /// percent-decoded; an '@', ':', '/', ',' or '%' in them must be percent-encoded.
  ///
  /// Redis 2.8 and newer; a user name needs 6.0. Without TLS. Not for Redis Cluster: the keys of a
  /// batch lie in several slots. Host names are looked up by the system's resolver, which keeps its
  /// own time: use addresses where it may hang.
  std::string address = "127.0.0.1:6379";

  /// Stands before the account's number in every key. Ledgers that share a store must have the
  /// same; ledgers over different stores that share a Redis must have different ones (or another
  /// db): they would refuse each other's accounts. Default "ledger:lock:".
  std::string key_prefix = "ledger:lock:";

  /// How long a lease lasts that nobody releases: 1 ms to one day, default 10 s. There is no
  /// renewal: a holder that takes longer loses its lease to another, and the store's fence makes
  /// that harmless. Shorter frees a dead process's accounts sooner; it should stay well above the
  /// time that a commit takes.
  std::chrono::milliseconds ttl{10'000};

  /// How long to wait for a connection and its log-in, per server, and for the answer to one
  /// command. Above zero; defaults 250 ms. A batch waits as long when Redis hangs, so keep them
  /// short; raise them when Redis is far away.
  std::chrono::milliseconds connect_timeout{250};
  std::chrono::milliseconds command_timeout{250};

  /// The clock that acquire()'s deadlines are on. Default (nullptr): the machine's. Give it the
  /// ledger's.
  std::shared_ptr<Clock> clock{};
};

/// A provider over Redis: a whole batch in one round trip, each account under a token of the
/// holder's own with a time to live. Connects when it is first needed, so Redis may be away now.
/// Fails with invalid_option; the detail names the field, and never holds the password.
///
/// Threads: acquire() may run in any number of threads; each has a connection to itself meanwhile,
/// and a few are kept. Releases are sent by a thread of the provider's own, in few commands however
/// many there are. Destroying the provider sends what is left, as long as Redis answers.
///
/// Failures: acquire() returns within command_timeout (connect_timeout + command_timeout when it
/// has to connect first), and no later than its deadline, with store_unavailable; the detail says
/// which server and why, without secrets. A connection that failed or was late is not used again.
/// Put make_guarded_lock in front, so that a Redis that hangs does not hold up every batch;
/// Ledger::open does.
///
/// Releases: a lease is released soon after its Leases are destroyed; this provider itself is
/// granted the account at once. What cannot be sent (Redis is away for longer than the time to
/// live, over 1,024 Leases or 262,144 accounts are waiting, the provider was destroyed before the
/// Leases) expires.
LEDGER_EXPORT Result<std::unique_ptr<LockProvider>> make_redis_lock(
    const RedisLockOptions& options);

}  // namespace ledger
