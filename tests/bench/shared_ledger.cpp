#include "bench/shared_ledger.h"

#include <thread>
#include <utility>

#include "bench/measure.h"
#include "ledger/circuit_breaker.h"
#include "ledger/postgres_store.h"
#include "ledger/redis_lock.h"

namespace ledger::bench {
namespace {

constexpr int kOpeningThreads = 64;

Ledger open(const std::string& url, const std::string& schema, const std::string& redis) {
  return must(Ledger::open(
      {}, must(open_postgres_store({.url = url, .schema = schema})),
      make_guarded_lock(must(make_redis_lock({.address = redis, .key_prefix = schema + ':'})))));
}

}  // namespace

SharedLedger::SharedLedger(const std::string& url, const std::string& schema,
                           const std::string& redis)
    : usd_(must(Currency::iso("USD"))), ledger_(open(url, schema, redis)) {
  open_accounts();
}

template <class Work>
void SharedLedger::in_threads(int count, Work work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i)
    threads.emplace_back(work, i);
  for (auto& thread : threads)
    thread.join();
}

void SharedLedger::open_accounts() {
  in_threads(kOpeningThreads, [this](int thread) {
    for (std::int64_t id = 1 + thread; id <= kAccounts; id += kOpeningThreads) {
      must(ledger_.create_account({.key = "open-" + std::to_string(id),
                                   .currency = usd_,
                                   .id = AccountId{id},
                                   .min_balance = -kOverdraft}));
    }
  });
}

double SharedLedger::run(int callers, std::chrono::milliseconds time, bool hot) {
  std::vector<Requests> requests;
  for (int i = 0; i < callers; ++i)
    requests.emplace_back(seeds_.next(), hot);
  const std::int64_t before = acknowledged_;
  const auto start = SteadyClock::now();
  in_threads(callers, [&](int caller) {
    Requests& own = requests[static_cast<std::size_t>(caller)];
    std::int64_t done = 0;
    for (; SteadyClock::now() - start < time; ++done) {
      const Pair pair = own.pair();
      must(ledger_.transfer(own.key(), AccountId{pair.from}, AccountId{pair.to}, Amount(1, usd_)));
    }
    acknowledged_ += done;
  });
  return static_cast<double>(acknowledged_ - before) / seconds_since(start);
}

std::vector<TransferRequest> SharedLedger::make(std::size_t transfers, Requests& requests) const {
  std::vector<TransferRequest> batch;
  for (std::size_t i = 0; i < transfers; ++i) {
    const Pair pair = requests.pair();
    batch.push_back(
        {requests.key(), {{AccountId{pair.from}, AccountId{pair.to}, Amount(1, usd_)}}});
  }
  return batch;
}

void SharedLedger::submit(const std::vector<TransferRequest>& batch) {
  for (auto& result : ledger_.submit(batch))
    must(std::move(result));
  acknowledged_ += static_cast<std::int64_t>(batch.size());
}

void SharedLedger::transfer(const TransferRequest& request) {
  must(ledger_.transfer(request));
  ++acknowledged_;
}

void SharedLedger::verify() {
  must(ledger_.verify());
  // An entry is a version: the accounts' own count of what was posted, two for each transfer.
  std::int64_t entries = 0;
  MinorUnits sum = 0;
  for (const Account& account : must(ledger_.accounts(AccountId{0}, kAccounts))) {
    entries += account.version;
    sum += account.balance;
  }
  if (sum != 0) die("the balances sum to " + std::to_string(sum));
  if (entries != 2 * acknowledged_) {
    die(std::to_string(acknowledged_) + " transfers were acknowledged, and there are " +
        std::to_string(entries) + " entries");
  }
}

}  // namespace ledger::bench
