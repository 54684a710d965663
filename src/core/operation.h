// A request in the form the core works with.
#pragma once

#include <string_view>
#include <variant>
#include <vector>

#include "ledger/account.h"
#include "ledger/journal.h"
#include "ledger/result.h"
#include "ledger/transfer.h"

namespace ledger::core {

/// A valid request and its fingerprint.
struct Operation {
  std::variant<TransferRequest, AccountRequest> request;
  Fingerprint fingerprint{};

  [[nodiscard]] std::string_view key() const;

  /// Adds the accounts that must be loaded to decide it.
  void add_accounts(std::vector<AccountId>& accounts) const;

  /// The most journal rows it appends.
  [[nodiscard]] std::size_t max_rows() const;

  /// Whether the ledger is to choose an account's id.
  [[nodiscard]] bool needs_account_id() const;

  /// Roughly the memory it takes, for the cap on a batch.
  [[nodiscard]] std::size_t bytes() const;
};

/// Checks what can be checked without the ledger's state (the 1xx codes, in order of their
/// numbers), and takes the fingerprint.
Result<Operation> make_operation(TransferRequest request);
/// `is_known_currency`: whether this ledger has the request's currency.
Result<Operation> make_operation(AccountRequest request, bool is_known_currency);

/// Whether `key` may be an idempotency key: 1 to 255 printable ASCII characters (0x20 to 0x7E),
/// the first and the last no space.
bool is_valid_key(std::string_view key);

}  // namespace ledger::core
