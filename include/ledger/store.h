// The storage port. Users may implement their own; tests/conformance is what it must pass.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/account.h"
#include "ledger/clock.h"
#include "ledger/export.h"
#include "ledger/journal.h"
#include "ledger/result.h"

namespace ledger {

/// What a batch needs to see.
struct LoadRequest {
  std::span<const std::string_view> keys{};  ///< sorted, unique
  std::span<const AccountId> accounts{};     ///< sorted, unique
  /// Whose TransferState is needed; sorted, unique. Whoever changes a state also updates an account
  /// that all others who change it update, and that account is among `accounts`: a store that loads
  /// states after it has locked the accounts needs no further lock or fence for them.
  std::span<const TransferId> states{};
  /// Account references of which it must be known whether an account has them; sorted, unique.
  std::span<const std::string_view> references{};
  /// At most this many rows will be appended. A store whose writers work side by side sets as many
  /// numbers aside; those that are not used stay a gap. 0: nothing will be written.
  std::size_t max_rows = 0;
  /// Whether Snapshot::next_account_id is needed: it makes those that ask for it at one time
  /// conflict with each other.
  bool needs_account_id = false;
};

/// What a transaction saw. Valid on its own; owns its data.
struct Snapshot {
  Seq next_seq = 1;  ///< the rows appended take next_seq, next_seq + 1, …
  /// Above every id in use; 2^63 − 1 is never assigned. Only if LoadRequest::needs_account_id.
  AccountId next_account_id{1};
  std::vector<Account> accounts{};     ///< those of LoadRequest::accounts that exist, in any order
  std::vector<JournalRow> recorded{};  ///< every row of each transfer found by key, in order of seq
  std::vector<TransferState> states{};    ///< those of LoadRequest::states that exist
  std::vector<std::string> references{};  ///< those of LoadRequest::references in use
};

/// Every kCheckpointInterval-th version of an account is indexed, so that a statement or a balance
/// at a point in time is found by one index look-up and a short walk back.
inline constexpr std::int64_t kCheckpointInterval = 64;

struct Checkpoint {
  AccountId account{};
  std::int64_t version = 0;
  Seq seq = 0;
  Timestamp recorded_at{};

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

/// What a batch writes, computed by the core; stores write it as it is.
struct WriteSet {
  /// An account's new state; `expected_version` is the fence: the row must still have it.
  struct Update {
    Account account{};
    std::int64_t expected_version = 0;
  };

  std::vector<JournalRow> rows{};  ///< consecutive from Snapshot::next_seq, max_rows at most
  std::vector<Account> created{};
  std::vector<Update> updated{};  ///< each account once; none of `created`
  std::vector<Checkpoint> checkpoints{};
  /// Each transfer once: its new state, whether it had one before or not.
  std::vector<TransferState> states{};

  [[nodiscard]] bool empty() const noexcept { return rows.empty(); }
};

/// All accounts of a currency, added up. In minor units.
struct CurrencyTotals {
  Currency currency{};
  std::int64_t accounts = 0;
  MinorUnits positive = 0;  ///< the sum of the balances above zero
  MinorUnits negative = 0;  ///< the sum of those below: −positive, as long as the books are right
  MinorUnits held = 0;      ///< the sum of all that is held
  MinorUnits incoming = 0;  ///< the sum of all that is incoming: as much

  friend bool operator==(const CurrencyTotals&, const CurrencyTotals&) = default;
};

/// One open transaction. Used by one thread at a time. Destroying it without commit() rolls back,
/// and must not fail.
class LEDGER_EXPORT StoreTransaction {
 public:
  virtual ~StoreTransaction();

  [[nodiscard]] virtual const Snapshot& snapshot() const = 0;

  /// Writes everything and makes it durable: after success it survives the death of the process and
  /// of the machine. Called at most once. Failures:
  /// - conflict: another writer was first (fence, unique key or id, serialization). Nothing
  /// written.
  /// - store_full, store_unavailable: nothing written.
  /// - commit_in_doubt: the commit may or may not take effect, now or later, until settle().
  [[nodiscard]] virtual Result<void> commit(const WriteSet& writes) = 0;
};

/// Where the journal lives. Stores are dumb: they find, lock, append and commit; the rules are the
/// core's. All methods may be called from any thread. A transaction sees the latest committed state
/// and is serializable with every other; whether begin() waits for another open transaction or
/// commit() answers conflict is the store's choice.
///
/// No method throws. A store must outlive its transactions.
class LEDGER_EXPORT Store {
 public:
  virtual ~Store();

  /// Opens a transaction and reads what the batch needs. Gives up at `deadline` where it can.
  /// Fails with conflict, store_unavailable, store_full, store_corrupt or deadline_exceeded;
  /// nothing is then written.
  [[nodiscard]] virtual Result<std::unique_ptr<StoreTransaction>> begin(const LoadRequest& load,
                                                                        SteadyTime deadline) = 0;

