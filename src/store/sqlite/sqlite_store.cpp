// The store: threads, and the way out of a commit in doubt. The database work is Session's.
#include "ledger/sqlite_store.h"

#include <chrono>
#include <utility>

#include "base/mutex.h"
#include "store/sqlite/session.h"

namespace ledger {
namespace sqlite {
namespace {

/// One transaction at a time. Apart from the connection's mutex, so that waiting for it can end at
/// a deadline while a commit holds the connection.
class TransactionSlot {
 public:
  [[nodiscard]] bool take(SteadyTime deadline) LEDGER_EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    while (taken_) {
      const auto now = std::chrono::steady_clock::now();
      if (now >= deadline) return false;
      released_.wait_for(mutex_, deadline - now);
    }
    taken_ = true;
    return true;
  }

  void release() LEDGER_EXCLUDES(mutex_) {
    {
      base::MutexLock lock(mutex_);
      taken_ = false;
    }
    released_.notify_one();
  }

 private:
  base::Mutex mutex_;
  base::CondVar released_;
  bool taken_ LEDGER_GUARDED_BY(mutex_) = false;
};

class SqliteStore final : public Store {
 public:
  explicit SqliteStore(std::unique_ptr<Session> session)
      : path_(session->path()), file_(session->file()), session_(std::move(session)) {}

  ~SqliteStore() override {
    const base::MutexLock lock(mutex_);
    if (session_ != nullptr && !unsettled_) session_->close_tidily();
    session_.reset();
  }

  Result<std::unique_ptr<StoreTransaction>> begin(const LoadRequest& load,
                                                  SteadyTime deadline) override
      LEDGER_EXCLUDES(mutex_);
  Result<void> settle(SteadyTime deadline) override LEDGER_EXCLUDES(mutex_);
  Result<void> check() override LEDGER_EXCLUDES(mutex_);

  Result<std::vector<JournalRow>> find_recorded(std::span<const std::string_view> keys) override {
    return read(&Session::find_recorded, keys);
  }
  Result<std::optional<Account>> find_account(AccountId id) override {
    return read(&Session::find_account, id);
  }
  Result<std::vector<JournalRow>> read_journal(Seq first, std::size_t limit) override {
    return read(&Session::read_journal, first, limit);
  }
  Result<std::vector<Account>> read_accounts(AccountId after, std::size_t limit) override {
    return read(&Session::read_accounts, after, limit);
  }
  Result<std::vector<JournalRow>> find_transfers(std::span<const TransferId> ids) override {
    return read(&Session::find_transfers, ids);
  }
  Result<std::vector<JournalRow>> find_rows(std::span<const Seq> seqs) override {
    return read(&Session::find_rows, seqs);
  }
  Result<std::vector<TransferState>> find_states(std::span<const TransferId> ids) override {
    return read(&Session::find_states, ids);
  }
  Result<std::vector<TransferState>> read_states(TransferId after, std::size_t limit) override {
    return read(&Session::read_states, after, limit);
  }
  Result<std::vector<TransferId>> find_expired(Timestamp now, std::size_t limit) override {
    return read(&Session::find_expired, now, limit);
  }
  Result<std::vector<TransferId>> find_by_reference(std::string_view reference, TransferId after,
                                                    std::size_t limit) override {
    return read(&Session::find_by_reference, reference, after, limit);
  }
  Result<std::vector<TransferId>> find_referring(TransferId id, TransferId after,
                                                 std::size_t limit) override {
    return read(&Session::find_referring, id, after, limit);
  }
  Result<std::optional<Account>> find_account_by_reference(std::string_view reference) override {
    return read(&Session::find_account_by_reference, reference);
  }
  Result<std::vector<JournalRow>> read_entries(AccountId account, Seq from,
                                               std::size_t limit) override {
    return read(&Session::read_entries, account, from, limit);
  }
  Result<std::optional<Checkpoint>> find_checkpoint(AccountId account,
                                                    std::int64_t version) override {
    return read(&Session::find_checkpoint, account, version);
  }
  Result<std::optional<Checkpoint>> find_checkpoint_after(AccountId account,
                                                          Timestamp time) override {
    return read(&Session::find_checkpoint_after, account, time);
  }
  Result<std::vector<CurrencyTotals>> read_totals() override { return read(&Session::read_totals); }

  /// What a transaction ends with; each gives the slot back.
  Result<void> commit(const WriteSet& writes, const Snapshot& loaded) LEDGER_EXCLUDES(mutex_);
  void roll_back() LEDGER_EXCLUDES(mutex_);

 private:
  /// One of the session's reads, once it is usable.
  template <class T, class... Parameters, class... Arguments>
  Result<T> read(Result<T> (Session::*method)(Parameters...), Arguments... arguments)
      LEDGER_EXCLUDES(mutex_) {
    const base::MutexLock lock(mutex_);
    if (auto usable = ready(); !usable) return usable.error();
    return ((*session_).*method)(arguments...);
  }

