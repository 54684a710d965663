// Where Redis is, as RedisLockOptions::address says it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/result.h"

namespace ledger::redis {

struct HostPort {
  std::string host;
  std::uint16_t port = 0;

  /// As it is written in an address, for messages.
  [[nodiscard]] std::string text() const;
  friend bool operator==(const HostPort&, const HostPort&) = default;
};

struct Address {
  /// In order of preference. The sentinels, where there is a master_name.
  std::vector<HostPort> hosts{};
  std::string user{};      ///< empty: Redis' default user
  std::string password{};  ///< empty: no log-in
  int db = 0;
  std::string master_name{};  ///< empty: the hosts are the servers
};

/// Whether `text` looks like one of the forms at all, however malformed.
bool looks_like_address(std::string_view text);

/// Fails with invalid_option. The detail says what is wrong, and repeats nothing that stands where
/// a password may.
Result<Address> parse_address(std::string_view text);

}  // namespace ledger::redis
