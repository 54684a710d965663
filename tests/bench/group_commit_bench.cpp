// What group commit is worth: 64 threads transfer between overlapping accounts of one durable
// SQLite ledger, with batches, with batches and one receiver for all, and with one transaction per
// transfer. They take turns in one run, so that the ratios hold on a noisy machine; the books are
// audited after each round.
//
//   group_commit_bench [rounds]
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "ledger/ledger.h"

namespace {

using namespace ledger;
using Clock = std::chrono::steady_clock;

constexpr int kThreads = 64;
constexpr int kAccounts = 16;  // overlapping: each is in reach of all threads
constexpr int kBatchedPerThread = 1000;
constexpr int kSinglePerThread = 50;

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "group_commit_bench: %s\n", what.c_str());
  std::exit(1);
}

template <class T>
T must(Result<T> result) {
  if (!result) die(result.error().message());
  return std::move(*result);
}

/// Keys that grow with time, as ULIDs do.
std::string key_of(int thread, int i) {
  char key[40];
  std::snprintf(key, sizeof key, "%012d-%04d-transfer-bench", i, thread);
  return key;
}

struct Workload {
  std::size_t max_batch;
  int per_thread;
  bool hot;  // all pay into account 1
};

TransferRequest request_of(const Workload& workload, int thread, int i, Currency currency) {
  const int from = (thread + i) % kAccounts;
  const int to = workload.hot ? 0 : (from + 1 + i % (kAccounts - 1)) % kAccounts;
  return {key_of(thread, i),
          {{AccountId{1 + (from == to ? 1 : from)}, AccountId{1 + to}, Amount(1, currency)}}};
}

/// Requests per second. Every tenth is sent a second time, with the same key.
double measure(const std::filesystem::path& file, const Workload& workload) {
  auto ledger = must(
      Ledger::open({.store = "sqlite:" + file.string(), .max_batch_requests = workload.max_batch}));
  const auto usd = must(Currency::iso("USD"));
  for (int i = 1; i <= kAccounts; ++i) {
    must(ledger.create_account({.key = "open" + std::to_string(i),
                                .currency = usd,
                                .id = AccountId{i},
                                .min_balance = std::nullopt}));
  }

  std::atomic<int> wrong{0};
  std::atomic<int> requests{0};
  const auto send = [&](const TransferRequest& request, bool is_retry) {
    const auto told = ledger.transfer(request);
    if (!told || told->replayed != is_retry) ++wrong;
    ++requests;
  };
  const auto work = [&](int thread) {
    for (int i = 0; i < workload.per_thread; ++i) {
      const auto request = request_of(workload, thread, i, usd);
      send(request, false);
      if (i % 10 == 0) send(request, true);
    }
  };
  const auto start = Clock::now();
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back(work, t);
  for (auto& thread : threads)
    thread.join();
  const std::chrono::duration<double> elapsed = Clock::now() - start;

  if (wrong > 0) die(std::to_string(wrong) + " requests were answered wrongly");
  if (auto sound = ledger.verify(); !sound) die(sound.error().message());
  return requests / elapsed.count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

void print(const char* what, const char* unit, const std::vector<double>& values) {
  std::printf("%-44s median %9.1f%s  (%.1f to %.1f)\n", what, median(values), unit,
              *std::ranges::min_element(values), *std::ranges::max_element(values));
}

std::vector<double> ratios(const std::vector<double>& over, const std::vector<double>& under) {
  std::vector<double> result;
  for (std::size_t i = 0; i < over.size(); ++i)
    result.push_back(over[i] / under[i]);
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 5;
  if (rounds < 1) die("rounds must be 1 or more");
  const auto folder =
      std::filesystem::current_path() / ("group_commit_bench." + std::to_string(getpid()));
  std::filesystem::create_directory(folder);

  std::vector<double> batched;
  std::vector<double> hot;
  std::vector<double> single;
  for (int i = 0; i < rounds; ++i) {
    const auto file = [&](const char* name) { return folder / (name + std::to_string(i)); };
    batched.push_back(measure(file("batched"), {4096, kBatchedPerThread, false}));
    hot.push_back(measure(file("hot"), {4096, kBatchedPerThread, true}));
    single.push_back(measure(file("single"), {1, kSinglePerThread, false}));
  }
  std::filesystem::remove_all(folder);

  std::printf("%d threads, %d accounts, SQLite with synchronous=FULL, %d rounds\n", kThreads,
              kAccounts, rounds);
  print("group commit", "/s", batched);
  print("group commit, one hot receiver", "/s", hot);
  print("one transaction per transfer", "/s", single);
  print("group commit over one transaction each", "x", ratios(batched, single));
  print("hot over spread", "x", ratios(hot, batched));
}
