#include "core/currencies.h"

#include <algorithm>
#include <array>

#include "ledger/money.h"

namespace ledger::core {
namespace {

// ISO 4217 list one (active codes), by minor unit. Codes without one (XAU, XDR, XTS, XXX …) are
// left out: an amount of them has no smallest unit to count.
constexpr auto kScale0 =
    std::to_array<std::string_view>({"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG",
                                     "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"});
constexpr auto kScale3 =
    std::to_array<std::string_view>({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"});
constexpr auto kScale4 = std::to_array<std::string_view>({"CLF", "UYW"});
constexpr auto kScale2 = std::to_array<std::string_view>(
    {"AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN",
     "BMD", "BND", "BOB", "BOV", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHE",
     "CHF", "CHW", "CNY", "COP", "COU", "CRC", "CUP", "CVE", "CZK", "DKK", "DOP", "DZD", "EGP",
     "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GTQ", "GYD", "HKD",
     "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IRR", "JMD", "KES", "KGS", "KHR", "KPW", "KYD",
     "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP",
     "MRU", "MUR", "MVR", "MWK", "MXN", "MXV", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR",
     "NZD", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "QAR", "RON", "RSD", "RUB", "SAR", "SBD",
     "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL",
     "THB", "TJS", "TMT", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "USD", "USN", "UYU", "UZS",
     "VED", "VES", "WST", "XCD", "XCG", "YER", "ZAR", "ZMW", "ZWG"});

static_assert(std::ranges::is_sorted(kScale0) && std::ranges::is_sorted(kScale2) &&
              std::ranges::is_sorted(kScale3) && std::ranges::is_sorted(kScale4));

}  // namespace

std::optional<int> iso_scale(std::string_view code) {
  if (std::ranges::binary_search(kScale2, code)) return 2;
  if (std::ranges::binary_search(kScale0, code)) return 0;
  if (std::ranges::binary_search(kScale3, code)) return 3;
  if (std::ranges::binary_search(kScale4, code)) return 4;
  return std::nullopt;
}

bool is_currency_code(std::string_view code) {
  const auto is_letter = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return code.size() >= 3 && code.size() <= Currency::kMaxCodeLength && is_letter(code.front()) &&
         std::ranges::all_of(code, [&](char c) { return is_letter(c) || is_digit(c); });
}

}  // namespace ledger::core
