// Commits whose reply was lost, and how they are settled.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/mutex.h"
#include "ledger/clock.h"
#include "ledger/result.h"
#include "store/postgres/connection.h"
#include "store/postgres/settings.h"

namespace ledger::postgres {

/// Remembers the server process of every commit in doubt until it is known to be gone. Thread-safe.
class Doubts {
 public:
  void add(const Backend& backend) LEDGER_EXCLUDES(mutex_);

  /// Whether there is nothing to settle.
  [[nodiscard]] bool empty() LEDGER_EXCLUDES(mutex_);

  /// On a connection of its own: ends the server processes, waits until they are gone, and then
  /// makes sure that what they committed is where a commit has to be. Returns on which server, as
  /// Backend::server_started; nullopt: there was nothing to settle. Fails with store_unavailable;
  /// what is left to settle is remembered.
  Result<std::optional<std::int64_t>> settle(const Settings& settings, SteadyTime deadline)
      LEDGER_EXCLUDES(mutex_);

 private:
  std::vector<Backend> remembered() LEDGER_EXCLUDES(mutex_);
  void forget(const std::vector<Backend>& gone) LEDGER_EXCLUDES(mutex_);

  base::Mutex mutex_;
  std::vector<Backend> backends_ LEDGER_GUARDED_BY(mutex_);
};

}  // namespace ledger::postgres
