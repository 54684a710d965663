#include "store/postgres/settings.h"

#include <libpq-fe.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

namespace ledger::postgres {
namespace {

constexpr std::size_t kMaxSchemaLength = 63;
constexpr std::size_t kMaxConnections = 1000;

Error invalid(std::string detail) { return Error{ErrorCode::invalid_option, std::move(detail)}; }

bool is_valid_schema(std::string_view schema) {
  const auto is_letter = [](char c) { return ('a' <= c && c <= 'z') || c == '_'; };
  const auto is_digit = [](char c) { return '0' <= c && c <= '9'; };
  return !schema.empty() && schema.size() <= kMaxSchemaLength && is_letter(schema.front()) &&
         !schema.starts_with("pg_") &&
         std::ranges::all_of(schema, [&](char c) { return is_letter(c) || is_digit(c); });
}

/// Whether libpq finds the user and password of a URI where the writer meant them. It ends them at
/// the first '@', and looks for none after a '/': the rest of a password with one of these in it,
/// not percent-encoded, would be taken for a host or a database, and named in messages.
bool is_unambiguous(std::string_view url) {
  const auto scheme = url.find("://");
  if (!url.starts_with("postgres") || scheme == std::string_view::npos) return true;
  const auto rest = url.substr(scheme + 3);
  const auto query = rest.find('?');
  const auto place = rest.substr(0, query);
  if (place.find('/') == std::string_view::npos && place.find('@') == std::string_view::npos) {
    return rest.find('@') == std::string_view::npos;
  }
  return place.find('@') == place.rfind('@') &&
         place.find('@', place.find('/')) == std::string_view::npos;
}

bool has_numeric_ports(const PQconninfoOption* options) {
  for (; options->keyword != nullptr; ++options) {
    if (std::string_view(options->keyword) != "port" || options->val == nullptr) continue;
    return std::string_view(options->val).find_first_not_of("0123456789,") ==
           std::string_view::npos;
  }
  return true;
}

/// libpq's own messages would quote the URL, and with it the password.
bool is_readable(const std::string& url) {
  if (!is_unambiguous(url)) return false;
  PQconninfoOption* parsed = PQconninfoParse(url.c_str(), nullptr);
  if (parsed == nullptr) return false;
  const bool readable = has_numeric_ports(parsed);
  PQconninfoFree(parsed);
  return readable;
}

}  // namespace

std::string Settings::with_schema(std::string sql) const {
  constexpr std::string_view kMark = "{s}";
  const std::string quoted = '"' + options.schema + '"';
  for (std::size_t at = sql.find(kMark); at != std::string::npos; at = sql.find(kMark, at)) {
    sql.replace(at, kMark.size(), quoted);
    at += quoted.size();
  }
  return sql;
}

Result<Settings> check_options(const PostgresOptions& options) {
  using std::chrono::milliseconds;
  if (options.url.find('\0') != std::string::npos || !is_readable(options.url)) {
    return invalid(
        "url is not a connection URI or string that libpq can read; '@', ':', '/', '?' and "
        "'%' in names and passwords must be percent-encoded");
  }
  if (!is_valid_schema(options.schema)) {
    return invalid("schema must be 1 to 63 of a-z, 0-9 and _, not starting with a digit or pg_");
  }
  if (options.connections < 1 || options.connections > kMaxConnections) {
    return invalid("connections must be from 1 to 1000");
  }
  const std::pair<const char*, milliseconds> durations[] = {
      {"connect_timeout", options.connect_timeout},
      {"reconnect_pause", options.reconnect_pause},
      {"statement_timeout", options.statement_timeout},
      {"lock_timeout", options.lock_timeout},
      {"idle_transaction_timeout", options.idle_transaction_timeout},
      {"commit_timeout", options.commit_timeout},
      {"tcp_user_timeout", options.tcp_user_timeout},
  };
  for (const auto& [name, value] : durations) {
    if (value < milliseconds(1) || value > std::chrono::hours(24)) {
      return invalid(std::string(name) + " must be from 1 millisecond to 24 hours");
    }
  }
  return Settings{options};
}

}  // namespace ledger::postgres
