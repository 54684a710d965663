// The request head as the HTTP library may see it.
#pragma once

#include <string>
#include <string_view>

namespace ledgerd::http {

/// Rewrites the head of a framed request for cpp-httplib, so that the library has nothing left to
/// decide that the framer or this daemon has decided already:
///   - hop-by-hop headers, `Expect`, `Range` and `Accept` go. A range would cut a JSON answer to
///     pieces, an unusual Accept would be refused with 400, and nothing here negotiates;
///   - a form Content-Type goes: bodies are JSON whatever `curl -d` calls them, and the library
///     would parse them as forms at many times their size;
///   - `%` in header values is escaped, because the library percent-decodes them: the idempotency
///     keys `a%41` and `aA` would become the same key;
///   - a target in absolute form is cut to its path;
///   - `Connection: close` is added if `close` is set, and is then the only Connection header.
/// REQUIRES: `head` is what RequestFramer accepted, from head_begin() to head_end().
std::string rewrite_head(std::string_view head, bool close);

/// The path of a request's target, whether in origin or in absolute form, without query, as sent.
std::string_view target_path(std::string_view target);

/// The method and the target's path, without query, as sent (not percent-decoded).
struct RequestLine {
  std::string_view method;
  std::string_view path;
};
RequestLine read_request_line(std::string_view head);

}  // namespace ledgerd::http
