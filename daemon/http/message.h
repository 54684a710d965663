// What passes between the server, which knows sockets, and the handler, which knows HTTP.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace ledgerd::http {

/// Who sent a request: taken from the socket, never from a header.
struct Peer {
  std::string address;
  std::uint16_t port = 0;
};

/// One complete request whose framing has been checked. The views are valid during the call only.
struct InboundRequest {
  std::string_view head;  ///< request line through the empty line
  std::string_view body;  ///< as received: a chunked body still has its chunk framing
  bool close = false;     ///< the connection ends with the response, which has to say so
  const Peer& peer;
};

struct Response {
  std::string bytes;   ///< status line, headers and body; empty, with `close`: no answer at all
  bool close = false;  ///< end the connection even if the request did not ask for it
};

/// A route that answers with this status says nothing: the connection is closed without a byte.
/// (The number that nginx has for it.)
inline constexpr int kNoAnswer = 444;

/// Answers one request. Called by many workers at once, so it must be thread-safe; it may block.
/// An exception that escapes it is answered with a bare 500.
using Handler = std::function<Response(const InboundRequest&)>;

}  // namespace ledgerd::http
