#include "store/postgres/pool.h"

#include <chrono>
#include <utility>

namespace ledger::postgres {

Result<void> Pool::open_first() {
  auto session = Session::open(settings_);
  if (!session) return session.error();
  const base::MutexLock lock(mutex_);
  ++open_;
  idle_.push_back(std::move(*session));
  return {};
}

Result<std::unique_ptr<Session>> Pool::take(SteadyTime deadline) {
  auto session = take_idle_or_leave(deadline);
  return session && *session == nullptr ? open_another() : std::move(session);
}

Result<std::unique_ptr<Session>> Pool::take_idle_or_leave(SteadyTime deadline) {
  const base::MutexLock lock(mutex_);
  for (;;) {
    if (auto session = take_idle()) return session;
    const auto now = std::chrono::steady_clock::now();
    if (is_away_ && (is_probing_ || now < next_attempt_)) {
      return Error{ErrorCode::store_unavailable, why_away_};
    }
    if (open_ < settings_.options.connections) {
      ++open_;
      is_probing_ = is_away_;
      return std::unique_ptr<Session>();
    }
    if (now >= deadline) return Error{ErrorCode::deadline_exceeded, "all connections are in use"};
    changed_.wait_for(mutex_, deadline - now);
  }
}

std::unique_ptr<Session> Pool::take_idle() {
  while (!idle_.empty()) {
    auto session = std::move(idle_.back());  // the warmest: its server process is in the caches
    idle_.pop_back();
    if (session->is_alive()) return session;
    --open_;
  }
  return nullptr;
}

Result<std::unique_ptr<Session>> Pool::open_another() {
  auto session = Session::open(settings_);
  const base::MutexLock lock(mutex_);
  is_probing_ = false;
  is_away_ = !session.has_value();
  if (session) return session;
  --open_;
  why_away_ = session.error().detail;
  next_attempt_ = std::chrono::steady_clock::now() + settings_.options.reconnect_pause;
  changed_.notify_all();
  return Error{ErrorCode::store_unavailable, why_away_};
}

void Pool::give_back(std::unique_ptr<Session> session) {
  const bool usable = session->usable();
  if (!usable) session.reset();  // closing may wait; not under the mutex
  {
    const base::MutexLock lock(mutex_);
    if (usable) {
      idle_.push_back(std::move(session));
    } else {
      --open_;
    }
  }
  changed_.notify_one();
}

}  // namespace ledger::postgres
