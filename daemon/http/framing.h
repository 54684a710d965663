// Where an HTTP/1.x request ends, and whether it may be looked at at all.
//
// Two parties that disagree on where a message ends can be played against each other (request
// smuggling), so there is one judge, it is strict, and after a refusal the connection is closed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/problem.h"

namespace ledgerd::http {

/// How much a request may cost before it is refused. All are absolute, counted as bytes arrive.
struct FramingLimits {
  /// Longest request target, in bytes (414 beyond). Default 2048. Raise it for long query strings.
  std::size_t target_bytes = 2048;
  /// All header lines together, in bytes (431 beyond). Default 16 KiB. Raise it for large tokens.
  std::size_t header_bytes = std::size_t{16} * 1024;
  /// Number of header lines (431 beyond). Default 100.
  std::size_t header_count = 100;
  /// Body, in bytes, without chunk framing (413 beyond). Default 1 MiB. Raise it for transfers of
  /// many legs.
  std::size_t body_bytes = std::size_t{1024} * 1024;
  /// The one path, as it is written in the target, whose bodies may have `large_body_bytes`
  /// instead. Must outlive the framers. Default: none.
  std::string_view large_body_path{};
  /// Default 8 MiB. Raise it for larger batches.
  std::size_t large_body_bytes = std::size_t{8} * 1024 * 1024;
};

/// Frames one request at a time, as its bytes arrive.
///
/// The verdict depends on the bytes alone, never on how they were cut into reads, and every byte of
/// a head is looked at once: a client that sends one byte at a time costs no more than any other.
/// Not thread-safe. No I/O, no allocation, no exceptions.
class RequestFramer {
 public:
  enum class State : std::uint8_t { need_more, complete, malformed };

  /// `limits` must outlive the framer.
  explicit RequestFramer(const FramingLimits& limits) : limits_(&limits) {}

  /// `message` starts at the request's first byte and holds all that was received of it so far, as
  /// in the calls before plus what is new; bytes of the next request may follow.
  State advance(std::string_view message);

  /// Why the request was refused. REQUIRES: malformed.
  const Problem& problem() const { return problem_; }

  bool head_complete() const { return phase_ > Phase::headers; }
  /// Where the request line starts: one empty line before it is tolerated, as RFC 9112 asks.
  std::size_t head_begin() const { return head_begin_; }
  /// One past the empty line. REQUIRES: head_complete().
  std::size_t head_end() const { return head_end_; }
  /// Length of the request, and where the next one starts. REQUIRES: complete.
  std::size_t message_end() const { return scanned_; }
  /// The client wants the connection closed afterwards. REQUIRES: head_complete().
  bool must_close() const { return close_ || !http11_; }
  /// The client waits for `100 Continue` before it sends the body.
  bool wants_continue() const {
    return state_ == State::need_more && head_complete() && expects_continue_;
  }

  /// Back to the start, for the connection's next request.
  void reset() { *this = RequestFramer(*limits_); }

 private:
  /// In order of appearance; from `fixed_body` on the head is complete.
  enum class Phase : std::uint8_t {
    request_line,
    headers,
    fixed_body,
    chunk_size,
    chunk_data,
    chunk_end,
    trailer,
  };

  void scan_line(std::string_view message);
  void skip_data(std::size_t available);
  void end_line(std::string_view line);
  void check_line_length();

  void end_request_line(std::string_view line);
  void set_version(std::string_view version);
  void end_header_line(std::string_view line);
  void take_header(std::string_view name, std::string_view value);
  void take_content_length(std::string_view value);
  void take_transfer_encoding(std::string_view value);
  void take_host(std::string_view value);
  void take_connection(std::string_view value);
  void take_expect(std::string_view value);
  void end_head();
  void begin_body();
  void end_chunk_size_line(std::string_view line);

  void fail(const Problem& problem);
  void complete() { state_ = State::complete; }

  const FramingLimits* limits_;
  std::size_t body_limit_ = 0;  ///< the one of the path
  Problem problem_;
  std::size_t scanned_ = 0;  ///< bytes of the message that were dealt with
  std::size_t line_begin_ = 0;
  std::size_t head_begin_ = 0;
  std::size_t headers_begin_ = 0;
  std::size_t head_end_ = 0;
  std::size_t header_count_ = 0;
  std::size_t data_left_ = 0;       ///< of the fixed body, or of the current chunk
  std::size_t chunked_bytes_ = 0;   ///< declared so far, over all chunks
  std::size_t chunk_overhead_ = 0;  ///< bytes of chunk framing, over all chunks
  std::uint64_t content_length_ = 0;
  State state_ = State::need_more;
  Phase phase_ = Phase::request_line;
  bool after_cr_ = false;
  bool http11_ = false;
  bool close_ = false;
  bool expects_continue_ = false;
  bool has_host_ = false;
  bool has_content_length_ = false;
  bool chunked_ = false;
};

}  // namespace ledgerd::http
