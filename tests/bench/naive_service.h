// The baseline: how services commonly move money with Postgres and Redis, and well for what it is.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "bench/workload.h"

namespace ledger::bench {

/// Per transfer: the key is looked up; accounts are locked in Redis (SET NX PX with a token of the
/// caller's own, released by compare-and-delete); one SERIALIZABLE transaction looks the key up
/// again, updates both accounts and inserts the transfer, and is run again on 40001 and 40P01.
/// Statements are prepared, connections to Postgres pooled, and every caller has one to Redis.
/// Pauses grow, with jitter, and hold no connection.
class NaiveService {
 public:
  static constexpr std::size_t kConnections = 16;

  /// Which accounts are locked in Redis. Services do either: the payer is the one that could be
  /// overdrawn, and both, in the order of their ids, are all that the transaction conflicts over.
  enum class Locking { payer, both };

  /// Makes its tables in a schema of its own.
  NaiveService(std::string url, std::uint16_t redis_port);

  /// `callers` threads transfer for as long as that; how many were acknowledged, per second.
  double run(int callers, std::chrono::milliseconds time, bool hot, Locking locking);

  /// Exits unless every acknowledged transfer is there once and no money came or went.
  void verify() const;

 private:
  const std::string url_;
  const std::uint16_t redis_port_;
  Seeds seeds_;
  std::int64_t acknowledged_ = 0;
};

}  // namespace ledger::bench
