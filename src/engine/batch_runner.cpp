#include "engine/batch_runner.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "engine/answers.h"

namespace ledger::engine {
namespace {

using Requests = std::vector<PendingRequest*>;
using Source = core::Decision::Source;

template <class T>
void sort_unique(std::vector<T>& values) {
  std::ranges::sort(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

std::vector<std::string_view> keys_of(const Requests& requests) {
  std::vector<std::string_view> keys;
  keys.reserve(requests.size());
  for (const auto* request : requests) {
    request->operation.for_each_part(
        [&](const core::Operation& part) { keys.push_back(part.key()); });
  }
  sort_unique(keys);
  return keys;
}

std::vector<AccountId> accounts_of(const Requests& requests) {
  std::vector<AccountId> accounts;
  accounts.reserve(2 * requests.size());
  for (const auto* request : requests)
    request->operation.add_accounts(accounts);
  sort_unique(accounts);
  return accounts;
}

std::vector<std::string_view> references_of(const Requests& requests) {
  std::vector<std::string_view> references;
  for (const auto* request : requests)
    request->operation.add_references(references);
  sort_unique(references);
  return references;
}

/// What the requests refer to, if it has been found (or has not, as `found` says).
std::vector<TransferId> referred_by(const Requests& requests, bool found) {
  std::vector<TransferId> ids;
  for (const auto* request : requests) {
    request->operation.for_each_part([&](const core::Operation& part) {
      const auto id = part.refers_to();
      if (id && part.referred.empty() != found) ids.push_back(*id);
    });
  }
  sort_unique(ids);
  return ids;
}

bool refers_to_any(const PendingRequest& request, const std::vector<TransferId>& ids) {
  bool refers = false;
  request.operation.for_each_part([&](const core::Operation& part) {
    const auto id = part.refers_to();
    refers = refers || (id && std::ranges::binary_search(ids, *id));
  });
  return refers;
}

SteadyTime latest_deadline(const Requests& requests) {
  const auto latest = std::ranges::max_element(
      requests, {}, [](const PendingRequest* request) { return request->deadline; });
  return (*latest)->deadline;
}

void erase_answered(Requests& requests) {
  std::erase_if(requests,
                [](const PendingRequest* request) { return request->answer.has_value(); });
}

/// How many of the request's parts are recorded.
std::size_t count_recorded(const PendingRequest& request, const Recorded& found) {
  std::size_t count = 0;
  request.operation.for_each_part(
      [&](const core::Operation& part) { count += found.find(part.key()).empty() ? 0 : 1; });
  return count;
}

std::size_t count_parts(const core::Operation& operation) {
  const auto* group = operation.atomic();
  return group == nullptr ? 1 : group->parts.size();
}

/// Answers, and takes out, those all of whose keys are among `rows`.
void answer_from_record(Requests& requests, std::vector<JournalRow> rows) {
  const Recorded found(std::move(rows));
  for (auto* request : requests) {
    const std::size_t known = count_recorded(*request, found);
    if (known < count_parts(request->operation)) {
      request->known_in_part = request->known_in_part || known > 0;
      continue;
    }
    request->answer =
        answer_parts(request->operation, [&](const core::Operation& part, std::size_t /*index*/) {
          return recorded(part, found.find(part.key()), true);
        });
  }
  erase_answered(requests);
}

/// Those that have to be looked up once more, in the transaction: what is recorded of them decides
/// about the rest.
Requests known_in_part(const Requests& requests) {
  Requests known;
  std::ranges::copy_if(requests, std::back_inserter(known), &PendingRequest::known_in_part);
  return known;
}

/// The decisions about a request's parts.
std::span<const core::Decision> parts_of(const core::Decision& decision) {
  return decision.parts.empty() ? std::span(&decision, 1) : std::span(decision.parts);
}

/// The answer to a part from the decision about it, as if the batch were committed.
Answer answer_decided(const core::Operation& part, const core::Decision& decision,
                      const core::BatchResult& result, const Snapshot& snapshot) {
  if (decision.source == Source::none) return failed(part, Error{*decision.decline, {}});
  const auto& rows = decision.source == Source::recorded ? snapshot.recorded : result.writes.rows;
  return recorded(part, std::span(rows).subspan(decision.first, decision.count), decision.replayed);
}

Answer answer_decided(const core::Operation& operation, std::span<const core::Decision> decisions,
                      const core::BatchResult& result, const Snapshot& snapshot) {
  return answer_parts(operation, [&](const core::Operation& part, std::size_t index) {
    return answer_decided(part, decisions[index], result, snapshot);
  });
}

}  // namespace

BatchRunner::BatchRunner(Store& store, LockProvider& locks, Clock& clock, const Backoff& backoff,
                         const RunnerOptions& options)
    : store_(store), locks_(locks), clock_(clock), backoff_(backoff), options_(options) {}

void BatchRunner::run(std::span<PendingRequest* const> batch) noexcept {
  Requests requests(batch.begin(), batch.end());
  resolve_doubtful(requests);
  drop_late(requests);
  if (options_.cache != nullptr) answer_remembered(requests);
  const bool looks_up_first = !locks_.grants_everything();
  if (looks_up_first) answer_known(requests);
  find_referred(requests);
  if (requests.empty()) return;
  const auto leases = lease(requests);
  if (!requests.empty()) post(requests, looks_up_first);
}

void BatchRunner::drop_late(Requests& requests) {
  const auto now = clock_.steady_now();
  for (auto* request : requests) {
    if (request->deadline <= now) request->fail(request->held_up_by);
  }
  erase_answered(requests);
}

void BatchRunner::resolve_doubtful(Requests& requests) {
  Requests doubtful;
  std::erase_if(requests, [&](PendingRequest* request) {
    if (!request->resolve_deadline) return false;
    doubtful.push_back(request);
    return true;
  });
  if (!doubtful.empty()) resolve(doubtful);
}

/// Finds out what became of commits in doubt. Once the store is settled, a key that is not there
/// will never be.
void BatchRunner::resolve(const Requests& doubtful) {
  const auto deadline = (*std::ranges::max_element(doubtful, {}, [](const auto* request) {
                          return *request->resolve_deadline;
                        }))->resolve_deadline;
  auto settled = store_.settle(*deadline);
  auto rows = settled ? store_.find_recorded(keys_of(doubtful))
                      : Result<std::vector<JournalRow>>(settled.error());
  if (!rows) {
    for (auto* request : doubtful) {
      ++request->attempts;
      pause(*request, Error{ErrorCode::commit_in_doubt, rows.error().message()},
            *request->resolve_deadline);
    }
    return;
  }
  const Recorded found(std::move(*rows));
  for (auto* request : doubtful) {
    const Error lost{ErrorCode::commit_failed, request->held_up_by.detail};
    request->answer =
        answer_parts(request->operation, [&](const core::Operation& part, std::size_t index) {
          const auto own = found.find(part.key());
          return own.empty() ? failed(part, lost) : recorded(part, own, request->replays[index]);
        });
  }
}

/// A cache answers what it can, and decides nothing.
void BatchRunner::answer_remembered(Requests& requests) const {
  if (requests.empty()) return;
  answer_from_record(requests, options_.cache->find(keys_of(requests)));
}

/// A replay takes no lease.
void BatchRunner::answer_known(Requests& requests) {
  if (requests.empty()) return;
  auto rows = store_.find_recorded(keys_of(requests));
  if (!rows) {
    hold_up(requests, rows.error());
    requests.clear();
    return;
  }
  if (options_.cache != nullptr) options_.cache->keep(*rows);
  answer_from_record(requests, std::move(*rows));
}

/// What captures, voids and reversals refer to names the accounts that they need. It is looked up
/// again by another attempt only where there was none.
void BatchRunner::find_referred(Requests& requests) {
  const auto ids = referred_by(requests, false);
  if (ids.empty()) return;
  auto rows = store_.find_transfers(ids);
  if (!rows) {
    Requests affected;
    std::erase_if(requests, [&](PendingRequest* request) {
      if (!refers_to_any(*request, ids)) return false;
      affected.push_back(request);
      return true;
    });
    return hold_up(affected, rows.error());
  }
  std::unordered_map<TransferId, std::vector<JournalRow>> transfers;
  TransferId current{};
  for (JournalRow& row : *rows) {
    if (!row.key.empty()) current = TransferId{row.seq};
    transfers[current].push_back(std::move(row));
  }
  for (auto* request : requests) {
    request->operation.for_each_part([&](core::Operation& part) {
      const auto id = part.refers_to();
      if (id && part.referred.empty() && transfers.contains(*id)) part.referred = transfers[*id];
    });
  }
}

std::unique_ptr<Leases> BatchRunner::lease(Requests& requests) {
  auto leases = locks_.acquire(accounts_of(requests), latest_deadline(requests));
  // Without a lock service the ledger goes on: only conflicts grow.
  if (!leases) return nullptr;
  if (!(*leases)->refused().empty()) set_aside_refused(requests, (*leases)->refused());
  return std::move(*leases);
}

void BatchRunner::set_aside_refused(Requests& requests, const std::vector<AccountId>& refused) {
  const auto now = clock_.steady_now();
  std::vector<AccountId> accounts;
  std::erase_if(requests, [&](PendingRequest* request) {
    accounts.clear();
    request->operation.add_accounts(accounts);
    const bool is_refused = std::ranges::any_of(
        accounts, [&](AccountId id) { return std::ranges::binary_search(refused, id); });
    if (!is_refused) return false;
    if (!request->lock_deadline) request->lock_deadline = now + options_.lock_wait;
    ++request->attempts;
    pause(*request, Error{ErrorCode::lock_not_granted, {}},
          std::min(*request->lock_deadline, request->deadline));
    return true;
  });
}

/// Keys that were looked up before the leases are not looked up again: one that was added since is
/// refused by its unique index, and found by the next attempt.
void BatchRunner::post(const Requests& requests, bool keys_are_new) {
  std::vector<const core::Operation*> operations;
  operations.reserve(requests.size());
  LoadRequest load;
  for (auto* request : requests) {
    ++request->attempts;
    operations.push_back(&request->operation);
    load.max_rows += request->operation.max_rows();
    load.needs_account_id = load.needs_account_id || request->operation.needs_account_id();
  }
  const auto keys = keys_of(keys_are_new ? known_in_part(requests) : requests);
  const auto accounts = accounts_of(requests);
  const auto states = referred_by(requests, true);
  const auto references = references_of(requests);
  load.keys = keys;
  load.accounts = accounts;
  load.states = states;
  load.references = references;
  auto transaction = store_.begin(load, latest_deadline(requests));
  if (!transaction) return hold_up(requests, transaction.error());

  const Snapshot& snapshot = (*transaction)->snapshot();
  auto result = core::apply_batch(snapshot, operations, clock_.now(), options_.rules);
  const auto committed = commit(**transaction, result);
  if (committed) {
    answer(requests, result, snapshot);
    if (options_.cache != nullptr) {
      options_.cache->keep(snapshot.recorded);
      options_.cache->keep(std::move(result.writes.rows));
    }
    return;
  }
  if (committed.error().code == ErrorCode::commit_in_doubt) {
    return doubt(requests, result, snapshot, committed.error());
  }
  hold_up(requests, committed.error());
}

Result<void> BatchRunner::commit(StoreTransaction& transaction, const core::BatchResult& result) {
  // Nothing but replays and unrecorded declines: there is nothing to make durable.
  if (result.writes.empty()) return {};
  return transaction.commit(result.writes);
}

void BatchRunner::answer(const Requests& requests, const core::BatchResult& result,
                         const Snapshot& snapshot) {
  for (std::size_t i = 0; i < requests.size(); ++i) {
    requests[i]->answer =
        answer_decided(requests[i]->operation, parts_of(result.decisions[i]), result, snapshot);
  }
}

/// What does not hang on the commit is answered; the rest is to be resolved at once.
void BatchRunner::doubt(const Requests& requests, const core::BatchResult& result,
                        const Snapshot& snapshot, const Error& error) {
  const auto now = clock_.steady_now();
  for (std::size_t i = 0; i < requests.size(); ++i) {
    PendingRequest& request = *requests[i];
    const auto decisions = parts_of(result.decisions[i]);
    const auto from = [&](Source source) {
      return [source](const core::Decision& decision) { return decision.source == source; };
    };
    if (std::ranges::all_of(decisions, from(Source::recorded))) {
      request.answer = answer_decided(request.operation, decisions, result, snapshot);
      continue;
    }
    // A decline that is not recorded may rest on what the batch did before it.
    if (std::ranges::none_of(decisions, from(Source::written))) {
      request.fail(Error{ErrorCode::store_unavailable, error.detail});
      continue;
    }
    request.replays.clear();
    for (const core::Decision& decision : decisions)
      request.replays.push_back(decision.replayed);
    request.held_up_by = error;
    request.resolve_deadline = now + options_.resolve_timeout;
    request.not_before = now;
  }
}

void BatchRunner::hold_up(const Requests& requests, const Error& error) {
  for (auto* request : requests) {
    if (error.code == ErrorCode::conflict) {
      ++request->conflicts;
      pause(*request, error, request->deadline);
    } else {
      request->fail(error);
    }
  }
}

void BatchRunner::pause(PendingRequest& request, Error reason, SteadyTime last_moment) {
  request.not_before = clock_.steady_now() + backoff_.pause(request.attempts);
  if (request.not_before >= last_moment) {
    request.fail(reason);
  } else {
    request.held_up_by = std::move(reason);
  }
}

}  // namespace ledger::engine
