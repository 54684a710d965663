// What a ledger can be asked about the past.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "ledger/account.h"
#include "ledger/clock.h"
#include "ledger/transfer.h"

namespace ledger {

/// The most entries or transfers of one page.
inline constexpr std::size_t kMaxPage = 1000;

enum class Order : std::uint8_t { newest_first, oldest_first };

/// Asks for a page of an account's entries.
struct StatementQuery {
  AccountId account{};
  Order order = Order::newest_first;
  std::size_t limit = 50;  ///< 1 to kMaxPage
  /// StatementPage::next of the page before. 0: from the start.
  std::int64_t cursor = 0;
  /// Only entries recorded in [from, to).
  std::optional<Timestamp> from{};
  std::optional<Timestamp> to{};
};

/// One entry of an account: what a leg, a hold or a change did to it, and the account right after.
struct StatementEntry {
  std::int64_t version = 0;  ///< 1, 2, 3 … without gaps
  TransferId transfer{};     ///< what it is a part of
  JournalKind kind = JournalKind::transfer;
  /// The other account of the leg; nullopt for account_changed.
  std::optional<AccountId> other{};
  MinorUnits change = 0;  ///< to the balance
  MinorUnits balance = 0;
  MinorUnits held = 0;
  MinorUnits incoming = 0;
  std::optional<TransferId> refers_to{};  ///< of the transfer
  Details details{};                      ///< of the transfer
  Timestamp recorded_at{};

  friend bool operator==(const StatementEntry&, const StatementEntry&) = default;
};

/// Entries are never changed and their versions have no gaps, so pages fit each other whatever is
/// written in between.
struct StatementPage {
  Currency currency{};
  std::vector<StatementEntry> entries{};
  /// The cursor of the next page; 0: this is the last one.
  std::int64_t next = 0;
};

/// An account's amounts as of a moment: right after its last entry until then.
struct BalanceAt {
  Currency currency{};
  MinorUnits balance = 0;
  MinorUnits held = 0;
  MinorUnits incoming = 0;
  std::int64_t version = 0;  ///< 0: it had no entry yet

  friend bool operator==(const BalanceAt&, const BalanceAt&) = default;
};

/// Asks for a page of committed transfers, holds, captures …, oldest first.
struct TransferQuery {
  /// Only those with a leg from or to it. nullopt: of all accounts.
  std::optional<AccountId> account{};
  std::optional<JournalKind> kind{};
  /// Only those recorded in [from, to). Without an account the place in the journal is found by
  /// time, and processes whose clocks are more than a minute apart may put some out of its reach.
  std::optional<Timestamp> from{};
  std::optional<Timestamp> to{};
  std::size_t limit = 50;  ///< 1 to kMaxPage
  /// TransferPage::next of the page before, with the same query. 0: from the start.
  std::int64_t cursor = 0;
};

/// A page may have fewer transfers than asked for, even none, before the last one: so much of the
/// journal was looked through. Without an account, a transfer of another process may be committed
/// behind a page that was just read (docs/adr/0008).
struct TransferPage {
  std::vector<Receipt> transfers{};
  /// The cursor of the next page; 0: this is the last one.
  std::int64_t next = 0;
};

}  // namespace ledger
