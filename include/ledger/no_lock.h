// No locks: right for one process per store.
#pragma once

#include <memory>

#include "ledger/export.h"
#include "ledger/lock_provider.h"

namespace ledger {

/// A provider that grants everything. The store alone orders writers.
LEDGER_EXPORT std::unique_ptr<LockProvider> make_no_lock();

}  // namespace ledger
