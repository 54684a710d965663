// What a client of /v1 sends, and what it reads out of the answers.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "support/ledgerd_process.h"
#include "support/raw_http.h"

namespace ledgerd::testing {

/// Asks one ledgerd, each time over a connection of its own.
class Api {
 public:
  explicit Api(const LedgerdProcess& ledgerd) : port_(ledgerd.port()) {}

  [[nodiscard]] RawResponse get(std::string_view target, const Headers& headers = {}) const {
    return ask("GET", target, headers, "");
  }
  [[nodiscard]] RawResponse post(std::string_view target, std::string_view key,
                                 std::string_view body, Headers headers = {}) const {
    headers.emplace_back("Idempotency-Key", key);
    return ask("POST", target, headers, body);
  }
  [[nodiscard]] RawResponse patch(std::string_view target, std::string_view key,
                                  std::string_view body, Headers headers = {}) const {
    headers.emplace_back("Idempotency-Key", key);
    return ask("PATCH", target, headers, body);
  }
  [[nodiscard]] RawResponse ask(std::string_view method, std::string_view target,
                                const Headers& headers, std::string_view body) const {
    const auto response = testing::ask(port_, method, target, headers, body);
    REQUIRE(response);
    return *response;
  }

 private:
  std::uint16_t port_;
};

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

inline std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

/// The first member of that name in a JSON text, wherever it stands: a string's content as it is
/// written, or the source of any other plain value. Empty: there is none.
inline std::string member(std::string_view json, std::string_view name) {
  const std::string start = '"' + std::string(name) + "\":";
  const auto at = json.find(start);
  if (at == std::string_view::npos) return {};
  const auto value = json.substr(at + start.size());
  if (value.starts_with('"')) return std::string(value.substr(1, value.find('"', 1) - 1));
  return std::string(value.substr(0, value.find_first_of(",}]")));
}

/// `json` without the times of a test's own run, to compare the rest word for word.
inline std::string without_times(std::string json) {
  for (const std::string_view name : {R"("recorded_at":")", R"("created_at":")"}) {
    for (auto at = json.find(name); at != std::string::npos; at = json.find(name, at + 1)) {
      const auto begin = at + name.size();
      json.erase(begin, json.find('"', begin) - begin);
    }
  }
  return json;
}

}  // namespace ledgerd::testing
