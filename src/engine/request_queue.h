// The requests that wait for a commit.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "engine/pending_request.h"
#include "ledger/clock.h"

namespace ledger::engine {

struct QueueLimits {
  std::size_t queued_requests;
  std::size_t batch_requests;
  std::size_t batch_bytes;
};

/// First come, first served, but for requests that pause between attempts. A plain state machine:
/// time is an argument, and nothing here waits. Not thread-safe; does not own the requests.
class RequestQueue {
 public:
  explicit RequestQueue(const QueueLimits& limits) : limits_(limits) {}

  /// False when the queue is full; the request is then not in it.
  [[nodiscard]] bool push(PendingRequest* request);

  /// Takes back a request that has to pause until its not_before. Never refused: it was let in
  /// once.
  void push_paused(PendingRequest* request) { paused_.push_back(request); }

  /// Whether a batch could be taken now.
  [[nodiscard]] bool has_ready(SteadyTime now);

  /// The next batch, in order of arrival, within the limits; never empty when has_ready(). Requests
  /// that keep conflicting come in ever smaller batches, at last alone.
  std::vector<PendingRequest*> take_batch(SteadyTime now);

  /// Removes the requests whose deadline has passed and which are not in doubt.
  std::vector<PendingRequest*> take_expired(SteadyTime now);

  /// The earliest deadline that take_expired() will act on.
  [[nodiscard]] std::optional<SteadyTime> next_deadline() const;

  /// When the first paused request becomes ready.
  [[nodiscard]] std::optional<SteadyTime> next_ready() const;

  /// The request at the head, whose owner should lead next; nullptr: none is ready.
  [[nodiscard]] PendingRequest* head() const { return ready_.empty() ? nullptr : ready_.front(); }
  /// Some paused request; nullptr: none.
  [[nodiscard]] PendingRequest* any_paused() const {
    return paused_.empty() ? nullptr : paused_.front();
  }

 private:
  /// Moves the paused requests whose time has come to the head: they have waited longest.
  void wake(SteadyTime now);

  const QueueLimits limits_;
  std::deque<PendingRequest*> ready_;
  std::vector<PendingRequest*> paused_;
};

}  // namespace ledger::engine
