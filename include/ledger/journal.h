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

/// What a journal row records. Permanent numbers; those that nothing writes yet are reserved, so
/// that the rows which are there never need to change.
enum class JournalKind : std::uint8_t {
  transfer = 1,
  hold = 2,
  capture = 3,
  void_hold = 4,
  expire = 5,
  reversal = 6,
  account_opened = 7,
  account_changed = 8,
};

/// The first 128 bits of SHA-256 over the canonical form of what was asked.
using Fingerprint = std::array<std::uint8_t, 16>;

/// One account's side of a leg: the account right after it.
struct Entry {
  std::int64_t version = 0;  ///< 1, 2, 3 … without gaps per account; 0: this side has no entry
  MinorUnits balance = 0;
  MinorUnits held = 0;
  /// The journal row of the account's previous entry (0: this is the first). Walking these back
  /// gives the statement without an index on entries: random index pages are what a batch pays for.
  Seq previous = 0;

  friend bool operator==(const Entry&, const Entry&) = default;
};

/// One row: a leg, a recorded decline, or an account's opening. Never updated, never deleted.
///
/// The rows of one transfer are consecutive. Only the first carries the key, the fingerprint and
/// the number of legs, so that each key has one row and one index entry.
struct JournalRow {
  Seq seq = 0;
  JournalKind kind = JournalKind::transfer;
  /// 0: committed. Otherwise the ErrorCode of a recorded decline: no entry, nothing moved.
  std::uint16_t decline = 0;

  std::string key{};          ///< first row only
  Fingerprint fingerprint{};  ///< first row only
  std::int32_t legs = 0;      ///< rows of this transfer; first row only

  AccountId from{};
  AccountId to{};  ///< for account_opened: the account
  MinorUnits amount = 0;
  Currency currency{};
  Entry from_entry{};
  Entry to_entry{};

  /// The hold or transfer that a capture, void, expiry or reversal is about.
  std::optional<TransferId> refers_to{};
  std::optional<Timestamp> effective_at{};  ///< the caller's booking date
  std::optional<Timestamp> expires_at{};    ///< when a hold ends by itself
  std::string reference{};                  ///< the caller's own name for it
  std::string metadata{};                   ///< a JSON object of the caller's
  std::optional<AccountTerms> terms{};      ///< account_opened and account_changed only
  Timestamp recorded_at{};

  [[nodiscard]] bool committed() const noexcept { return decline == 0; }

  friend bool operator==(const JournalRow&, const JournalRow&) = default;
};

}  // namespace ledger
