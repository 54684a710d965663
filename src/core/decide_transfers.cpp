// Transfers, and what a leg of any kind may do to its two accounts.
#include <limits>

#include "core/decide.h"
#include "core/effect.h"

namespace ledger::core {
namespace {

using enum ErrorCode;
using Decline = std::optional<ErrorCode>;

/// Letting go of a hold needs no account to be open: nothing moves.
bool moves_or_reserves(JournalKind kind) {
  return kind != JournalKind::void_hold && kind != JournalKind::expire;
}

Decline find_account_decline(const Account* from, const Account* to, Currency currency,
                             JournalKind kind) {
  if (from == nullptr) return from_account_not_found;
  if (to == nullptr) return to_account_not_found;
  if (!moves_or_reserves(kind)) return std::nullopt;
  if (from->terms.status != AccountStatus::open) return from_account_not_open;
  if (to->terms.status != AccountStatus::open) return to_account_not_open;
  if (from->terms.currency != currency || to->terms.currency != currency) return currency_mismatch;
  return std::nullopt;
}

/// Sums of amounts, which may not fit what they are made of.
__extension__ using Wide = __int128;

bool fits(Wide sum) {
  using Limits = std::numeric_limits<MinorUnits>;
  return Limits::min() <= sum && sum <= Limits::max();
}

/// Whether the limits of both accounts allow it, holds counted.
Decline find_limit_decline(const Account& from, const Account& to, const Effect& effect) {
  const Wide held = Wide{from.held} + effect.from.held;
  const Wide available = Wide{from.balance} + effect.from.balance - held;
  if (from.terms.min_balance && available < *from.terms.min_balance) return insufficient_funds;
  const Wide incoming = Wide{to.incoming} + effect.to.incoming;
  const Wide expected = Wide{to.balance} + effect.to.balance + incoming;
  if (to.terms.max_balance && expected > *to.terms.max_balance) return balance_limit_exceeded;
  if (!fits(held) || !fits(available) || !fits(incoming) || !fits(expected))
    return balance_overflow;
  return std::nullopt;
}

}  // namespace

Decline post_leg(BatchState& state, JournalKind kind, const Leg& leg) {
  JournalRow& row = state.append(kind);
  row.from = leg.from;
  row.to = leg.to;
  row.amount = leg.amount.minor_units();
  row.currency = leg.amount.currency();

  Account* const from = state.find_account(leg.from);
  Account* const to = state.find_account(leg.to);
  if (const auto decline = find_account_decline(from, to, row.currency, kind)) return decline;
  const Effect effect = effect_of(kind, row.amount);
  if (moves_or_reserves(kind)) {
    if (const auto decline = find_limit_decline(*from, *to, effect)) return decline;
  }
  row.from_entry = state.post(*from, effect.from, row);
  row.to_entry = state.post(*to, effect.to, row);
  return std::nullopt;
}

Decline decide_transfer(BatchState& state, const TransferRequest& request) {
  for (const Leg& leg : request.legs) {
    if (const auto decline = post_leg(state, JournalKind::transfer, leg)) return decline;
  }
  return std::nullopt;
}

}  // namespace ledger::core
