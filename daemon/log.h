// Structured log lines.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "ledger/clock.h"

namespace ledgerd {

/// In order of importance. A logger writes its own level and what is more important.
enum class LogLevel : std::uint8_t { error, warn, info, debug };
enum class LogFormat : std::uint8_t { text, json };

std::string_view name(LogLevel level);
/// Nothing if there is no level, or no format, of that name.
std::optional<LogLevel> parse_log_level(std::string_view text);
std::optional<LogFormat> parse_log_format(std::string_view text);

/// A named value beside the message: text, or a whole number.
class LogField {
 public:
  LogField(std::string_view name, std::string_view text) : name_(name), value_(text) {}
  template <std::integral T>
  LogField(std::string_view name, T number)
      : name_(name), value_(std::to_string(number)), is_number_(true) {}

  [[nodiscard]] std::string_view name() const { return name_; }
  [[nodiscard]] const std::string& value() const { return value_; }
  [[nodiscard]] bool is_number() const { return is_number_; }

 private:
  std::string_view name_;
  std::string value_;
  bool is_number_ = false;
};

/// One line with its end. What comes from outside cannot forge another line or command a terminal:
///   text: 2026-01-02T03:04:05.000006Z info listening on http://127.0.0.1:8080 key=value k="a b"
///   json: {"ts":"2026-01-02T03:04:05.000006Z","level":"info","msg":"listening …","key":"value"}
std::string format_log_line(LogFormat format, ledger::Timestamp time, LogLevel level,
                            std::string_view message, std::initializer_list<LogField> fields);

/// Thread-safe; lines are written whole, each with one call to the system where it takes them.
/// Failing to write is not an error. Never log an idempotency key, a URL with a password, or a
/// body.
class Logger {
 public:
  /// Writes to the descriptor `fd`, which must stay open.
  Logger(LogLevel level, LogFormat format, int fd) : level_(level), format_(format), fd_(fd) {}

  [[nodiscard]] bool enabled(LogLevel level) const { return level <= level_; }

  void error(std::string_view message, std::initializer_list<LogField> fields = {}) {
    log(LogLevel::error, message, fields);
  }
  void warn(std::string_view message, std::initializer_list<LogField> fields = {}) {
    log(LogLevel::warn, message, fields);
  }
  void info(std::string_view message, std::initializer_list<LogField> fields = {}) {
    log(LogLevel::info, message, fields);
  }
  void debug(std::string_view message, std::initializer_list<LogField> fields = {}) {
    log(LogLevel::debug, message, fields);
  }

 private:
  void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields);

  const LogLevel level_;
  const LogFormat format_;
  const int fd_;
  ledger::base::Mutex mutex_;  ///< one line at a time
};

}  // namespace ledgerd
