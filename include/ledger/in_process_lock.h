// Leases among the threads and ledgers of one process.
#pragma once

#include <memory>

#include "ledger/export.h"
#include "ledger/lock_provider.h"

namespace ledger {

/// The table of leases that providers share. Several ledgers of one process over one shared store
/// are given providers of the same table, so that they do not run into each other's conflicts.
/// Thread-safe.
class InProcessLockTable;

LEDGER_EXPORT std::shared_ptr<InProcessLockTable> make_in_process_lock_table();

/// A provider over `table`; nullptr: over a table of its own. A lease lasts until it is released:
/// it cannot outlive its holder, who is in this process.
LEDGER_EXPORT std::unique_ptr<LockProvider> make_in_process_lock(
    std::shared_ptr<InProcessLockTable> table = nullptr);

}  // namespace ledger
