#include "engine/circuit_breaker.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "engine/guarded_lock.h"
#include "fakes/fake_clock.h"
#include "fakes/scripted_locks.h"

using namespace std::chrono_literals;
using namespace ledger;
using engine::CircuitBreaker;
using State = CircuitState;

namespace {

constexpr CircuitBreakerOptions kOptions{.bad_in_a_row = 3,
                                         .window = 10,
                                         .bad_percent = 50,
                                         .slow_call = 100ms,
                                         .open_for = 1000ms,
                                         .max_open_for = 4000ms};

/// A breaker and its time.
struct Bench {
  fakes::FakeClock clock;
  CircuitBreaker breaker{kOptions};

  /// One call of that length; false: it was not let through.
  bool call(bool fails, std::chrono::milliseconds took = 1ms) {
    const auto permit = breaker.permit(clock.steady_now());
    if (!permit) return false;
    clock.advance(took);
    breaker.report(*permit, fails, clock.steady_now());
    return true;
  }
  void open_it() {
    while (breaker.state() != State::open)
      call(true);
  }
};

}  // namespace

TEST_CASE(
    "a breaker opens after so many failures in a row, and a good call starts the count anew") {
  Bench bench;
  for (int round = 0; round < 3; ++round) {  // never half of the last ten
    for (int i = 0; i < 3; ++i)
      CHECK(bench.call(false));
    CHECK(bench.call(true));
    CHECK(bench.call(true));
  }
  CHECK(bench.breaker.state() == State::closed);
  CHECK(bench.call(true));
  CHECK(bench.breaker.state() == State::open);
  CHECK_FALSE(bench.call(false));
}

TEST_CASE("a breaker counts a slow call as bad, although it was answered") {
  Bench bench;
  for (int i = 0; i < 3; ++i)
    CHECK(bench.call(false, 100ms));
  CHECK(bench.breaker.state() == State::closed);
  for (int i = 0; i < 3; ++i)
    CHECK(bench.call(false, 101ms));
  CHECK(bench.breaker.state() == State::open);
}

TEST_CASE("a breaker opens when half of the last calls are bad, once there were enough of them") {
  Bench bench;
  for (int i = 0; i < 9; ++i)
    CHECK(bench.call(i % 2 == 0));
  CHECK(bench.breaker.state() == State::closed);
  CHECK(bench.call(false));  // the tenth: 5 of 10
  CHECK(bench.breaker.state() == State::open);
}

TEST_CASE("calls that have left a breaker's window no longer count") {
  Bench bench;
  for (int round = 0; round < 50; ++round)  // 4 of any 10
    CHECK(bench.call(round % 5 < 2));
  CHECK(bench.breaker.state() == State::closed);
}

TEST_CASE("an open breaker lets one call try after its time, and closes when that went well") {
  Bench bench;
  bench.open_it();
  bench.clock.advance(999ms);
  CHECK_FALSE(bench.breaker.permit(bench.clock.steady_now()).has_value());
  bench.clock.advance(1ms);
  const auto probe = bench.breaker.permit(bench.clock.steady_now());
  REQUIRE(probe.has_value());
  CHECK(bench.breaker.state() == State::half_open);
  CHECK_FALSE(bench.breaker.permit(bench.clock.steady_now()).has_value());
  bench.clock.advance(1h);  // however long it takes, there is one
  CHECK_FALSE(bench.breaker.permit(bench.clock.steady_now()).has_value());
  bench.breaker.report(*probe, true, bench.clock.steady_now());
  CHECK(bench.breaker.state() == State::open);
  bench.clock.advance(2s);
  CHECK(bench.call(false));
  CHECK(bench.breaker.state() == State::closed);
  CHECK(bench.call(true));  // with a clean slate
  CHECK(bench.call(true));
  CHECK(bench.breaker.state() == State::closed);
}

TEST_CASE("an open breaker waits twice as long after each bad try, up to the longest") {
  Bench bench;
  bench.open_it();
  for (const auto wait : {1000ms, 2000ms, 4000ms, 4000ms}) {
    bench.clock.advance(wait - 1ms);
    CHECK_FALSE(bench.call(true, 0ms));
    bench.clock.advance(1ms);
    CHECK(bench.call(true, 0ms));
  }
  bench.clock.advance(4000ms);
  CHECK(bench.call(false));
  CHECK(bench.breaker.state() == State::closed);

  bench.open_it();  // the first wait again, once it had closed
  bench.clock.advance(1000ms);
  CHECK(bench.call(false));
  CHECK(bench.breaker.state() == State::closed);
}

TEST_CASE("calls from before a change of state say nothing about the service now") {
  Bench bench;
  const auto old = bench.breaker.permit(bench.clock.steady_now());
  REQUIRE(old.has_value());
  bench.open_it();
  bench.breaker.report(*old, false, bench.clock.steady_now());
  CHECK(bench.breaker.state() == State::open);
  bench.clock.advance(1s);
  const auto probe = bench.breaker.permit(bench.clock.steady_now());
  REQUIRE(probe.has_value());
  bench.breaker.report(*old, false, bench.clock.steady_now());
  CHECK(bench.breaker.state() == State::half_open);
}

TEST_CASE("a guarded lock fails at once while open, tells each change, and passes leases on") {
  auto script = std::make_shared<fakes::ScriptedLocks::Script>();
  auto clock = std::make_shared<fakes::FakeClock>();
  std::vector<State> told;
  const auto locks = make_guarded_lock(
      std::make_unique<fakes::ScriptedLocks>(script), kOptions,
      [&](State state) { told.push_back(state); }, clock);
  const AccountId account{7};
  const auto acquire = [&] { return locks->acquire({&account, 1}, clock->steady_now() + 1s); };

  script->refuse = [](AccountId) { return true; };
  CHECK(locks->circuit_state() == State::closed);
  for (int i = 0; i < 5; ++i) {  // a refused lease is a good answer
    const auto leases = acquire();
    REQUIRE(leases.has_value());
    CHECK((*leases)->refused().size() == 1);
  }
  script->down = true;
  for (int i = 0; i < 3; ++i)
    CHECK(acquire().error().detail == "locks are down");
  CHECK(locks->circuit_state() == State::open);

  const int calls = script->calls;
  const auto fast = acquire();
  REQUIRE_FALSE(fast.has_value());
  CHECK(fast.error().code == ErrorCode::store_unavailable);
  CHECK(script->calls == calls);

  clock->advance(1s);
  script->down = false;
  CHECK(acquire().has_value());
  CHECK(locks->circuit_state() == State::closed);
  CHECK(told == std::vector<State>{State::open, State::half_open, State::closed});
}

TEST_CASE("a provider without a breaker has no state") {
  fakes::ScriptedLocks locks(std::make_shared<fakes::ScriptedLocks::Script>());
  CHECK_FALSE(locks.circuit_state().has_value());
}

TEST_CASE("the states have names") {
  CHECK(name(State::closed) == "closed");
  CHECK(name(State::open) == "open");
  CHECK(name(State::half_open) == "half_open");
}
