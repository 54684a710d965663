#include "config.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "json_writer.h"

namespace ledgerd {
namespace {

struct Setting {
  const char* flag;  ///< nullptr: by environment only
  const char* variable;
  const char* value;  ///< what stands for the value in --help; nullptr: a switch
  const char* help;
};

constexpr Setting kListen{"--listen", "LEDGER_LISTEN", "HOST:PORT",
                          "Address to listen on; port 0 picks a free one [127.0.0.1:8080]"};
constexpr Setting kDb{"--db", "DB_URL", "URL",
                      "Where the ledger is kept: sqlite:PATH, memory: or "
                      "postgres://user:password@host/database [sqlite:ledger.db]"};
constexpr Setting kDbSchema{"--db-schema", "LEDGER_DB_SCHEMA", "NAME",
                            "Postgres schema of the ledger's tables [ledger]"};
constexpr Setting kDbIsolation{"--db-isolation", "LEDGER_DB_ISOLATION",
                               "serializable|read-committed",
                               "Isolation of transactions in Postgres [serializable]"};
constexpr Setting kDbConnections{"--db-connections", "LEDGER_DB_CONNECTIONS", "COUNT",
                                 "Connections to Postgres, at most [8]"};
constexpr Setting kDbMigrate{"--db-migrate", "LEDGER_DB_MIGRATE", "true|false",
                             "Bring Postgres' schema up to date at start [true]"};
constexpr Setting kRedis{"--redis", "REDIS_ADDR", "ADDRESS",
                         "Redis: host:port, redis://user:password@host:port/db or "
                         "sentinel://host:port/master"};
constexpr Setting kLocks{"--locks", "LEDGER_LOCKS", "none|in-process|redis",
                         "Who grants leases on accounts [redis if it has an address, else "
                         "in-process]"};
constexpr Setting kLockTtl{"--lock-ttl", "LEDGER_LOCK_TTL", "SECONDS",
                           "How long a lease in Redis outlives a process that died [10]"};
constexpr Setting kOutcomeCache{"--outcome-cache", "LEDGER_OUTCOME_CACHE", "SECONDS",
                                "Remember outcomes in Redis for so long, so that retries need not "
                                "ask Postgres [off]"};
constexpr Setting kDemo{"--demo", "LEDGER_DEMO", nullptr,
                        "Give an empty ledger two funded USD accounts, 1 and 2"};
constexpr Setting kLogLevel{"--log-level", "LEDGER_LOG_LEVEL", "error|warn|info|debug",
                            "Least important messages to log [info]"};
constexpr Setting kLogFormat{"--log-format", "LEDGER_LOG_FORMAT", "text|json",
                             "Form of the log lines on stderr [text]"};
constexpr Setting kWorkers{"--workers", "LEDGER_WORKERS", "COUNT",
                           "Requests answered at the same time [64]"};
constexpr Setting kMaxConnections{"--max-connections", "LEDGER_MAX_CONNECTIONS", "COUNT",
                                  "Open connections; more are answered 503 [10000]"};
constexpr Setting kMaxHeader{"--max-header", "LEDGER_MAX_HEADER", "BYTES",
                             "All headers of a request together; more is 431 [16384]"};
constexpr Setting kMaxBody{"--max-body", "LEDGER_MAX_BODY", "BYTES",
                           "Body of a request; more is 413 [1048576]"};
constexpr Setting kMaxBatchBody{"--max-batch-body", "LEDGER_MAX_BATCH_BODY", "BYTES",
                                "Body of a batch; more is 413 [8388608]"};
constexpr Setting kMaxPath{"--max-path", "LEDGER_MAX_PATH", "BYTES",
                           "Path and query of a request; more is 414 [2048]"};
constexpr Setting kRequestTimeout{"--request-timeout", "LEDGER_REQUEST_TIMEOUT", "SECONDS",
                                  "From a request's first byte to its last; then 408 [10]"};
constexpr Setting kIdleTimeout{"--idle-timeout", "LEDGER_IDLE_TIMEOUT", "SECONDS",
                               "How long a connection may stay open between requests [75]"};
constexpr Setting kWriteTimeout{"--write-timeout", "LEDGER_WRITE_TIMEOUT", "SECONDS",
                                "How long a client may take to read a response [10]"};
constexpr Setting kGrace{"--grace", "LEDGER_GRACE", "SECONDS",
                         "How long SIGTERM waits for requests under way [10]"};
constexpr Setting kChaosMode{nullptr, "CHAOS_MODE", nullptr, nullptr};
constexpr Setting kInsecure{nullptr, "LEDGER_INSECURE", nullptr, nullptr};

constexpr const Setting* kFlags[] = {
    &kListen,      &kDb,           &kDbSchema,     &kDbIsolation,    &kDbConnections,
    &kDbMigrate,   &kRedis,        &kLocks,        &kLockTtl,        &kOutcomeCache,
    &kDemo,        &kLogLevel,     &kLogFormat,    &kWorkers,        &kMaxPath,
    &kMaxHeader,   &kMaxBody,      &kMaxBatchBody, &kMaxConnections, &kRequestTimeout,
    &kIdleTimeout, &kWriteTimeout, &kGrace};

constexpr std::string_view kFooter =
    "Environment only:\n"
    "  LEDGER_INSECURE=true   allow an address other machines can reach. ledgerd has no\n"
    "                         authentication yet: whoever reaches it can move money.\n"
    "  CHAOS_MODE=true        let requests ask for failures with X-Simulate-Chaos, up to the\n"
    "                         death of this process: for rehearsals, never for real money.\n"
    "\n"
    "A flag wins over its variable. SIGTERM and SIGINT finish what was accepted, then exit.\n"
    "`ledgerd stress --help`: load on running ledgerds, and an audit of what they answered.";

std::string name_of(const Setting& setting) {
  if (setting.flag == nullptr) return setting.variable;
  return fmt::format("{} ({})", setting.flag, setting.variable);
}

/// A URL that went astray may hold a password.
std::string echo(std::string_view value) {
  return value.find('@') == std::string_view::npos ? json_string(value) : "a value with an '@'";
}

std::string without_effect(const Setting& setting, std::string_view needs) {
  return fmt::format("{} has no effect without {}", name_of(setting), needs);
}

/// The command line as CLI11 takes it apart. Values stay text, so that one bad value does not hide
/// the next.
class CommandLine {
 public:
  CommandLine() {
    app_.set_version_flag("--version", "ledgerd " LEDGER_VERSION);
    app_.footer(std::string(kFooter));
    app_.allow_extras();
    app_.require_subcommand(0, 1);
    add_command("serve", "Serve; what happens without a command, too");
    add_command(kMigrate, "Create the schema in --db, or bring it up to date, and end");
    for (const Setting* setting : kFlags)
      add(*setting);
  }

