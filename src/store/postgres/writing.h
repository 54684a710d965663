// The second round trip of a batch: what is written.
#pragma once

#include "ledger/store.h"
#include "store/postgres/connection.h"

namespace ledger::postgres {

/// Queues the statements that write `writes`, and says how many they are. `loaded` is what the
/// transaction has read.
Result<int> queue_writes(Connection& connection, const WriteSet& writes, const Snapshot& loaded);

}  // namespace ledger::postgres
