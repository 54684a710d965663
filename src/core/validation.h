// What can be checked without the ledger's state.
#pragma once

#include <optional>

#include "ledger/account.h"
#include "ledger/error.h"
#include "ledger/transfer.h"

namespace ledger::core {

// Each finds the first check that fails, in the order of the 1xx codes, and brings metadata into
// its stored form.
std::optional<ErrorCode> find_error(TransferRequest& request);
std::optional<ErrorCode> find_error(HoldRequest& request);
std::optional<ErrorCode> find_error(CaptureRequest& request);
std::optional<ErrorCode> find_error(VoidRequest& request);
std::optional<ErrorCode> find_error(ReversalRequest& request);
std::optional<ErrorCode> find_error(AccountRequest& request, bool is_known_currency);
std::optional<ErrorCode> find_error(AccountChange& request);

}  // namespace ledger::core
