// What libledger is worth over Postgres and Redis, and what it costs: 64 callers over 10,000
// accounts, against the two ways in which services commonly do it; batches against the same rows
// written by hand; a lone caller against the round trips and the commit it cannot do without. All
// take turns in one run, on private servers that are as durable as real ones, so that the ratios
// hold on a noisy machine. Everything written is verified at the end.
//
//   postgres_bench [rounds]
#include <array>
#include <memory>
#include <string>

#include "bench/bare_postgres.h"
#include "bench/measure.h"
#include "bench/naive_service.h"
#include "bench/shared_ledger.h"
#include "bench/workload.h"
#include "redis/connection.h"
#include "support/postgres_server.h"
#include "support/redis_server.h"

namespace ledger::bench {
namespace {

using std::chrono::milliseconds;

constexpr int kCallers = 64;
constexpr milliseconds kOurTime{1'000};
constexpr milliseconds kNaiveTime{1'500};
constexpr milliseconds kNaiveHotTime{3'000};  // so few that a shorter time would show chance
constexpr std::size_t kBatch = 1'000;
constexpr int kBatchesARound = 10;
constexpr int kLoneCallsARound = 300;

struct NaiveRates {
  NaiveService::Locking locking;
  std::string name;
  Samples uniform{};
  Samples hot{};
};

class Bench {
 public:
  Bench() : naive_(postgres_.socket_url(), redis_.port()), ours_(ledger("ours")) {
    require_durable("fsync");
    require_durable("full_page_writes");
    require_durable("synchronous_commit");
    static_cast<void>(ledger("bare"));  // makes the tables, and the accounts
    bare_ = std::make_unique<BarePostgres>(postgres_.socket_url(), "bare");
  }

  void round() {
    uniform_.push_back(ours_.run(kCallers, kOurTime, false));
    hot_.push_back(ours_.run(kCallers, kOurTime, true));
    for (NaiveRates& rates : naive_rates_) {
      rates.uniform.push_back(naive_.run(kCallers, kNaiveTime, false, rates.locking));
      rates.hot.push_back(naive_.run(kCallers, kNaiveHotTime, true, rates.locking));
    }
    batches();
    lone_calls();
  }

  void verify() {
    ours_.verify();
    naive_.verify();
    bare_->verify();
  }

  void report() const {
    report_callers();
    report_batches();
    report_lone_caller();
  }

 private:
  [[nodiscard]] SharedLedger ledger(const std::string& schema) const {
    return {postgres_.socket_url(), schema, redis_.address()};
  }

  void require_durable(const std::string& setting) const {
    const auto value = postgres_.query("SHOW " + setting);
    if (value != "on") die(setting + " is " + value);
  }

  void batches() {
    double ours = 0;
    double bare = 0;
    double bare_hot = 0;
    for (int i = 0; i < kBatchesARound; ++i) {
      const auto requests = ours_.make(kBatch, requests_);
      ours += micros([&] { ours_.submit(requests); });
      bare += bare_micros(requests_);
      bare_hot += bare_micros(hot_requests_);
    }
    constexpr double kTransfers = 1e6 * kBatch * kBatchesARound;
    submit_.push_back(kTransfers / ours);
    bare_batches_.push_back(kTransfers / bare);
    bare_hot_batches_.push_back(kTransfers / bare_hot);
  }

  double bare_micros(Requests& requests) {
    const auto batch = bare_->make(kBatch, requests);
    return micros([&] { bare_->write(batch); });
  }

  void lone_calls() {
    for (int i = 0; i < kLoneCallsARound; ++i) {
      const auto request = ours_.make(1, requests_);
      lone_.push_back(micros([&] { ours_.transfer(request.front()); }));
      const auto batch = bare_->make(1, requests_);
      const auto& key = batch.writes.rows.front().key;
      const std::array<double, 4> parts = {micros([&] { bare_->look_up(key); }),
                                           micros([&] { take_lock(key); }),
                                           micros([&] { bare_->begin_and_lock(batch); }),
                                           micros([&] { bare_->write_and_commit(batch); })};
      double sum = 0;
      for (std::size_t part = 0; part < parts.size(); ++part) {
        parts_[part].push_back(parts[part]);
        sum += parts[part];
      }
      sums_.push_back(sum);
    }
  }

  void take_lock(std::string_view name) {
    const std::string_view words[] = {"SET", name, "token", "NX", "PX", "10000"};
    must(connection_->call(words, soon()));
  }

  void report_callers() const {
    std::printf("%d callers, %lld accounts, Postgres (fsync on) and Redis, %zu rounds:\n", kCallers,
                static_cast<long long>(kAccounts), uniform_.size());
    print_rates("libledger", uniform_);
    for (const NaiveRates& naive : naive_rates_)
      print_rates(naive.name, naive.uniform);
    for (const NaiveRates& naive : naive_rates_)
      print_ratios("libledger over " + naive.name, ratios(uniform_, naive.uniform), 4);

    std::printf("\nThe same with one hot receiver:\n");
    print_rates("libledger", hot_);
    for (const NaiveRates& naive : naive_rates_)
      print_rates(naive.name, naive.hot);
    for (const NaiveRates& naive : naive_rates_)
      print_ratios("libledger over " + naive.name, ratios(hot_, naive.hot), 50);
    // More than the database can take is in nobody's reach.
    for (const NaiveRates& naive : naive_rates_)
      print_ratios("bare batches over " + naive.name, ratios(bare_hot_batches_, naive.hot));
    print_ratios("libledger, hot over uniform", ratios(hot_, uniform_), 0.8);
  }

  void report_batches() const {
    std::printf("\nBatches of %zu:\n", kBatch);
    print_rates("Ledger::submit", submit_);
    print_rates("the same rows, one bare pipelined transaction", bare_batches_);
    print_rates("the same with one hot receiver", bare_hot_batches_);
    print_ratios("submit over bare", ratios(submit_, bare_batches_), 0.6);
  }

  void report_lone_caller() const {
    std::printf(
        "\nA lone caller, %zu calls:                                        p50       p99\n",
        lone_.size());
    const auto print = [](const char* what, const Samples& micros) {
      std::printf("  %-56s %6.0f us %6.0f us\n", what, median(micros), quantile(micros, 0.99));
    };
    print("transfer()", lone_);
    print("  look the key up", parts_[0]);
    print("  lock in Redis", parts_[1]);
    print("  begin, read and lock the accounts", parts_[2]);
    print("  write the same rows and commit", parts_[3]);
    print("the four together, each time", sums_);
    std::printf("  %-56s %8.2fx %8.2fx   aim: 1.5x or less\n", "transfer() over its parts",
                median(lone_) / median(sums_), quantile(lone_, 0.99) / quantile(sums_, 0.99));
  }

  const testing::PostgresServer postgres_{{"shared_buffers = 256MB", "max_wal_size = 4GB"}};
  const testing::RedisServer redis_;
  NaiveService naive_;
  SharedLedger ours_;
  std::unique_ptr<BarePostgres> bare_;
  std::unique_ptr<redis::Connection> connection_ =
      must(redis::Connection::open({"127.0.0.1", redis_.port()}, soon()));
  Requests requests_{4711, false};
  Requests hot_requests_{4712, true};

  Samples uniform_, hot_;
  std::array<NaiveRates, 2> naive_rates_{
      NaiveRates{NaiveService::Locking::payer, "naive, payer locked"},
      NaiveRates{NaiveService::Locking::both, "naive, both accounts locked"}};
  Samples submit_, bare_batches_, bare_hot_batches_;
  Samples lone_, sums_;
  std::array<Samples, 4> parts_;
};

}  // namespace
}  // namespace ledger::bench

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 7;
  if (rounds < 1) ledger::bench::die("rounds must be 1 or more");
  ledger::bench::Bench bench;
  for (int i = 0; i < rounds; ++i)
    bench.round();
  bench.verify();
  bench.report();
}
