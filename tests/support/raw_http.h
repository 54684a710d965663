// A client that can misbehave: it sends any bytes and reads what comes back.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ledgerd::testing {

/// Nothing in these tests takes nearly this long, on any machine, unless it hangs.
inline constexpr std::chrono::milliseconds kPatience{30'000};

using Headers = std::vector<std::pair<std::string, std::string>>;

struct RawResponse {
  int status = 0;
  Headers headers;
  std::string body;

  /// The values of all headers of that name, joined by "; ". Empty if there is none.
  [[nodiscard]] std::string header(std::string_view name) const;
  /// The "code" of an error body; empty if there is none.
  [[nodiscard]] std::string code() const;
};

/// One TCP connection to this machine. Calls block, at most for kPatience. Not thread-safe.
class RawConnection {
 public:
  /// Connects; compare connected().
  explicit RawConnection(std::uint16_t port);
  ~RawConnection();
  RawConnection(RawConnection&& other) noexcept;
  RawConnection& operator=(RawConnection&&) = delete;

  [[nodiscard]] bool connected() const { return fd_ >= 0; }

  /// False if the peer closed the connection before it took everything.
  bool send(std::string_view bytes) const;
  /// Sends `bytes` over and over, reading nothing, until the peer has stopped reading too, because
  /// it has more to say than the system keeps for us. Linux only.
  void send_until_stuck(std::string_view bytes) const;
  /// Tells the peer that nothing more will come.
  void finish_sending() const;

  /// The next response; several may come on one connection. Nothing if the connection ends first.
  std::optional<RawResponse> receive();
  /// Whether the peer ends the connection, without sending anything more, in good order or not.
  bool ended_by_peer();

 private:
  bool read_more();
  /// Bytes in the queues of the peer's socket.
  struct PeerQueues {
    unsigned unsent = 0;  ///< written by the peer, and not yet taken by our side
    unsigned unread = 0;  ///< arrived, and not read by the peer
    friend bool operator==(const PeerQueues&, const PeerQueues&) = default;
  };
  PeerQueues peer_queues() const;

  int fd_ = -1;
  std::string buffer_;
};

/// The bytes of a well-formed HTTP/1.1 request. Host is added; Content-Length too if there is a
/// body.
std::string request_bytes(std::string_view method, std::string_view target, const Headers& headers,
                          std::string_view body);

/// Sends one request on a connection of its own. Nothing if no whole response comes.
std::optional<RawResponse> ask(std::uint16_t port, std::string_view method, std::string_view target,
                               const Headers& headers = {}, std::string_view body = {});

}  // namespace ledgerd::testing
