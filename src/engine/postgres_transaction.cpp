#include "ledger/postgres_transaction.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/operation.h"
#include "engine/batch_runner.h"
#include "engine/submission.h"
#include "ledger/no_lock.h"
#include "store/postgres/joined_store.h"

namespace ledger {
namespace {

using engine::Answer;
using engine::PendingRequest;
using postgres::JoinedStore;

/// What others did in between is there to be seen the next time; more than this is a queue.
constexpr int kAttempts = 3;

/// Nothing here waits: who tries again does so at once.
engine::Backoff no_backoff() {
  constexpr std::chrono::nanoseconds kShortest{1};
  return {kShortest, kShortest, 1};
}

PendingRequest make_pending(core::Operation operation) {
  PendingRequest pending;
  pending.operation = std::move(operation);
  pending.deadline = SteadyTime::max();
  return pending;
}

bool has_conflict(const PendingRequest* request) {
  return request->held_up_by.code == ErrorCode::conflict;
}

}  // namespace

class PostgresTransaction::Impl {
 public:
  Impl(std::unique_ptr<JoinedStore> store, const PostgresTransactionOptions& options)
      : options_(options),
        clock_(options.clock ? options.clock : system_clock()),
        store_(std::move(store)),
        locks_(make_no_lock()),
        runner_(*store_, *locks_, *clock_, no_backoff(),
                {.rules = {.record_declines = options.record_declines},
                 .lock_wait = {},
                 .resolve_timeout = {}}) {}

  JoinedStore& store() { return *store_; }

  [[nodiscard]] bool is_known(Currency currency) const {
    const auto iso = Currency::iso(currency.code());
    return (iso && *iso == currency) || std::ranges::count(options_.currencies, currency) != 0;
  }

  Answer run(core::Operation operation) {
    PendingRequest pending = make_pending(std::move(operation));
    run({&pending, 1});
    return std::move(*pending.answer);
  }

  std::vector<Answer> run_all(std::vector<core::Operation> operations) {
    std::vector<PendingRequest> pending;
    for (core::Operation& operation : operations)
      pending.push_back(make_pending(std::move(operation)));
    run(pending);
    return engine::take_answers(pending);
  }

  template <class T>
  Result<Receipt> post(const T& request) {
    auto operation = core::make_operation(request);
    if (!operation) return std::move(operation).error();
    return std::get<Result<Receipt>>(run(std::move(*operation)));
  }

  template <class T>
  std::vector<Result<Receipt>> submit(std::span<const T> requests, BatchMode mode) {
    const auto run_them = [this](auto operations) { return run_all(std::move(operations)); };
    const auto submit_them =
        mode == BatchMode::atomic ? engine::submit_atomic : engine::submit_independent;
    return submit_them(engine::make_operations(requests), run_them);
  }

  /// Answers them all, in one savepoint.
  void run(std::span<PendingRequest> requests) {
    std::vector<PendingRequest*> batch;
    for (PendingRequest& request : requests)
      batch.push_back(&request);
    for (int attempt = 1; !batch.empty(); ++attempt) {
      runner_.run(batch);
      std::erase_if(batch,
                    [](const PendingRequest* request) { return request->answer.has_value(); });
      const bool may_try_again = store_->sees_others() && attempt < kAttempts;
      if (may_try_again && std::ranges::all_of(batch, has_conflict)) continue;
      for (PendingRequest* request : batch)
        request->fail(request->held_up_by);
      return;
    }
  }

 private:
  const PostgresTransactionOptions options_;
  const std::shared_ptr<Clock> clock_;
  const std::unique_ptr<JoinedStore> store_;
  const std::unique_ptr<LockProvider> locks_;
  engine::BatchRunner runner_;
};

Result<PostgresTransaction> PostgresTransaction::join(pg_conn* connection,
                                                      const PostgresTransactionOptions& options) {
  auto store = JoinedStore::open(connection, options.schema);
  if (!store) return store.error();
  return PostgresTransaction(std::make_unique<Impl>(std::move(*store), options));
}

PostgresTransaction::PostgresTransaction(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PostgresTransaction::PostgresTransaction(PostgresTransaction&&) noexcept = default;
PostgresTransaction& PostgresTransaction::operator=(PostgresTransaction&&) noexcept = default;
PostgresTransaction::~PostgresTransaction() = default;

Result<Receipt> PostgresTransaction::transfer(std::string_view key, AccountId from, AccountId to,
                                              Amount amount) {
  return transfer(TransferRequest{.key = std::string(key),
                                  .legs = {{.from = from, .to = to, .amount = amount}}});
}

Result<Receipt> PostgresTransaction::transfer(const TransferRequest& request) {
  return impl_->post(request);
}

Result<Receipt> PostgresTransaction::hold(const HoldRequest& request) {
  return impl_->post(request);
}

Result<Receipt> PostgresTransaction::capture(const CaptureRequest& request) {
  return impl_->post(request);
}

Result<Receipt> PostgresTransaction::void_hold(const VoidRequest& request) {
  return impl_->post(request);
}

Result<Receipt> PostgresTransaction::reverse(const ReversalRequest& request) {
  return impl_->post(request);
}

std::vector<Result<Receipt>> PostgresTransaction::submit(std::span<const TransferRequest> requests,
                                                         BatchMode mode) {
  return impl_->submit(requests, mode);
}

std::vector<Result<Receipt>> PostgresTransaction::submit(std::span<const Request> requests,
                                                         BatchMode mode) {
  return impl_->submit(requests, mode);
}

Result<CreatedAccount> PostgresTransaction::create_account(const AccountRequest& request) {
  auto operation = core::make_operation(request, impl_->is_known(request.currency));
  if (!operation) return std::move(operation).error();
  return std::get<Result<CreatedAccount>>(impl_->run(std::move(*operation)));
}

Result<ChangedAccount> PostgresTransaction::update_account(const AccountChange& request) {
  auto operation = core::make_operation(request);
  if (!operation) return std::move(operation).error();
  return std::get<Result<ChangedAccount>>(impl_->run(std::move(*operation)));
}

Result<Account> PostgresTransaction::account(AccountId id) {
  auto found = impl_->store().find_account(id);
  if (!found) return std::move(found).error();
  if (!*found) return ErrorCode::account_not_found;
  return std::move(**found);
}

}  // namespace ledger
