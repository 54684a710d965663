#include "stress/history.h"

#include <algorithm>

namespace ledgerd::stress {
namespace {

template <class T>
void append(std::vector<T>& all, const std::vector<T>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

}  // namespace

Asked& History::find(const std::string& key, const Transfer& transfer) {
  Requests& requests = keys_[key];
  const auto found = std::ranges::find(requests, transfer, &Asked::transfer);
  return found != requests.end() ? *found : requests.emplace_back(Asked{transfer});
}

Heard& History::find(Asked& asked, const Verdict& verdict) {
  const auto found = std::ranges::find(asked.heard, verdict, &Heard::verdict);
  return found != asked.heard.end() ? *found : asked.heard.emplace_back(Heard{verdict});
}

void History::hear(const std::string& key, const Transfer& transfer, const Verdict& verdict,
                   bool replayed) {
  Heard& heard = find(find(key, transfer), verdict);
  ++(replayed ? heard.replayed : heard.fresh);
}

void History::merge(const History& other) {
  for (const auto& [key, requests] : other.keys_) {
    for (const Asked& asked : requests) {
      Asked& own = find(key, asked.transfer);
      for (const Heard& heard : asked.heard) {
        Heard& known = find(own, heard.verdict);
        known.fresh += heard.fresh;
        known.replayed += heard.replayed;
      }
    }
  }
}

void Evidence::saw_balance(std::int64_t account, std::int64_t cents) {
  const auto [lowest, is_first] = lowest_cents.try_emplace(account, cents);
  if (!is_first) lowest->second = std::min(lowest->second, cents);
}

void Evidence::merge(const Evidence& other) {
  history.merge(other.history);
  append(accounts, other.accounts);
  append(races, other.races);
  append(oddities, other.oddities);
  for (const auto& [account, cents] : other.lowest_cents)
    saw_balance(account, cents);
  for (const auto& [account, seen] : other.readings)
    append(readings[account], seen);
}

}  // namespace ledgerd::stress
