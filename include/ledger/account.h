// Accounts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "ledger/clock.h"
#include "ledger/money.h"

namespace ledger {

/// Identifies an account: 1 … 2^63 − 1. A strong type, so that an amount is never taken for one.
enum class AccountId : std::int64_t {};

[[nodiscard]] constexpr std::int64_t to_int(AccountId id) noexcept {
  return static_cast<std::int64_t>(id);
}

/// A position in the journal: 1, 2, 3 … with gaps. A transaction that saw what another had written
/// has greater ones; so an account's entries are in order. Stores with one writer at a time number
/// in the order of commit; beside others, a transaction may commit after one with greater numbers.
using Seq = std::int64_t;

/// The most bytes of metadata, without insignificant white space.
inline constexpr std::size_t kMaxMetadataBytes = 4096;

enum class AccountStatus : std::uint8_t {
  open = 1,
  frozen = 2,  ///< keeps its balance; nothing moves in or out
  closed = 3,  ///< for good; the balance is zero
};

/// What an account is held to. All in minor units of its currency.
struct AccountTerms {
  Currency currency;
  /// The floor for `available`. Zero by default: the account cannot be overdrawn. Negative: an
  /// overdraft. nullopt: none, for accounts through which money enters and leaves (a world
  /// account).
  std::optional<MinorUnits> min_balance = 0;
  /// The ceiling for `balance` and what holds reserve for the account (`incoming`) together;
  /// nullopt: none.
  std::optional<MinorUnits> max_balance{};
  AccountStatus status = AccountStatus::open;

  friend bool operator==(const AccountTerms&, const AccountTerms&) = default;
};

/// An account as of its last entry. A value.
struct Account {
  AccountId id{};
  AccountTerms terms{};
  /// The caller's own unique name for it; empty: none.
  std::string reference{};
  /// A JSON object of the caller's; empty: none.
  std::string metadata{};
  MinorUnits balance = 0;    ///< posted: the sum of all entries
  MinorUnits held = 0;       ///< reserved by holds from it, 0 or more
  MinorUnits incoming = 0;   ///< reserved by holds towards it, 0 or more
  std::int64_t version = 0;  ///< number of its entries; the next one is version + 1
  Seq last_seq = 0;          ///< the journal row of its last entry; 0: none yet
  /// When its last entry was recorded. Never goes back from one entry to the next, whatever the
  /// clocks of the processes that share the ledger say. The epoch: no entry yet.
  Timestamp last_at{};
  Timestamp created_at{};

  /// What may leave, before min_balance is looked at.
  [[nodiscard]] MinorUnits available() const noexcept { return balance - held; }

  friend bool operator==(const Account&, const Account&) = default;
};

/// Asks for a new account. Compare Ledger::create_account.
struct AccountRequest {
  /// The idempotency key: 1 to 255 printable ASCII characters.
  std::string key{};
  Currency currency{};
  /// nullopt: the ledger assigns the next free id.
  std::optional<AccountId> id{};
  /// See AccountTerms. Zero must lie between the two: a new account has a zero balance.
  std::optional<MinorUnits> min_balance = 0;
  std::optional<MinorUnits> max_balance{};
  /// The caller's own name for it, unique among accounts, formed as a key is. Empty: none.
  std::string reference{};
  /// A JSON object of at most kMaxMetadataBytes, kept without insignificant white space. Empty:
  /// none.
  std::string metadata{};
};

/// An account as it was opened. The same for the first answer and for every replay, except for
/// `replayed`.
struct CreatedAccount {
  Account account{};
  bool replayed = false;
};

/// Asks to change an account. What is not set stays as it is; something must be set. Compare
/// Ledger::update_account.
struct AccountChange {
  /// The idempotency key, as for a transfer.
  std::string key{};
  AccountId account{};
  /// The new limit; an inner nullopt takes the limit away. What the account holds must meet it.
  std::optional<std::optional<MinorUnits>> min_balance{};
  std::optional<std::optional<MinorUnits>> max_balance{};
  /// Open and frozen may follow each other; closed is for good, and needs a balance of zero and no
  /// hold.
  std::optional<AccountStatus> status{};
  /// Replaces all metadata; "": none.
  std::optional<std::string> metadata{};
  /// The change is declined (version_mismatch) unless the account is at this version.
  std::optional<std::int64_t> expected_version{};
};

/// An account right after a change. The same for the first answer and for every replay, except for
/// `replayed`.
struct ChangedAccount {
  /// As of the change. `created_at` is not recorded with a change, and is the epoch here.
  Account account{};
  bool replayed = false;
};

}  // namespace ledger
