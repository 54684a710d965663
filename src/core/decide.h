// The rules of the ledger, request by request. Pure: no I/O, no clock.
#pragma once

#include <optional>
#include <span>

#include "core/batch_state.h"
#include "core/operation.h"
#include "ledger/error.h"

namespace ledger::core {

/// Decides one operation (no atomic request): appends its rows and does what they say to accounts
/// and states, or, when it is declined, appends one row that tells what was asked and returns why.
/// The checks go in the order that error.h gives. Keys are not its business.
std::optional<ErrorCode> decide(BatchState& state, const Operation& operation);

/// Appends the row of an operation that is declined without being looked at.
void append_declined(BatchState& state, const Operation& operation);

// The parts of decide(). Where one is declined, what it did before that has to be taken back.

std::optional<ErrorCode> decide_transfer(BatchState& state, const TransferRequest& request);
std::optional<ErrorCode> decide_hold(BatchState& state, const HoldRequest& request);

/// `hold`, `original`: the rows of what the request refers to; empty: there is no such.
using Rows = std::span<const JournalRow>;
std::optional<ErrorCode> decide_capture(BatchState& state, const CaptureRequest& request,
                                        Rows hold);
std::optional<ErrorCode> decide_void(BatchState& state, const VoidRequest& request, Rows hold);
std::optional<ErrorCode> decide_expiry(BatchState& state, const ExpireRequest& request, Rows hold);
std::optional<ErrorCode> decide_reversal(BatchState& state, const ReversalRequest& request,
                                         Rows original);

std::optional<ErrorCode> decide_opening(BatchState& state, const AccountRequest& request);
std::optional<ErrorCode> decide_change(BatchState& state, const AccountChange& request);

/// Appends a row for `leg`, and posts it: what `kind` does to the two accounts, if both allow it.
std::optional<ErrorCode> post_leg(BatchState& state, JournalKind kind, const Leg& leg);

}  // namespace ledger::core