  /// Success: session_ is usable, and what it shows is durable.
  Result<void> ready() LEDGER_REQUIRES(mutex_);
  Result<void> settle_now() LEDGER_REQUIRES(mutex_);
  Result<Snapshot> begin_and_load(const LoadRequest& load) LEDGER_REQUIRES(mutex_);
  Result<void> write_and_commit(const WriteSet& writes, const Snapshot& loaded)
      LEDGER_REQUIRES(mutex_);
  void end_transaction() LEDGER_REQUIRES(mutex_);

  const std::string path_;
  const FileIdentity file_;
  TransactionSlot slot_;

  base::Mutex mutex_;  // taken after the slot, never before it
  std::unique_ptr<Session> session_ LEDGER_GUARDED_BY(mutex_);
  /// The connection cannot be trusted until settle_now() has replaced it. No transaction is open.
  bool unsettled_ LEDGER_GUARDED_BY(mutex_) = false;
};

class SqliteTransaction final : public StoreTransaction {
 public:
  SqliteTransaction(SqliteStore& store, Snapshot snapshot)
      : store_(store), snapshot_(std::move(snapshot)) {}

  ~SqliteTransaction() override {
    if (open_) store_.roll_back();
  }

  [[nodiscard]] const Snapshot& snapshot() const override { return snapshot_; }

  Result<void> commit(const WriteSet& writes) override {
    if (!open_) return Error{ErrorCode::store_unavailable, "commit() was called twice"};
    open_ = false;
    return store_.commit(writes, snapshot_);
  }

 private:
  SqliteStore& store_;
  const Snapshot snapshot_;
  bool open_ = true;
};

Result<std::unique_ptr<StoreTransaction>> SqliteStore::begin(const LoadRequest& load,
                                                             SteadyTime deadline) {
  if (!slot_.take(deadline)) {
    return Error{ErrorCode::deadline_exceeded, "another transaction is open"};
  }
  auto snapshot = [&] {
    const base::MutexLock lock(mutex_);
    return begin_and_load(load);
  }();
  if (!snapshot) {
    slot_.release();
    return snapshot.error();
  }
  return std::unique_ptr<StoreTransaction>(
      std::make_unique<SqliteTransaction>(*this, std::move(*snapshot)));
}

Result<Snapshot> SqliteStore::begin_and_load(const LoadRequest& load) {
  if (auto usable = ready(); !usable) return usable.error();
  if (auto begun = session_->begin(); !begun) {
    end_transaction();
    return begun.error();
  }
  auto snapshot = session_->load(load);
  if (!snapshot) end_transaction();
  return snapshot;
}

Result<void> SqliteStore::commit(const WriteSet& writes, const Snapshot& loaded) {
  auto result = [&] {
    const base::MutexLock lock(mutex_);
    return write_and_commit(writes, loaded);
  }();
  slot_.release();
  return result;
}

Result<void> SqliteStore::write_and_commit(const WriteSet& writes, const Snapshot& loaded) {
  if (auto written = session_->write(writes, loaded); !written) {
    end_transaction();
    return written;
  }
  auto committed = session_->commit();
  if (committed) return {};
  if (committed.error().code == ErrorCode::commit_in_doubt) {
    unsettled_ = true;
  } else {
    end_transaction();
  }
  return committed;
}

void SqliteStore::roll_back() {
  {
    const base::MutexLock lock(mutex_);
    end_transaction();
  }
  slot_.release();
}

void SqliteStore::end_transaction() {
  if (!session_->roll_back()) unsettled_ = true;
}

Result<void> SqliteStore::ready() {
  if (unsettled_) {
    if (auto settled = settle_now(); !settled) return settled;
  }
  if (session_->moved()) {
    return Error{ErrorCode::store_unavailable, path_ + " was moved, removed or replaced"};
  }
  return {};
}

Result<void> SqliteStore::settle_now() {
  if (!unsettled_) return {};
  // Recovery reads the WAL from its beginning only when the file is opened.
  session_.reset();
  auto session = Session::reopen(path_, file_);
  if (!session) return Error{ErrorCode::store_unavailable, session.error().detail};
  session_ = std::move(*session);
  unsettled_ = false;
  return {};
}

Result<void> SqliteStore::settle(SteadyTime /*deadline*/) {
  const base::MutexLock lock(mutex_);
  return settle_now();
}

Result<void> SqliteStore::check() {
  const base::MutexLock lock(mutex_);
  if (auto usable = ready(); !usable) return usable;
  if (auto rows = session_->read_journal(1, 1); !rows) return rows.error();
  return {};
}

}  // namespace
}  // namespace sqlite

Result<std::unique_ptr<Store>> open_sqlite_store(const SqliteOptions& options) {
  auto session = sqlite::Session::open(options.path);
  if (!session) return session.error();
  return std::unique_ptr<Store>(std::make_unique<sqlite::SqliteStore>(std::move(*session)));
}

}  // namespace ledger
