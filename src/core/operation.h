// A request in the form the core works with.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ledger/account.h"
#include "ledger/journal.h"
#include "ledger/result.h"
#include "ledger/transfer.h"

namespace ledger::core {

struct Operation;

/// Asks to release a hold whose time has come. The ledger's own; its key starts with a space, as no
/// caller's can.
struct ExpireRequest {
  std::string key{};
  TransferId hold{};
};

/// Requests that are committed together or declined together. Its parts are none themselves.
struct AtomicRequest {
  std::vector<Operation> parts;

  // Where they are defined, Operation is complete, as a vector of it has to be.
  AtomicRequest();
  explicit AtomicRequest(std::vector<Operation> all);
  AtomicRequest(const AtomicRequest&);
  AtomicRequest(AtomicRequest&&) noexcept;
  AtomicRequest& operator=(const AtomicRequest&);
  AtomicRequest& operator=(AtomicRequest&&) noexcept;
  ~AtomicRequest();
};

/// A valid request and its fingerprint.
struct Operation {
  std::variant<TransferRequest, HoldRequest, CaptureRequest, VoidRequest, ReversalRequest,
               ExpireRequest, AccountRequest, AccountChange, AtomicRequest>
      request;
  Fingerprint fingerprint{};
  /// The rows of the hold or transfer that it refers to; none: there is no such. They never change,
  /// so that the engine looks them up before the batch that decides the operation.
  std::vector<JournalRow> referred{};

  /// Of an atomic request: of its first part.
  [[nodiscard]] std::string_view key() const;

  [[nodiscard]] const AtomicRequest* atomic() const { return std::get_if<AtomicRequest>(&request); }
  [[nodiscard]] AtomicRequest* atomic() { return std::get_if<AtomicRequest>(&request); }

  /// Calls `visit` with each operation that has a key of its own: the parts, or this one.
  template <class Visit>
  void for_each_part(Visit&& visit) const {
    if (const AtomicRequest* group = atomic()) {
      for (const Operation& part : group->parts)
        visit(part);
    } else {
      visit(*this);
    }
  }
  template <class Visit>
  void for_each_part(Visit&& visit) {
    if (AtomicRequest* group = atomic()) {
      for (Operation& part : group->parts)
        visit(part);
    } else {
      visit(*this);
    }
  }

  // Of one part:

  /// The hold or transfer that it is about.
  [[nodiscard]] std::optional<TransferId> refers_to() const;

  // Of all parts, with what they refer to:

  /// Adds the accounts that must be loaded to decide it.
  void add_accounts(std::vector<AccountId>& accounts) const;
  /// Adds the account reference that must not be in use.
  void add_references(std::vector<std::string_view>& references) const;

  /// The most journal rows it appends.
  [[nodiscard]] std::size_t max_rows() const;

  /// Whether the ledger is to choose an account's id.
  [[nodiscard]] bool needs_account_id() const;

  /// Roughly the memory it takes, for the cap on a batch.
  [[nodiscard]] std::size_t bytes() const;
};

// Each checks what can be checked without the ledger's state (the 1xx codes, in order of their
// numbers), brings metadata into its stored form, and takes the fingerprint.
Result<Operation> make_operation(TransferRequest request);
Result<Operation> make_operation(HoldRequest request);
Result<Operation> make_operation(CaptureRequest request);
Result<Operation> make_operation(VoidRequest request);
Result<Operation> make_operation(ReversalRequest request);
Result<Operation> make_operation(Request request);
/// `is_known_currency`: whether this ledger has the request's currency.
Result<Operation> make_operation(AccountRequest request, bool is_known_currency);
Result<Operation> make_operation(AccountChange request);

/// The release of `hold`; always valid.
Operation make_expiry(TransferId hold);

/// Whether `key` may be an idempotency key or a reference: 1 to 255 printable ASCII characters
/// (0x20 to 0x7E), the first and the last no space.
bool is_valid_key(std::string_view key);

}  // namespace ledger::core
