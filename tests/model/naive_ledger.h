// A ledger as one would write it on a whiteboard. It audits the real one, so it shares no code with
// it: plain maps, one request at a time, money in 128 bits.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ledger::model {

__extension__ using Wide = __int128;

struct NaiveLeg {
  std::int64_t from;
  std::int64_t to;
  std::int64_t amount;
  std::string currency;
  bool operator==(const NaiveLeg&) const = default;
};

class NaiveLedger {
 public:
  struct Account {
    std::string currency;
    std::optional<std::int64_t> floor;
    std::optional<std::int64_t> ceiling;
    Wide balance = 0;
    std::int64_t entries = 0;
  };
  struct Answer {
    std::string result;  // "ok", or the name of the decline
    bool replayed = false;
  };

  Answer open(const std::string& key, std::int64_t id, const Account& account) {
    const std::string asked = "open " + std::to_string(id) + account.currency +
                              text(account.floor) + "/" + text(account.ceiling);
    return once(key, asked,
                [&] { return accounts.emplace(id, account).second ? "ok" : "account_exists"; });
  }

  Answer transfer(const std::string& key, const std::vector<NaiveLeg>& legs) {
    std::string asked = "transfer";
    for (const auto& leg : legs) {
      asked += " " + std::to_string(leg.from) + ">" + std::to_string(leg.to) + ":" +
               std::to_string(leg.amount) + leg.currency;
    }
    return once(key, asked, [&] { return post_all(legs); });
  }

  std::map<std::int64_t, Account> accounts;

 private:
  struct Recorded {
    std::string asked;
    std::string result;
  };

  static std::string text(const std::optional<std::int64_t>& number) {
    return number ? std::to_string(*number) : "none";
  }

  template <class Decide>
  Answer once(const std::string& key, const std::string& asked, Decide&& decide) {
    const auto known = recorded_.find(key);
    if (known == recorded_.end()) {
      std::string result = decide();
      recorded_[key] = {asked, result};
      return {result, false};
    }
    if (known->second.asked != asked) return {"key_reused", false};
    return {known->second.result, true};
  }

  std::string post_all(const std::vector<NaiveLeg>& legs) {
    const auto before = accounts;
    for (const auto& leg : legs) {
      std::string result = post(leg);
      if (result != "ok") {
        accounts = before;
        return result;
      }
    }
    return "ok";
  }

  std::string post(const NaiveLeg& leg) {
    const auto from = accounts.find(leg.from);
    const auto to = accounts.find(leg.to);
    if (from == accounts.end()) return "from_account_not_found";
    if (to == accounts.end()) return "to_account_not_found";
    if (from->second.currency != leg.currency) return "currency_mismatch";
    if (to->second.currency != leg.currency) return "currency_mismatch";
    const Wide lower = from->second.balance - leg.amount;
    const Wide higher = to->second.balance + leg.amount;
    if (from->second.floor && lower < *from->second.floor) return "insufficient_funds";
    if (to->second.ceiling && higher > *to->second.ceiling) return "balance_limit_exceeded";
    if (lower < INT64_MIN || higher > INT64_MAX) return "balance_overflow";
    from->second.balance = lower;
    to->second.balance = higher;
    ++from->second.entries;
    ++to->second.entries;
    return "ok";
  }

  std::map<std::string, Recorded> recorded_;
};

}  // namespace ledger::model
