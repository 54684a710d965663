// Makes requests up, most of them with an aim: to be just within a rule, or just beyond it. It
// looks into the naive ledger to aim; what a request must answer is for that ledger to say.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "model/dice.h"
#include "model/naive_ledger.h"

namespace ledger::model {

/// What a workload may touch, so that several can run on one ledger.
struct Scope {
  std::string prefix{};            ///< of keys and references
  std::int64_t first_account = 1;  ///< of its accounts, kAccountsOfScope at most from here on
  bool alone = true;               ///< nobody else is at work: ids may be assigned
};

/// Which accounts a workload has from the start, as distances from Scope::first_account.
inline constexpr std::int64_t kFirstAccounts = 25;

class Generator {
 public:
  Generator(const NaiveLedger& books, Dice& dice, Scope scope);

  /// The accounts to begin with.
  [[nodiscard]] std::vector<OpenAsk> first_accounts() const;

  [[nodiscard]] Ask ask(Time now);
  /// One that will most likely be committed.
  [[nodiscard]] Ask healthy(Time now);
  /// Of a hold whose time has come.
  [[nodiscard]] Ask late_capture(Time now);
  [[nodiscard]] OpenAsk open();
  [[nodiscard]] ChangeAsk change();
  /// Several for one submit, some of them the same.
  [[nodiscard]] std::vector<Ask> batch(std::size_t size, Time now);
  [[nodiscard]] std::vector<Ask> atomic_batch(std::size_t size, Time now);

  // What was decided, to ask for it again and to go on from it.
  void remember(const Ask& ask, const Answer& answer);
  void remember(const OpenAsk& ask, const Answer& answer);
  void remember(const ChangeAsk& ask, const Answer& answer);
  void remember_atomic(const std::vector<Ask>& asks, bool committed);

  [[nodiscard]] std::string some_reference();
  [[nodiscard]] std::int64_t some_account();
  /// A transfer, mostly a late one; 0: there is none.
  [[nodiscard]] std::int64_t some_transfer();
  /// 0: there is none.
  [[nodiscard]] std::int64_t some_open_hold(Time now);
  /// A key that was used, as soon as there is any.
  [[nodiscard]] std::string some_key();

 private:
  /// A few of many, each as likely as the others.
  template <class T>
  class Sample {
   public:
    void add(T what, Dice& dice) {
      ++seen_;
      if (kept_.size() < kMost) return kept_.push_back(std::move(what));
      const auto place = static_cast<std::size_t>(dice.pick(0, seen_ - 1));
      if (place < kMost) kept_[place] = std::move(what);
    }
    [[nodiscard]] const std::vector<T>& kept() const { return kept_; }

   private:
    static constexpr std::size_t kMost = 64;
    std::int64_t seen_ = 0;
    std::vector<T> kept_;
  };
  template <class T>
  using Samples = std::map<std::string, Sample<T>>;  // by what was asked and answered

  enum class Aim {
    healthy,
    many_legs,
    late_leg,
    to_minimum,
    below_minimum,
    to_maximum,
    above_maximum,
    to_least,
    below_least,
    to_most,
    above_most,
    from_missing,
    to_missing,
    from_shut,
    to_shut,
    wrong_currency,
    expiry_passed,
    malformed,
    all,
    part,
    part_of_part,
    just_the_rest,
    release_rest,
    release_no_rest,
    of_many,
    part_of_many,
    too_much,
    not_found,
    wrong_kind,
    captured,
    voided,
    part_voided,
    due,
    swept,
    from_frozen,
    to_frozen,
    capture,
    open_capture,
    released_capture,
    reversed,
    poor,
    full,
    overflow,
    affordable
  };
  enum class Change {
    minimum,
    maximum,
    loosen,
    metadata,
    freeze,
    thaw,
    close,
    unknown,
    version,
    wrong_version,
    closed,
    not_empty,
    holds_from,
    holds_for,
    minimum_beyond,
    maximum_beyond,
    malformed
  };
  using Test = std::function<bool(const Recorded&, const Fate&)>;

  [[nodiscard]] Ask fresh(Kind kind, Time now);
  [[nodiscard]] Ask fresh_move(Kind kind, Aim aim, Time now);
  [[nodiscard]] Ask fresh_capture(Aim aim, Time now);
  [[nodiscard]] Ask fresh_void(Aim aim, Time now);
  [[nodiscard]] Ask fresh_reversal(Aim aim);
  [[nodiscard]] Test reversal_test(Aim aim) const;
  [[nodiscard]] Ask again();
  [[nodiscard]] Ask committed();
  [[nodiscard]] Ask twisted(Ask ask);
  [[nodiscard]] OpenAsk twisted(OpenAsk ask);
  [[nodiscard]] ChangeAsk twisted(ChangeAsk ask);
  void spoil(Ask& ask);
  /// Perhaps with a second thing that is wrong, so that the first in order must win.
  void add_flaw(Ask& ask);
  void aim_leg(Leg& leg, Aim aim);
  void aim_at_limits(Leg& leg, Aim aim);
  void aim_at_64_bits(Leg& leg, Aim aim);

  void hold_of_nothing(Leg& leg);
  [[nodiscard]] Leg levelling_leg();
  [[nodiscard]] Leg healthy_leg(const std::string& currency);
  [[nodiscard]] std::int64_t fitting_amount(const Account& from, const Account& to);
  [[nodiscard]] std::int64_t open_account(const std::string& currency);
  /// One that passes, or any.
  [[nodiscard]] std::int64_t account_that(const std::function<bool(const Account&)>& test);
  [[nodiscard]] std::string some_currency();
  [[nodiscard]] std::int64_t missing_account();
  [[nodiscard]] std::int64_t missing_transfer();
  /// A late transfer that passes; 0: none does.
  [[nodiscard]] std::int64_t transfer_that(const Test& test);
  /// An open hold that passes; 0: none does.
  [[nodiscard]] std::int64_t open_hold_that(const Test& test, Time now);
  [[nodiscard]] std::int64_t due_hold(Time now) const;
  /// The id of the first, or else of any.
  [[nodiscard]] std::int64_t id_or_any(std::int64_t number);
  [[nodiscard]] bool is(std::int64_t account, const char* status) const;
  [[nodiscard]] std::string new_key();
  [[nodiscard]] Details some_details();
  [[nodiscard]] std::string some_metadata();
  void change_limits(ChangeAsk& ask, Change aim);
  void change_status(ChangeAsk& ask, Change aim);

  const NaiveLedger& books_;
  Dice& dice_;
  Scope scope_;
  std::int64_t keys_ = 0;
  std::int64_t opened_ = 0;
  std::int64_t highest_ = 0;
  std::vector<std::int64_t> accounts_;  // those it works with most
  std::vector<std::int64_t> open_holds_;
  Samples<Ask> asked_;
  Samples<OpenAsk> opens_;
  Samples<ChangeAsk> changes_;
  std::string last_sample_;
  std::string last_committed_;
  Sample<std::vector<Ask>> committed_batches_;
  Sample<std::vector<Ask>> declined_batches_;
  Sample<std::string> keys_used_;
  Deck<Kind> kinds_;
  std::map<Kind, Deck<Aim>> aims_;
  Deck<Change> change_aims_;
  Deck<int> open_aims_;
  Deck<int> batch_aims_;
  std::map<Kind, Deck<int>> malformed_aims_;
  std::map<Kind, Deck<int>> twists_;
  Deck<int> open_twists_;
  Deck<int> change_twists_;
};

}  // namespace ledger::model
