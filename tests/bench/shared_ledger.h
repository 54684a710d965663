// Our side: a Ledger over Postgres, with leases in Redis behind the circuit breaker.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/workload.h"
#include "ledger/ledger.h"

namespace ledger::bench {

class SharedLedger {
 public:
  /// Opens the accounts, too.
  SharedLedger(const std::string& url, const std::string& schema, const std::string& redis);

  /// `callers` threads transfer for as long as that; how many were acknowledged, per second.
  double run(int callers, std::chrono::milliseconds time, bool hot);

  [[nodiscard]] std::vector<TransferRequest> make(std::size_t transfers, Requests& requests) const;
  void submit(const std::vector<TransferRequest>& batch);
  void transfer(const TransferRequest& request);

  /// Exits unless the books are sound and every acknowledged transfer is there once.
  void verify();

 private:
  void open_accounts();
  /// `work` in so many threads, each told its number.
  template <class Work>
  static void in_threads(int count, Work work);

  Currency usd_;
  Ledger ledger_;
  Seeds seeds_;
  std::atomic<std::int64_t> acknowledged_{0};
};

}  // namespace ledger::bench
