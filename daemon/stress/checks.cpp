#include "stress/checks.h"

#include <algorithm>

#include <fmt/format.h>

namespace ledgerd::stress {
namespace {

using Keys = History::Keys;

std::string describe(const Verdict& verdict) {
  if (verdict.moved()) return fmt::format("200, {} moved", decimal(verdict.cents));
  return fmt::format("{} {}", verdict.status, verdict.code);
}

std::string describe(const Heard& heard) {
  return fmt::format("{} ({} times first-hand, {} times replayed)", describe(heard.verdict),
                     heard.fresh, heard.replayed);
}

/// A verdict on the request itself, and not on its key.
const Verdict* decided(const Asked& asked) {
  for (const Heard& heard : asked.heard) {
    if (!heard.verdict.is_key_reused()) return &heard.verdict;
  }
  return nullptr;
}

const Verdict* decided(const History::Requests& requests) {
  for (const Asked& asked : requests) {
    if (const Verdict* verdict = decided(asked)) return verdict;
  }
  return nullptr;
}

/// What the accounts must hold, by the verdicts.
std::map<std::int64_t, Reading> expected_readings(const History& history) {
  std::map<std::int64_t, Reading> accounts;
  const auto post = [&accounts](std::int64_t account, std::int64_t cents) {
    accounts[account].cents += cents;
    accounts[account].version += 1;
  };
  for (const auto& [key, requests] : history.keys()) {
    const Verdict* verdict = decided(requests);
    if (verdict == nullptr || !verdict->moved()) continue;
    // The first that was decided; a second is reported by one_request_per_key().
    const auto asked = std::ranges::find_if(
        requests, [verdict](const Asked& one) { return decided(one) == verdict; });
    post(asked->transfer.from, -asked->transfer.cents);
    post(asked->transfer.to, asked->transfer.cents);
  }
  return accounts;
}

Check conservation(const Evidence& evidence) {
  Check check{"money is conserved", ""};
  std::int64_t sum = 0;
  for (const auto& [account, readings] : evidence.readings)
    sum += readings.front().cents;
  check.finding =
      fmt::format("{} accounts, which sum to {}", evidence.readings.size(), decimal(sum));
  if (sum != 0) {
    check.breaches.push_back(fmt::format("expected a sum of 0.00, got {}", decimal(sum)));
  }
  return check;
}

Check exactly_once(const Evidence& evidence) {
  auto expected = expected_readings(evidence.history);
  Check check{"exactly once",
              fmt::format("{} keys against {} balances and versions",
                          evidence.history.keys().size(), evidence.accounts.size())};
  for (const Account& account : evidence.accounts) {
    const auto found = evidence.readings.find(account.id);
    if (found == evidence.readings.end()) continue;
    const Reading& want = expected[account.id];
    const Reading& got = found->second.front();
    if (got == want) continue;
    check.breaches.push_back(fmt::format(
        "account {} ({}): expected {} after {} transfers, got {} after {}", account.id,
        account.name, decimal(want.cents), want.version, decimal(got.cents), got.version));
  }
  return check;
}

Check no_overdraft(const Evidence& evidence) {
  Check check{"no overdraft",
              fmt::format("lowest balances of {} accounts", evidence.lowest_cents.size())};
  for (const Account& account : evidence.accounts) {
    const auto lowest = evidence.lowest_cents.find(account.id);
    if (account.may_go_below_zero || lowest == evidence.lowest_cents.end()) continue;
    if (lowest->second >= 0) continue;
    check.breaches.push_back(fmt::format("account {} ({}): expected 0.00 or more, got {}",
                                         account.id, account.name, decimal(lowest->second)));
  }
  return check;
}

Check one_winner_per_race(const Evidence& evidence) {
  Check check{"one winner per race", ""};
  std::size_t races = 0;
  for (const Race& race : evidence.races) {
    std::vector<const Verdict*> verdicts;
    for (const std::string& key : race.keys) {
      const auto found = evidence.history.keys().find(key);
      const bool was_asked = found != evidence.history.keys().end();
      verdicts.push_back(was_asked ? decided(found->second) : nullptr);
    }
    const auto winners = std::ranges::count_if(
        verdicts, [](const Verdict* verdict) { return verdict != nullptr && verdict->moved(); });
    const bool all_known = std::ranges::count(verdicts, nullptr) == 0;
    if (all_known) ++races;
    if (winners > 1 || (all_known && winners == 0)) {
      check.breaches.push_back(fmt::format("race of {}: expected 1 winner, got {}",
                                           fmt::join(race.keys, " and "), winners));
    }
  }
  check.finding = fmt::format("{} races for an account's last money", races);
  return check;
}

Check same_answers(const Keys& keys) {
  Check check{"same answers", ""};
  std::uint64_t repeated = 0;
  for (const auto& [key, requests] : keys) {
    for (const Asked& asked : requests) {
      std::uint64_t answers = 0;
      std::uint64_t fresh = 0;
      std::vector<std::string> all;
      for (const Heard& heard : asked.heard) {
        answers += heard.fresh + heard.replayed;
        if (!heard.verdict.is_key_reused()) fresh += heard.fresh;
        all.push_back(describe(heard));
      }
      if (answers > 1) ++repeated;
      if (all.size() > 1 || fresh > 1) {
        check.breaches.push_back(
            fmt::format("key {}: expected one answer, first-hand at most once, got {}", key,
                        fmt::join(all, "; ")));
      }
    }
  }
  check.finding = fmt::format("{} requests that were answered several times", repeated);
  return check;
}

Check one_request_per_key(const Keys& keys) {
  Check check{"one request per key", ""};
  std::size_t contested = 0;
  for (const auto& [key, requests] : keys) {
    if (requests.size() > 1) ++contested;
    const auto winners = std::ranges::count_if(
        requests, [](const Asked& asked) { return decided(asked) != nullptr; });
    const bool all_answered =
        std::ranges::none_of(requests, [](const Asked& asked) { return asked.heard.empty(); });
    if (winners > 1 || (winners == 0 && all_answered)) {
      check.breaches.push_back(fmt::format(
          "key {}: expected 1 of {} requests to be decided and the others key_reused, got {}", key,
          requests.size(), winners));
    }
  }
  check.finding = fmt::format("{} keys that were used for different requests", contested);
  return check;
}

/// Funds are all that these transfers can lack, and what they say was moved is what was asked for.
Check true_answers(const Evidence& evidence) {
  Check check{"answers fit the contract", fmt::format("{} keys", evidence.history.keys().size()),
              evidence.oddities};
  for (const auto& [key, requests] : evidence.history.keys()) {
    for (const Asked& asked : requests) {
      for (const Heard& heard : asked.heard) {
        const Verdict& verdict = heard.verdict;
        const bool fits = verdict.moved()
                              ? verdict.cents == asked.transfer.cents
                              : verdict.code == "insufficient_funds" || verdict.is_key_reused();
        if (fits) continue;
        check.breaches.push_back(
            fmt::format("key {}: {} from account {} to {} was asked for, got {}", key,
                        decimal(asked.transfer.cents), asked.transfer.from, asked.transfer.to,
                        describe(verdict)));
      }
    }
  }
  return check;
}

Check servers_agree(const Evidence& evidence) {
  Check check{"servers agree", ""};
  std::size_t most = 0;
  for (const Account& account : evidence.accounts) {
    const auto found = evidence.readings.find(account.id);
    if (found == evidence.readings.end()) continue;
    const std::vector<Reading>& readings = found->second;
    most = std::max(most, readings.size());
    for (const Reading& reading : readings) {
      if (reading == readings.front()) continue;
      check.breaches.push_back(
          fmt::format("account {} ({}): one server has {} after {} transfers, another {} after {}",
                      account.id, account.name, decimal(readings.front().cents),
                      readings.front().version, decimal(reading.cents), reading.version));
    }
  }
  check.finding = fmt::format("{} servers", most);
  return check;
}

}  // namespace

std::vector<Check> run_checks(const Evidence& evidence) {
  const Keys& keys = evidence.history.keys();
  std::vector<Check> checks = {conservation(evidence), exactly_once(evidence),
                               no_overdraft(evidence), one_winner_per_race(evidence),
                               same_answers(keys),     one_request_per_key(keys),
                               true_answers(evidence), servers_agree(evidence)};
  if (unresolved_keys(evidence.history).empty()) return checks;
  // What an unresolved key did is not known, so balances can be neither right nor wrong.
  Check& balances = checks[1];
  balances.breaches.clear();
  balances.is_open = true;
  return checks;
}

std::vector<std::string> unresolved_keys(const History& history) {
  std::vector<std::string> unresolved;
  for (const auto& [key, requests] : history.keys()) {
    const bool is_open =
        std::ranges::any_of(requests, [](const Asked& asked) { return asked.heard.empty(); });
    if (is_open) unresolved.push_back(key);
  }
  std::ranges::sort(unresolved);
  return unresolved;
}

std::string decimal(std::int64_t cents) {
  const std::int64_t whole = cents / 100;
  const std::int64_t rest = cents % 100;
  return fmt::format("{}{}.{:02}", cents < 0 ? "-" : "", whole < 0 ? -whole : whole,
                     rest < 0 ? -rest : rest);
}

}  // namespace ledgerd::stress
