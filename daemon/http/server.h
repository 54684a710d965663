// The HTTP server: sockets, framing, timeouts, limits and draining around a Handler.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "http/message.h"
#include "http/server_options.h"

namespace ledgerd::http {

/// Event-driven: connections wait in epoll and take no thread; only a complete request whose
/// framing was checked occupies one, for as long as the handler runs. Requests of one connection
/// are answered one at a time, in order; reading pauses meanwhile. A request that is refused, by
/// its framing or for want of room, is answered with problem details and ends its connection.
///
/// Threading: begin_drain(), wait_drained(), stop() and port() may be called from any thread once
/// start() has returned; none of them from a handler. Nothing throws but the constructor, when
/// memory runs out.
class Server {
 public:
  Server(ServerOptions options, Handler handler);
  /// Stops.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Listens on `host` (an address or a name; IPv6 with or without brackets) and `port` (0: any
  /// free one), starts the threads and returns. May raise the process's soft limit on open files.
  /// Returns what failed, naming the address; the server can then only be destroyed.
  /// REQUIRES: not called before.
  [[nodiscard]] std::optional<std::string> start(const std::string& host, std::uint16_t port);

  /// The port listened on. REQUIRES: started.
  std::uint16_t port() const;

  /// What was received completely is still answered, everything newer with 503 `shutting_down`;
  /// idle connections are closed. Does not wait. Not safe in a signal handler.
  void begin_drain();

  /// Waits until all that begin_drain() promised is answered and sent. False at the deadline.
  [[nodiscard]] bool wait_drained(std::chrono::steady_clock::time_point deadline);

  /// Closes everything, answered or not, after waiting for the handlers that are running. Safe to
  /// call again.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ledgerd::http
