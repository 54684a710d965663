// The ports' destructors, so that their vtables have one home.
#include "ledger/lock_provider.h"
#include "ledger/outcome_cache.h"
#include "ledger/store.h"

namespace ledger {

StoreTransaction::~StoreTransaction() = default;
Store::~Store() = default;
Leases::~Leases() = default;
LockProvider::~LockProvider() = default;
OutcomeCache::~OutcomeCache() = default;

Result<std::string> Store::identity() {
  return Error{ErrorCode::invalid_option, "this store has no identity"};
}

}  // namespace ledger