  /// What --help or --version asked for, if they were given.
  std::optional<std::string> parse(std::span<const std::string> arguments,
                                   std::vector<std::string>& errors) {
    try {
      app_.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::CallForHelp&) {
      return app_.help();
    } catch (const CLI::CallForVersion& version) {
      return fmt::format("{}\n", version.what());
    } catch (const CLI::ParseError& error) {
      errors.push_back(explain(error, arguments));
    }
    const auto unknown = app_.remaining(true);
    if (!unknown.empty()) {
      errors.push_back(fmt::format("unknown arguments: {}; see --help",
                                   echo(fmt::format("{}", fmt::join(unknown, " ")))));
    }
    return std::nullopt;
  }

  Command command() const {
    return app_.got_subcommand(kMigrate) ? Command::migrate : Command::serve;
  }

  /// The values a flag was given.
  std::vector<std::string> values(const Setting& setting) const {
    if (setting.flag == nullptr) return {};
    return app_.get_option(setting.flag)->results();
  }

 private:
  static constexpr const char* kMigrate = "migrate";

  void add_command(const char* name, const char* help) {
    app_.add_subcommand(name, help)->allow_extras()->fallthrough();
  }

  /// All that CLI11 itself can object to is a last flag whose value is missing.
  static std::string explain(const CLI::ParseError& error, std::span<const std::string> arguments) {
    for (const Setting* setting : kFlags) {
      const std::string flag = setting->flag;
      if (setting->value == nullptr || arguments.empty()) continue;
      if (arguments.back() == flag || arguments.back() == flag + '=') {
        return fmt::format("{}: needs a value, {}", name_of(*setting), setting->value);
      }
    }
    return error.what();
  }

  void add(const Setting& setting) {
    const std::string help = fmt::format("{} (env {})", setting.help, setting.variable);
    CLI::Option* option = setting.value == nullptr ? app_.add_flag(setting.flag, help)
                                                   : app_.add_option(setting.flag)->expected(1);
    if (setting.value != nullptr) option->description(help)->type_name(setting.value);
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }

