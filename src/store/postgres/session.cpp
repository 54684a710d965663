#include "store/postgres/session.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "store/postgres/loading.h"
#include "store/postgres/rows.h"
#include "store/postgres/schema.h"
#include "store/postgres/statements.h"
#include "store/postgres/writing.h"

namespace ledger::postgres {
namespace {

using namespace statement;

constexpr std::chrono::seconds kRollBackTimeout{1};

SteadyTime in(std::chrono::milliseconds time) { return std::chrono::steady_clock::now() + time; }

std::int64_t clamp_limit(std::size_t limit) {
  constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
  return limit > static_cast<std::size_t>(kMax) ? kMax : static_cast<std::int64_t>(limit);
}

template <class T>
Result<std::optional<T>> first_of(Result<std::vector<T>> found) {
  if (!found) return found.error();
  if (found->empty()) return std::optional<T>{};
  return std::optional<T>(std::move(found->front()));
}

/// A commit that was told to go on without its standby is made here, and could be lost there.
Error not_replicated(const std::string& warning) {
  return Error{ErrorCode::commit_in_doubt, "COMMIT came back with a warning: " + warning};
}

}  // namespace

Result<std::unique_ptr<Session>> Session::open(const Settings& settings) {
  auto connection = Connection::open(settings);
  if (!connection) return connection.error();
  std::unique_ptr<Session> session(new Session(settings, std::move(*connection)));
  const SteadyTime deadline = session->read_deadline();
  const auto version = read_schema_version(*session->connection_, settings, deadline);
  if (!version) return version.error();
  if (*version != kSchemaVersion) {
    return Error{
        ErrorCode::store_unavailable,
        "the database has schema version " + std::to_string(*version) + " and needs a migration"};
  }
  auto prepared = prepare_statements(*session->connection_, settings, deadline);
  if (!prepared) return prepared.error();
  return session;
}

std::unique_ptr<Session> Session::borrow(const Settings& settings,
                                         std::unique_ptr<Connection> connection) {
  return std::unique_ptr<Session>(new Session(settings, std::move(connection)));
}

SteadyTime Session::read_deadline() const {
  return in(settings_.options.statement_timeout + std::chrono::milliseconds(500));
}

Result<Snapshot> Session::begin(const LoadRequest& request, SteadyTime deadline) {
  const bool serializable = settings_.options.isolation == PostgresIsolation::serializable;
  Loading loading(serializable ? Frame::serializable : Frame::read_committed, request);
  if (auto queued = loading.queue(*connection_); !queued) return queued.error();
  const SteadyTime last_moment = std::min(deadline, read_deadline());
  if (auto sent = connection_->flush(last_moment); !sent) return sent.error();
  return loading.read(*connection_, last_moment);
}

Result<void> Session::commit(const WriteSet& writes, const Snapshot& loaded) {
  const auto statements = queue_writes(*connection_, writes, loaded);
  if (!statements) return statements.error();
  // COMMIT is not even queued before all that comes before it has left: a connection that is lost
  // up to here has written nothing, for certain.
  if (auto sent = connection_->flush(read_deadline()); !sent) return sent;
  return send_and_commit(*statements);
}

Result<void> Session::send_and_commit(int statements) {
  const SteadyTime deadline = in(settings_.options.commit_timeout);
  const auto in_doubt = [this](const Error& error) {
    connection_->abandon();
    return Error{ErrorCode::commit_in_doubt, error.detail};
  };
  connection_->clear_warning();
  for (const auto& queued : {connection_->send(kCommit), connection_->sync()}) {
    if (!queued) return in_doubt(queued.error());
  }
  if (auto sent = connection_->flush(deadline); !sent) return in_doubt(sent.error());
  for (int i = 0; i < statements; ++i) {
    auto reply = connection_->receive(deadline, During::before_commit);
    if (reply) continue;
    (void)connection_->finish(deadline);
    return reply.error();
  }
  auto reply = connection_->receive(deadline, During::committing);
  if (!reply) {
    (void)connection_->finish(deadline);
    return reply.error();
  }
  if (!says_committed(*reply)) {
    (void)connection_->finish(deadline);
    return Error{ErrorCode::conflict, "the transaction had been rolled back"};
  }
  if (!connection_->warning().empty()) return in_doubt(not_replicated(connection_->warning()));
  // It is committed; what is wrong with the connection from here on is the next one's business.
  (void)connection_->finish(deadline);
  return {};
}

void Session::roll_back() {
  if (connection_->broken() || !connection_->in_transaction()) return;
  const SteadyTime deadline = in(kRollBackTimeout);
  const bool done = connection_->send(kRollBack) && connection_->run(deadline);
  if (!done || connection_->in_transaction()) connection_->abandon();
}

Result<Reply> Session::ask(const char* statement, const Parameters& parameters) {
  if (auto sent = connection_->send(statement, parameters); !sent) return sent.error();
  auto reply = connection_->run(read_deadline());
  // A read has no one to conflict with but DDL.
  if (!reply && reply.error().code == ErrorCode::conflict) {
    return Error{ErrorCode::store_unavailable, reply.error().detail};
  }
  return reply;
}

template <class T>
Result<T> Session::ask(const char* statement, const Parameters& parameters,
                       Result<T> (*read)(const pg_result* result)) {
  auto reply = ask(statement, parameters);
  if (!reply) return reply.error();
  return read(reply->get());
}

Result<std::vector<JournalRow>> Session::find_recorded(std::span<const std::string_view> keys) {
  return ask(kFindRecorded, Parameters().add_keys(keys), read_recorded);
}

Result<std::optional<Account>> Session::find_account(AccountId id) {
  return first_of(ask(kFindAccounts, account_ids({&id, 1}), postgres::read_accounts));
}

Result<std::vector<JournalRow>> Session::read_journal(Seq first, std::size_t limit) {
  return ask(kReadJournal, Parameters().add(first).add(clamp_limit(limit)), read_rows);
}

Result<std::vector<Account>> Session::read_accounts(AccountId after, std::size_t limit) {
  return ask(kReadAccounts, Parameters().add(to_int(after)).add(clamp_limit(limit)),
             postgres::read_accounts);
}

Result<std::vector<JournalRow>> Session::find_transfers(std::span<const TransferId> ids) {
  return ask(kFindTransfers, transfer_ids(ids), read_recorded);
}

Result<std::vector<JournalRow>> Session::find_rows(std::span<const Seq> seqs) {
  return ask(kFindRows, places(seqs), read_rows);
}

Result<std::vector<TransferState>> Session::find_states(std::span<const TransferId> ids) {
  return ask(kFindStates, transfer_ids(ids), postgres::read_states);
}

Result<std::vector<TransferState>> Session::read_states(TransferId after, std::size_t limit) {
  return ask(kReadStates, Parameters().add(to_int(after)).add(clamp_limit(limit)),
             postgres::read_states);
}

Result<std::vector<TransferId>> Session::find_expired(Timestamp now, std::size_t limit) {
  return ask(kFindExpired, Parameters().add(now).add(clamp_limit(limit)), read_transfer_ids);
}

Result<std::vector<TransferId>> Session::find_by_reference(std::string_view reference,
                                                           TransferId after, std::size_t limit) {
  return ask(kFindByReference,
             Parameters().add(reference).add(to_int(after)).add(clamp_limit(limit)),
             read_transfer_ids);
}

Result<std::vector<TransferId>> Session::find_referring(TransferId id, TransferId after,
                                                        std::size_t limit) {
  return ask(kFindReferring,
             Parameters().add(to_int(id)).add(to_int(after)).add(clamp_limit(limit)),
             read_transfer_ids);
}

Result<std::optional<Account>> Session::find_account_by_reference(std::string_view reference) {
  return first_of(ask(kFindNamedAccount, Parameters().add(reference), postgres::read_accounts));
}

Result<std::vector<JournalRow>> Session::read_entries(AccountId account, Seq from,
                                                      std::size_t limit) {
  return ask(kReadEntries, Parameters().add(to_int(account)).add(from).add(clamp_limit(limit)),
             read_rows);
}

Result<std::optional<Checkpoint>> Session::find_checkpoint(AccountId account,
                                                           std::int64_t version) {
  return first_of(
      ask(kFindCheckpoint, Parameters().add(to_int(account)).add(version), read_checkpoints));
}

Result<std::optional<Checkpoint>> Session::find_checkpoint_after(AccountId account,
                                                                 Timestamp time) {
  return first_of(
      ask(kFindCheckpointAfter, Parameters().add(to_int(account)).add(time), read_checkpoints));
}

Result<std::vector<CurrencyTotals>> Session::read_totals() {
  return ask(kReadTotals, {}, postgres::read_totals);
}

Result<std::string> Session::identity() {
  auto reply = ask(kReadIdentity, {});
  if (!reply) return reply.error();
  if (PQntuples(reply->get()) != 1) {
    return Error{ErrorCode::store_corrupt, "the journal's identity is missing"};
  }
  return std::string(ColumnReader(reply->get(), 0).text());
}

Result<void> Session::check() {
  auto reply = ask(kCheck, {});
  if (!reply) return reply.error();
  if (ColumnReader(reply->get(), 0).integer() != 0) {
    return Error{ErrorCode::store_unavailable, "the database is read-only"};
  }
  return {};
}

}  // namespace ledger::postgres
