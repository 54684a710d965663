#include "config.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace ledgerd {
namespace {

using Parsed = std::variant<Config, ConfigErrors, ConfigText>;

Parsed parse(const std::vector<std::string>& arguments, const Environment& environment = {}) {
  return parse_config(arguments, environment);
}

Config config(const std::vector<std::string>& arguments, const Environment& environment = {}) {
  auto parsed = parse(arguments, environment);
  if (const auto* errors = std::get_if<ConfigErrors>(&parsed)) FAIL(errors->messages.front());
  REQUIRE(std::holds_alternative<Config>(parsed));
  return std::get<Config>(parsed);
}

std::vector<std::string> errors(const std::vector<std::string>& arguments,
                                const Environment& environment = {}) {
  auto parsed = parse(arguments, environment);
  REQUIRE(std::holds_alternative<ConfigErrors>(parsed));
  return std::get<ConfigErrors>(parsed).messages;
}

/// Whether there is exactly one error, and it contains `text`.
bool only_error(const std::vector<std::string>& messages, std::string_view text) {
  return messages.size() == 1 && messages.front().find(text) != std::string::npos;
}

TEST_CASE("without arguments the defaults are those of the documentation") {
  const Config defaults = config({});
  CHECK(defaults.listen.host == "127.0.0.1");
  CHECK(defaults.listen.port == 8080);
  CHECK(defaults.command == Command::serve);
  CHECK(defaults.backends.db == "sqlite:ledger.db");
  CHECK(defaults.backends.db_schema == "ledger");
  CHECK(defaults.backends.db_isolation == ledger::PostgresIsolation::serializable);
  CHECK(defaults.backends.db_connections == 8);
  CHECK(defaults.backends.db_migrate);
  CHECK(defaults.backends.locks == Locks::in_process);
  CHECK(defaults.backends.lock_ttl == std::chrono::seconds(10));
  CHECK(!defaults.demo);
  CHECK(defaults.log_level == LogLevel::info);
  CHECK(defaults.log_format == LogFormat::text);
  CHECK(defaults.grace == std::chrono::seconds(10));
  CHECK(defaults.server.workers == 64);
  CHECK(defaults.server.max_connections == 10'000);
  CHECK(defaults.server.limits.header_bytes == 16 * 1024);
  CHECK(defaults.server.limits.body_bytes == 1024 * 1024);
  CHECK(defaults.server.limits.large_body_bytes == 8 * 1024 * 1024);
  CHECK(defaults.server.limits.target_bytes == 2048);
  CHECK(defaults.server.request_timeout == std::chrono::seconds(10));
  CHECK(defaults.server.idle_timeout == std::chrono::seconds(75));
  CHECK(defaults.server.write_timeout == std::chrono::seconds(10));
  CHECK(defaults.warnings.empty());
}

TEST_CASE("every setting can be given as a flag") {
  const Config all = config({"serve",
                             "--listen",
                             "[::1]:0",
                             "--db",
                             "postgres://h/d",
                             "--db-schema",
                             "bank",
                             "--db-isolation",
                             "read-committed",
                             "--db-connections",
                             "2",
                             "--db-migrate",
                             "false",
                             "--redis",
                             "h:1",
                             "--locks",
                             "redis",
                             "--lock-ttl",
                             "1.5",
                             "--outcome-cache",
                             "600",
                             "--demo",
                             "--log-level",
                             "debug",
                             "--log-format",
                             "json",
                             "--workers",
                             "3",
                             "--max-body",
                             "100",
                             "--max-batch-body",
                             "150",
                             "--max-header",
                             "200",
                             "--max-path",
                             "300",
                             "--max-connections",
                             "400",
                             "--request-timeout=0.5",
                             "--idle-timeout",
                             "20",
                             "--write-timeout",
                             "1.25",
                             "--grace",
                             "0.001"});
  CHECK(all.listen.host == "::1");
  CHECK(all.listen.port == 0);
  CHECK(all.backends.db == "postgres://h/d");
  CHECK(all.backends.db_schema == "bank");
  CHECK(all.backends.db_isolation == ledger::PostgresIsolation::read_committed);
  CHECK(all.backends.db_connections == 2);
  CHECK(!all.backends.db_migrate);
  CHECK(all.backends.redis == "h:1");
  CHECK(all.backends.locks == Locks::redis);
  CHECK(all.backends.lock_ttl == std::chrono::milliseconds(1500));
  CHECK(all.backends.outcome_ttl == std::chrono::milliseconds(600'000));
  CHECK(all.warnings.empty());
  CHECK(all.demo);
  CHECK(all.log_level == LogLevel::debug);
  CHECK(all.log_format == LogFormat::json);
  CHECK(all.server.workers == 3);
  CHECK(all.server.limits.body_bytes == 100);
  CHECK(all.server.limits.large_body_bytes == 150);
  CHECK(all.server.limits.header_bytes == 200);
  CHECK(all.server.limits.target_bytes == 300);
  CHECK(all.server.max_connections == 400);
  CHECK(all.server.request_timeout == std::chrono::milliseconds(500));
  CHECK(all.server.idle_timeout == std::chrono::seconds(20));
  CHECK(all.server.write_timeout == std::chrono::milliseconds(1250));
  CHECK(all.grace == std::chrono::milliseconds(1));
}

TEST_CASE("every setting can be given in the environment") {
  const Config all =
      config({}, {{"LEDGER_LISTEN", "localhost:9"},  {"DB_URL", "postgresql://h/d"},
                  {"LEDGER_DB_SCHEMA", "bank"},      {"LEDGER_DB_ISOLATION", "read-committed"},
                  {"LEDGER_DB_CONNECTIONS", "1000"}, {"LEDGER_DB_MIGRATE", "0"},
                  {"REDIS_ADDR", "redis://h/2"},     {"LEDGER_LOCKS", "redis"},
                  {"LEDGER_LOCK_TTL", "7"},          {"LEDGER_DEMO", "true"},
                  {"LEDGER_LOG_LEVEL", "error"},     {"LEDGER_LOG_FORMAT", "json"},
                  {"LEDGER_WORKERS", "5"},           {"LEDGER_MAX_BODY", "101"},
                  {"LEDGER_MAX_BATCH_BODY", "151"},  {"LEDGER_MAX_HEADER", "201"},
                  {"LEDGER_MAX_PATH", "301"},        {"LEDGER_MAX_CONNECTIONS", "401"},
                  {"LEDGER_REQUEST_TIMEOUT", "1"},   {"LEDGER_IDLE_TIMEOUT", "2"},
                  {"LEDGER_WRITE_TIMEOUT", "3"},     {"LEDGER_GRACE", "4"}});
  CHECK(all.listen.host == "localhost");
  CHECK(all.listen.port == 9);
  CHECK(all.backends.db == "postgresql://h/d");
  CHECK(all.backends.db_schema == "bank");
  CHECK(all.backends.db_isolation == ledger::PostgresIsolation::read_committed);
  CHECK(all.backends.db_connections == 1000);
  CHECK(!all.backends.db_migrate);
  CHECK(all.backends.redis == "redis://h/2");
  CHECK(all.backends.locks == Locks::redis);
  CHECK(all.backends.lock_ttl == std::chrono::seconds(7));
  CHECK(all.warnings.empty());
  CHECK(all.demo);
  CHECK(all.log_level == LogLevel::error);
  CHECK(all.log_format == LogFormat::json);
  CHECK(all.server.workers == 5);
  CHECK(all.server.limits.body_bytes == 101);
  CHECK(all.server.limits.large_body_bytes == 151);
  CHECK(all.server.limits.header_bytes == 201);
  CHECK(all.server.limits.target_bytes == 301);
  CHECK(all.server.max_connections == 401);
  CHECK(all.server.request_timeout == std::chrono::seconds(1));
  CHECK(all.server.idle_timeout == std::chrono::seconds(2));
  CHECK(all.server.write_timeout == std::chrono::seconds(3));
  CHECK(all.grace == std::chrono::seconds(4));
}

TEST_CASE("a flag wins over its variable") {
  CHECK(config({"--listen", "127.0.0.1:1"}, {{"LEDGER_LISTEN", "nonsense"}}).listen.port == 1);
  CHECK(!config({"--demo=false"}, {{"LEDGER_DEMO", "1"}}).demo);
  CHECK(config({"--demo"}, {{"LEDGER_DEMO", "0"}}).demo);
  CHECK(config({"--db", "memory:"}, {{"DB_URL", "sqlite:x"}}).backends.db == "memory:");
}

TEST_CASE("an empty variable counts as unset") {
  CHECK(config({}, {{"DB_URL", ""}, {"REDIS_ADDR", ""}, {"LEDGER_WORKERS", ""}}).backends.db ==
        "sqlite:ledger.db");
}

TEST_CASE("serve is what happens anyway, and flags may stand on either side of it") {
  CHECK(config({"serve"}).listen.port == 8080);
  CHECK(config({"--demo", "serve", "--listen", "127.0.0.1:1"}).demo);
}

TEST_CASE("loopback addresses may be listened on, others only when that is asked for") {
  for (const char* host : {"127.0.0.1", "127.1.2.3", "[::1]", "localhost"}) {
    CAPTURE(host);
    config({"--listen", std::string(host) + ":1"});
  }
  for (const char* host : {"0.0.0.0", "[::]", "192.0.2.1", "[2001:db8::1]", "host.invalid"}) {
    CAPTURE(host);
    const std::string listen = std::string(host) + ":1";
    const auto messages = errors({"--listen", listen});
    CHECK(only_error(messages, "LEDGER_INSECURE=true"));
    CHECK(only_error(messages, "--listen (LEDGER_LISTEN)"));
    CHECK(only_error(errors({}, {{"LEDGER_LISTEN", listen}}), "--listen (LEDGER_LISTEN)"));
    CHECK(config({"--listen", listen}, {{"LEDGER_INSECURE", "true"}}).listen.port == 1);
    CHECK(only_error(errors({"--listen", listen}, {{"LEDGER_INSECURE", "false"}}), "loopback"));
  }
}

TEST_CASE("a value that makes no sense is refused by the name of its setting") {
  const struct {
    const char* flag;
    std::vector<const char*> values;
  } kBad[] = {
      {"--listen",
       {"", "8080", "localhost", ":80", "127.0.0.1:", "127.0.0.1:65536", "::1:80", "127.0.0.1:-1",
        "127.0.0.1:8o"}},
      {"--db", {"", "ledger.db", "sqlite:", "memory:x", "mysql://x", "postgres://", "postgres:x"}},
      {"--db-isolation", {"", "read_committed", "snapshot"}},
      {"--db-connections", {"0", "1001", "many"}},
      {"--db-migrate", {"", "yes"}},
      {"--locks", {"", "redis", "NONE", "127.0.0.1:6379"}},
      {"--lock-ttl", {"0", "forever", "86401"}},
      {"--log-level", {"", "trace", "INFO"}},
      {"--log-format", {"", "xml"}},
      {"--workers", {"", "0", "-1", "1.5", "1x", "1025", "99999999999999999999"}},
      {"--max-body", {"0", "67108865", "1k"}},
      {"--max-batch-body", {"0", "67108865", "8M"}},
      {"--max-header", {"0", "abc"}},
      {"--max-path", {"0", "abc"}},
      {"--max-connections", {"0", "abc"}},
      {"--request-timeout", {"", "0", "-1", "1s", ".5", "1.", "1.0001", "1e3", "86401", "+1"}},
      {"--idle-timeout", {"0", "0.000"}},
      {"--write-timeout", {"x"}},
      {"--grace", {"0", "forever"}},
  };
  for (const auto& bad : kBad) {
    for (const char* value : bad.values) {
      CAPTURE(bad.flag);
      CAPTURE(value);
      CHECK(only_error(errors({std::string(bad.flag) + '=' + value}), bad.flag));
    }
  }
  CHECK(only_error(errors({"--demo=maybe"}), "--demo"));
  CHECK(only_error(errors({}, {{"LEDGER_INSECURE", "yes"}}), "LEDGER_INSECURE"));
}

TEST_CASE("a Redis that has an address grants the leases, unless it is said who does") {
  const Environment redis{{"REDIS_ADDR", "127.0.0.1:6379"}};
  CHECK(config({}, redis).backends.locks == Locks::redis);
  CHECK(config({}, redis).backends.redis == "127.0.0.1:6379");
  CHECK(config({"--locks", "redis"}, redis).warnings.empty());
  const Config without = config({"--locks", "none"}, redis);
  CHECK(without.backends.locks == Locks::none);
  CHECK(only_error(without.warnings, "--redis (REDIS_ADDR) has no effect"));
  CHECK(only_error(errors({"--locks", "redis"}), "--redis (REDIS_ADDR)"));
}

TEST_CASE("outcomes are remembered in Redis, for a ledger in Postgres") {
  const Environment both{{"REDIS_ADDR", "127.0.0.1:6379"}, {"DB_URL", "postgres://h/d"}};
  CHECK_FALSE(config({}, both).backends.outcome_ttl.has_value());
  const Config cached = config({"--outcome-cache", "60", "--locks", "none"}, both);
  CHECK(cached.backends.outcome_ttl == std::chrono::seconds(60));
  CHECK(cached.warnings.empty());
  CHECK(only_error(errors({"--outcome-cache", "60"}, {{"DB_URL", "postgres://h/d"}}), "--redis"));
  CHECK(only_error(errors({"--outcome-cache", "60"}, {{"REDIS_ADDR", "h:1"}}), "--db (DB_URL)"));
}

TEST_CASE("a setting that has no effect beside the others is a warning") {
  for (const char* variable : {"LEDGER_DB_SCHEMA", "LEDGER_DB_CONNECTIONS", "LEDGER_DB_MIGRATE"}) {
    CAPTURE(variable);
    const Environment set{{variable, "1"}};
    CHECK(only_error(config({}, set).warnings, variable));
    CHECK(config({"--db", "postgres://h/d"}, set).warnings.empty());
  }
  CHECK(only_error(config({"--db-isolation", "serializable"}).warnings, "--db-isolation"));
  CHECK(only_error(config({"--lock-ttl", "1"}).warnings, "--lock-ttl"));
}

TEST_CASE("no message repeats what may hold a password") {
  const std::string url = "postgres://user:hunter2@host/db";
  const std::vector<std::vector<std::string>> kMistakes = {
      {"--db", "x" + url},
      {"--db", url, "--db", url},
      {"--dbb", url},
      {url},
      {"--locks", url},
      {"--log-level", url},
      {"--listen", url},
      {"--lock-ttl", url},
      {"--redis", url, "--locks", "redis", "--redis", url},
  };
  for (const auto& arguments : kMistakes) {
    CAPTURE(arguments.front());
    for (const std::string& message : errors(arguments))
      CHECK(message.find("hunter2") == std::string::npos);
  }
}

TEST_CASE("migrate takes the settings of serve, and needs a store with a schema") {
  CHECK(config({"migrate", "--db", "postgres://h/d"}).command == Command::migrate);
  CHECK(config({"--db", "sqlite:x", "migrate"}).command == Command::migrate);
  CHECK(config({"serve"}).command == Command::serve);
  CHECK(only_error(errors({"migrate", "--db", "memory:"}), "--db (DB_URL)"));
  CHECK(errors({"serve", "migrate"}).size() == 1);
}

TEST_CASE("chaos is off unless the environment asks for it") {
  CHECK(!config({}).chaos);
  CHECK(config({}, {{"CHAOS_MODE", "true"}}).chaos);
  CHECK(!config({}, {{"CHAOS_MODE", "false"}}).chaos);
  CHECK(only_error(errors({}, {{"CHAOS_MODE", "maybe"}}), "CHAOS_MODE"));
  CHECK(errors({"--chaos"}).size() == 1);
}

TEST_CASE("all that is wrong is reported at once") {
  const auto messages =
      errors({"--listen", "0.0.0.0:80", "--workers", "many", "--bogus", "word", "--locks", "redis",
              "--log-level"},
             {{"DB_URL", "mysql://h/d"}, {"LEDGER_DEMO", "maybe"}, {"LEDGER_GRACE", "soon"}});
  for (const char* expected : {"--listen", "--workers", "--bogus", "word", "--locks", "--log-level",
                               "DB_URL", "LEDGER_DEMO", "LEDGER_GRACE"}) {
    CAPTURE(expected);
    CHECK(std::any_of(messages.begin(), messages.end(), [expected](const std::string& message) {
      return message.find(expected) != std::string::npos;
    }));
  }
}

TEST_CASE("a flag given twice is refused: which of the two counts is not guessed") {
  CHECK(only_error(errors({"--db", "memory:", "--db", "sqlite:x"}), "more than once"));
}

TEST_CASE("help names every flag and variable") {
  const auto parsed = parse({"--help"});
  REQUIRE(std::holds_alternative<ConfigText>(parsed));
  const std::string& help = std::get<ConfigText>(parsed).text;
  for (const char* name : {"--listen",
                           "LEDGER_LISTEN",
                           "--db",
                           "DB_URL",
                           "--db-schema",
                           "LEDGER_DB_SCHEMA",
                           "--db-isolation",
                           "LEDGER_DB_ISOLATION",
                           "--db-connections",
                           "LEDGER_DB_CONNECTIONS",
                           "--db-migrate",
                           "LEDGER_DB_MIGRATE",
                           "--redis",
                           "REDIS_ADDR",
                           "--locks",
                           "LEDGER_LOCKS",
                           "--lock-ttl",
                           "LEDGER_LOCK_TTL",
                           "--outcome-cache",
                           "LEDGER_OUTCOME_CACHE",
                           "--demo",
                           "LEDGER_DEMO",
                           "--log-level",
                           "LEDGER_LOG_LEVEL",
                           "--log-format",
                           "LEDGER_LOG_FORMAT",
                           "--workers",
                           "LEDGER_WORKERS",
                           "--max-body",
                           "LEDGER_MAX_BODY",
                           "--max-batch-body",
                           "LEDGER_MAX_BATCH_BODY",
                           "--max-header",
                           "LEDGER_MAX_HEADER",
                           "--max-path",
                           "LEDGER_MAX_PATH",
                           "--max-connections",
                           "LEDGER_MAX_CONNECTIONS",
                           "--request-timeout",
                           "LEDGER_REQUEST_TIMEOUT",
                           "--idle-timeout",
                           "LEDGER_IDLE_TIMEOUT",
                           "--write-timeout",
                           "LEDGER_WRITE_TIMEOUT",
                           "--grace",
                           "LEDGER_GRACE",
                           "LEDGER_INSECURE",
                           "CHAOS_MODE",
                           "--version",
                           "serve",
                           "migrate"}) {
    CAPTURE(name);
    CHECK(help.find(name) != std::string::npos);
  }
}

TEST_CASE("version is one line") {
  const auto parsed = parse({"--version"});
  REQUIRE(std::holds_alternative<ConfigText>(parsed));
  const std::string& version = std::get<ConfigText>(parsed).text;
  CHECK(version.starts_with("ledgerd "));
  CHECK(version.find('\n') == version.size() - 1);
}

}  // namespace
}  // namespace ledgerd
