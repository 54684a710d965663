#include "store/postgres/loading.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "store/postgres/rows.h"
#include "store/postgres/statements.h"

namespace ledger::postgres {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

template <class T>
Result<void> keep(Result<std::vector<T>> read, std::vector<T>& place) {
  if (!read) return read.error();
  place = std::move(*read);
  return {};
}

}  // namespace

Loading::Loading(Frame frame, const LoadRequest& request)
    : frame_(frame),
      request_(request),
      states_come_first_(frame == Frame::serializable && !request.states.empty()) {
  const auto add = [this](bool wanted, Step step) {
    if (wanted) steps_.push_back(step);
  };
  const bool has_keys = !request.keys.empty();
  const bool has_references = !request.references.empty();
  const bool has_accounts = !request.accounts.empty();
  if (frame == Frame::serializable) {
    // All but the accounts is looked up before the transaction. Inside, each look-up would leave a
    // mark on the index page where every concurrent batch adds its own, and they would refuse each
    // other for nothing. Keys, references and ids that are added in between run into the unique
    // index; states that change in between, into take_locked().
    add(states_come_first_ && has_accounts, Step::read_accounts);
    add(states_come_first_, Step::find_states);
    add(has_keys, Step::find_keys);
    add(has_references, Step::find_references);
    add(request.needs_account_id, Step::find_last_id);
    add(!steps_.empty(), Step::end);
  }
  add(true, Step::begin);
  add(has_accounts, Step::lock_accounts);
  if (frame != Frame::serializable) {
    // Once all are locked, a second statement sees them as they are, together with all that those
    // who held the locks have written. Where there is but one state to see, the lock is refused
    // unless the account is still in it.
    const bool sees_others = frame != Frame::savepoint_in_snapshot;
    add(has_accounts && sees_others, Step::read_accounts);
    add(has_keys, Step::find_keys);
    add(has_references, Step::find_references);
    add(request.needs_account_id, Step::find_last_id);
    add(!request.states.empty(), Step::find_states);
  }
  // After the locks: whoever comes second to an account has the greater numbers.
  add(request.max_rows > 0, Step::reserve);
  add(true, Step::end);
}

const char* Loading::begin_statement() const {
  switch (frame_) {
    case Frame::serializable:
      return statement::kBeginSerializable;
    case Frame::read_committed:
      return statement::kBeginReadCommitted;
    case Frame::savepoint_in_snapshot:
    case Frame::savepoint:
      return statement::kSetSavepoint;
  }
  return statement::kBeginSerializable;
}

Result<void> Loading::queue(Connection& connection) {
  for (const Step step : steps_) {
    if (auto queued = queue(connection, step); !queued) return queued;
  }
  return {};
}

Result<void> Loading::queue(Connection& connection, Step step) {
  using namespace statement;
  switch (step) {
    case Step::begin:
      return connection.send(begin_statement());
    case Step::find_keys:
      return connection.send(kFindRecorded, Parameters().add_keys(request_.keys));
    case Step::find_references:
      return connection.send(kFindReferences, Parameters().add_keys(request_.references));
    case Step::find_last_id:
      return connection.send(kLastAccountId);
    case Step::lock_accounts:
      return connection.send(kLockAccounts, account_ids(request_.accounts));
    case Step::read_accounts:
      return connection.send(kFindAccounts, account_ids(request_.accounts));
    case Step::find_states:
      return connection.send(kFindStates, transfer_ids(request_.states));
    case Step::reserve:
      return connection.send(kReserveRows,
                             Parameters().add(static_cast<std::int64_t>(request_.max_rows)));
    case Step::end:
      return connection.sync();
  }
  return {};
}

Result<Snapshot> Loading::read(Connection& connection, SteadyTime deadline) {
  for (const Step step : steps_) {
    if (step == Step::end) {
      if (auto ended = connection.finish_group(deadline); !ended) return ended.error();
      continue;
    }
    auto reply = connection.receive(deadline);
    auto taken = reply ? take(step, *reply) : Result<void>(reply.error());
    if (taken) continue;
    (void)connection.finish(deadline);
    return taken.error();
  }
  return std::move(snapshot_);
}

Result<void> Loading::take(Step step, const Reply& reply) {
  switch (step) {
    case Step::begin:
    case Step::end:
      return {};
    case Step::find_keys:
      return keep(read_recorded(reply.get()), snapshot_.recorded);
    case Step::find_references:
      return keep(read_texts(reply.get()), snapshot_.references);
    case Step::find_last_id: {
      const std::int64_t last = ColumnReader(reply.get(), 0).integer();
      snapshot_.next_account_id = AccountId{last == kMax ? kMax : last + 1};
      return {};
    }
    case Step::lock_accounts:
      return take_locked(postgres::read_accounts(reply.get()));
    case Step::read_accounts:
      return keep(postgres::read_accounts(reply.get()), snapshot_.accounts);
    case Step::find_states:
      return keep(read_states(reply.get()), snapshot_.states);
    case Step::reserve:
      snapshot_.next_seq = ColumnReader(reply.get(), 0).integer();
      return {};
  }
  return {};
}

Result<void> Loading::take_locked(Result<std::vector<Account>> locked) {
  const bool may_be_stale =
      locked && states_come_first_ &&
      !std::ranges::equal(snapshot_.accounts, *locked, {}, &Account::version, &Account::version);
  if (may_be_stale) {
    return Error{ErrorCode::conflict,
                 "an account moved on between a transfer's state and its lock"};
  }
  return keep(std::move(locked), snapshot_.accounts);
}

Result<std::vector<JournalRow>> read_recorded(const pg_result* result) {
  auto rows = read_rows(result);
  if (!rows) return rows;
  for (std::size_t i = 0; i < rows->size();) {
    const JournalRow& first = (*rows)[i];
    const auto legs = static_cast<std::size_t>(first.legs);
    bool complete = legs > 0 && !first.key.empty() && rows->size() - i >= legs;
    for (std::size_t leg = 1; complete && leg < legs; ++leg) {
      const JournalRow& row = (*rows)[i + leg];
      complete = row.key.empty() && row.seq == first.seq + static_cast<Seq>(leg);
    }
    if (!complete) {
      return Error{ErrorCode::store_corrupt,
                   "the transfer at journal row " + std::to_string(first.seq) + " is incomplete"};
    }
    i += legs;
  }
  return rows;
}

}  // namespace ledger::postgres
