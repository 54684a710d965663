// One connection with its statements: what a store does, without its threads.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/store.h"
#include "store/postgres/connection.h"
#include "store/postgres/settings.h"

namespace ledger::postgres {

/// Used by one thread at a time. After a failure that leaves `usable()` true, roll_back() makes it
/// fit for the next transaction.
class Session {
 public:
  /// Connects to a database whose schema is this code's. Fails with store_unavailable,
  /// store_too_new or store_corrupt.
  static Result<std::unique_ptr<Session>> open(const Settings& settings);

  /// Over a borrowed connection, for the reads only.
  static std::unique_ptr<Session> borrow(const Settings& settings,
                                         std::unique_ptr<Connection> connection);

  /// One round trip: begins, locks the accounts and reads what the batch needs.
  Result<Snapshot> begin(const LoadRequest& request, SteadyTime deadline);
  /// One round trip: writes and commits. `loaded` is what begin() returned.
  Result<void> commit(const WriteSet& writes, const Snapshot& loaded);
  /// Ends the transaction, if one is open. Waits but a moment: a connection that does not answer
  /// is given up, and the server rolls back when it notices.
  void roll_back();

  // Outside a transaction, one round trip each.
  Result<std::vector<JournalRow>> find_recorded(std::span<const std::string_view> keys);
  Result<std::optional<Account>> find_account(AccountId id);
  Result<std::vector<JournalRow>> read_journal(Seq first, std::size_t limit);
  Result<std::vector<Account>> read_accounts(AccountId after, std::size_t limit);
  Result<std::vector<JournalRow>> find_transfers(std::span<const TransferId> ids);
  Result<std::vector<JournalRow>> find_rows(std::span<const Seq> seqs);
  Result<std::vector<TransferState>> find_states(std::span<const TransferId> ids);
  Result<std::vector<TransferState>> read_states(TransferId after, std::size_t limit);
  Result<std::vector<TransferId>> find_expired(Timestamp now, std::size_t limit);
  Result<std::vector<TransferId>> find_by_reference(std::string_view reference, TransferId after,
                                                    std::size_t limit);
  Result<std::vector<TransferId>> find_referring(TransferId id, TransferId after,
                                                 std::size_t limit);
  Result<std::optional<Account>> find_account_by_reference(std::string_view reference);
  Result<std::vector<JournalRow>> read_entries(AccountId account, Seq from, std::size_t limit);
  Result<std::optional<Checkpoint>> find_checkpoint(AccountId account, std::int64_t version);
  Result<std::optional<Checkpoint>> find_checkpoint_after(AccountId account, Timestamp time);
  Result<std::vector<CurrencyTotals>> read_totals();
  Result<std::string> identity();
  Result<void> check();

  [[nodiscard]] bool usable() const noexcept { return !connection_->broken(); }
  [[nodiscard]] bool went_silent() const noexcept { return connection_->went_silent(); }
  [[nodiscard]] bool is_alive() { return connection_->is_alive(); }
  Connection& connection() noexcept { return *connection_; }
  [[nodiscard]] const Backend& backend() const noexcept { return connection_->backend(); }

 private:
  Session(const Settings& settings, std::unique_ptr<Connection> connection)
      : settings_(settings), connection_(std::move(connection)) {}

  Result<void> send_and_commit(int statements);
  Result<Reply> ask(const char* statement, const Parameters& parameters);
  /// The same, and reads the reply with one of rows.h.
  template <class T>
  Result<T> ask(const char* statement, const Parameters& parameters,
                Result<T> (*read)(const pg_result* result));
  [[nodiscard]] SteadyTime read_deadline() const;

  const Settings& settings_;  // the store's, which outlives its sessions
  std::unique_ptr<Connection> connection_;
};

}  // namespace ledger::postgres
