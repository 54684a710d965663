// Currencies and amounts. No floating point anywhere.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "ledger/export.h"
#include "ledger/result.h"

namespace ledger {

/// A count of a currency's smallest unit: cents for USD, yen for JPY.
using MinorUnits = std::int64_t;

/// A currency: its code and its scale (the decimals of one major unit; USD has 2, JPY 0). Two
/// currencies are equal when both are. A trivially copyable value of eight bytes.
class Currency {
 public:
  static constexpr std::size_t kMaxCodeLength = 7;
  static constexpr int kMaxScale = 18;

  /// The currency that ISO 4217 lists under `code` (upper case), e.g. "USD". Funds, metals and test
  /// codes without a minor unit (XAU, XXX …) are not in the table: register what you need.
  /// Fails with unknown_currency.
  LEDGER_EXPORT static Result<Currency> iso(std::string_view code);

  /// A currency of your own: points, tokens, another scale for bookkeeping. `code` is 3 to 7 of
  /// A–Z and 0–9, starting with a letter, and not an ISO 4217 code; `scale` is 0 to 18. Fails with
  /// invalid_option.
  LEDGER_EXPORT static Result<Currency> custom(std::string_view code, int scale);

  /// What a store read back: any well-formed code with any scale, ISO or not. Fails with
  /// store_corrupt.
  LEDGER_EXPORT static Result<Currency> stored(std::string_view code, int scale);

  [[nodiscard]] std::string_view code() const noexcept;
  [[nodiscard]] int scale() const noexcept { return scale_; }

  friend bool operator==(const Currency&, const Currency&) noexcept = default;
  friend auto operator<=>(const Currency&, const Currency&) noexcept = default;

  /// No currency: code "" and scale 0. Equal to no real one.
  constexpr Currency() noexcept = default;

 private:
  Currency(std::string_view code, int scale) noexcept;

  std::array<char, kMaxCodeLength> code_{};
  std::uint8_t scale_ = 0;
};

inline std::string_view Currency::code() const noexcept {
  std::size_t length = 0;
  while (length < code_.size() && code_[length] != '\0')
    ++length;
  return {code_.data(), length};
}

/// An exact sum of money: minor units of a currency. A value; may be negative or zero (transfers
/// ask for more than zero).
class Amount {
 public:
  constexpr Amount() noexcept = default;
  constexpr Amount(MinorUnits minor_units, Currency currency) noexcept
      : minor_units_(minor_units), currency_(currency) {}

  /// Reads a plain decimal number: "100", "100.5", "-0.05". No exponent, no sign but '-', no
  /// leading zeros, no spaces, digits on both sides of the point. Fewer decimals than the scale are
  /// filled up; more are an error even when they are zeros, so that nothing is ever rounded.
  /// Fails with invalid_amount, amount_too_precise or amount_out_of_range.
  LEDGER_EXPORT static Result<Amount> parse(std::string_view text, Currency currency);

  [[nodiscard]] constexpr MinorUnits minor_units() const noexcept { return minor_units_; }
  [[nodiscard]] constexpr Currency currency() const noexcept { return currency_; }

  /// The exact decimal with all the scale's digits and without the code: "100.00", "-0.05".
  [[nodiscard]] LEDGER_EXPORT std::string to_string() const;

  friend constexpr bool operator==(const Amount&, const Amount&) noexcept = default;

 private:
  MinorUnits minor_units_ = 0;
  Currency currency_;
};

/// a + b. Fails with amount_out_of_range instead of wrapping round.
LEDGER_EXPORT Result<MinorUnits> checked_add(MinorUnits a, MinorUnits b);
/// a − b. Fails with amount_out_of_range instead of wrapping round.
LEDGER_EXPORT Result<MinorUnits> checked_subtract(MinorUnits a, MinorUnits b);

}  // namespace ledger
