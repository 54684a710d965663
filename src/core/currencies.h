// ISO 4217.
#pragma once

#include <optional>
#include <string_view>

namespace ledger::core {

/// The minor unit of an active ISO 4217 code ("USD" → 2), or nullopt.
std::optional<int> iso_scale(std::string_view code);

/// Whether `code` has the form of a currency code: 3 to 7 of A–Z and 0–9, a letter first.
bool is_currency_code(std::string_view code);

}  // namespace ledger::core
