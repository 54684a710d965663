// A store inside a transaction that the application has opened on a connection of its own.
#pragma once

#include <memory>
#include <string>

#include "ledger/store.h"
#include "store/postgres/loading.h"
#include "store/postgres/session.h"
#include "store/postgres/settings.h"

struct pg_conn;

namespace ledger::postgres {

/// Its transactions are savepoints: commit() releases one, and what it wrote becomes durable when
/// the caller commits. A transaction that fails leaves the caller's as it was before, unless the
/// connection is lost. For the thread that uses the connection.
class JoinedStore final : public Store {
 public:
  /// Fails with invalid_option (the connection has no transaction that is open and sound, or is
  /// busy), store_unavailable, store_too_new or store_corrupt. `connection` must outlive it.
  static Result<std::unique_ptr<JoinedStore>> open(pg_conn* connection, const std::string& schema);

  /// Whether another attempt after a conflict sees what the others have committed: in a transaction
  /// that is READ COMMITTED.
  [[nodiscard]] bool sees_others() const noexcept { return frame_ == Frame::savepoint; }

  Result<std::unique_ptr<StoreTransaction>> begin(const LoadRequest& load,
                                                  SteadyTime deadline) override;
  Result<std::vector<JournalRow>> find_recorded(std::span<const std::string_view> keys) override;
  Result<std::optional<Account>> find_account(AccountId id) override;
  Result<std::vector<JournalRow>> read_journal(Seq first, std::size_t limit) override;
  Result<std::vector<Account>> read_accounts(AccountId after, std::size_t limit) override;
  Result<std::vector<JournalRow>> find_transfers(std::span<const TransferId> ids) override;
  Result<void> settle(SteadyTime deadline) override;
  Result<void> check() override;

  // What no call of PostgresTransaction asks for.
  Result<std::vector<JournalRow>> find_rows(std::span<const Seq>) override { return not_here(); }
  Result<std::vector<TransferState>> find_states(std::span<const TransferId>) override {
    return not_here();
  }
  Result<std::vector<TransferState>> read_states(TransferId, std::size_t) override {
    return not_here();
  }
  Result<std::vector<TransferId>> find_expired(Timestamp, std::size_t) override {
    return not_here();
  }
  Result<std::vector<TransferId>> find_by_reference(std::string_view, TransferId,
                                                    std::size_t) override {
    return not_here();
  }
  Result<std::vector<TransferId>> find_referring(TransferId, TransferId, std::size_t) override {
    return not_here();
  }
  Result<std::optional<Account>> find_account_by_reference(std::string_view) override {
    return not_here();
  }
  Result<std::vector<JournalRow>> read_entries(AccountId, Seq, std::size_t) override {
    return not_here();
  }
  Result<std::optional<Checkpoint>> find_checkpoint(AccountId, std::int64_t) override {
    return not_here();
  }
  Result<std::optional<Checkpoint>> find_checkpoint_after(AccountId, Timestamp) override {
    return not_here();
  }
  Result<std::vector<CurrencyTotals>> read_totals() override { return not_here(); }

  /// What a transaction ends with.
  Result<void> release(const WriteSet& writes, const Snapshot& loaded);
  void return_to_savepoint();

 private:
  JoinedStore(pg_conn* handle, Settings settings);

  static Error not_here();
  Result<void> find_frame();
  template <class Work>
  auto in_pipeline(Work work) -> decltype(work());
  Result<Snapshot> load(const LoadRequest& load);
  Result<void> write(const WriteSet& writes, const Snapshot& loaded);

  pg_conn* const handle_;
  const Settings settings_;
  const std::unique_ptr<Session> session_;
  Frame frame_ = Frame::savepoint_in_snapshot;
};

}  // namespace ledger::postgres