  CLI::App app_{"ledgerd moves money between accounts, exactly once, over HTTP.", "ledgerd"};
};

/// Reads settings, collecting what is wrong with them.
class Reader {
 public:
  Reader(const CommandLine& line, const Environment& environment, std::vector<std::string>& errors)
      : line_(line), environment_(environment), errors_(errors) {}

  void fail(const Setting& setting, std::string_view problem) {
    errors_.push_back(fmt::format("{}: {}", name_of(setting), problem));
  }

  std::optional<std::string> text(const Setting& setting) {
    const auto values = line_.values(setting);
    if (values.size() > 1) fail(setting, "given more than once");
    if (!values.empty()) return values.back();
    return variable(setting.variable);
  }

  std::optional<std::string> variable(std::string_view name) const {
    const auto found = environment_.find(name);
    if (found == environment_.end() || found->second.empty()) return std::nullopt;
    return found->second;
  }

  void boolean(const Setting& setting, bool& target) {
    const auto value = text(setting);
    if (!value) return;
    target = *value == "true" || *value == "1";
    if (!target && *value != "false" && *value != "0") {
      fail(setting, fmt::format("{} is neither true nor false", echo(*value)));
    }
  }

  void number(const Setting& setting, std::size_t max, std::size_t& target) {
    const auto value = text(setting);
    if (!value) return;
    std::size_t number = 0;
    const char* end = value->data() + value->size();
    const auto [stop, error] = std::from_chars(value->data(), end, number);
    if (error == std::errc() && stop == end && number >= 1 && number <= max) {
      target = number;
    } else {
      fail(setting, fmt::format("{} is not a whole number from 1 to {}", echo(*value), max));
    }
  }

  void seconds(const Setting& setting, std::chrono::milliseconds& target) {
    const auto value = text(setting);
    if (!value) return;
    const auto parsed = parse_seconds(*value);
    if (parsed) {
      target = *parsed;
    } else {
      fail(setting, fmt::format("{} is not a number of seconds from 0.001 to 86400", echo(*value)));
    }
  }

  template <class T>
  void choice(const Setting& setting, std::optional<T> (*parse)(std::string_view), T& target) {
    const auto value = text(setting);
    if (!value) return;
    if (const auto parsed = parse(*value)) {
      target = *parsed;
    } else {
      fail(setting, fmt::format("{} is none of {}", echo(*value), setting.value));
    }
  }

 private:
  /// Seconds with up to three decimals, within a day.
  static std::optional<std::chrono::milliseconds> parse_seconds(std::string_view text) {
    const auto point = text.find('.');
    std::string digits(text.substr(0, point));
    std::string decimals(point == std::string_view::npos ? "0" : text.substr(point + 1));
    if (digits.empty() || decimals.empty() || decimals.size() > 3 || digits.size() > 5) {
      return std::nullopt;
    }
    decimals.resize(3, '0');
    digits += decimals;
    std::int64_t milliseconds = 0;
    const char* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, milliseconds);
    const bool in_range = milliseconds >= 1 && milliseconds <= 86'400'000;
    if (error != std::errc() || stop != end || !in_range) return std::nullopt;
    return std::chrono::milliseconds(milliseconds);
  }

