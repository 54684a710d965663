// What was asked of the servers, and all that they said about it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ledgerd::stress {

/// Account ids and amounts are as the contract has them; the stress test's money is US cents.
struct Transfer {
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::int64_t cents = 0;

  friend bool operator==(const Transfer&, const Transfer&) = default;
};

/// A definite answer, without its mark of being a replay.
struct Verdict {
  int status = 0;
  std::string code{};      ///< of a decline
  std::int64_t cents = 0;  ///< what a success says was moved

  [[nodiscard]] bool moved() const { return status == 200; }
  /// The key belongs to another request; nothing else was decided.
  [[nodiscard]] bool is_key_reused() const { return code == "key_reused"; }

  friend bool operator==(const Verdict&, const Verdict&) = default;
};

/// A verdict, and how often it came.
struct Heard {
  Verdict verdict;
  std::uint64_t fresh = 0;
  std::uint64_t replayed = 0;
};

/// One request and its verdicts: none while it is unresolved, and one if all is well.
struct Asked {
  Transfer transfer;
  std::vector<Heard> heard{};
};

/// Every key with the requests it was used for. Not thread-safe: each caller keeps its own, and
/// they are merged.
class History {
 public:
  /// One request, unless the key was used for another on purpose.
  using Requests = std::vector<Asked>;
  using Keys = std::unordered_map<std::string, Requests>;

  void ask(const std::string& key, const Transfer& transfer) { find(key, transfer); }
  void hear(const std::string& key, const Transfer& transfer, const Verdict& verdict,
            bool replayed);
  void merge(const History& other);

  [[nodiscard]] const Keys& keys() const { return keys_; }

 private:
  Asked& find(const std::string& key, const Transfer& transfer);
  static Heard& find(Asked& asked, const Verdict& verdict);

  Keys keys_;
};

/// Transfers of which exactly one could be paid for.
struct Race {
  std::vector<std::string> keys;
};

struct Reading {
  std::int64_t cents = 0;
  std::int64_t version = 0;

  friend bool operator==(const Reading&, const Reading&) = default;
};

/// An account that the run opened.
struct Account {
  std::int64_t id = 0;
  std::string name{};
  bool may_go_below_zero = false;
};

/// All that a run has seen. One for each caller, and then one for all.
struct Evidence {
  History history{};
  std::vector<Account> accounts{};
  std::vector<Race> races{};
  /// The lowest balance that was read while the load was on, by account.
  std::map<std::int64_t, std::int64_t> lowest_cents{};
  /// In the end, by account: one for each server.
  std::map<std::int64_t, std::vector<Reading>> readings{};
  /// Answers that docs/http.md does not allow.
  std::vector<std::string> oddities{};

  void saw_balance(std::int64_t account, std::int64_t cents);
  void merge(const Evidence& other);
};

}  // namespace ledgerd::stress
