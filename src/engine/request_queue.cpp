#include "engine/request_queue.h"

#include <algorithm>

namespace ledger::engine {
namespace {

/// What is in doubt is past expiring: its commit may have taken effect.
bool can_expire(const PendingRequest* request) { return !request->resolve_deadline; }

/// How much company a request may have. After a few conflicts it is halved with each more, down to
/// none: one request that conflicts for ever must not take its neighbours with it.
std::size_t most_company(const PendingRequest* request, std::size_t most) {
  constexpr std::size_t kTogether = 3;
  if (request->conflicts <= kTogether) return most;
  const std::size_t halvings = std::min<std::size_t>(request->conflicts - kTogether, 20);
  return std::max<std::size_t>(most >> halvings, 1);
}

}  // namespace

bool RequestQueue::push(PendingRequest* request) {
  if (ready_.size() + paused_.size() >= limits_.queued_requests) return false;
  ready_.push_back(request);
  return true;
}

bool RequestQueue::has_ready(SteadyTime now) {
  wake(now);
  return !ready_.empty();
}

std::vector<PendingRequest*> RequestQueue::take_batch(SteadyTime now) {
  wake(now);
  std::vector<PendingRequest*> batch;
  std::size_t bytes = 0;
  std::size_t most = limits_.batch_requests;
  while (!ready_.empty()) {
    most = std::min(most, most_company(ready_.front(), limits_.batch_requests));
    if (batch.size() >= most) break;
    bytes += ready_.front()->operation.bytes();
    if (!batch.empty() && bytes > limits_.batch_bytes) break;
    batch.push_back(ready_.front());
    ready_.pop_front();
  }
  return batch;
}

std::vector<PendingRequest*> RequestQueue::take_expired(SteadyTime now) {
  std::vector<PendingRequest*> expired;
  const auto first = next_deadline();
  if (!first || *first > now) return expired;
  const auto take = [&](PendingRequest* request) {
    if (request->deadline > now || !can_expire(request)) return false;
    expired.push_back(request);
    return true;
  };
  std::erase_if(ready_, take);
  std::erase_if(paused_, take);
  return expired;
}

std::optional<SteadyTime> RequestQueue::next_deadline() const {
  std::optional<SteadyTime> first;
  const auto look_at = [&](const PendingRequest* request) {
    if (can_expire(request) && (!first || request->deadline < *first)) first = request->deadline;
  };
  // All wait equally long, so that the head of the queue is the first to be late.
  if (!ready_.empty()) look_at(ready_.front());
  std::ranges::for_each(paused_, look_at);
  return first;
}

std::optional<SteadyTime> RequestQueue::next_ready() const {
  const auto earlier = [](const PendingRequest* a, const PendingRequest* b) {
    return a->not_before < b->not_before;
  };
  const auto first = std::ranges::min_element(paused_, earlier);
  if (first == paused_.end()) return std::nullopt;
  return (*first)->not_before;
}

void RequestQueue::wake(SteadyTime now) {
  if (paused_.empty()) return;
  const auto awake = std::stable_partition(
      paused_.begin(), paused_.end(),
      [&](const PendingRequest* request) { return request->not_before <= now; });
  ready_.insert(ready_.begin(), paused_.begin(), awake);
  paused_.erase(paused_.begin(), awake);
}

}  // namespace ledger::engine
