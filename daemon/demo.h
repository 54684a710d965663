// The two accounts that a newcomer finds.
#pragma once

#include <string>
#include <string_view>

#include "ledger/ledger.h"
#include "log.h"

namespace ledgerd {

/// Gives an empty ledger the accounts 1 and 2 with 1,000.00 USD each, paid by a world account that
/// has no floor. Every step has a fixed key, so that a start that died half-way is finished by the
/// next one, and a complete demo is left as it is. Any other ledger is not touched.
///
/// True: the demo's accounts are there. False: the ledger is another one, and a line in the log
/// says so.
ledger::Result<bool> seed_demo(ledger::Ledger& ledger, Logger& logger);

/// A first transfer to try against `base_url`, ready to be pasted into a shell.
std::string demo_curl(std::string_view base_url);

}  // namespace ledgerd
