// Transfers, holds, and what follows them: what is asked, and what is recorded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ledger/account.h"
#include "ledger/money.h"

namespace ledger {

/// What a journal row records. Permanent numbers.
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

/// One movement of money: `amount` leaves `from` and enters `to`.
struct Leg {
  AccountId from{};
  AccountId to{};
  Amount amount{};

  friend bool operator==(const Leg&, const Leg&) noexcept = default;
};

/// The most legs of one transfer or hold.
inline constexpr std::size_t kMaxLegs = 1000;

/// The most requests of one atomic batch.
inline constexpr std::size_t kMaxAtomicRequests = 10'000;

/// Identifies a recorded transfer, hold, capture …: the journal position of its first row.
enum class TransferId : std::int64_t {};

[[nodiscard]] constexpr std::int64_t to_int(TransferId id) noexcept {
  return static_cast<std::int64_t>(id);
}

/// What a caller may write beside the money. It is part of the request: a retry must repeat it.
struct Details {
  /// The caller's own name for it, formed as a key is; need not be unique. Empty: none. Compare
  /// Ledger::transfers_by_reference.
  std::string reference{};
  /// A JSON object of at most kMaxMetadataBytes, kept without insignificant white space. Empty:
  /// none.
  std::string metadata{};
  /// The caller's booking date, in the years 1 to 9999. It decides nothing.
  std::optional<Timestamp> effective_at{};

  friend bool operator==(const Details&, const Details&) = default;
};

/// Asks for a transfer. All its legs are posted, in order, or none is.
struct TransferRequest {
  /// The idempotency key: 1 to 255 printable ASCII characters without a space at either end.
  /// Scope: the ledger. Keys that grow with time (UUIDv7, ULID) keep the key index fast.
  std::string key{};
  /// 1 to kMaxLegs legs. Each leg's amount is above zero and in the currency of both its accounts.
  std::vector<Leg> legs{};
  Details details{};
};

/// Asks for a hold: every leg's amount is reserved, and moves when the hold is captured. Until then
/// it counts as held by `from` and as incoming to `to`, and both accounts' limits heed it.
struct HoldRequest {
  std::string key{};        ///< as for a transfer
  std::vector<Leg> legs{};  ///< as for a transfer
  /// From this moment on the hold cannot be captured any more, and what is left of it is released
  /// by itself (Options::expiry_interval). nullopt: it stays until it is captured or voided.
  std::optional<Timestamp> expires_at{};
  Details details{};
};

/// Asks to move what a hold has reserved.
struct CaptureRequest {
  std::string key{};  ///< as for a transfer
  TransferId hold{};
  /// How much, up to what is left. nullopt: all that is left. Holds of several legs are captured as
  /// a whole.
  std::optional<Amount> amount{};
  /// Releases what is left after this capture. Otherwise it stays held, for further captures.
  bool release_rest = false;
  Details details{};
};

/// Asks to release what is left of a hold.
struct VoidRequest {
  std::string key{};  ///< as for a transfer
  TransferId hold{};
  Details details{};
};

/// Asks to move money back: each leg of a transfer or capture the other way round. All reversals
/// of one together never move back more than it moved.
struct ReversalRequest {
  std::string key{};  ///< as for a transfer
  TransferId transfer{};
  /// How much, up to what has not been reversed. nullopt: all of that. Transfers of several legs
  /// are reversed as a whole.
  std::optional<Amount> amount{};
  Details details{};
};

/// Whatever moves or reserves money, for Ledger::submit.
using Request =
    std::variant<TransferRequest, HoldRequest, CaptureRequest, VoidRequest, ReversalRequest>;

/// Whether the requests of one Ledger::submit stand and fall together.
enum class BatchMode : std::uint8_t {
  /// Each is decided on its own.
  independent,
  /// All are committed, in one transaction, or none is: where one is declined, the others are
  /// declined with atomic_batch_declined, and that is recorded under their keys.
  atomic,
};

/// A leg as it was posted, with both accounts right after it, in minor units. For a hold, a void
/// and an expiry nothing moved: the amount is what was reserved or released.
struct PostedLeg {
  Leg leg{};
  MinorUnits from_balance = 0;
  MinorUnits to_balance = 0;
  MinorUnits from_held = 0;
  MinorUnits to_incoming = 0;

  friend bool operator==(const PostedLeg&, const PostedLeg&) noexcept = default;
};

/// The recorded outcome of a request that was committed. The same for the first answer and for
/// every replay, except for `replayed`.
struct Receipt {
  TransferId id{};
  JournalKind kind = JournalKind::transfer;  ///< transfer to reversal
  std::string key{};                         ///< an expiry's starts with a space: it is ours
  std::vector<PostedLeg> legs{};
  /// The hold that was captured, voided or expired, or the transfer that was reversed.
  std::optional<TransferId> refers_to{};
  /// A capture's: what it released of the hold, in minor units.
  MinorUnits released = 0;
  std::optional<Timestamp> expires_at{};  ///< a hold's
  Details details{};
  Timestamp recorded_at{};
  /// True when an earlier request with this key had already committed it.
  bool replayed = false;
};

/// Where a recorded transfer stands. Permanent numbers.
enum class TransferStatus : std::uint8_t {
  posted = 1,    ///< final, save that it may be reversed
  reversed = 2,  ///< all of it was moved back
  held = 3,      ///< an open hold
  captured = 4,  ///< a hold that was captured in full, or whose rest a capture released
  voided = 5,    ///< a hold whose rest was voided
  expired = 6,   ///< a hold whose rest was released when its time had come
};

/// What became of a transfer since it was recorded. Kept for every hold, and for a transfer or
/// capture once it has been reversed, at least in part.
struct TransferState {
  TransferId id{};
  TransferStatus status = TransferStatus::posted;
  /// How much of the first leg was captured (holds) or reversed (others), in minor units. The other
  /// legs move with the first.
  MinorUnits settled = 0;
  std::optional<Timestamp> expires_at{};  ///< a hold's

  friend bool operator==(const TransferState&, const TransferState&) = default;
};

/// A recorded transfer, hold, capture, void, expiry or reversal, and what became of it.
struct Transfer {
  Receipt receipt{};
  TransferState state{};
  /// The captures, void or expiry of a hold, and the reversals of a transfer, oldest first; at most
  /// the first 100.
  std::vector<TransferId> followed_by{};
};

}  // namespace ledger
