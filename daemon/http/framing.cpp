#include "http/framing.h"

#include <algorithm>
#include <limits>

#include "http/ascii.h"
#include "http/request_head.h"

namespace ledgerd::http {
namespace {

constexpr Problem kControlCharacter{400, "malformed_request",
                                    "The request contains a control character."};
constexpr Problem kLineEnding{400, "malformed_request", "Lines must end with CR LF."};
constexpr Problem kRequestLine{400, "malformed_request_line",
                               "The request line must be: method, target, HTTP version."};
constexpr Problem kVersion{400, "unsupported_http_version",
                           "Only HTTP/1.1 and HTTP/1.0 are supported."};
constexpr Problem kTargetTooLong{414, "target_too_long", "The request target is too long."};
constexpr Problem kHeadersTooLarge{431, "headers_too_large",
                                   "The request's headers are too large."};
constexpr Problem kTooManyHeaders{431, "too_many_headers", "The request has too many headers."};
constexpr Problem kHeaderSyntax{400, "malformed_header", "A header line is malformed."};
constexpr Problem kFolding{400, "malformed_header",
                           "A header value must not continue on another line."};
constexpr Problem kMissingHost{400, "missing_host", "HTTP/1.1 requires a Host header."};
constexpr Problem kDuplicateHost{400, "duplicate_host", "There must be only one Host header."};
constexpr Problem kInvalidHost{400, "invalid_host", "The Host header is not a host."};
constexpr Problem kContentLength{400, "invalid_content_length",
                                 "Content-Length must be a decimal number."};
constexpr Problem kDuplicateContentLength{400, "duplicate_content_length",
                                          "There must be only one Content-Length header."};
constexpr Problem kConflictingLength{400, "conflicting_body_length",
                                     "Content-Length and Transfer-Encoding exclude each other."};
constexpr Problem kTransferEncoding{400, "unsupported_transfer_encoding",
                                    "Transfer-Encoding must be chunked, once, in HTTP/1.1."};
constexpr Problem kContentEncoding{415, "unsupported_content_encoding",
                                   "The body must not be compressed."};
constexpr Problem kExpectation{417, "expectation_failed",
                               "The only supported expectation is 100-continue."};
constexpr Problem kBodyTooLarge{413, "body_too_large", "The request body is too large."};
constexpr Problem kChunk{400, "malformed_chunk", "The chunked body is malformed."};
constexpr Problem kTrailers{400, "trailers_not_supported", "Trailers are not supported."};

// Room in the request line for all but the target: the longest registered method has 17 letters.
constexpr std::size_t kRequestLineOverhead = 64;
constexpr std::size_t kChunkSizeDigits = 16;
constexpr std::size_t kChunkExtensionBytes = 256;
// Chunk framing may cost as much as the body itself and a little more, so that one-byte chunks with
// long extensions do not multiply the body limit.
constexpr std::size_t kChunkOverheadSlack = 1024;

bool is_target(std::string_view target) {
  const bool known_form = target.starts_with('/') || target == "*" ||
                          starts_with_ignoring_case(target, "http://") ||
                          starts_with_ignoring_case(target, "https://");
  return known_form && std::all_of(target.begin(), target.end(), is_visible);
}

bool is_http_version(std::string_view text) {
  return text.size() == 8 && text.starts_with("HTTP/") && is_digit(text[5]) && text[6] == '.' &&
         is_digit(text[7]);
}

bool is_host(std::string_view host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return is_visible(c) && std::string_view("/?#@,\\\"<>").find(c) == std::string_view::npos;
  });
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

RequestFramer::State RequestFramer::advance(std::string_view message) {
  while (state_ == State::need_more && scanned_ < message.size()) {
    if (phase_ == Phase::fixed_body || phase_ == Phase::chunk_data) {
      skip_data(message.size() - scanned_);
    } else {
      scan_line(message);
    }
  }
  return state_;
}

// Byte by byte, so that what is refused, and when, does not depend on how the bytes arrived.
void RequestFramer::scan_line(std::string_view message) {
  while (scanned_ < message.size()) {
    const char c = message[scanned_++];
    if (after_cr_ != (c == '\n')) return fail(kLineEnding);
    if (c == '\n') {
      const auto line = message.substr(line_begin_, scanned_ - 2 - line_begin_);
      line_begin_ = scanned_;
      after_cr_ = false;
      return end_line(line);
    }
    after_cr_ = c == '\r';
    if (!after_cr_ && is_control(c)) return fail(kControlCharacter);
    check_line_length();
    if (state_ != State::need_more) return;
  }
}

void RequestFramer::skip_data(std::size_t available) {
  const std::size_t skipped = std::min(available, data_left_);
  scanned_ += skipped;
  data_left_ -= skipped;
  if (data_left_ > 0) return;
  if (phase_ == Phase::fixed_body) return complete();
  phase_ = Phase::chunk_end;
  line_begin_ = scanned_;
}

// An unfinished line is refused as soon as no continuation could make it acceptable.
void RequestFramer::check_line_length() {
  const std::size_t text = scanned_ - line_begin_ - (after_cr_ ? 1 : 0);
  switch (phase_) {
    case Phase::request_line:
      if (text > limits_->target_bytes + kRequestLineOverhead) fail(kTargetTooLong);
      break;
    case Phase::headers:
      if (scanned_ - headers_begin_ > limits_->header_bytes) fail(kHeadersTooLarge);
      break;
    case Phase::chunk_size:
      if (text > kChunkSizeDigits + kChunkExtensionBytes) fail(kChunk);
      break;
    case Phase::chunk_end:
      if (text > 0) fail(kChunk);
      break;
    case Phase::trailer:
      if (text > 0) fail(kTrailers);
      break;
    case Phase::fixed_body:
    case Phase::chunk_data:
      break;
  }
}

void RequestFramer::end_line(std::string_view line) {
  switch (phase_) {
    case Phase::request_line:
      return end_request_line(line);
    case Phase::headers:
      return line.empty() ? end_head() : end_header_line(line);
    case Phase::chunk_size:
      return end_chunk_size_line(line);
    case Phase::chunk_end:
      phase_ = Phase::chunk_size;
      return;
    case Phase::trailer:
      return complete();
    case Phase::fixed_body:
    case Phase::chunk_data:
      return;
  }
}

void RequestFramer::end_request_line(std::string_view line) {
  if (line.empty() && head_begin_ == 0) {
    head_begin_ = scanned_;
    return;
  }
  const auto method_end = line.find(' ');
  const auto target_end = line.rfind(' ');
  if (method_end == std::string_view::npos || method_end == target_end) return fail(kRequestLine);
  const auto target = line.substr(method_end + 1, target_end - method_end - 1);
  if (target.size() > limits_->target_bytes) return fail(kTargetTooLong);
  if (!is_token(line.substr(0, method_end)) || !is_target(target)) return fail(kRequestLine);
  body_limit_ = target_path(target) == limits_->large_body_path ? limits_->large_body_bytes
                                                                : limits_->body_bytes;
  set_version(line.substr(target_end + 1));
  phase_ = Phase::headers;
  headers_begin_ = scanned_;
}

void RequestFramer::set_version(std::string_view version) {
  if (!is_http_version(version)) return fail(kRequestLine);
  http11_ = version == "HTTP/1.1";
  if (!http11_ && version != "HTTP/1.0") fail(kVersion);
}

void RequestFramer::end_header_line(std::string_view line) {
  if (++header_count_ > limits_->header_count) return fail(kTooManyHeaders);
  if (line.front() == ' ' || line.front() == '\t') return fail(kFolding);
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    return fail(kHeaderSyntax);
  }
  take_header(line.substr(0, colon), trim(line.substr(colon + 1)));
}

