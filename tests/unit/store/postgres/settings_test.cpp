#include "store/postgres/settings.h"

#include <doctest/doctest.h>

#include <string>

namespace ledger::postgres {
namespace {

constexpr const char* kPassword = "s3cret-pass";

TEST_CASE("a URL that cannot be read is refused without being quoted") {
  const std::string password = kPassword;
  for (const std::string& url :
       {"postgres://user:" + password + "@[", "postgres://user:" + password + "%zz@host/db",
        "password='" + password, "postgres://user:" + password + "@host/db?nonsense=1",
        "postgres://user:" + password + std::string("\0@host", 6),
        "postgres://user:a@" + password + "@host/db", "postgres://user:5/" + password + "@host/db",
        "postgres://user:a?" + password + "@host/db", "postgresql://user:" + password + "/db"}) {
    const auto settings = check_options({.url = url});
    REQUIRE_FALSE(settings.has_value());
    CHECK(name(settings.error().code) == name(ErrorCode::invalid_option));
    CHECK(settings.error().message().find(password) == std::string::npos);
    CHECK(settings.error().message().find("user") == std::string::npos);
  }
}

TEST_CASE("the URLs that people write are read") {
  for (const char* url :
       {"postgres://", "postgresql://host/db", "postgres://user@host", "postgres://u:p%40%2F@h/d",
        "postgres://u:p@h1:5432,h2:5433,[::1]/d?target_session_attrs=any",
        "postgres:///d?host=/run/postgresql&user=a@b", "postgres://h/d?user=a@b&password=c@d",
        "host=h port=5432,5433 user=u password=p@q/r dbname=d"}) {
    CAPTURE(url);
    CHECK(check_options({.url = url}).has_value());
  }
}

TEST_CASE("options out of range are refused by name") {
  const PostgresOptions fine{.url = "postgres://host/db"};
  CHECK(check_options(fine).has_value());
  const auto refused = [&](const char* named, auto change) {
    PostgresOptions options = fine;
    change(options);
    const auto settings = check_options(options);
    REQUIRE_FALSE(settings.has_value());
    CHECK(name(settings.error().code) == name(ErrorCode::invalid_option));
    CHECK(settings.error().detail.find(named) != std::string::npos);
  };
  for (const char* schema : {"", "Ledger", "1st", "pg_ledger", "a-b", "a\"b", "a.b", "naïve"}) {
    CAPTURE(schema);
    refused("schema", [&](PostgresOptions& options) { options.schema = schema; });
  }
  refused("schema", [](PostgresOptions& options) { options.schema = std::string(64, 'a'); });
  refused("connections", [](PostgresOptions& options) { options.connections = 0; });
  refused("connections", [](PostgresOptions& options) { options.connections = 1001; });
  using std::chrono::milliseconds;
  refused("lock_timeout", [](PostgresOptions& options) { options.lock_timeout = {}; });
  refused("commit_timeout",
          [](PostgresOptions& options) { options.commit_timeout = milliseconds(-1); });
}

TEST_CASE("SQL names the schema in quotes") {
  const auto settings =
      check_options({.url = "postgres://host/db", .schema = std::string(63, 'z')});
  REQUIRE(settings.has_value());
  const std::string quoted = '"' + std::string(63, 'z') + '"';
  CHECK(settings->with_schema("{s}.a JOIN {s}.b") == quoted + ".a JOIN " + quoted + ".b");
  CHECK(settings->with_schema("SELECT 1").size() == 8);
}

}  // namespace
}  // namespace ledger::postgres
