// The listening socket inside an event loop.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "http/message.h"
#include "http/socket.h"

namespace ledgerd::http {

/// Accepts connections when epoll says so, and stops doing so for a while when the process or the
/// machine has run out of file descriptors or memory: a level-triggered listener with connections
/// that cannot be accepted would wake its loop all the time.
///
/// Belongs to the loop's thread.
class Acceptor {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Admit = std::function<void(UniqueFd fd, Peer peer)>;

  explicit Acceptor(Admit admit);

  /// Watches `listener` in `epoll`, with the acceptor's own address as event data. False, with
  /// errno set, on failure.
  bool open(int epoll, UniqueFd listener);
  void close() { listener_.reset(); }

  /// Accepts what is waiting, up to a number that leaves others their turn.
  void accept_ready(TimePoint now);

  /// When accepting has to be resumed, if it is paused.
  std::optional<TimePoint> paused_until() const { return paused_until_; }
  void resume();

 private:
  void pause(TimePoint now);
  bool watch(int operation, std::uint32_t events);

  const Admit admit_;
  int epoll_ = -1;
  UniqueFd listener_;
  std::optional<TimePoint> paused_until_;
};

}  // namespace ledgerd::http
