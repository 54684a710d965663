// The engine without threads: one seeded scheduler decides who asks, when a batch runs, how time
// passes and which call of the store or the locks fails. A failure is replayed by its seed.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "core/audit.h"
#include "engine/batch_runner.h"
#include "engine/request_queue.h"
#include "fakes/fake_clock.h"
#include "fakes/faulty_store.h"
#include "fakes/scripted_locks.h"
#include "ledger/memory_store.h"
#include "support/seed.h"

using namespace std::chrono_literals;
using namespace ledger;
using engine::PendingRequest;
using fakes::Call;
using fakes::Fault;

namespace {

const Currency kUsd = *Currency::iso("USD");
constexpr std::int64_t kAccounts = 5;
constexpr int kClients = 20;
constexpr int kKeys = 200;
constexpr int kTogether = 3;  // keys of an atomic batch: those of one group, or of two in part

struct Client {
  PendingRequest request;
  std::vector<int> keys;  // one, or those of an atomic batch
  bool waiting = false;
};

/// What has been promised about a key.
struct Promise {
  std::optional<std::string> outcome;  // the receipt's id or the decline, once told
};

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed)
      : random_(seed),
        store_(make_memory_store(), [this](Call call) { return fault(call); }),
        locks_(script_),
        runner_(store_, locks_, clock_, engine::Backoff(1ms, 100ms, seed),
                {.rules = {}, .lock_wait = 50ms, .resolve_timeout = 50ms}),
        queue_({.queued_requests = 8, .batch_requests = 6, .batch_bytes = 1 << 20}),
        clients_(kClients) {
    script_->refuse = [this](AccountId) { return faulty_ && chance(5); };
    open_accounts();
    faulty_ = true;
  }

  void run(int steps) {
    for (int i = 0; i < steps; ++i)
      step();
    faulty_ = false;
    script_->down = false;
    while (anyone_waits())
      step();
    check_books();
  }

  std::map<std::string, int> reached;

 private:
  bool chance(int percent) {
    return std::uniform_int_distribution<int>(1, 100)(random_) <= percent;
  }
  int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }

  std::optional<Fault> fault(Call call) {
    // What comes after a doubtful commit fails often, so that some doubts stay.
    if (!faulty_ || !chance(call == Call::settle ? 70 : 12)) return std::nullopt;
    if (call == Call::settle || call == Call::find_recorded) {
      return Fault{ErrorCode::store_unavailable};
    }
    if (call == Call::begin) {
      return Fault{chance(50) ? ErrorCode::conflict : ErrorCode::store_unavailable};
    }
    if (chance(30)) return Fault{ErrorCode::conflict};
    return Fault{ErrorCode::commit_in_doubt, chance(50)};
  }

  void open_accounts() {
    for (std::int64_t id = 1; id <= kAccounts; ++id) {
      PendingRequest request = pending(*core::make_operation(
          AccountRequest{.key = "open" + std::to_string(id),
                         .currency = kUsd,
                         .id = AccountId{id},
                         .min_balance = id == 1 ? std::nullopt : std::optional<MinorUnits>(0)},
          true));
      std::vector<PendingRequest*> batch{&request};
      runner_.run(batch);
      REQUIRE(request.answer);
    }
  }

  PendingRequest pending(core::Operation operation) {
    PendingRequest request;
    request.operation = std::move(operation);
    request.deadline = clock_.steady_now() + std::chrono::milliseconds(pick(5, 500));
    return request;
  }

  /// A function of the key, so that every use of a key is a retry.
  static TransferRequest request_of(int key) {
    std::mt19937 random(static_cast<unsigned>(key));
    const auto from = 1 + static_cast<std::int64_t>(random() % kAccounts);
    const auto to = 1 + (from + static_cast<std::int64_t>(random() % (kAccounts - 1))) % kAccounts;
    return {"key" + std::to_string(key),
            {{AccountId{from}, AccountId{to},
              Amount(static_cast<MinorUnits>(1 + random() % 50), kUsd)}}};
  }

  static core::Operation operation_of(const std::vector<int>& keys) {
    if (keys.size() == 1) return *core::make_operation(request_of(keys.front()));
    core::AtomicRequest group;
    for (const int key : keys)
      group.parts.push_back(*core::make_operation(request_of(key)));
    return {.request = std::move(group)};
  }

  void step() {
    switch (pick(0, 3)) {
      case 0:
        if (faulty_) ask(clients_[static_cast<std::size_t>(pick(0, kClients - 1))]);
        break;
      case 1:
        if (faulty_ && chance(5)) script_->down = !script_->down;
        clock_.advance(std::chrono::milliseconds(pick(0, 20)));
        break;
      case 2:
        for (auto* late : queue_.take_expired(clock_.steady_now()))
          late->fail(late->held_up_by);
        break;
      default:
        run_batch();
    }
    for (Client& client : clients_)
      collect(client);
  }

  void ask(Client& client) {
    if (client.waiting) return;
    client.keys = {pick(0, kKeys - 1)};
    if (chance(20)) {
      for (int i = 1; i < kTogether; ++i)
        client.keys.push_back((client.keys.front() + i) % kKeys);
    }
    client.request = pending(operation_of(client.keys));
    client.waiting = true;
    if (!queue_.push(&client.request)) client.request.fail(ErrorCode::queue_full);
  }

  void run_batch() {
    if (!queue_.has_ready(clock_.steady_now())) return;
    const auto batch = queue_.take_batch(clock_.steady_now());
    runner_.run(batch);
    for (auto* request : batch) {
      if (!request->answer) queue_.push_paused(request);
    }
  }

  void collect(Client& client) {
    if (!client.waiting || !client.request.answer) return;
    client.waiting = false;
    if (client.keys.size() == 1) {
      return note(client.keys.front(), std::get<Result<Receipt>>(*client.request.answer));
    }
    const auto& told = std::get<engine::Receipts>(*client.request.answer);
    REQUIRE(told.size() == client.keys.size());
    for (std::size_t i = 0; i < told.size(); ++i)
      note(client.keys[i], told[i]);
    ++reached["atomic: " + summary(told)];
  }

  static std::string summary(const engine::Receipts& told) {
    const auto is_receipt = [](const auto& result) { return result.has_value(); };
    const auto is_replay = [](const auto& result) {
      return result ? result->replayed : result.error().replayed;
    };
    if (std::ranges::all_of(told, is_replay)) return "replayed";
    const bool known_in_part = std::ranges::any_of(told, is_replay);
    if (std::ranges::all_of(told, is_receipt)) return known_in_part ? "the rest" : "committed";
    const bool is_decided = std::ranges::all_of(told, [](const auto& result) {
      return result || result.error().outcome() == Outcome::declined;
    });
    return is_decided ? "declined" : "not decided";
  }

  void note(int key, const Result<Receipt>& told) {
    const auto outcome =
        told ? std::to_string(to_int(told->id)) : std::string(name(told.error().code));
    ++reached[told ? (told->replayed ? "replay" : "receipt") : outcome];
    if (!told && told.error().outcome() != Outcome::declined) return;
    auto& promised = promises_[key].outcome;
    if (promised) CHECK(*promised == outcome);
    promised = outcome;
  }

  bool anyone_waits() const {
    return std::ranges::any_of(clients_, [](const Client& client) { return client.waiting; });
  }

  void check_books() {
    core::Audit audit;
    std::map<std::string, std::string> recorded;
    const auto rows = store_.read_journal(1, 1'000'000);
    for (const auto& row : *rows) {
      REQUIRE(audit.add_row(row));
      CHECK(recorded
                .emplace(row.key, row.committed() ? std::to_string(row.seq)
                                                  : std::string(name(ErrorCode{row.decline})))
                .second);
    }
    const auto accounts = store_.read_accounts(AccountId{0}, 100);
    for (const auto& account : *accounts)
      REQUIRE(audit.add_account(account));
    CHECK(audit.finish());
    for (const auto& [key, promise] : promises_) {
      if (promise.outcome) CHECK(recorded["key" + std::to_string(key)] == *promise.outcome);
    }
  }

  std::mt19937_64 random_;
  bool faulty_ = false;
  fakes::FakeClock clock_;
  std::shared_ptr<fakes::ScriptedLocks::Script> script_ =
      std::make_shared<fakes::ScriptedLocks::Script>();
  fakes::FaultyStore store_;
  fakes::ScriptedLocks locks_;
  engine::BatchRunner runner_;
  engine::RequestQueue queue_;
  std::vector<Client> clients_;
  std::map<int, Promise> promises_;
};

}  // namespace

TEST_CASE("a seeded schedule of faults never breaks a promise") {
  const auto seed = testing::test_seed();
  MESSAGE("LEDGER_TEST_SEED=", seed);
  std::map<std::string, int> reached;
  for (std::uint64_t i = 0; i < 40; ++i) {
    CAPTURE(i);
    Simulation simulation(seed + i);
    simulation.run(1500);
    for (const auto& [what, times] : simulation.reached)
      reached[what] += times;
  }
  for (const std::string what :
       {"receipt", "replay", "insufficient_funds", "conflict", "queue_full", "deadline_exceeded",
        "lock_not_granted", "store_unavailable", "commit_failed", "commit_in_doubt",
        "atomic_batch_declined", "atomic: replayed", "atomic: the rest", "atomic: committed",
        "atomic: declined", "atomic: not decided"}) {
    CHECK_MESSAGE(reached[what] > 0, "the schedules never reached: ", what);
  }
}
