#include "config.h"

#include <algorithm>
#include <array>
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
                      "Where the ledger is kept: sqlite:PATH or memory: [sqlite:ledger.db]"};
constexpr Setting kLocks{"--locks", "LEDGER_LOCKS", "none|in-process",
                         "Who grants leases on accounts [in-process]"};
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
constexpr Setting kInsecure{nullptr, "LEDGER_INSECURE", nullptr, nullptr};

constexpr std::array<const Setting*, 15> kFlags = {
    &kListen,      &kDb,           &kLocks,     &kDemo,    &kLogLevel,       &kLogFormat,
    &kWorkers,     &kMaxPath,      &kMaxHeader, &kMaxBody, &kMaxConnections, &kRequestTimeout,
    &kIdleTimeout, &kWriteTimeout, &kGrace};

constexpr std::string_view kFooter =
    "Environment only:\n"
    "  LEDGER_INSECURE=true   allow an address other machines can reach. ledgerd has no\n"
    "                         authentication yet: whoever reaches it can move money.\n"
    "\n"
    "A flag wins over its variable. SIGTERM and SIGINT finish what was accepted, then exit.";

std::string name_of(const Setting& setting) {
  if (setting.flag == nullptr) return setting.variable;
  return fmt::format("{} ({})", setting.flag, setting.variable);
}

/// The command line as CLI11 takes it apart. Values stay text, so that one bad value does not hide
/// the next.
class CommandLine {
 public:
  CommandLine() {
    app_.set_version_flag("--version", "ledgerd " LEDGER_VERSION);
    app_.footer(std::string(kFooter));
    app_.allow_extras();
    app_.add_subcommand("serve", "Serve; what happens without a command, too")
        ->allow_extras()
        ->fallthrough();
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
                                   json_string(fmt::format("{}", fmt::join(unknown, " ")))));
    }
    return std::nullopt;
  }

  /// The values a flag was given.
  std::vector<std::string> values(const Setting& setting) const {
    if (setting.flag == nullptr) return {};
    return app_.get_option(setting.flag)->results();
  }

 private:
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
      fail(setting, fmt::format("{} is neither true nor false", json_string(*value)));
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
      fail(setting, fmt::format("{} is not a whole number from 1 to {}", json_string(*value), max));
    }
  }

  void seconds(const Setting& setting, std::chrono::milliseconds& target) {
    const auto value = text(setting);
    if (!value) return;
    const auto parsed = parse_seconds(*value);
    if (parsed) {
      target = *parsed;
    } else {
      fail(setting,
           fmt::format("{} is not a number of seconds from 0.001 to 86400", json_string(*value)));
    }
  }

  template <class T>
  void choice(const Setting& setting, std::optional<T> (*parse)(std::string_view), T& target) {
    const auto value = text(setting);
    if (!value) return;
    if (const auto parsed = parse(*value)) {
      target = *parsed;
    } else {
      fail(setting, fmt::format("{} is none of {}", json_string(*value), setting.value));
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

std::optional<std::string> parse_locks(std::string_view text) {
  if (text != "none" && text != "in-process") return std::nullopt;
  return std::string(text);
}

void read_listen(Reader& reader, http::ListenAddress& listen) {
  if (const auto value = reader.text(kListen)) {
    if (const auto problem = http::parse_listen_address(*value, listen)) {
      reader.fail(kListen, fmt::format("{} {}", json_string(*value), *problem));
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
                            json_string(listen.host)));
  }
}

/// The URL itself is not repeated: it may hold a password.
void read_db(Reader& reader, std::string& db) {
  const auto value = reader.text(kDb);
  if (!value) return;
  if (value->starts_with("postgres://") || value->starts_with("postgresql://")) {
    reader.fail(kDb, "PostgreSQL is not supported yet; use sqlite:PATH or memory:");
  } else if (*value != "memory:" && (!value->starts_with("sqlite:") || *value == "sqlite:")) {
    reader.fail(kDb, "must be sqlite:PATH or memory:");
  } else {
    db = *value;
  }
}

/// What the configuration of a fuller ledgerd may say already. Locks over Redis are a promise to
/// other processes, so they cannot be left out in silence; chaos can.
void read_unsupported(Reader& reader, std::vector<std::string>& errors,
                      std::vector<std::string>& warnings) {
  if (reader.variable("REDIS_ADDR")) {
    errors.emplace_back("REDIS_ADDR: locks over Redis are not supported yet; unset it");
  }
  const auto chaos = reader.variable("CHAOS_MODE");
  if (chaos && *chaos != "false" && *chaos != "0") {
    warnings.emplace_back("CHAOS_MODE is not supported yet: X-Simulate-Chaos has no effect");
  }
}

Config read(Reader& reader, std::vector<std::string>& errors) {
  constexpr std::size_t kMaxBytes = 64UL << 20;
  Config config;
  read_listen(reader, config.listen);
  read_db(reader, config.db);
  reader.choice(kLocks, &parse_locks, config.locks);
  reader.boolean(kDemo, config.demo);
  reader.choice(kLogLevel, &parse_log_level, config.log_level);
  reader.choice(kLogFormat, &parse_log_format, config.log_format);
  reader.number(kWorkers, 1024, config.server.workers);
  reader.number(kMaxPath, kMaxBytes, config.server.limits.target_bytes);
  reader.number(kMaxHeader, kMaxBytes, config.server.limits.header_bytes);
  reader.number(kMaxBody, kMaxBytes, config.server.limits.body_bytes);
  reader.number(kMaxConnections, 1'000'000, config.server.max_connections);
  reader.seconds(kRequestTimeout, config.server.request_timeout);
  reader.seconds(kIdleTimeout, config.server.idle_timeout);
  reader.seconds(kWriteTimeout, config.server.write_timeout);
  reader.seconds(kGrace, config.grace);
  read_unsupported(reader, errors, config.warnings);
  return config;
}

}  // namespace

std::variant<Config, ConfigErrors, ConfigText> parse_config(std::span<const std::string> arguments,
                                                            const Environment& environment) {
  std::vector<std::string> errors;
  CommandLine line;
  if (auto text = line.parse(arguments, errors)) return ConfigText{std::move(*text)};
  Reader reader(line, environment, errors);
  Config config = read(reader, errors);
  if (!errors.empty()) return ConfigErrors{std::move(errors)};
  return config;
}

}  // namespace ledgerd
