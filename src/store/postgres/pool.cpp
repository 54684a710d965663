#include "store/postgres/pool.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace ledger::postgres {
namespace {

/// How long callers wait for the first attempt to connect after something went wrong: much longer
/// than one to a server that is well.
constexpr std::chrono::milliseconds kPatience{100};

}  // namespace

Result<void> Pool::start() {
  auto session = Session::open(settings_);
  if (!session) return session.error();
  const base::MutexLock lock(mutex_);
  ++open_;
  server_started_ = (*session)->backend().server_started;
  idle_.push_back(std::move(*session));
  thread_ = std::thread([this] { look_after(); });
  return {};
}

Pool::~Pool() {
  {
    const base::MutexLock lock(mutex_);
    closing_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
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
    auto wait_until = deadline;
    if (state_ != State::there) {
      if (state_ == State::away || now >= patience_ends_) {
        return Error{ErrorCode::store_unavailable, why_away_};
      }
      wait_until = std::min(deadline, patience_ends_);
    } else if (open_ < settings_.options.connections) {
      ++open_;
      return std::unique_ptr<Session>();
    }
    if (now >= deadline) return Error{ErrorCode::deadline_exceeded, "all connections are in use"};
    changed_.wait_for(mutex_, wait_until - now);
  }
}

std::unique_ptr<Session> Pool::take_idle() {
  while (!idle_.empty()) {
    auto session = std::move(idle_.back());  // the warmest: its server process is in the caches
    idle_.pop_back();
    const bool is_there = session->backend().server_started == server_started_;
    if (is_there && session->is_alive()) return session;
    --open_;
  }
  return nullptr;
}

Result<std::unique_ptr<Session>> Pool::open_another() {
  auto session = Session::open(settings_);
  const base::MutexLock lock(mutex_);
  if (session) {
    server_started_ = (*session)->backend().server_started;
    return session;
  }
  --open_;
  why_away_ = session.error().detail;
  state_ = State::away;
  changed_.notify_all();
  return Error{ErrorCode::store_unavailable, why_away_};
}

void Pool::give_back(std::unique_ptr<Session> session) {
  const bool usable = session->usable();
  const bool went_silent = session->went_silent();
  if (!usable) session.reset();  // closing may wait; not under the mutex
  std::vector<std::unique_ptr<Session>> dropped;
  const base::MutexLock lock(mutex_);
  if (usable) {
    idle_.push_back(std::move(session));
  } else {
    --open_;
  }
  if (went_silent) {  // each of the others could cost a caller as long again
    open_ -= idle_.size();
    dropped.swap(idle_);
    question();
  }
  changed_.notify_all();
}

void Pool::keep_to(std::int64_t server_started) {
  const base::MutexLock lock(mutex_);
  server_started_ = server_started;
}

void Pool::close_idle() {
  std::vector<std::unique_ptr<Session>> dropped;  // closed without the mutex
  const base::MutexLock lock(mutex_);
  open_ -= idle_.size();
  dropped.swap(idle_);
  changed_.notify_all();
}

void Pool::question() {
  if (state_ != State::there) return;
  state_ = State::in_question;
  why_away_ = "Postgres did not answer in time";
  patience_ends_ = std::chrono::steady_clock::now() + kPatience;
}

Result<void> Pool::check_there() {
  const base::MutexLock lock(mutex_);
  if (state_ == State::away) return Error{ErrorCode::store_unavailable, why_away_};
  return {};
}

void Pool::look_after() {
  const base::MutexLock lock(mutex_);
  while (!closing_) {
    if (state_ == State::there) {
      changed_.wait(mutex_);
    } else {
      try_to_connect();
    }
  }
}

void Pool::pause(SteadyTime until) {
  while (!closing_) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= until) return;
    changed_.wait_for(mutex_, until - now);
  }
}

void Pool::try_to_connect() {
  if (state_ == State::away) {
    pause(std::chrono::steady_clock::now() + settings_.options.reconnect_pause);
  }
  if (closing_) return;
  mutex_.unlock();
  auto session = Session::open(settings_);
  mutex_.lock();
  if (session) {
    ++open_;
    server_started_ = (*session)->backend().server_started;
    idle_.push_back(std::move(*session));
    state_ = State::there;
  } else {
    why_away_ = session.error().detail;
    state_ = State::away;
  }
  changed_.notify_all();
}

}  // namespace ledger::postgres
