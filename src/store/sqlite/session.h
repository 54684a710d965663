// One open ledger file with its statements: what a store does, without its threads.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/store.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/database.h"

namespace ledger::sqlite {

/// Used by one thread at a time. After a failed call the transaction, if one was open, must be
/// rolled back.
class Session {
 public:
  static Result<std::unique_ptr<Session>> open(const std::string& path);
  static Result<std::unique_ptr<Session>> reopen(const std::string& path, const FileIdentity& file);

  [[nodiscard]] const FileIdentity& file() const noexcept { return connection_.file; }
  [[nodiscard]] const std::string& path() const noexcept { return connection_.path; }
  /// True when the file was removed or replaced: what is written now could be lost.
  [[nodiscard]] bool moved() const;
  /// Call before destroying a session in good order; see allow_checkpoint_on_close().
  void close_tidily() { allow_checkpoint_on_close(connection_.database); }

  Result<void> begin();
  /// Between begin() and commit().
  Result<Snapshot> load(const LoadRequest& request);
  /// Between begin() and commit(). `loaded` is what load() returned for this transaction.
  Result<void> write(const WriteSet& writes, const Snapshot& loaded);
  Result<void> commit();
  /// False when the connection stays inside a transaction, and is of no use any more.
  [[nodiscard]] bool roll_back();

  // Between begin() and write() these see what is committed, too: nothing else is written yet.
  Result<std::vector<JournalRow>> find_recorded(std::span<const std::string_view> keys);
  Result<std::vector<JournalRow>> find_transfers(std::span<const TransferId> ids);
  Result<std::vector<JournalRow>> find_rows(std::span<const Seq> seqs);
  Result<std::vector<JournalRow>> read_journal(Seq first, std::size_t limit);
  Result<std::vector<JournalRow>> read_entries(AccountId account, Seq from, std::size_t limit);
  Result<std::optional<Account>> find_account(AccountId id);
  Result<std::optional<Account>> find_account_by_reference(std::string_view reference);
  Result<std::vector<Account>> read_accounts(AccountId after, std::size_t limit);
  Result<std::vector<CurrencyTotals>> read_totals();
  Result<std::vector<TransferState>> find_states(std::span<const TransferId> ids);
  Result<std::vector<TransferState>> read_states(TransferId after, std::size_t limit);
  Result<std::vector<TransferId>> find_expired(Timestamp now, std::size_t limit);
  Result<std::vector<TransferId>> find_by_reference(std::string_view reference, TransferId after,
                                                    std::size_t limit);
  Result<std::vector<TransferId>> find_referring(TransferId id, TransferId after,
                                                 std::size_t limit);
  Result<std::optional<Checkpoint>> find_checkpoint(AccountId account, std::int64_t version);
  Result<std::optional<Checkpoint>> find_checkpoint_after(AccountId account, Timestamp time);

 private:
  explicit Session(Connection connection) : connection_(std::move(connection)) {}
  static Result<std::unique_ptr<Session>> make(Result<Connection> connection);
  Result<void> prepare();

  Result<void> insert_account(const Account& account);
  Result<void> update_account(const WriteSet::Update& update, const Account* loaded);
  Result<void> insert_row(const JournalRow& row);
  /// Lets a committed transfer be found by its reference and by what it refers to.
  Result<void> index_transfer(const JournalRow& row);
  Result<void> insert_checkpoint(const Checkpoint& checkpoint);
  Result<void> put_state(const TransferState& state);
  /// Runs a statement that returns no rows.
  Result<void> finish(Run& run, const char* what);
  Result<std::int64_t> greatest(const Statement& statement);
  /// Appends rows first … last.
  Result<void> append_rows(Seq first, Seq last, std::size_t limit, std::vector<JournalRow>& rows);
  /// Appends the rows of the transfer whose first row the statement finds, if it finds one.
  Result<void> append_transfer(Run& first_row, std::vector<JournalRow>& rows);

  // What a statement returns, one value a row (queries.cpp).
  template <class T, class Use>
  Result<void> for_each(Run& run, const char* what, Result<T> (*read)(Run&), Use use);
  template <class T>
  Result<void> append_all(Run& run, const char* what, Result<T> (*read)(Run&),
                          std::vector<T>& values);
  template <class T>
  Result<std::vector<T>> read_all(Run& run, const char* what, Result<T> (*read)(Run&));
  template <class T>
  Result<std::optional<T>> read_one(Run& run, const char* what, Result<T> (*read)(Run&));
  [[nodiscard]] Error error(int result, const char* what) const;

  Connection connection_;  // declared first: closed after its statements are finalized
  Statement begin_, commit_, roll_back_;
  Statement last_seq_, last_account_;
  Statement find_key_, find_row_, find_first_row_, rows_between_, find_reference_, find_referring_;
  Statement find_account_, find_account_reference_, accounts_after_;
  Statement find_state_, states_after_, find_expired_, find_checkpoint_;
  Statement insert_row_, insert_reference_, insert_origin_, insert_account_, insert_checkpoint_;
  Statement put_state_;
  Statement update_amounts_, update_account_;
};

}  // namespace ledger::sqlite
