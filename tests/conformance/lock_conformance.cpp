#include "conformance/lock_conformance.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <initializer_list>
#include <thread>
#include <utility>
#include <vector>

namespace ledger::conformance {
namespace {

using Ids = std::vector<AccountId>;

Ids ids(std::initializer_list<std::int64_t> values) {
  Ids result;
  for (const std::int64_t value : values)
    result.push_back(AccountId{value});
  return result;
}

SteadyTime soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(30); }

std::unique_ptr<Leases> acquire(LockProvider& locks, const Ids& accounts) {
  auto leases = locks.acquire(accounts, soon());
  REQUIRE_MESSAGE(leases.has_value(), leases.error().message());
  REQUIRE(*leases != nullptr);
  return std::move(*leases);
}

/// Whether all of `accounts` become free in the time that a release may take.
bool soon_free(const LocksUnderTest& under_test, LockProvider& locks, const Ids& accounts) {
  const auto deadline = std::chrono::steady_clock::now() + under_test.released_within;
  for (;;) {
    const bool last = std::chrono::steady_clock::now() >= deadline;
    if (acquire(locks, accounts)->refused().empty()) return true;
    if (last) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void says_what_it_grants(const LocksUnderTest& under_test) {
  CHECK(under_test.make()->grants_everything() == under_test.grants_everything);
}

void grants_what_is_free(const LocksUnderTest& under_test) {
  const auto locks = under_test.make();
  CHECK(acquire(*locks, {})->refused().empty());
  CHECK(acquire(*locks, ids({1}))->refused().empty());
  CHECK(acquire(*locks, ids({1, 2, 9'223'372'036'854'775'807}))->refused().empty());
  const auto some = acquire(*locks, ids({1, 3, 5}));
  CHECK(acquire(*locks, ids({2, 4, 6}))->refused().empty());  // others' leases do not matter
  CHECK(some->refused().empty());
  Ids many;
  for (std::int64_t id = 100; id < 10'100; ++id)
    many.push_back(AccountId{id});
  CHECK(acquire(*locks, many)->refused().empty());
}

void refuses_what_is_held(const LocksUnderTest& under_test) {
  const auto locks = under_test.make();
  const auto others = under_test.make();
  const auto held = acquire(*locks, ids({2, 4, 6}));
  const auto second = acquire(*others, ids({1, 2, 3, 4, 5}));
  if (under_test.grants_everything) {
    CHECK(second->refused().empty());
    return;
  }
  CHECK(second->refused() == ids({2, 4}));                  // sorted
  CHECK(acquire(*locks, ids({4}))->refused() == ids({4}));  // by the same provider, too
  // What was not refused was granted, and to this one.
  CHECK(acquire(*locks, ids({1, 3, 5, 7}))->refused() == ids({1, 3, 5}));
}

void releases_its_own_and_no_more(const LocksUnderTest& under_test) {
  if (under_test.grants_everything) return;  // declared
  const auto locks = under_test.make();
  auto first = acquire(*locks, ids({1, 2}));
  auto second = acquire(*locks, ids({2, 3}));
  CHECK(second->refused() == ids({2}));
  second.reset();  // releases 3, and not 2, which it never had
  CHECK(acquire(*locks, ids({1, 2, 3}))->refused() == ids({1, 2}));
  first.reset();
  CHECK(acquire(*locks, ids({1, 2, 3}))->refused().empty());
}

void releases_reach_others(const LocksUnderTest& under_test) {
  const auto locks = under_test.make();
  const auto others = under_test.make();
  for (int i = 0; i < 20; ++i) {
    acquire(*locks, ids({1, 2}));
    CHECK(soon_free(under_test, *others, ids({1, 2})));
    CHECK(soon_free(under_test, *locks, ids({1, 2})));
  }
}

void leases_may_outlive_their_provider(const LocksUnderTest& under_test) {
  auto locks = under_test.make();
  auto leases = acquire(*locks, ids({1}));
  locks.reset();
  leases.reset();
  const auto others = under_test.make();
  CHECK(soon_free(under_test, *others, ids({1})));
}

/// Threads add to plain counters that only the leases protect: a data race if two hold one.
void excludes_other_threads(const LocksUnderTest& under_test) {
  if (under_test.grants_everything) return;  // declared
  constexpr int kThreads = 8;
  constexpr int kRounds = 300;
  constexpr std::int64_t kAccounts = 4;
  struct alignas(64) Counter {
    std::atomic<int> holders = 0;
    std::int64_t value = 0;
  };
  std::vector<Counter> counters(kAccounts + 1);
  std::atomic<std::int64_t> granted = 0;
  std::atomic<int> failures = 0;

  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      const auto locks = under_test.make();
      for (int round = 0; round < kRounds; ++round) {
        Ids wanted;
        for (std::int64_t id = 1; id <= kAccounts; ++id) {
          if ((thread + round) % (id + 1) != 0) wanted.push_back(AccountId{id});
        }
        auto leases = locks->acquire(wanted, soon());
        if (!leases) {
          ++failures;
          continue;
        }
        const Ids& refused = (*leases)->refused();
        for (const AccountId id : wanted) {
          if (std::find(refused.begin(), refused.end(), id) != refused.end()) continue;
          Counter& counter = counters[static_cast<std::size_t>(to_int(id))];
          if (++counter.holders != 1) ++failures;
          ++counter.value;
          ++granted;
          std::this_thread::yield();
          --counter.holders;
        }
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  CHECK(failures == 0);
  std::int64_t sum = 0;
  for (const Counter& counter : counters)
    sum += counter.value;
  CHECK(sum == granted);
  CHECK(sum > 0);

  const auto after = under_test.make();
  CHECK(acquire(*after, ids({1, 2, 3, 4}))->refused().empty());  // none was left behind
}

}  // namespace

void check_locks(const LocksUnderTest& under_test) {
  SUBCASE("says what it grants") { says_what_it_grants(under_test); }
  SUBCASE("grants what is free") { grants_what_is_free(under_test); }
  SUBCASE("refuses what is held") { refuses_what_is_held(under_test); }
  SUBCASE("releases its own and no more") { releases_its_own_and_no_more(under_test); }
  SUBCASE("releases reach others") { releases_reach_others(under_test); }
  SUBCASE("leases may outlive their provider") { leases_may_outlive_their_provider(under_test); }
  SUBCASE("excludes other threads") { excludes_other_threads(under_test); }
}

}  // namespace ledger::conformance
