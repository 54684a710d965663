#include "chaos.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iterator>
#include <utility>

namespace ledgerd {
namespace {

using ledger::AccountId;
using ledger::base::MutexLock;

constexpr std::pair<std::string_view, ChaosPoint> kValues[] = {
    {"before-commit", ChaosPoint::before_commit},
    {"after-commit", ChaosPoint::after_commit},
    {"before-release", ChaosPoint::before_release},
    {"kill-before-commit", ChaosPoint::kill_before_commit},
    {"kill-after-commit", ChaosPoint::kill_after_commit},
    {"kill-before-release", ChaosPoint::kill_before_release},
    {"kill-before-reply", ChaosPoint::kill_before_reply},
    {"true", ChaosPoint::after_commit},
};

}  // namespace

std::string_view name(ChaosPoint point) {
  return std::ranges::find(kValues, point, [](const auto& value) { return value.second; })->first;
}

std::optional<ChaosPoint> parse_chaos_point(std::string_view text) {
  const auto* found =
      std::ranges::find(kValues, text, [](const auto& value) { return value.first; });
  if (found == std::end(kValues)) return std::nullopt;
  return found->second;
}

std::string chaos_values() {
  std::string values;
  for (const auto& [value, point] : kValues)
    values += values.empty() ? std::string(value) : ", " + std::string(value);
  return values;
}

bool Chaos::arm(const std::string& key, ChaosPoint point) {
  MutexLock lock(mutex_);
  return armed_.try_emplace(key, State{.point = point}).second;
}

void Chaos::disarm(const std::string& key) {
  MutexLock lock(mutex_);
  armed_.erase(key);
}

bool Chaos::is_reached(const std::string& key) const {
  MutexLock lock(mutex_);
  const auto found = armed_.find(key);
  return found != armed_.end() && found->second.reached;
}

ledger::Result<void> Chaos::commit(ledger::StoreTransaction& transaction,
                                   const ledger::WriteSet& writes) {
  if (pass(writes, ChaosPoint::kill_before_commit)) die(ChaosPoint::kill_before_commit);
  if (pass(writes, ChaosPoint::before_commit)) {
    return ledger::Error{ledger::ErrorCode::store_unavailable, "chaos: before-commit"};
  }
  auto committed = transaction.commit(writes);
  if (!committed) return committed;
  if (pass(writes, ChaosPoint::kill_after_commit)) die(ChaosPoint::kill_after_commit);
  for (const ChaosPoint later : {ChaosPoint::after_commit, ChaosPoint::before_release,
                                 ChaosPoint::kill_before_release, ChaosPoint::kill_before_reply}) {
    pass(writes, later);
  }
  return committed;
}

bool Chaos::keeps_leases(std::span<const AccountId> accounts) {
  if (has_committed_on(accounts, ChaosPoint::kill_before_release)) {
    die(ChaosPoint::kill_before_release);
  }
  return has_committed_on(accounts, ChaosPoint::before_release);
}

void Chaos::die(ChaosPoint point) {
  logger_.warn("chaos: killing this process", {{"at", name(point)}});
  std::raise(SIGKILL);
  std::abort();  // nobody comes here
}

void Chaos::log_drop(ChaosPoint point) {
  logger_.warn("chaos: dropping a connection", {{"at", name(point)}});
}

bool Chaos::pass(const ledger::WriteSet& writes, ChaosPoint point) {
  MutexLock lock(mutex_);
  bool any = false;
  for (const ledger::JournalRow& row : writes.rows) {
    const auto found = armed_.find(row.key);  // later legs have no key, and find nothing
    if (found == armed_.end() || found->second.point != point) continue;
    found->second.reached = any = true;
    found->second.account = row.from;
  }
  return any;
}

bool Chaos::has_committed_on(std::span<const AccountId> accounts, ChaosPoint point) const {
  MutexLock lock(mutex_);
  return std::ranges::any_of(armed_, [&](const auto& entry) {
    const State& state = entry.second;
    return state.reached && state.point == point &&
           std::ranges::find(accounts, state.account) != accounts.end();
  });
}

ArmedChaos::ArmedChaos(Chaos& chaos, std::string key, ChaosPoint point)
    : chaos_(chaos), key_(std::move(key)), point_(point), owns_(chaos.arm(key_, point)) {}

ArmedChaos::~ArmedChaos() {
  if (owns_) chaos_.disarm(key_);
}

bool ArmedChaos::must_drop() const {
  if (!owns_ || !chaos_.is_reached(key_)) return false;
  // Where no leases were held, this is when they would have been released.
  const bool dies =
      point_ == ChaosPoint::kill_before_release || point_ == ChaosPoint::kill_before_reply;
  if (dies) chaos_.die(point_);
  chaos_.log_drop(point_);
  return true;
}

}  // namespace ledgerd