  const CommandLine& line_;
  const Environment& environment_;
  std::vector<std::string>& errors_;
};

std::optional<Locks> parse_locks(std::string_view text) {
  if (text == "none") return Locks::none;
  if (text == "in-process") return Locks::in_process;
  if (text == "redis") return Locks::redis;
  return std::nullopt;
}

std::optional<ledger::PostgresIsolation> parse_isolation(std::string_view text) {
  if (text == "serializable") return ledger::PostgresIsolation::serializable;
  if (text == "read-committed") return ledger::PostgresIsolation::read_committed;
  return std::nullopt;
}

void read_listen(Reader& reader, http::ListenAddress& listen) {
  if (const auto value = reader.text(kListen)) {
    if (const auto problem = http::parse_listen_address(*value, listen)) {
      reader.fail(kListen, fmt::format("{} {}", echo(*value), *problem));
      return;
    }
  }
  bool insecure = false;
  reader.boolean(kInsecure, insecure);
  if (!insecure && !http::is_loopback(listen.host)) {
    reader.fail(kListen,
                fmt::format("{} is not a loopback address, and ledgerd has no authentication yet: "
                            "whoever reaches it could move money. Listen on 127.0.0.1 or [::1], or "
                            "set LEDGER_INSECURE=true to accept that",
                            echo(listen.host)));
  }
}

bool is_store_url(std::string_view url) {
  if (url == "memory:") return true;
  const auto has_more_than = [url](std::string_view scheme) {
    return url.starts_with(scheme) && url.size() > scheme.size();
  };
  return has_more_than("sqlite:") || has_more_than("postgres://") || has_more_than("postgresql://");
}

/// No URL is repeated in a message: it may hold a password.
void read_store(Reader& reader, Config& config) {
  BackendConfig& backends = config.backends;
  if (const auto url = reader.text(kDb)) {
    if (is_store_url(*url)) {
      backends.db = *url;
    } else {
      reader.fail(kDb, "must be sqlite:PATH, memory: or postgres://…");
    }
  }
  if (const auto schema = reader.text(kDbSchema)) backends.db_schema = *schema;
  reader.choice(kDbIsolation, &parse_isolation, backends.db_isolation);
  reader.number(kDbConnections, 1000, backends.db_connections);
  reader.boolean(kDbMigrate, backends.db_migrate);
  if (config.command == Command::migrate && backends.db == "memory:") {
    reader.fail(kDb, "memory: has no schema to migrate");
  }
  if (backends.is_postgres()) return;
  for (const Setting* setting : {&kDbSchema, &kDbIsolation, &kDbConnections, &kDbMigrate}) {
    if (reader.text(*setting)) config.warnings.push_back(without_effect(*setting, "Postgres"));
  }
}

void read_locks(Reader& reader, Config& config) {
  BackendConfig& backends = config.backends;
  if (const auto address = reader.text(kRedis)) {
    backends.redis = *address;
    backends.locks = Locks::redis;
  }
  reader.choice(kLocks, &parse_locks, backends.locks);
  reader.seconds(kLockTtl, backends.lock_ttl);
  if (backends.locks == Locks::redis) {
    if (backends.redis.empty()) reader.fail(kLocks, "redis needs an address in " + name_of(kRedis));
    return;
  }
  const bool has_cache = backends.outcome_ttl.has_value();
  for (const Setting* setting : {&kRedis, &kLockTtl}) {
    if (!reader.text(*setting) || (setting == &kRedis && has_cache)) continue;
    config.warnings.push_back(without_effect(*setting, "locks in Redis"));
  }
}

/// After the store, before the locks.
void read_cache(Reader& reader, BackendConfig& backends) {
  if (!reader.text(kOutcomeCache)) return;
  reader.seconds(kOutcomeCache, backends.outcome_ttl.emplace());
  if (!backends.is_postgres()) {
    reader.fail(kOutcomeCache, "is for a ledger in Postgres: " + name_of(kDb));
  }
  if (!reader.text(kRedis)) reader.fail(kOutcomeCache, "needs an address in " + name_of(kRedis));
}

Config read(Reader& reader, Command command) {
  constexpr std::size_t kMaxBytes = 64UL << 20;
  Config config;
  config.command = command;
  read_listen(reader, config.listen);
  read_store(reader, config);
  read_cache(reader, config.backends);
  read_locks(reader, config);
  reader.boolean(kDemo, config.demo);
  reader.choice(kLogLevel, &parse_log_level, config.log_level);
  reader.choice(kLogFormat, &parse_log_format, config.log_format);
  reader.number(kWorkers, 1024, config.server.workers);
  reader.number(kMaxPath, kMaxBytes, config.server.limits.target_bytes);
  reader.number(kMaxHeader, kMaxBytes, config.server.limits.header_bytes);
  reader.number(kMaxBody, kMaxBytes, config.server.limits.body_bytes);
  reader.number(kMaxBatchBody, kMaxBytes, config.server.limits.large_body_bytes);
  reader.number(kMaxConnections, 1'000'000, config.server.max_connections);
  reader.seconds(kRequestTimeout, config.server.request_timeout);
  reader.seconds(kIdleTimeout, config.server.idle_timeout);
  reader.seconds(kWriteTimeout, config.server.write_timeout);
  reader.seconds(kGrace, config.grace);
  reader.boolean(kChaosMode, config.chaos);
  return config;
}

}  // namespace

std::variant<Config, ConfigErrors, ConfigText> parse_config(std::span<const std::string> arguments,
                                                            const Environment& environment) {
  std::vector<std::string> errors;
  CommandLine line;
  if (auto text = line.parse(arguments, errors)) return ConfigText{std::move(*text)};
  Reader reader(line, environment, errors);
  Config config = read(reader, line.command());
  if (!errors.empty()) return ConfigErrors{std::move(errors)};
  return config;
}

}  // namespace ledgerd
