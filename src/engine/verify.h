// The audit of a store's books.
#pragma once

#include "ledger/result.h"
#include "ledger/store.h"

namespace ledger::engine {

/// Reads everything and recomputes the invariants: see Ledger::verify.
Result<void> verify(Store& store);

}  // namespace ledger::engine
