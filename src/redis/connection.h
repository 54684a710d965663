// A connection to one Redis server. The source beside it is the only one that knows hiredis.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/result.h"
#include "redis/address.h"

namespace ledger::redis {

/// On the machine's clock: sockets know no other.
using Deadline = std::chrono::steady_clock::time_point;

/// What a server said. A plain value.
struct Reply {
  enum class Kind : std::uint8_t { nil, integer, text, error, array };
  Kind kind = Kind::nil;
  long long integer = 0;
  std::string text;  ///< of a text or an error
  std::vector<Reply> elements;

  /// Whether it is an error with this word in it: older servers wrap what a script ran into.
  [[nodiscard]] bool is_error(std::string_view word) const {
    return kind == Kind::error && text.find(word) != std::string_view::npos;
  }
};

/// One thread at a time. Neither raises SIGPIPE nor is inherited by programs that are started.
class Connection {
 public:
  /// Fails with store_unavailable, no later than `deadline` (but for looking up a host name).
  static Result<std::unique_ptr<Connection>> open(const HostPort& server, Deadline deadline);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Sends a command and waits for its reply, which may be an error of the server's. Fails with
  /// store_unavailable when the connection is lost, or nothing came before `deadline`: from then on
  /// replies and commands do not match, and every call fails.
  Result<Reply> call(std::span<const std::string_view> words, Deadline deadline);

  [[nodiscard]] const HostPort& server() const noexcept { return server_; }

 private:
  struct Hiredis;
  Connection(HostPort server, std::unique_ptr<Hiredis> hiredis);

  Result<void> send(std::span<const std::string_view> words, Deadline deadline);
  Result<Reply> receive(Deadline deadline);
  Result<void> wait_for(short events, Deadline deadline);
  Error lost(std::string_view why);

  const HostPort server_;
  std::unique_ptr<Hiredis> hiredis_;  ///< nullptr once it failed
};

}  // namespace ledger::redis
