// What tells a retry from another request under the same key.
#pragma once

#include "core/operation.h"
#include "ledger/account.h"
#include "ledger/journal.h"
#include "ledger/transfer.h"

namespace ledger::core {

/// Over everything that was asked but the key. Stored for ever: the canonical form below it must
/// never change for a request that could be made before. A new field is appended only when it is
/// set.
Fingerprint fingerprint(const TransferRequest& request);
Fingerprint fingerprint(const HoldRequest& request);
Fingerprint fingerprint(const CaptureRequest& request);
Fingerprint fingerprint(const VoidRequest& request);
Fingerprint fingerprint(const ReversalRequest& request);
Fingerprint fingerprint(const ExpireRequest& request);
Fingerprint fingerprint(const AccountRequest& request);
Fingerprint fingerprint(const AccountChange& request);

}  // namespace ledger::core
