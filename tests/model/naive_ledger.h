// A ledger as one would write it on a whiteboard. It audits the real one, so it shares no code with
// it: plain maps, one request at a time, money in 128 bits.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/naive_types.h"

namespace ledger::model {

/// Transfers have numbers here, 1, 2, 3 …: the real ledger chooses their ids, and identify() is
/// told of them. A single thread's.
class NaiveLedger {
 public:
  /// `note` is called with what a request met, once it is decided: the coverage of a workload.
  explicit NaiveLedger(
      bool record_declines = true,
      std::function<void(const std::string&)> note = [](const std::string&) {})
      : record_declines_(record_declines), note_(std::move(note)) {}

  Answer open(const OpenAsk& ask, Time now);
  Answer change(const ChangeAsk& ask, Time now);
  std::vector<Answer> submit(const std::vector<Ask>& asks, bool atomic, Time now);
  /// Releases the holds that are due, the earliest first, and returns their numbers.
  std::vector<std::int64_t> expire(std::size_t limit, Time now);

  /// The real ledger's id of a transfer. False: it has another one, or another transfer has it.
  [[nodiscard]] bool identify(std::int64_t number, std::int64_t id);

  // Reading. REQUIRES: what is asked about is there, where a reference is returned.

  [[nodiscard]] const std::map<std::int64_t, Account>& accounts() const { return accounts_; }
  [[nodiscard]] const Account* account(std::int64_t id) const;
  [[nodiscard]] const Account* account_by_reference(const std::string& reference) const;
  /// 0: no committed transfer has this id.
  [[nodiscard]] std::int64_t number_of(std::int64_t id) const;
  [[nodiscard]] std::int64_t transfer_count() const { return std::ssize(transfers_); }
  [[nodiscard]] const Recorded& transfer(std::int64_t number) const {
    return transfers_[static_cast<std::size_t>(number - 1)];
  }
  [[nodiscard]] const Fate& fate(std::int64_t number) const {
    return fates_[static_cast<std::size_t>(number - 1)];
  }
  /// What is left to capture, or to reverse, of the first leg.
  [[nodiscard]] std::int64_t rest(std::int64_t number) const;
  /// Open holds with an expiry, the earliest first: when, and their number.
  [[nodiscard]] const std::set<std::pair<Time, std::int64_t>>& due() const { return due_; }
  /// In order of version, from 1.
  [[nodiscard]] const std::vector<Entry>& entries(std::int64_t account) const;
  /// The account's transfers, in order.
  [[nodiscard]] const std::vector<std::int64_t>& transfers_of(std::int64_t account) const;
  [[nodiscard]] const std::vector<std::int64_t>& transfers_with(const std::string& reference) const;
  [[nodiscard]] std::map<std::string, Totals> totals() const;
  /// What is recorded under a transfer's key: "key_not_found" and "key_reused" as the real one.
  [[nodiscard]] Answer resolve(const std::string& key) const;

 private:
  struct Kept {
    std::string asked{};
    std::string result{};
    std::int64_t number = 0;
    bool of_account = false;
    std::unique_ptr<Account> account{};
  };
  /// What a request, or an atomic batch, would do; thrown away when it is declined.
  struct Draft {
    std::map<std::int64_t, Account> accounts{};
    std::map<std::int64_t, Fate> fates{};
    std::vector<Recorded> made{};
    std::vector<std::pair<std::int64_t, Entry>> entries{};
    std::vector<std::string> notes{};
  };
  /// What a row does to its accounts.
  enum class Effect { move, reserve, settle, release };
  struct Side {
    Wide balance;
    Wide held;
    Wide incoming;
  };

