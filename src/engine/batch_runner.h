// One attempt to commit a batch.
#pragma once

#include <chrono>
#include <span>
#include <vector>

#include "core/apply_batch.h"
#include "engine/backoff.h"
#include "engine/pending_request.h"
#include "ledger/clock.h"
#include "ledger/lock_provider.h"
#include "ledger/outcome_cache.h"
#include "ledger/store.h"

namespace ledger::engine {

struct RunnerOptions {
  core::Rules rules;
  std::chrono::nanoseconds lock_wait;
  std::chrono::nanoseconds resolve_timeout;
  OutcomeCache* cache = nullptr;  ///< nullptr: none
};

/// Takes a batch the one way through the house: known keys, leases, transaction, rules, commit.
///
/// After run() each request either has an answer or a not_before at which it must be run again. It
/// starts no thread and never sleeps: apart from what the ports do, it is a plain state machine
/// that a single-threaded scheduler can drive. One run() at a time.
class BatchRunner {
 public:
  BatchRunner(Store& store, LockProvider& locks, Clock& clock, const Backoff& backoff,
              const RunnerOptions& options);

  /// Out of memory it ends the process: half-way through a commit a crash is the one way out whose
  /// recovery is proved.
  void run(std::span<PendingRequest* const> batch) noexcept;

 private:
  using Requests = std::vector<PendingRequest*>;

  // Each takes the requests that are still undecided and leaves in them those for the next step.
  void drop_late(Requests& requests);
  void resolve_doubtful(Requests& requests);
  void answer_remembered(Requests& requests) const;
  void answer_known(Requests& requests);
  void find_referred(Requests& requests);
  std::unique_ptr<Leases> lease(Requests& requests);
  void post(const Requests& requests, bool keys_are_new);

  void resolve(const Requests& doubtful);
  void set_aside_refused(Requests& requests, const std::vector<AccountId>& refused);
  Result<void> commit(StoreTransaction& transaction, const core::BatchResult& result);
  void answer(const Requests& requests, const core::BatchResult& result, const Snapshot& snapshot);
  void doubt(const Requests& requests, const core::BatchResult& result, const Snapshot& snapshot,
             const Error& error);

  /// Fails or pauses all `requests` as `error` asks for.
  void hold_up(const Requests& requests, const Error& error);
  void pause(PendingRequest& request, Error reason, SteadyTime last_moment);

  Store& store_;
  LockProvider& locks_;
  Clock& clock_;
  Backoff backoff_;
  const RunnerOptions options_;
};

}  // namespace ledger::engine
