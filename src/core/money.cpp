#include "ledger/money.h"

#include <algorithm>
#include <limits>

#include "core/currencies.h"

namespace ledger {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_digit);
}

/// A number's text, taken apart. `whole` has no leading zeros but for "0" itself.
struct Decimal {
  bool negative = false;
  std::string_view whole{};
  std::string_view fraction{};
};

Result<Decimal> split(std::string_view text) {
  Decimal decimal;
  decimal.negative = text.starts_with('-');
  if (decimal.negative) text.remove_prefix(1);
  const std::size_t point = text.find('.');
  decimal.whole = text.substr(0, point);
  if (!all_digits(decimal.whole)) return ErrorCode::invalid_amount;
  if (decimal.whole.size() > 1 && decimal.whole.front() == '0') return ErrorCode::invalid_amount;
  if (point != std::string_view::npos) {
    decimal.fraction = text.substr(point + 1);
    if (!all_digits(decimal.fraction)) return ErrorCode::invalid_amount;
  }
  return decimal;
}

/// Counts downwards, because the range below zero is the larger one by one.
bool append_digit(MinorUnits& negated, int digit) {
  return !__builtin_mul_overflow(negated, MinorUnits{10}, &negated) &&
         !__builtin_sub_overflow(negated, MinorUnits{digit}, &negated);
}

}  // namespace

Currency::Currency(std::string_view code, int scale) noexcept
    : scale_(static_cast<std::uint8_t>(scale)) {
  std::ranges::copy(code, code_.begin());
}

Result<Currency> Currency::iso(std::string_view code) {
  const auto scale = core::iso_scale(code);
  if (!scale) return Error{ErrorCode::unknown_currency, std::string(code.substr(0, 16))};
  return Currency(code, *scale);
}

Result<Currency> Currency::custom(std::string_view code, int scale) {
  if (!core::is_currency_code(code)) {
    return Error{ErrorCode::invalid_option,
                 "a currency code is 3 to 7 of A-Z and 0-9, a letter first"};
  }
  if (core::iso_scale(code)) {
    return Error{ErrorCode::invalid_option, std::string(code) + " is an ISO 4217 currency"};
  }
  if (scale < 0 || scale > kMaxScale) {
    return Error{ErrorCode::invalid_option, "a currency's scale is 0 to 18"};
  }
  return Currency(code, scale);
}

Result<Currency> Currency::stored(std::string_view code, int scale) {
  if (!core::is_currency_code(code) || scale < 0 || scale > kMaxScale) {
    return Error{ErrorCode::store_corrupt, "a stored currency is malformed"};
  }
  return Currency(code, scale);
}

Result<Amount> Amount::parse(std::string_view text, Currency currency) {
  const auto decimal = split(text);
  if (!decimal) return decimal.error();
  const auto scale = static_cast<std::size_t>(currency.scale());
  if (decimal->fraction.size() > scale) return ErrorCode::amount_too_precise;

  MinorUnits negated = 0;
  bool fits = true;
  for (const char c : decimal->whole)
    fits = fits && append_digit(negated, c - '0');
  for (std::size_t i = 0; i < scale; ++i) {
    const char c = i < decimal->fraction.size() ? decimal->fraction[i] : '0';
    fits = fits && append_digit(negated, c - '0');
  }
  if (!decimal->negative) fits = fits && !__builtin_sub_overflow(MinorUnits{0}, negated, &negated);
  if (!fits) return ErrorCode::amount_out_of_range;
  return Amount(negated, currency);
}

std::string Amount::to_string() const {
  const auto scale = static_cast<std::size_t>(currency_.scale());
  const bool negative = minor_units_ < 0;
  // Unsigned negation is defined for the lowest value too.
  const auto bits = static_cast<std::uint64_t>(minor_units_);
  std::string digits = std::to_string(negative ? 0 - bits : bits);
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  if (scale > 0) digits.insert(digits.size() - scale, 1, '.');
  if (negative) digits.insert(0, 1, '-');
  return digits;
}

Result<MinorUnits> checked_add(MinorUnits a, MinorUnits b) {
  MinorUnits sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return ErrorCode::amount_out_of_range;
  return sum;
}

Result<MinorUnits> checked_subtract(MinorUnits a, MinorUnits b) {
  MinorUnits difference = 0;
  if (__builtin_sub_overflow(a, b, &difference)) return ErrorCode::amount_out_of_range;
  return difference;
}

}  // namespace ledger
