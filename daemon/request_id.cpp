#include "request_id.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>
#include <random>

#include <fmt/format.h>

#include "http/ascii.h"

namespace ledgerd {
namespace {

constexpr std::string_view kCrLf = "\r\n";
constexpr std::size_t kMaxLength = 64;

bool is_acceptable(std::string_view id) {
  return !id.empty() && id.size() <= kMaxLength && std::all_of(id.begin(), id.end(), [](char c) {
    return http::is_alpha(c) || http::is_digit(c) || c == '.' || c == '_' || c == '-';
  });
}

/// The header's value, if it is there exactly once.
std::optional<std::string_view> find_once(std::string_view head, std::string_view name) {
  std::optional<std::string_view> found;
  while (!head.empty()) {
    const auto end = head.find(kCrLf);
    const auto line = head.substr(0, end);
    head.remove_prefix(end == std::string_view::npos ? head.size() : end + kCrLf.size());
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    if (!http::equals_ignoring_case(line.substr(0, colon), name)) continue;
    if (found) return std::nullopt;
    found = http::trim(line.substr(colon + 1));
  }
  return found;
}

/// Unique among processes by chance, within one by counting. It is no secret.
std::string new_id() {
  static const std::uint64_t process = [] {
    std::random_device device;
    return std::uint64_t{device()} << 32 | device();
  }();
  static std::atomic<std::uint64_t> requests{0};
  return fmt::format("{:016x}-{:x}", process, ++requests);
}

}  // namespace

std::string request_id(std::string_view head) {
  const auto sent = find_once(head, kRequestIdHeader);
  return sent && is_acceptable(*sent) ? std::string(*sent) : new_id();
}

void add_request_id(std::string& response, std::string_view id) {
  const auto status_line_end = response.find(kCrLf);
  if (status_line_end == std::string::npos) return;
  response.insert(status_line_end, fmt::format("\r\n{}: {}", kRequestIdHeader, id));
}

}  // namespace ledgerd
