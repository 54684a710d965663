// The reference store: everything in memory, gone with the process.
#pragma once

#include <memory>

#include "ledger/export.h"
#include "ledger/store.h"

namespace ledger {

/// An empty store. It says what the semantics are: one transaction at a time, no failure but
/// deadline_exceeded. "Durable" ends with the process.
LEDGER_EXPORT std::unique_ptr<Store> make_memory_store();

}  // namespace ledger
