#include "http/request_head.h"

#include <algorithm>
#include <array>

#include "http/ascii.h"

namespace ledgerd::http {
namespace {

constexpr std::string_view kCrLf = "\r\n";

constexpr std::array<std::string_view, 13> kHidden = {
    "accept",     "connection",       "expect",  "http2-settings",    "if-range",
    "keep-alive", "proxy-connection", "range",   "sec-websocket-key", "te",
    "trailer",    "trailers",         "upgrade",
};

bool is_hidden(std::string_view name, std::string_view value) {
  const auto same = [name](std::string_view hidden) { return equals_ignoring_case(name, hidden); };
  if (std::any_of(kHidden.begin(), kHidden.end(), same)) return true;
  return same("content-type") &&
         (starts_with_ignoring_case(value, "application/x-www-form-urlencoded") ||
          starts_with_ignoring_case(value, "multipart/"));
}

/// The two headers whose values the library leaves as they are.
bool is_left_undecoded(std::string_view name) {
  return equals_ignoring_case(name, "location") || equals_ignoring_case(name, "referer");
}

void append_escaped(std::string& out, std::string_view value) {
  for (const char c : value) {
    out += c;
    if (c == '%') out += "25";
  }
}

/// "http://host/path" → "/path"; origin and asterisk form stay.
std::string_view origin_form(std::string_view target) {
  const auto scheme_end = target.find("://");
  if (target.starts_with('/') || scheme_end == std::string_view::npos) return target;
  const auto path = target.find_first_of("/?", scheme_end + 3);
  return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
}

std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find(kCrLf);
  const auto line = rest.substr(0, end);
  rest.remove_prefix(end + kCrLf.size());
  return line;
}

struct SplitLine {
  std::string_view method, target, version;
};

SplitLine split_request_line(std::string_view line) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  return {line.substr(0, first), origin_form(line.substr(first + 1, last - first - 1)),
          line.substr(last + 1)};
}

void append_request_line(std::string& out, std::string_view line) {
  const auto [method, target, version] = split_request_line(line);
  out += method;
  out += ' ';
  if (target.starts_with('?')) out += '/';
  out += target;
  out += ' ';
  out += version;
  out += kCrLf;
}

void append_header(std::string& out, std::string_view line) {
  const auto colon = line.find(':');
  const auto name = line.substr(0, colon);
  const auto value = trim(line.substr(colon + 1));
  if (is_hidden(name, value)) return;
  out += name;
  out += ": ";
  if (is_left_undecoded(name)) {
    out += value;
  } else {
    append_escaped(out, value);
  }
  out += kCrLf;
}

}  // namespace

std::string rewrite_head(std::string_view head, bool close) {
  std::string out;
  out.reserve(head.size() + 32);
  append_request_line(out, take_line(head));
  for (auto line = take_line(head); !line.empty(); line = take_line(head)) {
    append_header(out, line);
  }
  if (close) out += "Connection: close\r\n";
  out += kCrLf;
  return out;
}

std::string_view target_path(std::string_view target) {
  const auto origin = origin_form(target);
  return origin.substr(0, origin.find('?'));
}

RequestLine read_request_line(std::string_view head) {
  const auto line = split_request_line(take_line(head));
  return {line.method, target_path(line.target)};
}

}  // namespace ledgerd::http
