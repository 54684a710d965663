#pragma once

#include <string>

#include "ledger/clock.h"

namespace ledgerd {

/// UTC to the microsecond: "2026-01-02T03:04:05.000006Z".
std::string rfc3339(ledger::Timestamp time);

}  // namespace ledgerd
