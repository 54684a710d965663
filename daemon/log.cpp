#include "log.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

#include "json_writer.h"
#include "rfc3339.h"

namespace ledgerd {
namespace {

constexpr std::array<std::pair<std::string_view, LogLevel>, 4> kLevels = {{
    {"error", LogLevel::error},
    {"warn", LogLevel::warn},
    {"info", LogLevel::info},
    {"debug", LogLevel::debug},
}};

/// `text` without its quotes, still escaped.
std::string escaped(std::string_view text) {
  const std::string quoted = json_string(text);
  return quoted.substr(1, quoted.size() - 2);
}

bool needs_quotes(std::string_view text) {
  return text.empty() || text.find_first_of(" =\"\\") != std::string_view::npos;
}

std::string format_text(ledger::Timestamp time, LogLevel level, std::string_view message,
                        std::initializer_list<LogField> fields) {
  std::string line = rfc3339(time);
  line += ' ';
  line += name(level);
  line += ' ';
  line += escaped(message);
  for (const LogField& field : fields) {
    line += ' ';
    line += field.name();
    line += '=';
    line += needs_quotes(field.value()) ? json_string(field.value()) : escaped(field.value());
  }
  return line;
}

std::string format_json(ledger::Timestamp time, LogLevel level, std::string_view message,
                        std::initializer_list<LogField> fields) {
  std::string text;
  JsonObject line(text);
  line.text("ts", rfc3339(time)).text("level", name(level)).text("msg", message);
  for (const LogField& field : fields) {
    if (field.is_number()) {
      line.raw(field.name(), field.value());
    } else {
      line.text(field.name(), field.value());
    }
  }
  line.close();
  return text;
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

std::string_view name(LogLevel level) { return kLevels[static_cast<std::size_t>(level)].first; }

std::optional<LogLevel> parse_log_level(std::string_view text) {
  const auto* found = std::find_if(kLevels.begin(), kLevels.end(),
                                   [text](const auto& level) { return level.first == text; });
  if (found == kLevels.end()) return std::nullopt;
  return found->second;
}

std::optional<LogFormat> parse_log_format(std::string_view text) {
  if (text == "text") return LogFormat::text;
  if (text == "json") return LogFormat::json;
  return std::nullopt;
}

std::string format_log_line(LogFormat format, ledger::Timestamp time, LogLevel level,
                            std::string_view message, std::initializer_list<LogField> fields) {
  std::string line = format == LogFormat::json ? format_json(time, level, message, fields)
                                               : format_text(time, level, message, fields);
  line += '\n';
  return line;
}

void Logger::log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  if (!enabled(level)) return;
  const auto now =
      std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  const std::string line = format_log_line(format_, now, level, message, fields);
  ledger::base::MutexLock lock(mutex_);
  write_all(fd_, line);
}

}  // namespace ledgerd
