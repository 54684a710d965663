#include "store/postgres/joined_store.h"

#include <chrono>
#include <utility>

#include "store/postgres/schema.h"
#include "store/postgres/statements.h"
#include "store/postgres/writing.h"

namespace ledger::postgres {
namespace {

using namespace statement;

// How long a statement may take is for the caller's own settings to say.
constexpr std::chrono::hours kForever{24};

SteadyTime forever() { return std::chrono::steady_clock::now() + kForever; }

class JoinedTransaction final : public StoreTransaction {
 public:
  JoinedTransaction(JoinedStore& store, Snapshot snapshot)
      : store_(store), snapshot_(std::move(snapshot)) {}
  ~JoinedTransaction() override {
    if (!ended_) store_.return_to_savepoint();
  }
  JoinedTransaction(const JoinedTransaction&) = delete;
  JoinedTransaction& operator=(const JoinedTransaction&) = delete;

  [[nodiscard]] const Snapshot& snapshot() const override { return snapshot_; }
  Result<void> commit(const WriteSet& writes) override {
    ended_ = true;
    return store_.release(writes, snapshot_);
  }

 private:
  JoinedStore& store_;
  const Snapshot snapshot_;
  bool ended_ = false;
};

Error not_joinable(const char* why) {
  return Error{ErrorCode::invalid_option, std::string("connection: ") + why};
}

}  // namespace

Result<std::unique_ptr<JoinedStore>> JoinedStore::open(pg_conn* connection,
                                                       const std::string& schema) {
  if (connection == nullptr) return not_joinable("is null");
  if (PQtransactionStatus(connection) != PQTRANS_INTRANS) {
    return not_joinable("has no transaction that is open and sound, or is busy");
  }
  auto settings = check_options({.url = "", .schema = schema, .statement_timeout = kForever});
  if (!settings) return settings.error();
  std::unique_ptr<JoinedStore> store(new JoinedStore(connection, std::move(*settings)));
  auto found = store->in_pipeline([&] { return store->find_frame(); });
  if (!found) return found.error();
  return store;
}

JoinedStore::JoinedStore(pg_conn* handle, Settings settings)
    : handle_(handle),
      settings_(std::move(settings)),
      session_(Session::borrow(settings_, Connection::borrow(handle, statement_texts(settings_)))) {
}

template <class Work>
auto JoinedStore::in_pipeline(Work work) -> decltype(work()) {
  const PipelineMode pipeline(handle_);
  if (!pipeline.entered()) return not_joinable("is lost, busy, or in pipeline mode");
  return work();
}

Result<void> JoinedStore::find_frame() {
  Connection& connection = session_->connection();
  const auto version = read_schema_version(connection, settings_, forever());
  if (!version) return version.error();
  if (*version != kSchemaVersion) {
    return Error{ErrorCode::store_unavailable, "the schema is missing or needs a migration"};
  }
  auto sent = connection.send_sql("SELECT current_setting('transaction_isolation')");
  if (!sent) return sent;
  const auto reply = connection.run(forever());
  if (!reply) return reply.error();
  const std::string_view isolation = ColumnReader(reply->get(), 0).text();
  const bool sees_others = isolation == "read committed" || isolation == "read uncommitted";
  frame_ = sees_others ? Frame::savepoint : Frame::savepoint_in_snapshot;
  return {};
}

Result<std::unique_ptr<StoreTransaction>> JoinedStore::begin(const LoadRequest& load, SteadyTime) {
  auto snapshot = in_pipeline([&] { return this->load(load); });
  if (!snapshot) {
    return_to_savepoint();
    return snapshot.error();
  }
  return std::unique_ptr<StoreTransaction>(
      std::make_unique<JoinedTransaction>(*this, std::move(*snapshot)));
}

Result<Snapshot> JoinedStore::load(const LoadRequest& load) {
  Connection& connection = session_->connection();
  Loading loading(frame_, load);
  if (auto queued = loading.queue(connection); !queued) return queued.error();
  if (auto sent = connection.flush(forever()); !sent) return sent.error();
  return loading.read(connection, forever());
}

Result<void> JoinedStore::release(const WriteSet& writes, const Snapshot& loaded) {
  auto done = in_pipeline([&] { return write(writes, loaded); });
  if (!done) return_to_savepoint();
  return done;
}

Result<void> JoinedStore::write(const WriteSet& writes, const Snapshot& loaded) {
  Connection& connection = session_->connection();
  const auto queued = queue_writes(connection, writes, loaded);
  if (!queued) return queued.error();
  if (auto sent = connection.send(kReleaseSavepoint); !sent) return sent;
  auto done = connection.run(forever());
  if (!done) return done.error();
  return {};
}

/// Gives up the locks that were taken since, too. Where it fails the caller's transaction has
/// failed, and the caller's next statement says so.
void JoinedStore::return_to_savepoint() {
  Connection& connection = session_->connection();
  (void)in_pipeline([&]() -> Result<void> {
    for (const char* statement : {kReturnToSavepoint, kReleaseSavepoint}) {
      if (auto sent = connection.send(statement); !sent) return sent;
    }
    auto done = connection.run(forever());
    if (!done) return done.error();
    return {};
  });
}

Result<std::vector<JournalRow>> JoinedStore::find_recorded(std::span<const std::string_view> keys) {
  return in_pipeline([&] { return session_->find_recorded(keys); });
}

Result<std::optional<Account>> JoinedStore::find_account(AccountId id) {
  return in_pipeline([&] { return session_->find_account(id); });
}

Result<std::vector<JournalRow>> JoinedStore::read_journal(Seq first, std::size_t limit) {
  return in_pipeline([&] { return session_->read_journal(first, limit); });
}

Result<std::vector<Account>> JoinedStore::read_accounts(AccountId after, std::size_t limit) {
  return in_pipeline([&] { return session_->read_accounts(after, limit); });
}

Result<std::vector<JournalRow>> JoinedStore::find_transfers(std::span<const TransferId> ids) {
  return in_pipeline([&] { return session_->find_transfers(ids); });
}

Error JoinedStore::not_here() {
  return {ErrorCode::store_unavailable, "a joined transaction has no look-up but its own"};
}

/// Nothing is ever in doubt: the caller sends the COMMIT.
Result<void> JoinedStore::settle(SteadyTime) { return {}; }

Result<void> JoinedStore::check() {
  return in_pipeline([&] { return session_->check(); });
}

}  // namespace ledger::postgres
