#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "stress/workload.h"

namespace ledgerd::stress {
namespace {

using Ids = std::vector<std::int64_t>;

constexpr std::int64_t kPlenty = 1'000'000'000;  // cents

std::uint64_t pick(Caller& caller, std::uint64_t below) {
  return std::uniform_int_distribution<std::uint64_t>(0, below - 1)(caller.random());
}

/// An account with money from the world. Nothing if the servers did not let it.
std::optional<std::int64_t> open_funded(Caller& caller, std::int64_t world, const std::string& name,
                                        std::int64_t cents) {
  const auto id = caller.open_account(name, false);
  if (!id) return std::nullopt;
  const Transfer funds{.from = world, .to = *id, .cents = cents};
  const auto key = caller.key("fund", static_cast<std::uint64_t>(*id));
  const auto funded = caller.transfer(key, funds, caller.patience());
  return funded && funded->moved() ? id : std::nullopt;
}

bool open_all(Caller& caller, std::int64_t world, const std::string& name, int count,
              std::int64_t cents, Ids& ids) {
  for (int i = 1; i <= count; ++i) {
    const auto id = open_funded(caller, world, fmt::format("{}-{}", name, i), cents);
    if (!id) return false;
    ids.push_back(*id);
  }
  return true;
}

class Storms final : public Workload {
 public:
  Storms(std::uint64_t clients, Pace& pace)
      : pace_(pace), rounds_(clients, pace), clients_(clients) {}

  [[nodiscard]] std::string name() const override { return "one key, many callers"; }

  bool prepare(Caller& caller, std::int64_t world) override {
    return open_all(caller, world, "storm", 2, kPlenty, accounts_);
  }

  void run(Caller& caller) override {
    while (rounds_.begin()) {
      const std::string key = caller.key("storm", rounds_.number());
      const bool is_contested = rounds_.number() % 4 == 0;
      const Transfer asked = transfer(is_contested && caller.number() % 2 == 1 ? 1 : 0);
      const auto verdict = caller.transfer(key, asked);
      // When all is decided, one more client comes with the key and another wish.
      const bool is_last = caller.number() == rounds_.number() % clients_;
      if (verdict && is_last) caller.transfer(key, transfer(2));
      if (caller.is_forsaken()) pace_.end();
    }
  }

 private:
  [[nodiscard]] Transfer transfer(std::int64_t extra) const {
    const auto round = static_cast<std::int64_t>(rounds_.number());
    return {.from = accounts_[0], .to = accounts_[1], .cents = 100 + round % 900 + extra};
  }

  Pace& pace_;
  Rounds rounds_;
  const std::uint64_t clients_;
  Ids accounts_;
};

/// Transfers between two groups of accounts, which may be the same.
class Contention final : public Workload {
 public:
  struct Shape {
    std::string name;
    std::string kind;  ///< in keys and names of accounts
    int senders;
    int receivers;  ///< 0: the senders are the receivers
    std::int64_t funds;
    std::uint64_t most;  ///< cents in one transfer
  };

  Contention(Shape shape, Pace& pace) : shape_(std::move(shape)), pace_(pace) {}

  [[nodiscard]] std::string name() const override { return shape_.name; }

  bool prepare(Caller& caller, std::int64_t world) override {
    if (!open_all(caller, world, shape_.kind + "-from", shape_.senders, shape_.funds, senders_)) {
      return false;
    }
    receivers_ = senders_;
    if (shape_.receivers == 0) return true;
    receivers_.clear();
    return open_all(caller, world, shape_.kind + "-to", shape_.receivers, shape_.funds, receivers_);
  }

  void run(Caller& caller) override {
    for (std::uint64_t i = 0; pace_.take(1); ++i) {
      const std::string key = caller.key(fmt::format("{}-{}", shape_.kind, caller.number()), i);
      const Transfer transfer = choose(caller);
      const auto verdict = caller.transfer(key, transfer);
      if (verdict && pick(caller, 8) == 0) caller.transfer(key, transfer);
      if (pick(caller, 16) == 0) caller.look_at(transfer.from);
      if (caller.is_forsaken()) pace_.end();
    }
  }

 private:
  Transfer choose(Caller& caller) {
    const std::size_t from = pick(caller, senders_.size());
    std::size_t to = pick(caller, receivers_.size());
    if (shape_.receivers == 0)
      to = (from + 1 + pick(caller, senders_.size() - 1)) % senders_.size();
    const auto cents = static_cast<std::int64_t>(1 + pick(caller, shape_.most));
    return {.from = senders_[from], .to = receivers_[to], .cents = cents};
  }

