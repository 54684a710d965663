// The connection is cut around COMMIT, at many places: one effect, the right outcome, and the retry
// replays. LEDGER_TEST_CUTS sets how many cuts there are.
#include <doctest/doctest.h>

#include <memory>
#include <random>
#include <string>

#include "ledger/ledger.h"
#include "support/postgres_ledger.h"
#include "support/postgres_server.h"
#include "support/seed.h"
#include "support/tcp_proxy.h"

namespace ledger {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Flow;
using testing::OneTransfer;

enum class Cut { at_the_writes, before_commit, after_commit, inside_the_reply };
constexpr Cut kCuts[] = {Cut::at_the_writes, Cut::before_commit, Cut::after_commit,
                         Cut::inside_the_reply};

/// Cuts once. A Bind message names its portal (none) and its statement.
class Scissors {
 public:
  Scissors(Cut cut, std::size_t reply_bytes) : cut_(cut), reply_bytes_(reply_bytes) {}

  std::size_t operator()(Flow flow, std::string_view bytes) {
    if (done_) return bytes.size();
    if (flow == Flow::to_server) return judge_request(bytes);
    if (!committing_) return bytes.size();
    done_ = true;
    if (cut_ == Cut::after_commit) return 0;
    return std::min(bytes.size(), reply_bytes_);
  }

 private:
  static std::size_t find_bind(std::string_view bytes, std::string_view statement) {
    constexpr std::size_t kHead = 5;  // 'B' and the length
    std::string names(1, '\0');
    names.append(statement).append(1, '\0');
    for (auto at = bytes.find(names); at != std::string_view::npos;
         at = bytes.find(names, at + 1)) {
      if (at >= kHead && bytes[at - kHead] == 'B') return at - kHead;
    }
    return std::string_view::npos;
  }

  std::size_t judge_request(std::string_view bytes) {
    const std::size_t writes = find_bind(bytes, "update_state");
    const std::size_t commit = find_bind(bytes, "commit");
    if (cut_ == Cut::at_the_writes && writes != std::string_view::npos) {
      done_ = true;
      return writes;
    }
    if (commit == std::string_view::npos) return bytes.size();
    if (cut_ == Cut::before_commit) {
      done_ = true;
      return commit;
    }
    committing_ = true;
    return bytes.size();
  }

  Cut cut_;
  std::size_t reply_bytes_;
  bool committing_ = false;
  bool done_ = false;
};

void cut_once(testing::TcpProxy& proxy, Cut cut, std::size_t reply_bytes) {
  proxy.set_judge([scissors = std::make_shared<Scissors>(cut, reply_bytes)](
                      Flow flow, std::string_view bytes) { return (*scissors)(flow, bytes); });
}

TEST_CASE("a cut connection has the outcome that the place of the cut calls for") {
  const testing::PostgresServer server;
  testing::TcpProxy proxy(server.port());
  const auto store = testing::must_open({.url = server.url(proxy.port())});
  testing::fill(*store, 1000);
  MinorUnits moved = 0;
  for (int round = 0; round < 8; ++round) {
    for (const Cut cut : kCuts) {
      CAPTURE(round);
      CAPTURE(static_cast<int>(cut));
      const std::string key = std::to_string(round) + "-" + std::to_string(static_cast<int>(cut));
      OneTransfer transfer(key, 1);
      cut_once(proxy, cut, static_cast<std::size_t>(round));
      const int before = proxy.cuts();
      const auto done = transfer.run(*store);
      CHECK(proxy.cuts() == before + 1);
      REQUIRE_FALSE(done.has_value());
      const auto code = done.error().code;
      const bool in_doubt = code == ErrorCode::commit_in_doubt;
      if (cut == Cut::after_commit || cut == Cut::inside_the_reply) CHECK(in_doubt);
      CHECK((in_doubt || code == ErrorCode::store_unavailable));

      const auto settled = store->settle(testing::in(seconds(10)));
      REQUIRE_MESSAGE(settled.has_value(), settled.error().message());
      const bool is_there = cut == Cut::after_commit || cut == Cut::inside_the_reply;
      CHECK(transfer.is_recorded(*store) == is_there);
      CHECK(OneTransfer(key, 1).run(*store).has_value());
      CHECK(testing::balance_of(*store, 2) == ++moved);
    }
  }
}

TEST_CASE("through the whole ledger a cut connection moves money once, and the retry replays") {
  const testing::PostgresServer server;
  testing::TcpProxy proxy(server.port());
  auto opened = Ledger::open({.store = server.url(proxy.port())});
  REQUIRE_MESSAGE(opened.has_value(), opened.error().message());
  Ledger& ledger = *opened;
  const auto usd = Currency::iso("USD").value();
  REQUIRE(ledger
              .create_account(
                  {.key = "a", .currency = usd, .id = AccountId{1}, .min_balance = std::nullopt})
              .has_value());
  REQUIRE(ledger.create_account({.key = "b", .currency = usd, .id = AccountId{2}}).has_value());

  const std::uint64_t seed = testing::test_seed();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  std::uniform_int_distribution<std::size_t> reply_bytes(0, 400);
  int acknowledged_at_once = 0;
  const int cuts = testing::test_count("LEDGER_TEST_CUTS", 320);
  for (int i = 0; i < cuts; ++i) {
    CAPTURE(i);
    cut_once(proxy, kCuts[static_cast<std::size_t>(i) % std::size(kCuts)], reply_bytes(random));
    const TransferRequest request{.key = "key-" + std::to_string(i),
                                  .legs = {{AccountId{1}, AccountId{2}, Amount(1, usd)}}};
    const auto first = ledger.transfer(request);
    if (first) {
      ++acknowledged_at_once;
      CHECK_FALSE(first->replayed);
    } else {
      // In doubt was settled within the call: what failed is not there.
      CHECK(name(first.error().outcome()) == name(Outcome::not_applied));
    }
    const auto retry = ledger.transfer(request);
    REQUIRE_MESSAGE(retry.has_value(), retry.error().message());
    CHECK(retry->replayed == first.has_value());
    CHECK(retry->legs.front().to_balance == i + 1);
  }
  CHECK(acknowledged_at_once >= cuts / 2);  // those whose COMMIT reached Postgres
  proxy.set_judge({});
  const auto sound = ledger.verify();
  CHECK_MESSAGE(sound.has_value(), sound.error().message());
}

}  // namespace
}  // namespace ledger
