#include "engine/batch_runner.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/receipt.h"

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
  for (const auto* request : requests)
    keys.push_back(request->operation.key());
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

SteadyTime latest_deadline(const Requests& requests) {
  const auto latest = std::ranges::max_element(
      requests, {}, [](const PendingRequest* request) { return request->deadline; });
  return (*latest)->deadline;
}

void answer_from(PendingRequest& request, std::span<const JournalRow> rows, bool replayed) {
  if (std::holds_alternative<TransferRequest>(request.operation.request)) {
    request.answer = core::to_receipt(rows, replayed);
  } else {
    request.answer = core::to_created_account(rows, replayed);
  }
}

/// The rows that are recorded under each key of a look-up.
class Recorded {
 public:
  explicit Recorded(std::vector<JournalRow> rows) : rows_(std::move(rows)) {
    for (std::size_t i = 0; i < rows_.size();) {
      const auto count = static_cast<std::size_t>(rows_[i].legs);
      found_.emplace_back(std::span(rows_).subspan(i, count));
      i += count;
    }
    std::ranges::sort(found_, {}, key_of);
  }

  /// Empty: nothing is recorded under `key`.
  [[nodiscard]] std::span<const JournalRow> find(std::string_view key) const {
    const auto at = std::ranges::lower_bound(found_, key, {}, key_of);
    if (at == found_.end() || key_of(*at) != key) return {};
    return *at;
  }

 private:
  static std::string_view key_of(std::span<const JournalRow> transfer) {
    return transfer.front().key;
  }

  std::vector<JournalRow> rows_;
  std::vector<std::span<const JournalRow>> found_;
};

/// Answers from what is recorded under the request's key: its own outcome or, under another
/// request's key, key_reused.
void answer_recorded(PendingRequest& request, std::span<const JournalRow> rows, bool replayed) {
  if (rows.front().fingerprint != request.operation.fingerprint) {
    request.fail(ErrorCode::key_reused);
  } else {
    answer_from(request, rows, replayed);
  }
}

void erase_answered(Requests& requests) {
  std::erase_if(requests,
                [](const PendingRequest* request) { return request->answer.has_value(); });
}

/// Answers, and takes out, those whose keys are among `rows`.
void answer_from_record(Requests& requests, std::vector<JournalRow> rows) {
  const Recorded recorded(std::move(rows));
  for (auto* request : requests) {
    const auto found = recorded.find(request->operation.key());
    if (!found.empty()) answer_recorded(*request, found, true);
  }
  erase_answered(requests);
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
  const Recorded recorded(std::move(*rows));
  for (auto* request : doubtful) {
    const auto found = recorded.find(request->operation.key());
    if (found.empty()) {
      request->fail(Error{ErrorCode::commit_failed, request->held_up_by.detail});
    } else {
      answer_recorded(*request, found, request->duplicate_in_batch);
    }
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
  const auto keys = keys_are_new ? std::vector<std::string_view>() : keys_of(requests);
  const auto accounts = accounts_of(requests);
  load.keys = keys;
  load.accounts = accounts;
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
    const core::Decision& decision = result.decisions[i];
    if (decision.source == Source::none) {
      requests[i]->fail(*decision.decline);
      continue;
    }
    const auto& rows = decision.source == Source::recorded ? snapshot.recorded : result.writes.rows;
    answer_from(*requests[i], std::span(rows).subspan(decision.first, decision.count),
                decision.replayed);
  }
}

/// What does not hang on the commit is answered; the rest is to be resolved at once.
void BatchRunner::doubt(const Requests& requests, const core::BatchResult& result,
                        const Snapshot& snapshot, const Error& error) {
  const auto now = clock_.steady_now();
  for (std::size_t i = 0; i < requests.size(); ++i) {
    PendingRequest& request = *requests[i];
    const core::Decision& decision = result.decisions[i];
    if (decision.source == Source::recorded) {
      answer_from(request, std::span(snapshot.recorded).subspan(decision.first, decision.count),
                  decision.replayed);
      continue;
    }
    // A decline that is not recorded may rest on what the batch did before it.
    if (decision.source == Source::none) {
      request.fail(Error{ErrorCode::store_unavailable, error.detail});
      continue;
    }
    request.duplicate_in_batch = decision.replayed;
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
    request.fail(std::move(reason));
  } else {
    request.held_up_by = std::move(reason);
  }
}

}  // namespace ledger::engine
