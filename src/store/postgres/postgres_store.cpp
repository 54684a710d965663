// The store: threads and connections. The database work is Session's.
#include "ledger/postgres_store.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "store/postgres/doubts.h"
#include "store/postgres/pool.h"
#include "store/postgres/schema.h"
#include "store/postgres/session.h"
#include "store/postgres/settings.h"

namespace ledger {
namespace postgres {
namespace {

/// The codes that begin() and reads may fail with.
Error as_told(Error error, bool to_a_reader) {
  switch (error.code) {
    case ErrorCode::store_corrupt:
    case ErrorCode::store_unavailable:
    case ErrorCode::balance_overflow:  // of Store::read_totals
      return error;
    case ErrorCode::conflict:
    case ErrorCode::store_full:
    case ErrorCode::deadline_exceeded:
      if (!to_a_reader) return error;
      [[fallthrough]];
    default:
      error.code = ErrorCode::store_unavailable;
      return error;
  }
}

/// Rows that are not the ones set aside could collide with another transaction's.
bool are_reserved(const std::vector<JournalRow>& rows, const Snapshot& snapshot,
                  std::size_t max_rows) {
  if (rows.size() > max_rows) return false;
  Seq next = snapshot.next_seq;
  return std::ranges::all_of(rows, [&](const JournalRow& row) { return row.seq == next++; });
}

class PostgresStore final : public Store {
 public:
  explicit PostgresStore(Settings settings) : settings_(std::move(settings)), pool_(settings_) {}

  /// Opens the first connection.
  Result<void> connect() { return pool_.start(); }

  Result<std::unique_ptr<StoreTransaction>> begin(const LoadRequest& load,
                                                  SteadyTime deadline) override;
  Result<std::vector<JournalRow>> find_recorded(std::span<const std::string_view> keys) override;
  Result<std::optional<Account>> find_account(AccountId id) override {
    return read([&](Session& session) { return session.find_account(id); });
  }
  Result<std::vector<JournalRow>> read_journal(Seq first, std::size_t limit) override {
    return read([&](Session& session) { return session.read_journal(first, limit); });
  }
  Result<std::vector<Account>> read_accounts(AccountId after, std::size_t limit) override {
    return read([&](Session& session) { return session.read_accounts(after, limit); });
  }
  Result<std::vector<JournalRow>> find_transfers(std::span<const TransferId> ids) override {
    return read([&](Session& session) { return session.find_transfers(ids); });
  }
  Result<std::vector<JournalRow>> find_rows(std::span<const Seq> seqs) override {
    return read([&](Session& session) { return session.find_rows(seqs); });
  }
  Result<std::vector<TransferState>> find_states(std::span<const TransferId> ids) override {
    return read([&](Session& session) { return session.find_states(ids); });
  }
  Result<std::vector<TransferState>> read_states(TransferId after, std::size_t limit) override {
    return read([&](Session& session) { return session.read_states(after, limit); });
  }
  Result<std::vector<TransferId>> find_expired(Timestamp now, std::size_t limit) override {
    return read([&](Session& session) { return session.find_expired(now, limit); });
  }
  Result<std::vector<TransferId>> find_by_reference(std::string_view reference, TransferId after,
                                                    std::size_t limit) override {
    return read(
        [&](Session& session) { return session.find_by_reference(reference, after, limit); });
  }
  Result<std::vector<TransferId>> find_referring(TransferId id, TransferId after,
                                                 std::size_t limit) override {
    return read([&](Session& session) { return session.find_referring(id, after, limit); });
  }
  Result<std::optional<Account>> find_account_by_reference(std::string_view reference) override {
    return read([&](Session& session) { return session.find_account_by_reference(reference); });
  }
  Result<std::vector<JournalRow>> read_entries(AccountId account, Seq from,
                                               std::size_t limit) override {
    return read([&](Session& session) { return session.read_entries(account, from, limit); });
  }
  Result<std::optional<Checkpoint>> find_checkpoint(AccountId account,
                                                    std::int64_t version) override {
    return read([&](Session& session) { return session.find_checkpoint(account, version); });
  }
  Result<std::optional<Checkpoint>> find_checkpoint_after(AccountId account,
                                                          Timestamp time) override {
    return read([&](Session& session) { return session.find_checkpoint_after(account, time); });
  }
  Result<std::vector<CurrencyTotals>> read_totals() override {
    return read([](Session& session) { return session.read_totals(); });
  }
  Result<void> settle(SteadyTime deadline) override {
    if (auto there = pool_.check_there(); !there) return there;
    auto server = doubts_.settle(settings_, deadline);
    if (!server && std::chrono::steady_clock::now() < deadline) {
      pool_.close_idle();  // they may have taken the place of the connection that it needs
      server = doubts_.settle(settings_, deadline);
    }
    if (!server) return server.error();
    if (*server) pool_.keep_to(**server);
    return {};
  }
  Result<std::string> identity() override {
    return read([](Session& session) { return session.identity(); });
  }
  Result<void> check() override {
    return read([](Session& session) { return session.check(); });
  }

  /// What a transaction ends with.
  Result<void> commit(std::unique_ptr<Session> session, const WriteSet& writes,
                      const Snapshot& loaded);
  void roll_back(std::unique_ptr<Session> session);