  Answer once(const Ask& ask, Time now);
  std::vector<Answer> atomic(const std::vector<Ask>& asks, Time now);
  [[nodiscard]] std::vector<Answer> refuse(const std::vector<Ask>& asks) const;
  [[nodiscard]] Answer recall(const std::string& key, const std::string& asked) const;
  [[nodiscard]] bool knows(const std::string& key) const { return kept_.count(key) != 0; }
  void keep(const std::string& key, Kept kept);
  /// Whether this outcome leaves no trace under its key.
  [[nodiscard]] bool is_forgotten(const std::string& result) const {
    return result != "ok" && !record_declines_;
  }

  std::string decide(const Ask& ask, Time now, Draft& draft);
  std::string decide_transfer(const Ask& ask, Time now, Draft& draft);
  std::string decide_capture(const Ask& ask, Time now, Draft& draft);
  std::string decide_void(const Ask& ask, Time now, Draft& draft);
  std::string decide_reversal(const Ask& ask, Time now, Draft& draft);
  std::string decide_open(const OpenAsk& ask) const;
  std::string decide_change(const ChangeAsk& ask) const;
  [[nodiscard]] std::string first_of(const std::vector<std::string>& wrong) const;

  /// Why a hold can not be captured or voided any more; "": it can.
  std::string look_at_hold(const Recorded& hold, const Fate& fate, Kind asked, Time now) const;
  /// What is wrong with the amount that is asked for of `recorded`, of which `rest` is left.
  static std::vector<std::string> look_at_amount(const Ask& ask, const Recorded& recorded,
                                                 std::int64_t rest);
  void release_all(std::int64_t number, const char* status, Recorded& made, Draft& draft);
  std::string row(Recorded& made, const Leg& leg, Kind kind, Effect effect, Draft& draft);
  /// Whether the accounts bear what a row does to them, given as they would be after it.
  std::string look_at_row(const Account& from, const Account& to, const Side& from_after,
                          const Side& to_after, const Leg& leg) const;

  void note_short(const Account& from, const Side& after) const;
  void note_above(const Account& to, const Side& after) const;
  void note_capture(const Ask& ask, const Recorded& hold, std::int64_t before, std::int64_t left,
                    Draft& draft);
  void note_reversal(const Recorded& original, std::int64_t before, std::int64_t left,
                     Draft& draft);
  static void note_edges(const Account& from, const Account& to, const Side& from_after,
                         const Side& to_after, Draft& draft);
  void note_atomic(const std::string& failure, bool nothing_fresh, bool replays,
                   bool duplicates) const;

  Account* find(std::int64_t id, Draft& draft);
  Fate& fate_in(std::int64_t number, Draft& draft) const;
  void add(Recorded made, Draft& draft);
  void commit(Draft& draft);
  void index(std::int64_t number);

  bool record_declines_;
  std::function<void(const std::string&)> note_;
  std::map<std::int64_t, Account> accounts_;
  std::map<std::string, std::int64_t> account_references_;
  std::map<std::int64_t, std::vector<Entry>> entries_;
  std::map<std::int64_t, std::vector<std::int64_t>> transfers_of_;
  std::map<std::string, std::vector<std::int64_t>> transfers_with_;
  std::set<std::int64_t> floors_changed_;
  std::set<std::int64_t> ceilings_changed_;
  std::deque<Recorded> transfers_;
  std::deque<Fate> fates_;
  std::set<std::pair<Time, std::int64_t>> due_;
  std::unordered_map<std::int64_t, std::int64_t> numbers_;
  std::unordered_map<std::string, Kept> kept_;
};

/// The name of the first thing that is wrong with a request by itself; "": nothing.
[[nodiscard]] std::string malformed(const Ask& ask);
[[nodiscard]] std::string malformed(const OpenAsk& ask);
[[nodiscard]] std::string malformed(const ChangeAsk& ask);

/// All that was asked, as one text: two requests are the same when these are.
[[nodiscard]] std::string text(const Ask& ask);
[[nodiscard]] std::string text(const OpenAsk& ask);
[[nodiscard]] std::string text(const ChangeAsk& ask);

}  // namespace ledger::model