void RequestFramer::take_header(std::string_view name, std::string_view value) {
  struct Rule {
    std::string_view name;
    void (RequestFramer::*take)(std::string_view);
  };
  static constexpr Rule kRules[] = {
      {"content-length", &RequestFramer::take_content_length},
      {"transfer-encoding", &RequestFramer::take_transfer_encoding},
      {"host", &RequestFramer::take_host},
      {"connection", &RequestFramer::take_connection},
      {"expect", &RequestFramer::take_expect},
  };
  for (const Rule& rule : kRules) {
    if (equals_ignoring_case(name, rule.name)) return (this->*rule.take)(value);
  }
  if (equals_ignoring_case(name, "content-encoding")) fail(kContentEncoding);
}

// A number too large for 64 bits stays a number: it saturates and is refused as too large.
void RequestFramer::take_content_length(std::string_view value) {
  if (has_content_length_) return fail(kDuplicateContentLength);
  has_content_length_ = true;
  if (value.empty() || !std::all_of(value.begin(), value.end(), is_digit)) {
    return fail(kContentLength);
  }
  constexpr auto kMax = std::numeric_limits<std::uint64_t>::max();
  for (const char c : value) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    const bool fits = content_length_ <= (kMax - digit) / 10;
    content_length_ = fits ? content_length_ * 10 + digit : kMax;
  }
}

