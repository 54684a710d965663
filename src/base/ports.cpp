// The ports' destructors, so that their vtables have one home.
#include "ledger/lock_provider.h"
#include "ledger/store.h"

namespace ledger {

StoreTransaction::~StoreTransaction() = default;
Store::~Store() = default;
Leases::~Leases() = default;
LockProvider::~LockProvider() = default;

}  // namespace ledger
