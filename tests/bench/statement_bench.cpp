// What reading costs when an account is old: pages of its statement and its balance at a time, on
// an account with a million entries, in SQLite and in Postgres. Between the look-ups others write,
// as they do. The same look-ups on an account with a thousand entries are measured beside them, in
// turns: the ratio tells whether the length of the history matters.
//
//   statement_bench [entries]
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "bench/measure.h"
#include "ledger/ledger.h"
#ifdef LEDGER_WITH_POSTGRES
#include "support/postgres_server.h"
#endif

namespace ledger::bench {
namespace {

constexpr AccountId kWorld{1};
constexpr AccountId kOld{2};
constexpr AccountId kYoung{3};
constexpr AccountId kOther{4};
constexpr std::int64_t kYoungEntries = 1000;
constexpr std::size_t kBatch = 4000;
constexpr int kLookUps = 500;
constexpr double kAimMicros = 5000;

class Bench {
 public:
  Bench(const std::string& store, std::int64_t entries)
      : ledger_(must(Ledger::open({.store = store}))), entries_(entries) {
    for (const AccountId id : {kWorld, kOld, kYoung, kOther}) {
      must(ledger_.create_account({.key = "open-" + std::to_string(to_int(id)),
                                   .currency = usd_,
                                   .id = id,
                                   .min_balance = std::nullopt}));
    }
    start_ = must(ledger_.account(kWorld)).created_at;
    fill(kYoung, kYoungEntries);
    fill(kOld, entries);
    end_ = must(ledger_.account(kOld)).last_at;
  }

  void run(const char* store) {
    std::printf("%s, %lld entries, %d look-ups each while others write:\n", store,
                static_cast<long long>(entries_), kLookUps);
    report("a page of 50, newest first", [&](AccountId id) { page({.account = id}); });
    report("a page of 50, oldest first",
           [&](AccountId id) { page({.account = id, .order = Order::oldest_first}); });
    report("a page of 50 from any cursor", [&](AccountId id) {
      page({.account = id, .cursor = 1 + any(id == kOld ? entries_ : kYoungEntries)});
    });
    report("a page of 50 from any time", [&](AccountId id) {
      page({.account = id, .order = Order::oldest_first, .from = any_time()});
    });
    report("the balance at any time",
           [&](AccountId id) { must(ledger_.balance_at(id, any_time())); });
  }

 private:
  /// Every fourth transfer has two legs, and the account in the second.
  void fill(AccountId account, std::int64_t entries) {
    for (std::int64_t made = 0; made < entries;) {
      std::vector<TransferRequest> batch;
      for (; batch.size() < kBatch && made < entries; ++made) {
        TransferRequest request{.key = next_key()};
        if (made % 4 == 0) request.legs.push_back({kWorld, kOther, Amount(1, usd_)});
        request.legs.push_back({kWorld, account, Amount(1, usd_)});
        batch.push_back(std::move(request));
      }
      for (auto& result : ledger_.submit(batch))
        must(std::move(result));
    }
  }

  std::string next_key() {
    const std::string digits = std::to_string(++keys_);
    return "bench-" + std::string(12 - digits.size(), '0') + digits;
  }

  std::int64_t any(std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(1, most)(random_);
  }

  Timestamp any_time() { return start_ + std::chrono::microseconds(any((end_ - start_).count())); }

  void page(const StatementQuery& query) { must(ledger_.statement(query)); }

  void report(const char* what, const std::function<void(AccountId)>& look_up) {
    Samples old_one;
    Samples young_one;
    for (int i = 0; i < kLookUps; ++i) {
      must(ledger_.transfer(next_key(), kWorld, kOld, Amount(1, usd_)));
      old_one.push_back(micros([&] { look_up(kOld); }));
      young_one.push_back(micros([&] { look_up(kYoung); }));
    }
    std::printf("  %-32s p50 %6.0f us  p99 %6.0f us  aim: below %.0f us   %5.2fx of a short one\n",
                what, median(old_one), quantile(old_one, 0.99), kAimMicros,
                median(old_one) / median(young_one));
  }

  const Currency usd_ = must(Currency::iso("USD"));
  Ledger ledger_;
  const std::int64_t entries_;
  Timestamp start_{};
  Timestamp end_{};
  std::int64_t keys_ = 0;
  std::mt19937_64 random_{4711};
};

void run_sqlite(std::int64_t entries) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("statement_bench." + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  Bench("sqlite:" + (folder / "ledger.db").string(), entries).run("SQLite");
  std::filesystem::remove_all(folder);
}

#ifdef LEDGER_WITH_POSTGRES
void run_postgres(std::int64_t entries) {
  const testing::PostgresServer postgres({"shared_buffers = 256MB", "max_wal_size = 4GB"});
  Bench(postgres.url(), entries).run("Postgres");
}
#endif

}  // namespace
}  // namespace ledger::bench

int main(int argc, char** argv) {
  const std::int64_t entries = argc > 1 ? std::atoll(argv[1]) : 1'000'000;
  if (entries < 1) ledger::bench::die("entries must be 1 or more");
  ledger::bench::run_sqlite(entries);
#ifdef LEDGER_WITH_POSTGRES
  ledger::bench::run_postgres(entries);
#endif
}