  const Shape shape_;
  Pace& pace_;
  Ids senders_;
  Ids receivers_;
};

/// Clients two and two (the last three, if they are odd) share a purse of 100.00 and each try to
/// take 60.00 out of it. Between the rounds the first of them fills it up again.
class OverdraftRaces final : public Workload {
 public:
  OverdraftRaces(std::uint64_t clients, Pace& pace)
      : pace_(pace), rounds_(clients, pace), clients_(clients), purses_(clients / 2) {}

  [[nodiscard]] std::string name() const override { return "two 60s against 100"; }

  bool prepare(Caller& caller, std::int64_t world) override {
    world_ = world;
    const auto shop = caller.open_account("shop", false);
    shop_ = shop.value_or(0);
    return shop.has_value();
  }

  void run(Caller& caller) override {
    const std::uint64_t place = std::min(caller.number() / 2, purses_.size() - 1);
    Purse& purse = purses_[place];
    const bool is_first = caller.number() == place * 2;
    while (rounds_.begin()) {
      if (is_first) fill(caller, place);
      rounds_.meet();
      if (caller.is_forsaken()) pace_.end();
      if (purse.account == 0) continue;
      const Transfer wish{.from = purse.account, .to = shop_, .cents = kPrice};
      if (!caller.transfer(race_key(caller, caller.number()), wish)) purse.is_uncertain = true;
      caller.look_at(purse.account);
    }
  }

 private:
  static constexpr std::int64_t kFunds = 100'00;
  static constexpr std::int64_t kPrice = 60'00;

  struct Purse {
    std::int64_t account = 0;  ///< 0: none in this round
    /// Somebody does not know yet whether he took from it.
    std::atomic<bool> is_uncertain{false};
  };

  [[nodiscard]] std::string race_key(const Caller& caller, std::uint64_t client) const {
    return caller.key(fmt::format("race-{}", client), rounds_.number());
  }

  void fill(Caller& caller, std::uint64_t place) {
    Purse& purse = purses_[place];
    if (purse.account == 0 || purse.is_uncertain) {
      const auto name = fmt::format("purse-{}-{}", place + 1, rounds_.number());
      purse.account = open_funded(caller, world_, name, kFunds).value_or(0);
      purse.is_uncertain = false;
    } else {
      const Transfer rest{.from = world_, .to = purse.account, .cents = kPrice};
      const auto key = caller.key(fmt::format("refill-{}", place), rounds_.number());
      const auto filled = caller.transfer(key, rest);
      if (!filled) purse.account = 0;
    }
    if (purse.account != 0) note_race(caller, place);
  }

  void note_race(Caller& caller, std::uint64_t place) const {
    const bool is_last = place + 1 == purses_.size();
    const std::uint64_t end = is_last ? clients_ : place * 2 + 2;
    Race race;
    for (std::uint64_t client = place * 2; client < end; ++client)
      race.keys.push_back(race_key(caller, client));
    caller.evidence().races.push_back(std::move(race));
  }

  Pace& pace_;
  Rounds rounds_;
  const std::uint64_t clients_;
  std::vector<Purse> purses_;
  std::int64_t world_ = 0;
  std::int64_t shop_ = 0;
};

std::unique_ptr<Workload> contention(Contention::Shape shape, Pace& pace) {
  return std::make_unique<Contention>(std::move(shape), pace);
}

}  // namespace

std::unique_ptr<Workload> one_key_storms(std::uint64_t clients, Pace& pace) {
  return std::make_unique<Storms>(clients, pace);
}

std::unique_ptr<Workload> hot_receiver(std::uint64_t /*clients*/, Pace& pace) {
  return contention({"hot receiver", "in", 8, 1, kPlenty, 10'00}, pace);
}

std::unique_ptr<Workload> hot_sender(std::uint64_t /*clients*/, Pace& pace) {
  return contention({"hot sender", "out", 1, 8, kPlenty, 10'00}, pace);
}

std::unique_ptr<Workload> four_accounts(std::uint64_t /*clients*/, Pace& pace) {
  return contention({"four accounts both ways", "four", 4, 0, 100'00, 60'00}, pace);
}

std::unique_ptr<Workload> overdraft_races(std::uint64_t clients, Pace& pace) {
  return std::make_unique<OverdraftRaces>(clients, pace);
}

}  // namespace ledgerd::stress
