#include "store/postgres/session.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "store/postgres/loading.h"
#include "store/postgres/rows.h"
#include "store/postgres/schema.h"
#include "store/postgres/statements.h"

namespace ledger::postgres {
namespace {

using namespace statement;

constexpr std::chrono::seconds kRollBackTimeout{1};

SteadyTime in(std::chrono::milliseconds time) { return std::chrono::steady_clock::now() + time; }

std::int64_t clamp_limit(std::size_t limit) {
  constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
  return limit > static_cast<std::size_t>(kMax) ? kMax : static_cast<std::int64_t>(limit);
}

/// True when an update changes what a posting changes, and nothing else.
bool only_state_changes(const Account& before, const Account& after) {
  return before.terms == after.terms && before.created_at == after.created_at &&
         before.reference == after.reference && before.metadata == after.metadata;
}

/// The same for all of a batch. `loaded` is sorted by id.
bool only_state_changes(std::span<const WriteSet::Update> updated,
                        std::span<const Account> loaded) {
  return std::ranges::all_of(updated, [&](const WriteSet::Update& update) {
    const auto before = std::ranges::lower_bound(loaded, update.account.id, {}, &Account::id);
    return before != loaded.end() && before->id == update.account.id &&
           only_state_changes(*before, update.account);
  });
}

template <class Get>
void add_int8s(Parameters& parameters, std::span<const WriteSet::Update> updated, Get get) {
  ArrayWriter array(Type::int8, updated.size());
  for (const auto& update : updated)
    array.add_int8(get(update));
  parameters.add(std::move(array));
}

Parameters state_parameters(std::span<const WriteSet::Update> updated) {
  using Update = WriteSet::Update;
  Parameters all;
  add_int8s(all, updated, [](const Update& update) { return to_int(update.account.id); });
  add_int8s(all, updated, [](const Update& update) { return update.expected_version; });
  add_int8s(all, updated, [](const Update& update) { return update.account.balance; });
  add_int8s(all, updated, [](const Update& update) { return update.account.held; });
  add_int8s(all, updated, [](const Update& update) { return update.account.version; });
  add_int8s(all, updated, [](const Update& update) { return update.account.last_seq; });
  all.add(static_cast<std::int64_t>(updated.size()));
  return all;
}

Parameters update_parameters(std::span<const WriteSet::Update> updated) {
  std::vector<Account> accounts;
  accounts.reserve(updated.size());
  for (const auto& update : updated)
    accounts.push_back(update.account);
  Parameters all = account_parameters(accounts);
  add_int8s(all, updated, [](const WriteSet::Update& update) { return update.expected_version; });
  all.add(static_cast<std::int64_t>(updated.size()));
  return all;
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

SteadyTime Session::read_deadline() const {
  return in(settings_.options.statement_timeout + std::chrono::milliseconds(500));
}

Result<Snapshot> Session::begin(const LoadRequest& request, SteadyTime deadline) {
  Loading loading(settings_.options.isolation, request);
  if (auto queued = loading.queue(*connection_); !queued) return queued.error();
  const SteadyTime last_moment = std::min(deadline, read_deadline());
  if (auto sent = connection_->flush(last_moment); !sent) return sent.error();
  return loading.read(*connection_, last_moment);
}

Result<void> Session::commit(const WriteSet& writes, const Snapshot& loaded) {
  int statements = 0;
  if (auto queued = queue_writes(writes, loaded, statements); !queued) return queued;
  // COMMIT is not even queued before all that comes before it has left: a connection that is lost
  // up to here has written nothing, for certain.
  if (auto sent = connection_->flush(read_deadline()); !sent) return sent;
  return send_and_commit(statements);
}

Result<void> Session::queue_writes(const WriteSet& writes, const Snapshot& loaded,
                                   int& statements) {
  if (!writes.updated.empty()) {  // first: the fence is the likeliest to refuse
    if (auto queued = queue_updates(writes, loaded); !queued) return queued;
    ++statements;
  }
  const auto queue = [&](bool any, const char* statement, auto&& parameters) -> Result<void> {
    if (!any) return {};
    ++statements;
    return connection_->send(statement, parameters());
  };
  auto queued = queue(!writes.created.empty(), kInsertAccounts,
                      [&] { return account_parameters(writes.created); });
  const bool plain = are_plain(writes.rows);
  if (queued) {
    queued = queue(!writes.rows.empty(), plain ? kInsertPlainRows : kInsertRows, [&] {
      return plain ? plain_journal_parameters(writes.rows) : journal_parameters(writes.rows);
    });
  }
  if (queued) {
    queued = queue(!writes.checkpoints.empty(), kInsertCheckpoints,
                   [&] { return checkpoint_parameters(writes.checkpoints); });
  }
  return queued;
}

Result<void> Session::queue_updates(const WriteSet& writes, const Snapshot& loaded) {
  if (only_state_changes(writes.updated, loaded.accounts)) {
    return connection_->send(kUpdateState, state_parameters(writes.updated));
  }
  return connection_->send(kUpdateAccounts, update_parameters(writes.updated));
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

Result<std::vector<JournalRow>> Session::find_recorded(std::span<const std::string_view> keys) {
  auto reply = ask(kFindRecorded, Parameters().add_keys(keys));
  if (!reply) return reply.error();
  return read_recorded(reply->get());
}

Result<std::optional<Account>> Session::find_account(AccountId id) {
  auto reply = ask(kFindAccounts, account_ids({&id, 1}));
  if (!reply) return reply.error();
  auto found = postgres::read_accounts(reply->get());
  if (!found) return found.error();
  if (found->empty()) return std::optional<Account>{};
  return std::optional<Account>(std::move(found->front()));
}

Result<std::vector<JournalRow>> Session::read_journal(Seq first, std::size_t limit) {
  auto reply = ask(kReadJournal, Parameters().add(first).add(clamp_limit(limit)));
  if (!reply) return reply.error();
  return read_rows(reply->get());
}

Result<std::vector<Account>> Session::read_accounts(AccountId after, std::size_t limit) {
  auto reply = ask(kReadAccounts, Parameters().add(to_int(after)).add(clamp_limit(limit)));
  if (!reply) return reply.error();
  return postgres::read_accounts(reply->get());
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
