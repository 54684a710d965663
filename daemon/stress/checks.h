// The judge: from what the servers said, what must be in their ledger, and whether it is.
#pragma once

#include <string>
#include <vector>

#include "stress/history.h"

namespace ledgerd::stress {

struct Check {
  std::string name;
  std::string finding;  ///< what was looked at, in a few words
  /// Empty: it held. Else one sentence each: which key or account, what was expected, what is.
  std::vector<std::string> breaches{};
  /// It depends on keys that were never resolved, so holding proves nothing.
  bool is_open = false;
};

/// Pure. The ledger that it computes from the verdicts shares no code with the one under test.
std::vector<Check> run_checks(const Evidence& evidence);

/// The keys of which no request was ever decided, and those of a request that was not.
std::vector<std::string> unresolved_keys(const History& history);

/// "-12.34"
std::string decimal(std::int64_t cents);

}  // namespace ledgerd::stress
