// A store and locks that fail where chaos is armed.
#pragma once

#include <chrono>
#include <memory>

#include "chaos.h"
#include "ledger/lock_provider.h"
#include "ledger/store.h"

namespace ledgerd {

/// `inner`, with the points around its commits. `chaos` must outlive it.
std::unique_ptr<ledger::Store> make_chaos_store(Chaos& chaos, std::unique_ptr<ledger::Store> inner);

/// `inner`, whose leases can be lost: then they last for `ttl`, as those of a holder that died.
/// `chaos` must outlive it.
std::unique_ptr<ledger::LockProvider> make_chaos_locks(Chaos& chaos,
                                                       std::unique_ptr<ledger::LockProvider> inner,
                                                       std::chrono::milliseconds ttl);

}  // namespace ledgerd
