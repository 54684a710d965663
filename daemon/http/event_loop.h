// One thread, one epoll: accepts, reads, frames, dispatches, finishes what workers could not send.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "http/acceptor.h"
#include "http/connection.h"
#include "http/server_options.h"
#include "http/socket.h"

namespace ledgerd::http {

/// Every connection is in exactly one list, that of its phase. All members of a list have the same
/// time allowance, so a list is in order of deadline, and only its front is ever looked at.
///
/// Epoll is edge-triggered and each socket is registered once: no system call is spent on pausing
/// and resuming, and a connection whose request is being answered is simply not read.
///
/// Threading: run() on one thread; complete(), begin_drain() and stop() from any; the rest before
/// run() or after it.
class EventLoop {
 public:
  /// Hands a connection's request to a worker. False if none can take it.
  using Dispatch = std::function<bool(Connection&)>;

  /// Nothing of this runs before run(). `on_drained` is called once, on the loop's thread.
  EventLoop(const ServerOptions& options, Dispatch dispatch, std::function<void()> on_drained);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Takes over the listener. Returns the reason on failure.
  std::optional<std::string> open(UniqueFd listener);

  /// Serves until stop().
  void run();

  /// A worker is done with `connection`: its response was given, and sent as far as possible.
  void complete(Connection& connection);

  void begin_drain();
  void stop();

  /// Closes all connections. REQUIRES: run() has returned and no worker is busy.
  void close_all();

 private:
  struct PhaseList {
    std::list<Connection> members;
    std::chrono::milliseconds allowance{};  ///< zero: no deadline
  };

  void wait_and_handle_events();
  int wait_milliseconds() const;
  void handle_event(void* source);
  void take_completions();
  void take_drain_request();
  void expire_deadlines();
  void expire(Connection& connection);
  void reap();
  void report_if_drained();

  void admit(UniqueFd fd, Peer peer);

  // These two do not throw: a connection that memory does not suffice for is closed.
  void advance(Connection& connection);
  void refuse_and_advance(Connection& connection, const Problem& problem,
                          std::string_view retry_after = {});

  // Each step returns whether another one may follow at once.
  bool step(Connection& connection);
  bool step_receiving(Connection& connection);
  bool step_reading(Connection& connection);
  bool step_dispatch(Connection& connection);
  bool step_sending(Connection& connection);
  bool step_lingering(Connection& connection);
  /// Answers `problem` instead of whatever the client wanted, and ends the connection.
  bool refuse(Connection& connection, const Problem& problem, std::string_view retry_after = {});
  bool close(Connection& connection);

  void enter(Connection& connection, Phase phase);
  PhaseList& list(Phase phase) { return phases_[static_cast<std::size_t>(phase)]; }
  const PhaseList& list(Phase phase) const { return phases_[static_cast<std::size_t>(phase)]; }
  std::size_t open_connections() const;
  void charge(Connection& connection);
  bool over_budget() const { return buffered_ > options_.max_buffered_bytes; }
  void wake();

  const ServerOptions options_;
  const Dispatch dispatch_;
  const std::function<void()> on_drained_;

  UniqueFd epoll_;
  UniqueFd wake_;
  Acceptor acceptor_;
  std::array<PhaseList, kPhases> phases_;
  std::vector<char> scratch_;
  std::size_t buffered_ = 0;
  Clock::time_point now_;
  bool draining_ = false;
  bool drained_ = false;

  std::atomic<bool> drain_requested_{false};
  std::atomic<bool> stop_requested_{false};
  ledger::base::Mutex completed_mutex_;
  std::vector<Connection*> completed_ LEDGER_GUARDED_BY(completed_mutex_);
  std::vector<Connection*> taken_;
};

}  // namespace ledgerd::http
