#include "store/postgres/writing.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "store/postgres/rows.h"
#include "store/postgres/statements.h"

namespace ledger::postgres {
namespace {

using namespace statement;

/// True when an update changes what a posting changes, and nothing else.
bool only_state_changes(const Account& before, const Account& after) {
  return before.terms == after.terms && before.held == after.held &&
         before.incoming == after.incoming && before.created_at == after.created_at &&
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
  add_int8s(all, updated, [](const Update& update) { return update.account.version; });
  add_int8s(all, updated, [](const Update& update) { return update.account.last_seq; });
  ArrayWriter times(Type::timestamptz, updated.size());
  for (const Update& update : updated)
    times.add_time(update.account.last_at);
  all.add(std::move(times)).add(static_cast<std::int64_t>(updated.size()));
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

Result<void> queue_updates(Connection& connection, const WriteSet& writes, const Snapshot& loaded) {
  if (only_state_changes(writes.updated, loaded.accounts)) {
    return connection.send(kUpdateState, state_parameters(writes.updated));
  }
  return connection.send(kUpdateAccounts, update_parameters(writes.updated));
}

}  // namespace

Result<int> queue_writes(Connection& connection, const WriteSet& writes, const Snapshot& loaded) {
  int statements = 0;
  if (!writes.updated.empty()) {  // first: the fence is the likeliest to refuse
    if (auto queued = queue_updates(connection, writes, loaded); !queued) return queued.error();
    ++statements;
  }
  const auto queue = [&](bool any, const char* statement, auto&& parameters) -> Result<void> {
    if (!any) return {};
    ++statements;
    return connection.send(statement, parameters());
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
  if (queued) {
    queued = queue(!writes.states.empty(), kPutStates,
                   [&] { return transfer_state_parameters(writes.states); });
  }
  if (!queued) return queued.error();
  return statements;
}

}  // namespace ledger::postgres
