#include "ledger/ledger.h"

#include <algorithm>
#include <iterator>
#include <random>
#include <string>
#include <utility>

#include "core/receipt.h"
#include "engine/committer.h"
#include "engine/open.h"
#include "engine/repeater.h"
#include "engine/statements.h"
#include "engine/submission.h"
#include "engine/transfers.h"
#include "engine/verify.h"

namespace ledger {
namespace {

using engine::Answer;
using engine::PendingRequest;

constexpr std::size_t kExpiredAtOnce = 1000;

std::uint64_t seed_of(const Options& options) {
  return options.seed != 0 ? options.seed : std::random_device{}();
}

engine::BatchRunner make_runner(const Options& options, Store& store, LockProvider& locks,
                                OutcomeCache* cache) {
  return {store, locks, *options.clock,
          engine::Backoff(options.min_backoff, options.max_backoff, seed_of(options)),
          engine::RunnerOptions{.rules = {.record_declines = options.record_declines},
                                .lock_wait = options.lock_wait,
                                .resolve_timeout = options.resolve_timeout,
                                .cache = cache}};
}

engine::QueueLimits limits_of(const Options& options) {
  return {.queued_requests = options.max_queued_requests,
          .batch_requests = options.max_batch_requests,
          .batch_bytes = options.max_batch_bytes};
}

}  // namespace

class Ledger::Impl {
 public:
  Impl(Options options, std::unique_ptr<Store> store, std::unique_ptr<LockProvider> locks,
       std::unique_ptr<OutcomeCache> cache)
      : options_(std::move(options)),
        store_(std::move(store)),
        locks_(std::move(locks)),
        cache_(std::move(cache)),
        committer_(make_runner(options_, *store_, *locks_, cache_.get()), *options_.clock,
                   limits_of(options_)),
        // What fails now is due again the next time.
        expiry_(options_.expiry_interval, [this] { (void)expire_holds(kExpiredAtOnce); }) {}

  const Options& options() const { return options_; }
  Store& store() { return *store_; }
  const LockProvider& locks() const { return *locks_; }

  PendingRequest make_pending(core::Operation operation) {
    PendingRequest pending;
    pending.operation = std::move(operation);
    pending.deadline = options_.clock->steady_now() + options_.request_timeout;
    return pending;
  }

  Answer run(core::Operation operation) {
    PendingRequest pending = make_pending(std::move(operation));
    committer_.run({&pending, 1});
    return std::move(*pending.answer);
  }

  std::vector<Answer> run_all(std::vector<core::Operation> operations) {
    std::vector<PendingRequest> pending;
    pending.reserve(operations.size());
    for (core::Operation& operation : operations)
      pending.push_back(make_pending(std::move(operation)));
    committer_.run(pending);
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
    if (mode == BatchMode::atomic) {
      return engine::submit_atomic(engine::make_operations(requests), run_them);
    }
    // As many at a time as a commit takes, so that they do not fill the queue.
    std::vector<Result<Receipt>> results;
    results.reserve(requests.size());
    while (!requests.empty()) {
      const auto now = requests.first(std::min(options_.max_batch_requests, requests.size()));
      requests = requests.subspan(now.size());
      auto some = engine::submit_independent(engine::make_operations(now), run_them);
      std::ranges::move(some, std::back_inserter(results));
    }
    return results;
  }

  Result<std::size_t> expire_holds(std::size_t limit);

  engine::Committer& committer() { return committer_; }