  /// The rows of each transfer recorded under one of `keys` (sorted, unique), in order of seq.
  /// Committed and durable state only. Fails with store_unavailable or store_corrupt.
  [[nodiscard]] virtual Result<std::vector<JournalRow>> find_recorded(
      std::span<const std::string_view> keys) = 0;

  /// Committed state only. nullopt: no such account.
  [[nodiscard]] virtual Result<std::optional<Account>> find_account(AccountId id) = 0;

  /// The journal rows with seq >= first, in order, at most `limit`. Committed state only.
  [[nodiscard]] virtual Result<std::vector<JournalRow>> read_journal(Seq first,
                                                                     std::size_t limit) = 0;

  /// The accounts with id > after, in order of id, at most `limit`. Committed state only.
  [[nodiscard]] virtual Result<std::vector<Account>> read_accounts(AccountId after,
                                                                   std::size_t limit) = 0;

  // The reads from here on fail with store_unavailable or store_corrupt, and see committed state
  // only. An id, reference or account that is not there is no failure: nothing is found.

  /// Every row of each of `ids` (sorted, unique), in order of seq. Declined ones too. An id that is
  /// no transfer's first row is left out.
  [[nodiscard]] virtual Result<std::vector<JournalRow>> find_transfers(
      std::span<const TransferId> ids) = 0;

  /// The rows at those of `seqs` (sorted, unique) that are there, in order.
  [[nodiscard]] virtual Result<std::vector<JournalRow>> find_rows(std::span<const Seq> seqs) = 0;

  /// The states of those of `ids` (sorted, unique) that have one, in order of id.
  [[nodiscard]] virtual Result<std::vector<TransferState>> find_states(
      std::span<const TransferId> ids) = 0;

  /// The states with id > after, in order of id, at most `limit`.
  [[nodiscard]] virtual Result<std::vector<TransferState>> read_states(TransferId after,
                                                                       std::size_t limit) = 0;

  /// The open holds (TransferStatus::held) with expires_at <= now, the earliest first, at most
  /// `limit`.
  [[nodiscard]] virtual Result<std::vector<TransferId>> find_expired(Timestamp now,
                                                                     std::size_t limit) = 0;

  /// The committed transfers (not account rows) whose first row has this reference and an id above
  /// `after`, in order, at most `limit`.
  [[nodiscard]] virtual Result<std::vector<TransferId>> find_by_reference(
      std::string_view reference, TransferId after, std::size_t limit) = 0;

  /// The committed transfers that refer to `id` (JournalRow::refers_to of their first row) and have
  /// an id above `after`, in order, at most `limit`.
  [[nodiscard]] virtual Result<std::vector<TransferId>> find_referring(TransferId id,
                                                                       TransferId after,
                                                                       std::size_t limit) = 0;

  [[nodiscard]] virtual Result<std::optional<Account>> find_account_by_reference(
      std::string_view reference) = 0;

  /// The account's entries from the one in row `from` back to its first, newest first, at most
  /// `limit`: their rows, found by way of Entry::previous. `from` = 0: none.
  [[nodiscard]] virtual Result<std::vector<JournalRow>> read_entries(AccountId account, Seq from,
                                                                     std::size_t limit) = 0;

  /// The account's first checkpoint with version >= `version`; nullopt: none.
  [[nodiscard]] virtual Result<std::optional<Checkpoint>> find_checkpoint(AccountId account,
                                                                          std::int64_t version) = 0;

  /// The account's first checkpoint with recorded_at > `time`; nullopt: none.
  [[nodiscard]] virtual Result<std::optional<Checkpoint>> find_checkpoint_after(AccountId account,
                                                                                Timestamp time) = 0;

  /// The sums over all accounts of each currency, in order of currency, all as of one moment. Fails
  /// with balance_overflow when a sum does not fit 64 bits, too.
  [[nodiscard]] virtual Result<std::vector<CurrencyTotals>> read_totals() = 0;

  /// Called after commit_in_doubt. Success means that no earlier commit can take effect any more
  /// unless it already has, and that what find_recorded() returns from now on is durable. Fails
  /// with store_unavailable; the engine tries again until its deadline.
  [[nodiscard]] virtual Result<void> settle(SteadyTime deadline) = 0;

  /// At least 16 random bytes that this journal was given when it was created: the same for every
  /// process, another for every other journal, and a secret among them (RedisCacheOptions::secret).
  /// Fails with invalid_option where the store has none (the default), or as a read.
  [[nodiscard]] virtual Result<std::string> identity();

  /// Whether the store can be read and written now, at little cost. The error says what is wrong.
  [[nodiscard]] virtual Result<void> check() = 0;
};

}  // namespace ledger
