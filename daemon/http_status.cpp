#include "http_status.h"

namespace ledgerd {

int http_status(ledger::ErrorCode code) noexcept {
  switch (code) {
    case ledger::ErrorCode::invalid_key:
    case ledger::ErrorCode::no_legs:
    case ledger::ErrorCode::too_many_legs:
    case ledger::ErrorCode::invalid_account_id:
    case ledger::ErrorCode::same_account:
    case ledger::ErrorCode::invalid_amount:
    case ledger::ErrorCode::amount_too_precise:
    case ledger::ErrorCode::amount_out_of_range:
    case ledger::ErrorCode::unknown_currency:
    case ledger::ErrorCode::invalid_balance_limit:
    case ledger::ErrorCode::invalid_transfer_id:
    case ledger::ErrorCode::invalid_reference:
    case ledger::ErrorCode::invalid_metadata:
    case ledger::ErrorCode::invalid_timestamp:
    case ledger::ErrorCode::nothing_to_change:
    case ledger::ErrorCode::batch_too_large:
    case ledger::ErrorCode::invalid_page:
      return 400;

    case ledger::ErrorCode::key_reused:
    case ledger::ErrorCode::from_account_not_found:
    case ledger::ErrorCode::to_account_not_found:
    case ledger::ErrorCode::from_account_not_open:
    case ledger::ErrorCode::to_account_not_open:
    case ledger::ErrorCode::currency_mismatch:
    case ledger::ErrorCode::insufficient_funds:
    case ledger::ErrorCode::balance_limit_exceeded:
    case ledger::ErrorCode::balance_overflow:
    case ledger::ErrorCode::account_ids_exhausted:
    case ledger::ErrorCode::account_closed:
    case ledger::ErrorCode::account_not_empty:
    case ledger::ErrorCode::limit_not_met:
    case ledger::ErrorCode::not_a_hold:
    case ledger::ErrorCode::hold_captured:
    case ledger::ErrorCode::hold_voided:
    case ledger::ErrorCode::hold_expired:
    case ledger::ErrorCode::not_reversible:
    case ledger::ErrorCode::already_reversed:
    case ledger::ErrorCode::partial_of_many_legs:
    case ledger::ErrorCode::amount_exceeds_rest:
    case ledger::ErrorCode::expiry_passed:
    case ledger::ErrorCode::atomic_batch_declined:
      return 422;
    case ledger::ErrorCode::account_exists:
    case ledger::ErrorCode::reference_exists:
      return 409;
    case ledger::ErrorCode::version_mismatch:
      return 412;

    case ledger::ErrorCode::queue_full:
    case ledger::ErrorCode::deadline_exceeded:
    case ledger::ErrorCode::lock_not_granted:
    case ledger::ErrorCode::conflict:
    case ledger::ErrorCode::store_unavailable:
    case ledger::ErrorCode::store_full:
    case ledger::ErrorCode::commit_failed:
    case ledger::ErrorCode::shutting_down:
      return 503;

    case ledger::ErrorCode::unknown_account:
    case ledger::ErrorCode::transfer_not_found:
    case ledger::ErrorCode::key_not_found:
    case ledger::ErrorCode::account_not_found:
      return 404;

    case ledger::ErrorCode::commit_in_doubt:
    case ledger::ErrorCode::invalid_option:
    case ledger::ErrorCode::store_in_use:
    case ledger::ErrorCode::store_too_new:
    case ledger::ErrorCode::store_corrupt:
      return 500;
  }
  return 500;
}

std::optional<int> retry_after_seconds(ledger::ErrorCode code) noexcept {
  if (http_status(code) != 503) return std::nullopt;
  return 1;
}

}  // namespace ledgerd
