// Opening and changing accounts.
#include <limits>

#include "core/decide.h"

namespace ledger::core {
namespace {

using enum ErrorCode;
using Decline = std::optional<ErrorCode>;

constexpr AccountId kLastId{std::numeric_limits<std::int64_t>::max()};

bool is_empty(const Account& account) {
  return account.balance == 0 && account.held == 0 && account.incoming == 0;
}

/// Whether what the account has and expects lies within `terms`.
bool meets(const Account& account, const AccountTerms& terms) {
  if (terms.min_balance && account.available() < *terms.min_balance) return false;
  return !terms.max_balance || account.balance + account.incoming <= *terms.max_balance;
}

AccountTerms changed_terms(const Account& account, const AccountChange& request) {
  AccountTerms terms = account.terms;
  if (request.min_balance) terms.min_balance = *request.min_balance;
  if (request.max_balance) terms.max_balance = *request.max_balance;
  if (request.status) terms.status = *request.status;
  return terms;
}

Decline find_change_decline(const Account* account, const AccountChange& request) {
  if (account == nullptr) return unknown_account;
  if (request.expected_version && *request.expected_version != account->version) {
    return version_mismatch;
  }
  if (account->terms.status == AccountStatus::closed) return account_closed;
  if (request.status == AccountStatus::closed && !is_empty(*account)) return account_not_empty;
  if (!meets(*account, changed_terms(*account, request))) return limit_not_met;
  return std::nullopt;
}

void tell_account(const Account& account, JournalRow& row) {
  row.currency = account.terms.currency;
  row.terms = account.terms;
  row.reference = account.reference;
  row.metadata = account.metadata;
}

}  // namespace

Decline decide_opening(BatchState& state, const AccountRequest& request) {
  JournalRow& row = state.append(JournalKind::account_opened);
  row.currency = request.currency;
  row.to = request.id.value_or(state.next_account_id());
  if (!request.reference.empty() && state.has_reference(request.reference)) return reference_exists;
  if (request.id && state.find_account(row.to) != nullptr) return account_exists;
  if (!request.id && row.to == kLastId) return account_ids_exhausted;

  Account account{.id = row.to,
                  .terms = {.currency = request.currency,
                            .min_balance = request.min_balance,
                            .max_balance = request.max_balance},
                  .reference = request.reference,
                  .metadata = request.metadata,
                  .created_at = state.now()};
  tell_account(account, row);
  state.open_account(std::move(account));
  return std::nullopt;
}

Decline decide_change(BatchState& state, const AccountChange& request) {
  JournalRow& row = state.append(JournalKind::account_changed);
  row.to = request.account;
  Account* const account = state.find_account(request.account);
  if (const auto decline = find_change_decline(account, request)) return decline;

  account->terms = changed_terms(*account, request);
  if (request.metadata) account->metadata = *request.metadata;
  tell_account(*account, row);
  row.to_entry = state.post(*account, {}, row);
  return std::nullopt;
}

}  // namespace ledger::core
