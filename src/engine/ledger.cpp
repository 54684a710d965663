#include "ledger/ledger.h"

#include <algorithm>
#include <random>
#include <string>
#include <utility>

#include "core/audit.h"
#include "core/receipt.h"
#include "engine/committer.h"
#include "engine/open.h"

namespace ledger {
namespace {

using engine::Answer;
using engine::PendingRequest;

constexpr std::size_t kPage = 4096;  // rows read at a time by verify()

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

/// Every key's first row must be the row that the store finds under it: were a key there twice, one
/// of its rows would not be.
Result<void> verify_keys(Store& store, const std::vector<JournalRow>& rows) {
  std::vector<std::string_view> keys;
  for (const JournalRow& row : rows) {
    if (!row.key.empty()) keys.push_back(row.key);
  }
  std::ranges::sort(keys);
  auto found = store.find_recorded(keys);
  if (!found) return found.error();
  auto next = found->begin();
  for (const JournalRow& row : rows) {
    if (row.key.empty()) continue;
    next = std::find_if(next, found->end(), [](const JournalRow& r) { return !r.key.empty(); });
    if (next == found->end() || next->seq != row.seq) {
      return Error{ErrorCode::store_corrupt,
                   "journal row " + std::to_string(row.seq) + " is not found by its key"};
    }
    ++next;
  }
  return {};
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
                   limits_of(options_)) {}

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

  engine::Committer& committer() { return committer_; }

  Result<void> audit_journal(core::Audit& audit);
  Result<void> audit_accounts(core::Audit& audit);

 private:
  const Options options_;
  const std::unique_ptr<Store> store_;
  const std::unique_ptr<LockProvider> locks_;
  const std::unique_ptr<OutcomeCache> cache_;  // nullptr: none
  engine::Committer committer_;
};

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

Result<Receipt> Ledger::transfer(const TransferRequest& request) {
  auto operation = core::make_operation(request);
  if (!operation) return std::move(operation).error();
  return std::get<Result<Receipt>>(impl_->run(std::move(*operation)));
}

std::vector<Result<Receipt>> Ledger::submit(std::span<const TransferRequest> requests) {
  std::vector<Result<Receipt>> results;
  results.reserve(requests.size());
  const std::size_t window = impl_->options().max_batch_requests;
  while (!requests.empty()) {
    const auto now = requests.first(std::min(window, requests.size()));
    requests = requests.subspan(now.size());

    std::vector<PendingRequest> pending;
    pending.reserve(now.size());
    const std::size_t first = results.size();
    for (const TransferRequest& request : now) {
      auto operation = core::make_operation(request);
      results.emplace_back(operation ? Error{} : operation.error());
      if (operation) pending.push_back(impl_->make_pending(std::move(*operation)));
    }
    impl_->committer().run(pending);
    auto answered = pending.begin();
    for (std::size_t i = first; i < results.size(); ++i) {
      if (results[i].error().code != ErrorCode{}) continue;  // malformed, not submitted
      results[i] = std::get<Result<Receipt>>(std::move(*(answered++)->answer));
    }
  }
  return results;
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

Result<Account> Ledger::account(AccountId id) {
  auto found = impl_->store().find_account(id);
  if (!found) return std::move(found).error();
  if (!*found) return ErrorCode::account_not_found;
  return std::move(**found);
}

Result<std::vector<Account>> Ledger::accounts(AccountId after, std::size_t limit) {
  return impl_->store().read_accounts(after, limit);
}

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

Result<void> Ledger::verify() {
  core::Audit audit;
  if (auto journal = impl_->audit_journal(audit); !journal) return journal;
  if (auto accounts = impl_->audit_accounts(audit); !accounts) return accounts;
  return audit.finish();
}

Result<void> Ledger::Impl::audit_journal(core::Audit& audit) {
  for (Seq next = 1;;) {
    auto rows = store_->read_journal(next, kPage);
    if (!rows) return rows.error();
    if (rows->empty()) return {};
    if (auto keys = verify_keys(*store_, *rows); !keys) return keys;
    for (const JournalRow& row : *rows) {
      if (auto valid = audit.add_row(row); !valid) return valid;
    }
    next = rows->back().seq + 1;
  }
}

Result<void> Ledger::Impl::audit_accounts(core::Audit& audit) {
  for (AccountId last{0};;) {
    auto accounts = store_->read_accounts(last, kPage);
    if (!accounts) return accounts.error();
    if (accounts->empty()) return {};
    for (const Account& account : *accounts) {
      if (auto valid = audit.add_account(account); !valid) return valid;
    }
    last = accounts->back().id;
  }
}

}  // namespace ledger
