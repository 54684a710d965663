// What the clients do at once.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "stress/caller.h"
#include "stress/pace.h"

namespace ledgerd::stress {

class Workload {
 public:
  Workload() = default;
  virtual ~Workload() = default;
  Workload(const Workload&) = delete;
  Workload& operator=(const Workload&) = delete;

  [[nodiscard]] virtual std::string name() const = 0;
  /// Opens and funds the accounts. False if the servers did not let it.
  virtual bool prepare(Caller& caller, std::int64_t world) = 0;
  /// One client's part, until the pace is over. In a thread of its own for each.
  virtual void run(Caller& caller) = 0;
};

/// Many clients send one key at the same moment; in some rounds half of them mean something else.
std::unique_ptr<Workload> one_key_storms(std::uint64_t clients, Pace& pace);
/// Everybody pays one account.
std::unique_ptr<Workload> hot_receiver(std::uint64_t clients, Pace& pace);
/// One account pays everybody.
std::unique_ptr<Workload> hot_sender(std::uint64_t clients, Pace& pace);
/// Four accounts pay each other in all directions, often more than they have: bait for deadlocks.
std::unique_ptr<Workload> four_accounts(std::uint64_t clients, Pace& pace);
/// Clients race, two and two, for an account that can pay only one of them.
std::unique_ptr<Workload> overdraft_races(std::uint64_t clients, Pace& pace);

}  // namespace ledgerd::stress
