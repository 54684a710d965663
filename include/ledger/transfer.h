// Transfers: what is asked, and what is recorded.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ledger/account.h"
#include "ledger/money.h"

namespace ledger {

/// One movement of money: `amount` leaves `from` and enters `to`.
struct Leg {
  AccountId from{};
  AccountId to{};
  Amount amount{};

  friend bool operator==(const Leg&, const Leg&) noexcept = default;
};

/// The most legs of one transfer.
inline constexpr std::size_t kMaxLegs = 1000;

/// Asks for a transfer. All its legs are posted, in order, or none is.
struct TransferRequest {
  /// The idempotency key: 1 to 255 printable ASCII characters without a space at either end.
  /// Scope: the ledger. Keys that grow with time (UUIDv7, ULID) keep the key index fast.
  std::string key{};
  /// 1 to kMaxLegs legs. Each leg's amount is above zero and in the currency of both its accounts.
  std::vector<Leg> legs{};
};

/// Identifies a recorded transfer: the journal position of its first row.
enum class TransferId : std::int64_t {};

[[nodiscard]] constexpr std::int64_t to_int(TransferId id) noexcept {
  return static_cast<std::int64_t>(id);
}

/// A leg as it was posted, with both balances right after it, in minor units.
struct PostedLeg {
  Leg leg{};
  MinorUnits from_balance = 0;
  MinorUnits to_balance = 0;

  friend bool operator==(const PostedLeg&, const PostedLeg&) noexcept = default;
};

/// The recorded outcome of a transfer that was committed. The same for the first answer and for
/// every replay, except for `replayed`.
struct Receipt {
  TransferId id{};
  std::vector<PostedLeg> legs{};
  Timestamp recorded_at{};
  /// True when an earlier request with this key had already committed it.
  bool replayed = false;
};

}  // namespace ledger
