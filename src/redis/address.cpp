#include "redis/address.h"

#include <charconv>
#include <limits>
#include <optional>
#include <tuple>
#include <utility>

namespace ledger::redis {
namespace {

constexpr std::string_view kRedis = "redis://";
constexpr std::string_view kRedisTls = "rediss://";
constexpr std::string_view kSentinel = "sentinel://";
constexpr std::uint16_t kRedisPort = 6379;
constexpr std::uint16_t kSentinelPort = 26379;

Error malformed(std::string_view what) {
  return Error{ErrorCode::invalid_option, "Redis address: " + std::string(what)};
}

/// Splits at the first `separator`; without one the second half is empty.
std::pair<std::string_view, std::string_view> split(std::string_view text, char separator) {
  const auto at = text.find(separator);
  if (at == std::string_view::npos) return {text, {}};
  return {text.substr(0, at), text.substr(at + 1)};
}

template <class Number>
std::optional<Number> to_number(std::string_view text, Number most) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  const bool whole = error == std::errc{} && stop == end && text.front() != '-';
  if (!whole || number > most) return std::nullopt;
  return number;
}

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

/// Nothing: a '%' without two hexadecimal digits.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const auto high = hex_digit(text[i + 1]);
    const auto low = hex_digit(text[i + 2]);
    if (!high || !low) return std::nullopt;
    decoded.push_back(static_cast<char>(*high * 16 + *low));
    i += 2;
  }
  return decoded;
}

bool is_host(std::string_view text) {
  constexpr std::string_view kOthers = "-._:%";  // the last two in IPv6 addresses
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool digit = c >= '0' && c <= '9';
    if (!letter && !digit && kOthers.find(c) == std::string_view::npos) return false;
  }
  return !text.empty();
}

/// `default_port` 0: the port must be given.
Result<HostPort> parse_host(std::string_view text, std::uint16_t default_port) {
  std::string_view host = text;
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return malformed("a '[' without its ']'");
    host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (!port.empty() && port.front() != ':') return malformed("more than a port after ']'");
    has_port = !port.empty();
    if (has_port) port.remove_prefix(1);
  } else {
    std::tie(host, port) = split(text, ':');
    has_port = host.size() != text.size();
    if (port.find(':') != std::string_view::npos)
      return malformed("an IPv6 address must stand in brackets");
  }
  if (host.empty()) return malformed("a host is missing");
  if (!is_host(host)) return malformed("a host has a character that no host has");
  if (!has_port && default_port != 0) return HostPort{std::string(host), default_port};
  const auto number =
      port.empty() ? std::nullopt
                   : to_number<std::uint16_t>(port, std::numeric_limits<std::uint16_t>::max());
  if (!number || *number == 0) return malformed("a port must be a number from 1 to 65535");
  return HostPort{std::string(host), *number};
}

Result<void> parse_hosts(std::string_view text, std::uint16_t default_port, Address& address) {
  for (bool more = true; more;) {
    more = text.find(',') != std::string_view::npos;
    const auto [first, rest] = split(text, ',');
    auto host = parse_host(first, default_port);
    if (!host) return host.error();
    address.hosts.push_back(std::move(*host));
    text = rest;
  }
  return {};
}

Result<void> parse_user(std::string_view text, Address& address) {
  const auto [user, password] = split(text, ':');
  auto decoded_user = percent_decoded(user);
  auto decoded_password = percent_decoded(password);
  if (!decoded_user || !decoded_password) {
    return malformed("a '%' in the user or password is not followed by two hexadecimal digits");
  }
  if (decoded_password->empty()) {
    return malformed("a password is missing: write user:password@ or :password@");
  }
  address.user = std::move(*decoded_user);
  address.password = std::move(*decoded_password);
  return {};
}

Result<void> parse_db(std::string_view text, Address& address) {
  if (text.empty()) return {};
  const auto db = to_number<int>(text, std::numeric_limits<int>::max());
  if (!db) return malformed("the db must be a number, 0 or more");
  address.db = *db;
  return {};
}

Result<void> parse_path(std::string_view path, bool sentinel, Address& address) {
  if (!sentinel) return parse_db(path, address);
  const auto [name, db] = split(path, '/');
  auto decoded = percent_decoded(name);
  if (!decoded || decoded->empty()) {
    return malformed("the master's name is missing: sentinel://host:port/master-name");
  }
  address.master_name = std::move(*decoded);
  return parse_db(db, address);
}

Result<Address> parse_url(std::string_view rest, bool sentinel) {
  if (rest.find_first_of("?#") != std::string_view::npos) {
    return malformed("it takes no parameters; percent-encode a '?' or '#' in the password");
  }
  Address address;
  const auto [authority, path] = split(rest, '/');
  if (path.find('@') != std::string_view::npos) {
    return malformed("percent-encode a '/' in the user or password");
  }
  std::string_view hosts = authority;
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    if (auto user = parse_user(authority.substr(0, at), address); !user) return user.error();
    hosts = authority.substr(at + 1);
  }
  const auto port = sentinel ? kSentinelPort : kRedisPort;
  if (auto parsed = parse_hosts(hosts, port, address); !parsed) return parsed.error();
  if (auto parsed = parse_path(path, sentinel, address); !parsed) return parsed.error();
  return address;
}

}  // namespace

std::string HostPort::text() const {
  const bool v6 = host.find(':') != std::string_view::npos;
  return (v6 ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

bool looks_like_address(std::string_view text) { return text.find(':') != std::string_view::npos; }

Result<Address> parse_address(std::string_view text) {
  if (text.starts_with(kRedis)) return parse_url(text.substr(kRedis.size()), false);
  if (text.starts_with(kSentinel)) return parse_url(text.substr(kSentinel.size()), true);
  if (text.starts_with(kRedisTls)) {
    return malformed("rediss:// is not supported: there is no TLS here; use a tunnel");
  }
  if (text.find("://") != std::string_view::npos)
    return malformed("it must be redis:// or sentinel://");
  if (text.find_first_of("@/") != std::string_view::npos) {
    return malformed("a user, password or db needs the form redis://user:password@host:port/db");
  }
  Address address;
  if (auto parsed = parse_hosts(text, 0, address); !parsed) return parsed.error();
  return address;
}

}  // namespace ledger::redis
