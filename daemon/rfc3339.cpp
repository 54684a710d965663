#include "rfc3339.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

#include <fmt/format.h>

namespace ledgerd {
namespace {

// The years 1 to 9999, in UTC: those of the ledger, and what four digits can say.
constexpr ledger::Timestamp kFirst = std::chrono::sys_days(std::chrono::year(1) / 1 / 1);
constexpr ledger::Timestamp kEnd = std::chrono::sys_days(std::chrono::year(10'000) / 1 / 1);

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes a text apart from its front. After something that is not there it stays failed.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  /// A number of exactly `digits` digits, from 0 to `max`.
  int number(std::size_t digits, int max) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (rest_.empty() || !is_digit(rest_.front())) return fail();
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return value <= max ? value : fail();
  }

  /// One of `allowed`.
  char one_of(std::string_view allowed) {
    if (rest_.empty() || allowed.find(rest_.front()) == std::string_view::npos) {
      fail();
      return '\0';
    }
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  /// The fraction of a second, if there is one.
  std::chrono::microseconds fraction() {
    if (!rest_.starts_with('.')) return {};
    rest_.remove_prefix(1);
    std::size_t digits = 0;
    while (digits < rest_.size() && is_digit(rest_[digits]))
      ++digits;
    if (digits == 0 || digits > 6) fail();
    std::int64_t value = number(std::min<std::size_t>(digits, 6), 999'999);
    for (; digits < 6; ++digits)
      value *= 10;
    return std::chrono::microseconds(value);
  }

  int fail() {
    ok_ = false;
    return 0;
  }

  [[nodiscard]] bool complete() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

std::chrono::sys_days read_date(Reader& reader) {
  const int year = reader.number(4, 9999);
  reader.one_of("-");
  const int month = reader.number(2, 12);
  reader.one_of("-");
  const int day = reader.number(2, 31);
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) {
    reader.fail();
    return {};
  }
  return date;
}

/// What is left is to be subtracted.
std::chrono::minutes read_offset(Reader& reader) {
  const char sign = reader.one_of("Zz+-");
  if (sign != '+' && sign != '-') return {};
  const std::chrono::hours hours(reader.number(2, 23));
  reader.one_of(":");
  const std::chrono::minutes offset = hours + std::chrono::minutes(reader.number(2, 59));
  return sign == '+' ? offset : -offset;
}

}  // namespace

std::string rfc3339(ledger::Timestamp time) {
  const auto midnight = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(midnight);
  const std::chrono::hh_mm_ss clock(time - midnight);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::optional<ledger::Timestamp> parse_rfc3339(std::string_view text) {
  Reader reader(text);
  const std::chrono::sys_days date = read_date(reader);
  reader.one_of("Tt");
  const std::chrono::hours hours(reader.number(2, 23));
  reader.one_of(":");
  const std::chrono::minutes minutes(reader.number(2, 59));
  reader.one_of(":");
  const std::chrono::seconds seconds(reader.number(2, 59));
  const std::chrono::microseconds fraction = reader.fraction();
  const std::chrono::minutes offset = read_offset(reader);
  if (!reader.complete()) return std::nullopt;
  const ledger::Timestamp time = date + hours + minutes + seconds + fraction - offset;
  if (time < kFirst || time >= kEnd) return std::nullopt;
  return time;
}

}  // namespace ledgerd