void RequestFramer::take_transfer_encoding(std::string_view value) {
  if (chunked_ || !http11_ || !equals_ignoring_case(value, "chunked")) {
    return fail(kTransferEncoding);
  }
  chunked_ = true;
}

void RequestFramer::take_host(std::string_view value) {
  if (has_host_) return fail(kDuplicateHost);
  has_host_ = true;
  if (!is_host(value)) fail(kInvalidHost);
}

void RequestFramer::take_connection(std::string_view value) {
  while (!value.empty()) {
    const auto comma = value.find(',');
    if (equals_ignoring_case(trim(value.substr(0, comma)), "close")) close_ = true;
    value = comma == std::string_view::npos ? std::string_view{} : value.substr(comma + 1);
  }
}

void RequestFramer::take_expect(std::string_view value) {
  if (!http11_) return;  // RFC 9110 10.1.1: ignored in HTTP/1.0
  if (!equals_ignoring_case(value, "100-continue")) return fail(kExpectation);
  expects_continue_ = true;
}

void RequestFramer::end_head() {
  if (scanned_ - headers_begin_ > limits_->header_bytes) return fail(kHeadersTooLarge);
  if (http11_ && !has_host_) return fail(kMissingHost);
  if (chunked_ && has_content_length_) return fail(kConflictingLength);
  if (content_length_ > body_limit_) return fail(kBodyTooLarge);
  head_end_ = scanned_;
  begin_body();
}

void RequestFramer::begin_body() {
  if (chunked_) {
    phase_ = Phase::chunk_size;
    return;
  }
  phase_ = Phase::fixed_body;
  data_left_ = static_cast<std::size_t>(content_length_);
  if (data_left_ == 0) complete();
}

void RequestFramer::end_chunk_size_line(std::string_view line) {
  const auto semicolon = line.find(';');
  const auto digits = line.substr(0, semicolon);
  if (digits.empty() || digits.size() > kChunkSizeDigits) return fail(kChunk);
  std::uint64_t size = 0;
  for (const char c : digits) {
    const int value = hex_value(c);
    if (value < 0) return fail(kChunk);
    size = size * 16 + static_cast<std::uint64_t>(value);
  }
  if (line.size() - digits.size() > kChunkExtensionBytes) return fail(kChunk);

  chunk_overhead_ += line.size() + 4;  // with the CR LF after the size, and after the data
  if (size > body_limit_ - chunked_bytes_) return fail(kBodyTooLarge);
  if (chunk_overhead_ > body_limit_ + kChunkOverheadSlack) return fail(kBodyTooLarge);
  chunked_bytes_ += static_cast<std::size_t>(size);
  data_left_ = static_cast<std::size_t>(size);
  phase_ = size == 0 ? Phase::trailer : Phase::chunk_data;
}

void RequestFramer::fail(const Problem& problem) {
  problem_ = problem;
  state_ = State::malformed;
}

}  // namespace ledgerd::http
