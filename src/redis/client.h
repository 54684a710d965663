// A few connections to whichever server leads.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "ledger/result.h"
#include "redis/address.h"
#include "redis/connection.h"
#include "redis/script.h"

namespace ledger::redis {

/// Thread-safe: each call has a connection to itself. Connects when it has to, and follows a
/// failover, as RedisLockOptions::address says.
class Client {
 public:
  Client(Address address, std::chrono::milliseconds connect_timeout,
         std::chrono::milliseconds command_timeout);

  /// Runs `script` on the server that leads. Fails with store_unavailable, no later than `deadline`
  /// and than the two time-outs together; the script may then have run, or may run yet.
  Result<Reply> run(const Script& script, std::span<const std::string_view> keys,
                    std::span<const std::string_view> arguments, Deadline deadline)
      LEDGER_EXCLUDES(mutex_);

 private:
  /// A connection on loan.
  struct Loan {
    std::unique_ptr<Connection> connection;
    std::size_t place = 0;  ///< in address_.hosts
    bool used_before = false;
  };

  Result<Loan> borrow(Deadline deadline) LEDGER_EXCLUDES(mutex_);
  Result<Loan> connect(Deadline deadline) LEDGER_EXCLUDES(mutex_);
  Result<std::unique_ptr<Connection>> connect_to(const HostPort& host, Deadline deadline) const;
  [[nodiscard]] Result<HostPort> ask_sentinel(const HostPort& sentinel, Deadline deadline) const;
  Result<void> log_in(Connection& connection, Deadline deadline) const;

  void give_back(Loan loan) LEDGER_EXCLUDES(mutex_);
  /// Its other connections are most likely no better, and nor is the server.
  void pass_over(std::size_t place) LEDGER_EXCLUDES(mutex_);
  void drop_idle() LEDGER_EXCLUDES(mutex_);

  const Address address_;
  const std::chrono::milliseconds connect_timeout_;
  const std::chrono::milliseconds command_timeout_;

  base::Mutex mutex_;
  std::vector<Loan> idle_ LEDGER_GUARDED_BY(mutex_);
  std::size_t preferred_ LEDGER_GUARDED_BY(mutex_) = 0;  ///< in address_.hosts
};

}  // namespace ledger::redis
