// What the naive ledger knows, in types of its own: nothing is shared with the real one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ledger::model {

__extension__ using Wide = __int128;

/// Microseconds since the epoch.
using Time = std::int64_t;

enum class Kind { transfer, hold, capture, void_hold, expire, reversal, opening, change };

[[nodiscard]] const char* name(Kind kind);

struct Money {
  std::int64_t units = 0;
  std::string currency{};

  bool operator==(const Money&) const = default;
};

struct Leg {
  std::int64_t from = 0;
  std::int64_t to = 0;
  Money money{};

  bool operator==(const Leg&) const = default;
};

struct Details {
  std::string reference{};
  std::string metadata{};
  std::optional<Time> effective_at{};

  bool operator==(const Details&) const = default;
};

/// Asks for a transfer, hold, capture, void or reversal.
struct Ask {
  Kind kind = Kind::transfer;
  std::string key{};
  std::vector<Leg> legs{};           ///< transfers and holds
  std::int64_t about = 0;            ///< the id of what is captured, voided or reversed
  std::optional<Money> amount{};     ///< captures and reversals
  bool release_rest = false;         ///< captures
  std::optional<Time> expires_at{};  ///< holds
  Details details{};
  /// In what it differs from the request that its key has had before. Not asked for; coverage.
  std::string twist{};
};

/// Asks for a new account.
struct OpenAsk {
  std::string key{};
  std::string currency{};
  std::optional<std::int64_t> id{};
  std::optional<std::int64_t> floor{};
  std::optional<std::int64_t> ceiling{};
  std::string reference{};
  std::string metadata{};
  std::string twist{};  ///< as of an Ask
};

/// Asks for a change of an account.
struct ChangeAsk {
  std::string key{};
  std::int64_t account = 0;
  std::optional<std::optional<std::int64_t>> floor{};
  std::optional<std::optional<std::int64_t>> ceiling{};
  std::optional<std::string> status{};  ///< "open", "frozen" or "closed"
  std::optional<std::string> metadata{};
  std::optional<std::int64_t> expected_version{};
  std::string twist{};  ///< as of an Ask
};

struct Account {
  std::int64_t id = 0;
  std::string currency{};
  std::optional<std::int64_t> floor{};
  std::optional<std::int64_t> ceiling{};
  std::string status = "open";
  std::string reference{};
  std::string metadata{};
  std::int64_t balance = 0;
  std::int64_t held = 0;
  std::int64_t incoming = 0;
  std::int64_t version = 0;
  Time last_at = 0;  ///< 0: no entry yet
  Time created_at = 0;

  bool operator==(const Account&) const = default;

  [[nodiscard]] Wide available() const { return Wide{balance} - held; }
  [[nodiscard]] Wide expected() const { return Wide{balance} + incoming; }
};

/// A leg as it was recorded, with the accounts right after it.
struct Posted {
  Leg leg{};
  std::int64_t from_balance = 0;
  std::int64_t to_balance = 0;
  std::int64_t from_held = 0;
  std::int64_t to_incoming = 0;

  bool operator==(const Posted&) const = default;
};

/// What was recorded of a transfer, hold, capture, void, expiry or reversal.
struct Recorded {
  std::int64_t id = 0;  ///< the real ledger's; 0 until it is known
  Kind kind = Kind::transfer;
  std::string key{};
  std::vector<Posted> legs{};
  std::optional<std::int64_t> refers_to{};
  std::int64_t released = 0;
  std::optional<Time> expires_at{};
  Details details{};
  Time recorded_at = 0;

  bool operator==(const Recorded&) const = default;
};

/// What became of it since then.
struct Fate {
  std::string status = "posted";
  std::int64_t settled = 0;                 ///< of the first leg
  std::vector<std::int64_t> followed_by{};  ///< numbers, not ids

  bool operator==(const Fate&) const = default;
};

/// One line of an account's statement.
struct Entry {
  std::int64_t number = 0;  ///< of the transfer; 0: a change of the account
  Kind kind = Kind::transfer;
  std::int64_t other = 0;  ///< 0: none
  std::int64_t change = 0;
  std::int64_t balance = 0;
  std::int64_t held = 0;
  std::int64_t incoming = 0;
  Time recorded_at = 0;

  bool operator==(const Entry&) const = default;
};

struct Totals {
  std::int64_t accounts = 0;
  Wide positive = 0;
  Wide negative = 0;
  Wide held = 0;
  Wide incoming = 0;
};

/// The answer to a request.
struct Answer {
  std::string result{};  ///< "ok", or the name of the decline
  bool replayed = false;
  std::int64_t number = 0;           ///< of the transfer; 0: none
  std::optional<Account> account{};  ///< as it was opened or changed
};

}  // namespace ledger::model
