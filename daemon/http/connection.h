// One accepted socket: its buffers, its framer, and the phase it is in.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <list>
#include <span>
#include <string>
#include <string_view>

#include "http/framing.h"
#include "http/message.h"
#include "http/socket.h"

namespace ledgerd::http {

using Clock = std::chrono::steady_clock;

/// What a connection is waiting for. Each phase but `dispatched` and `closed` has a deadline.
enum class Phase : std::uint8_t {
  idle,        ///< between requests
  receiving,   ///< a request has begun to arrive
  dispatched,  ///< a worker answers
  sending,     ///< the response goes out
  lingering,   ///< all is said; reading on, so that closing does not destroy the last response
  closed,      ///< to be freed
};
inline constexpr std::size_t kPhases = 6;

/// Mechanism only; what to do when is EventLoop's.
///
/// Threading: belongs to the loop thread. While the phase is `dispatched`, one worker calls
/// request(), respond() and flush(); the loop then touches nothing but `phase` and `deadline`.
class Connection {
 public:
  enum class Io : std::uint8_t { progress, would_block, end_of_stream, failed };

  /// `limits` must outlive the connection.
  Connection(UniqueFd fd, Peer peer, const FramingLimits& limits);

  int fd() const { return fd_.get(); }
  void close() { fd_.reset(); }
  /// Makes close() drop what the client has not taken yet, instead of leaving it to the kernel.
  void reset_on_close() const;

  /// One read from the socket into the buffer, through `scratch`.
  Io receive(std::span<char> scratch);
  /// Looks at what is buffered; consumes nothing.
  RequestFramer::State frame() { return framer_.advance(unconsumed()); }
  const RequestFramer& framer() const { return framer_; }
  bool has_unconsumed() const { return consumed_ < in_.size(); }
  /// Sends the interim response once, where the client waits for it. False if the socket fails.
  bool send_continue();

  /// REQUIRES: frame() said complete, and respond() was not called since.
  InboundRequest request() const;
  /// Takes the final response to the current request; `close` ends the connection after it.
  void respond(std::string bytes, bool close);
  /// Sends as much of the response as the socket takes: `progress` if all of it is gone.
  Io flush();
  /// The connection ends with the response that was sent last.
  bool ends() const { return close_after_response_; }
  /// Forgets the answered request; what follows it in the buffer comes next.
  void finish_request();
  /// Forgets everything received. For a connection that will not be listened to any more.
  void drop_input();

  /// Tells the client that nothing more will come.
  void shutdown_write() const;
  /// Reads one piece of what the client still sends, and forgets it. Fails once that was too much.
  Io discard(std::span<char> scratch);

  /// What was received until now counts as accepted before the drain; what comes later does not.
  void mark_drain() { drain_mark_ = received_; }
  /// REQUIRES: frame() said complete.
  bool accepted_before_drain() const;

  /// Memory that the buffers take, for the server's budget.
  std::size_t buffer_bytes() const { return in_.capacity() + out_.capacity(); }

  // The loop's own book-keeping.
  std::list<Connection>::iterator self;
  Clock::time_point deadline = Clock::time_point::max();
  std::size_t charged = 0;  ///< what of the budget this connection holds
  Phase phase = Phase::closed;

 private:
  std::string_view unconsumed() const { return std::string_view(in_).substr(consumed_); }
  void make_room();

  UniqueFd fd_;
  const Peer peer_;
  RequestFramer framer_;
  std::string in_;
  std::size_t consumed_ = 0;  ///< bytes of in_ that belong to answered requests
  std::string out_;
  std::size_t sent_ = 0;  ///< bytes of out_ that the socket took
  std::size_t discarded_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t drain_mark_ = std::numeric_limits<std::uint64_t>::max();
  bool continue_sent_ = false;
  bool close_after_response_ = false;
};

}  // namespace ledgerd::http