 private:
  /// While a commit is in doubt its rows may be there to be seen, and still be lost with this
  /// server when a standby takes its place: what is recorded is not told before it is settled.
  bool may_be_lost(const std::vector<JournalRow>& recorded) {
    return !recorded.empty() && !doubts_.empty();
  }

  /// A session may turn out to be dead only when it is used: then another one is tried, once.
  template <class Work>
  auto read(Work work) -> decltype(work(std::declval<Session&>()));

  const Settings settings_;
  Doubts doubts_;
  Pool pool_;
};

class PostgresTransaction final : public StoreTransaction {
 public:
  PostgresTransaction(PostgresStore& store, std::unique_ptr<Session> session, Snapshot snapshot,
                      std::size_t max_rows)
      : store_(store),
        session_(std::move(session)),
        snapshot_(std::move(snapshot)),
        max_rows_(max_rows) {}

  ~PostgresTransaction() override {
    if (session_ != nullptr) store_.roll_back(std::move(session_));
  }

  [[nodiscard]] const Snapshot& snapshot() const override { return snapshot_; }

  Result<void> commit(const WriteSet& writes) override {
    if (session_ == nullptr) {
      return Error{ErrorCode::store_unavailable, "commit() was called twice"};
    }
    if (!are_reserved(writes.rows, snapshot_, max_rows_)) {
      return Error{ErrorCode::store_corrupt, "rows are not those that were set aside"};
    }
    return store_.commit(std::move(session_), writes, snapshot_);
  }

 private:
  PostgresStore& store_;
  std::unique_ptr<Session> session_;
  const Snapshot snapshot_;
  const std::size_t max_rows_;
};

template <class Work>
auto PostgresStore::read(Work work) -> decltype(work(std::declval<Session&>())) {
  const auto deadline = std::chrono::steady_clock::now() + settings_.options.statement_timeout;
  for (bool again = true;; again = false) {
    auto session = pool_.take(deadline);
    if (!session) return as_told(session.error(), true);
    auto result = work(**session);
    const bool lost = !(*session)->usable();
    pool_.give_back(std::move(*session));
    if (result) return result;
    const bool is_late = std::chrono::steady_clock::now() >= deadline;
    if (!lost || is_late || !again) return as_told(result.error(), true);
  }
}

Result<std::vector<JournalRow>> PostgresStore::find_recorded(
    std::span<const std::string_view> keys) {
  const auto find = [&] {
    return read([&](Session& session) { return session.find_recorded(keys); });
  };
  auto rows = find();
  if (!rows || !may_be_lost(*rows)) return rows;
  const auto deadline = std::chrono::steady_clock::now() + settings_.options.statement_timeout;
  if (auto settled = settle(deadline); !settled) return settled.error();
  return find();
}

Result<std::unique_ptr<StoreTransaction>> PostgresStore::begin(const LoadRequest& load,
                                                               SteadyTime deadline) {
  for (bool again = true;; again = false) {
    auto session = pool_.take(deadline);
    if (!session) return as_told(session.error(), false);
    auto snapshot = (*session)->begin(load, deadline);
    if (snapshot && may_be_lost(snapshot->recorded)) {
      roll_back(std::move(*session));
      if (auto settled = settle(deadline); !settled) return settled.error();
      continue;
    }
    if (snapshot) {
      return std::unique_ptr<StoreTransaction>(std::make_unique<PostgresTransaction>(
          *this, std::move(*session), std::move(*snapshot), load.max_rows));
    }
    (*session)->roll_back();
    const bool lost = !(*session)->usable();
    pool_.give_back(std::move(*session));
    if (lost && std::chrono::steady_clock::now() >= deadline) {
      return Error{ErrorCode::deadline_exceeded, snapshot.error().detail};
    }
    if (!lost || !again) return as_told(snapshot.error(), false);
  }
}

Result<void> PostgresStore::commit(std::unique_ptr<Session> session, const WriteSet& writes,
                                   const Snapshot& loaded) {
  auto committed = session->commit(writes, loaded);
  if (!committed && committed.error().code == ErrorCode::commit_in_doubt) {
    doubts_.add(session->backend());
  }
  roll_back(std::move(session));
  return committed;
}

void PostgresStore::roll_back(std::unique_ptr<Session> session) {
  session->roll_back();
  pool_.give_back(std::move(session));
}

Result<void> migrate(const Settings& settings) {
  auto connection = Connection::open(settings);
  if (!connection) return connection.error();
  return migrate_schema(**connection, settings,
                        std::chrono::steady_clock::now() + settings.options.statement_timeout);
}

}  // namespace
}  // namespace postgres

Result<void> migrate_postgres_store(const PostgresOptions& options) {
  const auto settings = postgres::check_options(options);
  if (!settings) return settings.error();
  return postgres::migrate(*settings);
}

Result<std::unique_ptr<Store>> open_postgres_store(const PostgresOptions& options) {
  auto settings = postgres::check_options(options);
  if (!settings) return settings.error();
  if (options.migrate) {
    if (auto done = postgres::migrate(*settings); !done) return done.error();
  }
  auto store = std::make_unique<postgres::PostgresStore>(std::move(*settings));
  // What is wrong shows now, and with its own code.
  if (auto connected = store->connect(); !connected) return connected.error();
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace ledger