 private:
  const Options options_;
  const std::unique_ptr<Store> store_;
  const std::unique_ptr<LockProvider> locks_;
  const std::unique_ptr<OutcomeCache> cache_;  // nullptr: none
  engine::Committer committer_;
  engine::Repeater expiry_;  // the first to go: it uses all the others
};

Result<std::size_t> Ledger::Impl::expire_holds(std::size_t limit) {
  const auto due = store_->find_expired(options_.clock->now(), limit);
  if (!due) return due.error();
  std::vector<core::Operation> operations;
  for (const TransferId hold : *due)
    operations.push_back(core::make_expiry(hold));
  std::size_t released = 0;
  for (const Answer& answer : run_all(std::move(operations))) {
    const auto& result = std::get<Result<Receipt>>(answer);
    // A decline: it was captured, voided or released by another meanwhile.
    if (!result && result.error().outcome() != Outcome::declined) return result.error();
    released += result && !result->replayed ? 1 : 0;
  }
  return released;
}

Result<Ledger> Ledger::open(Options options) {
  if (auto valid = engine::check_options(options); !valid) return valid.error();
  auto store = engine::open_store(options.store);
  if (!store) return store.error();
  auto locks = engine::open_locks(options);
  if (!locks) return locks.error();
  return open(std::move(options), std::move(*store), std::move(*locks));
}

Result<Ledger> Ledger::open(Options options, std::unique_ptr<Store> store,
                            std::unique_ptr<LockProvider> locks,
                            std::unique_ptr<OutcomeCache> cache) {
  if (auto valid = engine::check_options(options); !valid) return valid.error();
  if (!options.clock) options.clock = system_clock();
  return Ledger(std::make_unique<Impl>(std::move(options), std::move(store), std::move(locks),
                                       std::move(cache)));
}

Ledger::Ledger(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Ledger::Ledger(Ledger&&) noexcept = default;
Ledger& Ledger::operator=(Ledger&&) noexcept = default;
Ledger::~Ledger() = default;

Result<Receipt> Ledger::transfer(std::string_view key, AccountId from, AccountId to,
                                 Amount amount) {
  return transfer(TransferRequest{.key = std::string(key),
                                  .legs = {{.from = from, .to = to, .amount = amount}}});
}

Result<Receipt> Ledger::transfer(const TransferRequest& request) { return impl_->post(request); }
Result<Receipt> Ledger::hold(const HoldRequest& request) { return impl_->post(request); }
Result<Receipt> Ledger::capture(const CaptureRequest& request) { return impl_->post(request); }
Result<Receipt> Ledger::void_hold(const VoidRequest& request) { return impl_->post(request); }
Result<Receipt> Ledger::reverse(const ReversalRequest& request) { return impl_->post(request); }

std::vector<Result<Receipt>> Ledger::submit(std::span<const TransferRequest> requests,
                                            BatchMode mode) {
  return impl_->submit(requests, mode);
}

std::vector<Result<Receipt>> Ledger::submit(std::span<const Request> requests, BatchMode mode) {
  return impl_->submit(requests, mode);
}

void Ledger::transfer_async(TransferRequest request, std::function<void(Result<Receipt>)> done) {
  auto operation = core::make_operation(std::move(request));
  if (!operation) return done(std::move(operation).error());
  impl_->committer().run_async(impl_->make_pending(std::move(*operation)),
                               [done = std::move(done)](Answer answer) {
                                 done(std::get<Result<Receipt>>(std::move(answer)));
                               });
}

Result<CreatedAccount> Ledger::create_account(const AccountRequest& request) {
  const auto known = currency(request.currency.code());
  auto operation = core::make_operation(request, known && *known == request.currency);
  if (!operation) return std::move(operation).error();
  return std::get<Result<CreatedAccount>>(impl_->run(std::move(*operation)));
}

Result<ChangedAccount> Ledger::update_account(const AccountChange& request) {
  auto operation = core::make_operation(request);
  if (!operation) return std::move(operation).error();
  return std::get<Result<ChangedAccount>>(impl_->run(std::move(*operation)));
}

Result<std::size_t> Ledger::expire_holds(std::size_t limit) { return impl_->expire_holds(limit); }

Result<Account> Ledger::account(AccountId id) {
  auto found = impl_->store().find_account(id);
  if (!found) return std::move(found).error();
  if (!*found) return ErrorCode::account_not_found;
  return std::move(**found);
}

Result<std::vector<Account>> Ledger::accounts(AccountId after, std::size_t limit) {
  return impl_->store().read_accounts(after, limit);
}

Result<Account> Ledger::account_by_reference(std::string_view reference) {
  if (!core::is_valid_key(reference)) return ErrorCode::account_not_found;
  auto found = impl_->store().find_account_by_reference(reference);
  if (!found) return std::move(found).error();
  if (!*found) return ErrorCode::account_not_found;
  return std::move(**found);
}

Result<StatementPage> Ledger::statement(const StatementQuery& query) {
  return engine::Statements(impl_->store()).statement(query);
}

Result<BalanceAt> Ledger::balance_at(AccountId id, Timestamp time) {
  return engine::Statements(impl_->store()).balance_at(id, time);
}

Result<Transfer> Ledger::find_transfer(TransferId id) {
  return engine::Transfers(impl_->store()).find(id);
}

Result<std::vector<Transfer>> Ledger::transfers_by_reference(std::string_view reference,
                                                             TransferId after, std::size_t limit) {
  if (!core::is_valid_key(reference)) return std::vector<Transfer>{};
  return engine::Transfers(impl_->store()).find_by_reference(reference, after, limit);
}

Result<TransferPage> Ledger::transfers(const TransferQuery& query) {
  return engine::Transfers(impl_->store()).page(query);
}

Result<std::vector<CurrencyTotals>> Ledger::trial_balance() { return impl_->store().read_totals(); }

Result<Receipt> Ledger::resolve(std::string_view key) {
  if (!core::is_valid_key(key)) return ErrorCode::invalid_key;
  auto rows = impl_->store().find_recorded({&key, 1});
  if (!rows) return std::move(rows).error();
  if (rows->empty()) return ErrorCode::key_not_found;
  return core::to_receipt(*rows, true);
}

Result<Currency> Ledger::currency(std::string_view code) const {
  for (const Currency& own : impl_->options().currencies) {
    if (own.code() == code) return own;
  }
  return Currency::iso(code);
}

Result<void> Ledger::check() { return impl_->store().check(); }

std::optional<CircuitState> Ledger::locks_state() const noexcept {
  return impl_->locks().circuit_state();
}

Result<void> Ledger::verify() { return engine::verify(impl_->store()); }

}  // namespace ledger
