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
  Result<std::optional<Account>> find_account(AccountId id);
  Result<std::vector<JournalRow>> read_journal(Seq first, std::size_t limit);
  Result<std::vector<Account>> read_accounts(AccountId after, std::size_t limit);

 private:
  explicit Session(Connection connection) : connection_(std::move(connection)) {}
  static Result<std::unique_ptr<Session>> make(Result<Connection> connection);
  Result<void> prepare();

  Result<void> insert_account(const Account& account);
  Result<void> update_account(const WriteSet::Update& update, const Account* loaded);
  Result<void> insert_row(const JournalRow& row);
  Result<void> insert_checkpoint(const Checkpoint& checkpoint);
  /// Runs a statement that returns no rows.
  Result<void> finish(Run& run, const char* what);
  Result<std::int64_t> greatest(const Statement& statement);
  /// Appends rows first … last.
  Result<void> append_rows(Seq first, Seq last, std::size_t limit, std::vector<JournalRow>& rows);
  [[nodiscard]] Error error(int result, const char* what) const;

  Connection connection_;  // declared first: closed after its statements are finalized
  Statement begin_, commit_, roll_back_;
  Statement last_seq_, last_account_;
  Statement find_key_, find_account_, rows_between_, accounts_after_;
  Statement insert_row_, insert_account_, insert_checkpoint_;
  Statement update_state_, update_account_;
};

}  // namespace ledger::sqlite
