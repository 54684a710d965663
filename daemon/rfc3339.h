#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ledger/clock.h"

namespace ledgerd {

/// UTC to the microsecond: "2026-01-02T03:04:05.000006Z".
std::string rfc3339(ledger::Timestamp time);

/// What parse_rfc3339 reads, for those who sent something else.
inline constexpr std::string_view kTimeExpected =
    "must be a time of RFC 3339 with at most 6 decimals, such as \"2026-01-31T12:00:00.5Z\"";

/// Reads a date and time of RFC 3339, with up to six digits of a second and `Z` or an offset:
/// nothing is rounded or guessed. A leap second (:60) is no time of our clocks. The time is
/// in the years 1 to 9999 of UTC.
std::optional<ledger::Timestamp> parse_rfc3339(std::string_view text);

}  // namespace ledgerd
