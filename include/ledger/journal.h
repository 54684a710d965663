// The journal: the append-only record that balances can be recomputed from.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "ledger/account.h"
#include "ledger/error.h"
#include "ledger/transfer.h"

namespace ledger {

/// The first 128 bits of SHA-256 over the canonical form of what was asked.
using Fingerprint = std::array<std::uint8_t, 16>;

/// One account's side of a leg: the account right after it.
struct Entry {
  std::int64_t version = 0;  ///< 1, 2, 3 … without gaps per account; 0: this side has no entry
  MinorUnits balance = 0;
  MinorUnits held = 0;
  MinorUnits incoming = 0;
  /// The journal row of the account's previous entry (0: this is the first). Walking these back
  /// gives the statement without an index on entries: random index pages are what a batch pays for.
  Seq previous = 0;

  friend bool operator==(const Entry&, const Entry&) = default;
};

/// One row: a leg, a recorded decline, or an account's opening or change. Never updated, never
/// deleted.
///
/// The rows of one transfer are consecutive. Only the first carries the key, the fingerprint, the
/// number of legs and the caller's details, so that each key has one row and one index entry. A
/// capture that releases the rest of its hold has, behind its legs, a row of kind void_hold.
///
/// What a row does to the accounts, by kind: a transfer, a reversal and a capture move `amount`
/// from `from` to `to`; a hold adds it to the one's held and the other's incoming; a capture, a
/// void_hold and an expire take it off both. An account_changed has one entry, of `to`, that
/// changes no amount.
struct JournalRow {
  Seq seq = 0;
  JournalKind kind = JournalKind::transfer;
  /// 0: committed. Otherwise the ErrorCode of a recorded decline: no entry, nothing moved.
  std::uint16_t decline = 0;

  std::string key{};          ///< first row only
  Fingerprint fingerprint{};  ///< first row only
  /// First row: how many rows this transfer has. The others: minus how many rows before them it is
  /// (0 in rows of schema version 1).
  std::int32_t legs = 0;

  AccountId from{};
  AccountId to{};  ///< for account_opened and account_changed: the account
  MinorUnits amount = 0;
  Currency currency{};
  Entry from_entry{};
  Entry to_entry{};

  /// The hold or transfer that a capture, void, expiry or reversal is about.
  std::optional<TransferId> refers_to{};
  std::optional<Timestamp> effective_at{};  ///< the caller's booking date
  std::optional<Timestamp> expires_at{};    ///< when a hold ends by itself
  /// The caller's own name for it, and a JSON object of the caller's. For account_opened and
  /// account_changed: the account's, as they are from then on.
  std::string reference{};
  std::string metadata{};
  std::optional<AccountTerms> terms{};  ///< account_opened and account_changed only
  Timestamp recorded_at{};

  [[nodiscard]] bool committed() const noexcept { return decline == 0; }

  friend bool operator==(const JournalRow&, const JournalRow&) = default;
};

}  // namespace ledger
