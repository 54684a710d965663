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
  Result<void> settle(SteadyTime deadline) override;
  Result<void> check() override;

  /// What a transaction ends with.
  Result<void> release(const WriteSet& writes, const Snapshot& loaded);
  void return_to_savepoint();

 private:
  JoinedStore(pg_conn* handle, Settings settings);

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
