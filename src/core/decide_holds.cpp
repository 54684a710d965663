// Holds and what follows them, and reversals: requests about what was recorded before.
#include "core/decide.h"

namespace ledger::core {
namespace {

using enum ErrorCode;
using Decline = std::optional<ErrorCode>;

bool is_transfer(Rows rows) {
  return !rows.empty() && rows.front().committed() &&
         rows.front().kind < JournalKind::account_opened;
}

Leg leg_of(const JournalRow& row, Amount amount) {
  return {.from = row.from, .to = row.to, .amount = amount};
}

Amount amount_of(const JournalRow& row) { return {row.amount, row.currency}; }

/// Why a hold cannot be captured or voided any more.
Decline find_hold_decline(const BatchState& state, Rows hold, const TransferState*& found) {
  if (!is_transfer(hold)) return transfer_not_found;
  if (hold.front().kind != JournalKind::hold) return not_a_hold;
  found = state.find_state(TransferId{hold.front().seq});
  if (found == nullptr) return transfer_not_found;  // its rows were seen, and lost with a server
  switch (found->status) {
    case TransferStatus::captured:
      return hold_captured;
    case TransferStatus::voided:
      return hold_voided;
    case TransferStatus::expired:
      return hold_expired;
    default:
      break;
  }
  if (found->expires_at && *found->expires_at <= state.now()) return hold_expired;
  return std::nullopt;
}

/// Whether `asked` may be taken of what is left of the first leg.
Decline find_amount_decline(const std::optional<Amount>& asked, Amount rest, std::size_t legs) {
  if (!asked) return std::nullopt;
  if (legs > 1) return partial_of_many_legs;
  // An amount in another currency is the account's to decline.
  if (asked->currency() == rest.currency() && asked->minor_units() > rest.minor_units()) {
    return amount_exceeds_rest;
  }
  return std::nullopt;
}

Amount rest_of(Rows rows, const TransferState& state) {
  return {rows.front().amount - state.settled, rows.front().currency};
}

/// Posts every leg of `hold` anew as `kind`. A single leg takes `first`, which may be a part.
Decline post_legs(BatchState& state, JournalKind kind, Rows hold, Amount first) {
  for (const JournalRow& row : hold) {
    const Amount amount = hold.size() == 1 ? first : amount_of(row);
    if (const auto decline = post_leg(state, kind, leg_of(row, amount))) return decline;
  }
  return std::nullopt;
}

Decline release(BatchState& state, JournalKind kind, Rows hold, TransferState after,
                TransferStatus status) {
  after.status = status;
  if (const auto decline = post_legs(state, kind, hold, rest_of(hold, after))) return decline;
  state.set_state(after);
  return std::nullopt;
}

/// The rows that moved money: a capture may have released the rest of its hold, too.
Rows moving_rows(Rows rows) {
  while (rows.back().kind == JournalKind::void_hold)
    rows = rows.first(rows.size() - 1);
  return rows;
}

bool is_reversible(JournalKind kind) {
  return kind == JournalKind::transfer || kind == JournalKind::capture;
}

/// The last leg first: what a leg brought in may have been paid out by one after it.
Decline post_reversed(BatchState& state, Rows legs, Amount first) {
  for (auto row = legs.rbegin(); row != legs.rend(); ++row) {
    const Amount amount = legs.size() == 1 ? first : amount_of(*row);
    const Leg back{.from = row->to, .to = row->from, .amount = amount};
    if (const auto decline = post_leg(state, JournalKind::reversal, back)) return decline;
  }
  return std::nullopt;
}

}  // namespace

Decline decide_hold(BatchState& state, const HoldRequest& request) {
  if (request.expires_at && *request.expires_at <= state.now()) return expiry_passed;
  const std::size_t first = state.rows().size();
  for (const Leg& leg : request.legs) {
    if (const auto decline = post_leg(state, JournalKind::hold, leg)) return decline;
  }
  state.set_state({.id = TransferId{state.rows()[first].seq},
                   .status = TransferStatus::held,
                   .expires_at = request.expires_at});
  return std::nullopt;
}

Decline decide_capture(BatchState& state, const CaptureRequest& request, Rows hold) {
  const TransferState* found = nullptr;
  if (const auto decline = find_hold_decline(state, hold, found)) return decline;
  TransferState after = *found;
  const Amount rest = rest_of(hold, after);
  if (const auto decline = find_amount_decline(request.amount, rest, hold.size())) return decline;

  const Amount captured = request.amount.value_or(rest);
  if (const auto decline = post_legs(state, JournalKind::capture, hold, captured)) return decline;
  after.settled += captured.minor_units();
  const Amount left = rest_of(hold, after);
  const bool releases = request.release_rest && left.minor_units() > 0;
  if (releases) {
    if (const auto decline = post_leg(state, JournalKind::void_hold, leg_of(hold.front(), left))) {
      return decline;
    }
  }
  if (releases || left.minor_units() == 0) after.status = TransferStatus::captured;
  state.set_state(after);
  return std::nullopt;
}

Decline decide_void(BatchState& state, const VoidRequest& /*request*/, Rows hold) {
  const TransferState* found = nullptr;
  if (const auto decline = find_hold_decline(state, hold, found)) return decline;
  return release(state, JournalKind::void_hold, hold, *found, TransferStatus::voided);
}

Decline decide_expiry(BatchState& state, const ExpireRequest& /*request*/, Rows hold) {
  const TransferState* found = nullptr;
  const auto decline = find_hold_decline(state, hold, found);
  const bool is_due = decline == hold_expired && found->status == TransferStatus::held;
  // Whoever looked for it has an older or a faster clock than this batch.
  if (!is_due) return decline ? decline : not_a_hold;
  return release(state, JournalKind::expire, hold, *found, TransferStatus::expired);
}

Decline decide_reversal(BatchState& state, const ReversalRequest& request, Rows original) {
  if (!is_transfer(original)) return transfer_not_found;
  if (!is_reversible(original.front().kind)) return not_reversible;
  const Rows legs = moving_rows(original);
  const TransferState* const found = state.find_state(request.transfer);
  TransferState after = found != nullptr ? *found : TransferState{.id = request.transfer};
  if (after.status == TransferStatus::reversed) return already_reversed;
  const Amount rest = rest_of(legs, after);
  if (const auto decline = find_amount_decline(request.amount, rest, legs.size())) return decline;

  const Amount reversed = request.amount.value_or(rest);
  if (const auto decline = post_reversed(state, legs, reversed)) return decline;
  after.settled += reversed.minor_units();
  if (after.settled == legs.front().amount) after.status = TransferStatus::reversed;
  state.set_state(after);
  return std::nullopt;
}

}  // namespace ledger::core
