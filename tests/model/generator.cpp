// Which requests are made, and how they are put together.
#include "model/generator.h"

#include <algorithm>
#include <limits>

namespace ledger::model {

namespace {

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kSmallest = std::numeric_limits<std::int64_t>::min();
constexpr std::size_t kMostAccounts = 60;
constexpr std::size_t kManyOpenHolds = 150;

bool is_malformed(const Ask& ask) { return !malformed(ask).empty(); }

Deck<int> any_of_ten() {
  return {{0, 1}, {1, 1}, {2, 1}, {3, 1}, {4, 1}, {5, 1}, {6, 1}, {7, 1}, {8, 1}, {9, 1}};
}

}  // namespace

Generator::Generator(const NaiveLedger& books, Dice& dice, Scope scope)
    : books_(books),
      dice_(dice),
      scope_(std::move(scope)),
      kinds_{{Kind::transfer, 7},
             {Kind::hold, 7},
             {Kind::capture, 7},
             {Kind::void_hold, 4},
             {Kind::reversal, 7}},
      aims_{{Kind::transfer,
             {{Aim::healthy, 8},
              {Aim::many_legs, 3},
              {Aim::late_leg, 2},
              {Aim::to_minimum, 1},
              {Aim::below_minimum, 2},
              {Aim::to_maximum, 1},
              {Aim::above_maximum, 2},
              {Aim::to_least, 1},
              {Aim::below_least, 1},
              {Aim::to_most, 1},
              {Aim::above_most, 1},
              {Aim::from_missing, 1},
              {Aim::to_missing, 1},
              {Aim::from_shut, 1},
              {Aim::to_shut, 1},
              {Aim::wrong_currency, 1},
              {Aim::malformed, 1}}},
            {Kind::hold,
             {{Aim::healthy, 10},
              {Aim::many_legs, 5},
              {Aim::late_leg, 1},
              {Aim::to_minimum, 1},
              {Aim::below_minimum, 1},
              {Aim::to_maximum, 1},
              {Aim::above_maximum, 1},
              {Aim::to_least, 1},
              {Aim::below_least, 1},
              {Aim::to_most, 1},
              {Aim::above_most, 1},
              {Aim::from_missing, 1},
              {Aim::to_missing, 1},
              {Aim::from_shut, 1},
              {Aim::to_shut, 1},
              {Aim::wrong_currency, 1},
              {Aim::expiry_passed, 1},
              {Aim::malformed, 1}}},
            {Kind::capture, {{Aim::all, 2},          {Aim::part, 5},
                             {Aim::part_of_part, 2}, {Aim::just_the_rest, 2},
                             {Aim::release_rest, 2}, {Aim::release_no_rest, 1},
                             {Aim::of_many, 1},      {Aim::part_of_many, 1},
                             {Aim::too_much, 1},     {Aim::wrong_currency, 1},
                             {Aim::not_found, 1},    {Aim::wrong_kind, 1},
                             {Aim::captured, 1},     {Aim::voided, 1},
                             {Aim::part_voided, 1},  {Aim::due, 2},
                             {Aim::swept, 1},        {Aim::from_frozen, 3},
                             {Aim::to_frozen, 3},    {Aim::malformed, 1}}},
            {Kind::void_hold,
             {{Aim::all, 2},
              {Aim::part, 2},
              {Aim::of_many, 1},
              {Aim::from_frozen, 1},
              {Aim::not_found, 1},
              {Aim::wrong_kind, 1},
              {Aim::captured, 1},
              {Aim::voided, 1},
              {Aim::part_voided, 1},
              {Aim::due, 2},
              {Aim::swept, 1},
              {Aim::malformed, 1}}},
            {Kind::reversal, {{Aim::all, 2},          {Aim::part, 4},
                              {Aim::part_of_part, 2}, {Aim::just_the_rest, 2},
                              {Aim::of_many, 2},      {Aim::part_of_many, 1},
                              {Aim::too_much, 1},     {Aim::wrong_currency, 1},
                              {Aim::not_found, 1},    {Aim::wrong_kind, 1},
                              {Aim::reversed, 1},     {Aim::from_shut, 1},
                              {Aim::to_shut, 1},      {Aim::capture, 1},
                              {Aim::open_capture, 1}, {Aim::released_capture, 1},
                              {Aim::poor, 1},         {Aim::full, 2},
                              {Aim::overflow, 2},     {Aim::malformed, 1}}}},
      change_aims_{{Change::minimum, 3},        {Change::maximum, 3},   {Change::loosen, 4},
                   {Change::metadata, 1},       {Change::freeze, 5},    {Change::thaw, 3},
                   {Change::close, 2},          {Change::unknown, 1},   {Change::version, 1},
                   {Change::wrong_version, 1},  {Change::closed, 2},    {Change::not_empty, 1},
                   {Change::holds_from, 2},     {Change::holds_for, 1}, {Change::minimum_beyond, 1},
                   {Change::maximum_beyond, 1}, {Change::malformed, 1}},
      open_aims_{{0, 5}, {1, 3}, {2, 1}, {3, 1}, {4, 1}},
      batch_aims_{{0, 3}, {1, 1}, {2, 1}, {3, 1}, {4, 1}, {5, 1},
                  {6, 1}, {7, 1}, {8, 1}, {9, 1}, {10, 1}},
      malformed_aims_{{Kind::transfer, any_of_ten()}, {Kind::hold, any_of_ten()},
                      {Kind::capture, any_of_ten()},  {Kind::void_hold, any_of_ten()},
                      {Kind::reversal, any_of_ten()}, {Kind::opening, any_of_ten()},
                      {Kind::change, any_of_ten()}},
      twists_{{Kind::transfer, any_of_ten()},
              {Kind::hold, any_of_ten()},
              {Kind::capture, any_of_ten()},
              {Kind::void_hold, any_of_ten()},
              {Kind::reversal, any_of_ten()}},
      open_twists_{{0, 1}, {1, 1}, {2, 1}, {3, 1}, {4, 1}, {5, 1}},
      change_twists_{{0, 1}, {1, 1}, {2, 1}, {3, 1}, {4, 1}, {5, 1}} {}

// --- which request

Ask Generator::ask(Time now) {
  Kind kind = kinds_.draw(dice_);
  if (open_holds_.size() > kManyOpenHolds && dice_.chance(50)) {
    return fresh(dice_.chance(50) ? Kind::void_hold : Kind::capture, now);
  }
  if (dice_.chance(20) && !asked_.empty()) return again();
  if (dice_.chance(8) && !asked_.empty()) return twisted(dice_.chance(30) ? again() : committed());
  Ask ask = fresh(kind, now);
  if (dice_.chance(5) && !is_malformed(ask)) ask.key = some_key();
  return ask;
}

Ask Generator::fresh(Kind kind, Time now) {
  const Aim aim = aims_.at(kind).draw(dice_);
  Ask ask;
  switch (kind) {
    case Kind::capture:
      ask = fresh_capture(aim, now);
      break;
    case Kind::void_hold:
      ask = fresh_void(aim, now);
      break;
    case Kind::reversal:
      ask = fresh_reversal(aim);
      break;
    default:
      ask = fresh_move(kind, aim, now);
  }
  ask.kind = kind;
  ask.key = new_key();
  ask.details = some_details();
  if (dice_.chance(15)) add_flaw(ask);
  if (aim == Aim::malformed) spoil(ask);
  return ask;
}

Ask Generator::late_capture(Time now) {
  Ask ask = fresh_capture(Aim::due, now);
  ask.kind = Kind::capture;
  ask.key = new_key();
  return ask;
}

Ask Generator::healthy(Time now) {
  const Kind kind = kinds_.draw(dice_);
  Ask ask;
  if (kind == Kind::capture || kind == Kind::void_hold) {
    const auto both_open = [this](const Recorded& hold, const Fate&) {
      return std::all_of(hold.legs.begin(), hold.legs.end(), [this](const Posted& posted) {
        return is(posted.leg.from, "open") && is(posted.leg.to, "open");
      });
    };
    const std::int64_t number = open_hold_that(both_open, now);
    if (number != 0) ask = {.kind = kind, .about = books_.transfer(number).id};
  }
  if (kind == Kind::reversal) {
    const std::int64_t number = transfer_that(reversal_test(Aim::affordable));
    if (number != 0) ask = {.kind = kind, .about = books_.transfer(number).id};
  }
  if (ask.about == 0) {
    ask = fresh_move(kind == Kind::hold ? kind : Kind::transfer, Aim::healthy, now);
    ask.kind = kind == Kind::hold ? kind : Kind::transfer;
  }
  ask.key = new_key();
  ask.details = some_details();
  return ask;
}

/// Each kind of request and answer in its turn.
Ask Generator::again() {
  auto next = asked_.upper_bound(last_sample_);
  if (next == asked_.end()) next = asked_.begin();
  last_sample_ = next->first;
  return dice_.of(next->second.kept());
}

/// The same of those that were committed.
Ask Generator::committed() {
  for (std::size_t tries = 0; tries < asked_.size(); ++tries) {
    auto next = asked_.upper_bound(last_committed_);
    if (next == asked_.end()) next = asked_.begin();
    last_committed_ = next->first;
    if (last_committed_.ends_with(" ok")) return dice_.of(next->second.kept());
  }
  return again();
}

std::vector<Ask> Generator::batch(std::size_t size, Time now) {
  std::vector<Ask> asks;
  while (asks.size() < size) {
    const auto roll = asks.empty() ? 100 : dice_.pick(1, 100);
    asks.push_back(roll <= 8 ? Ask(dice_.of(asks)) : ask(now));
    if (roll > 8 && roll <= 12 && !is_malformed(asks.back())) asks.back().key = dice_.of(asks).key;
  }
  return asks;
}

std::vector<Ask> Generator::atomic_batch(std::size_t size, Time now) {
  std::vector<Ask> asks;
  const auto insert = [&](Ask ask) {
    const auto place = dice_.pick(0, std::ssize(asks));
    asks.insert(asks.begin() + place, std::move(ask));
  };
  const auto insert_recorded = [&](bool committed) {
    std::vector<const Sample<Ask>*> fitting;
    for (const auto& [what, sample] : asked_) {
      if (what.ends_with(" ok") == committed) fitting.push_back(&sample);
    }
    if (!fitting.empty()) insert(dice_.of(dice_.of(fitting)->kept()));
  };
  const int aim = batch_aims_.draw(dice_);
  if (aim == 4 && !committed_batches_.kept().empty()) return dice_.of(committed_batches_.kept());
  if (aim == 5 && !declined_batches_.kept().empty()) return dice_.of(declined_batches_.kept());
  while (asks.size() < size)
    asks.push_back(healthy(now));
  if (aim == 1 || aim == 9) insert(fresh(kinds_.draw(dice_), now));
  if (aim == 2) insert_recorded(false);
  if (aim == 3) insert(fresh(Kind::transfer, now));
  if (aim == 3) asks[dice_.place(asks.size())].key = some_key();
  if (aim == 6) insert_recorded(true);
  if (aim == 7 || aim == 9) insert(Ask(dice_.of(asks)));
  if (aim == 8) {
    for (auto left = dice_.pick(1, 3); left > 0; --left)
      insert(ask(now));
  }
  if (aim == 10) {
    insert(fresh_move(Kind::transfer, Aim::healthy, now));
    spoil(asks[dice_.place(asks.size())]);
  } else {
    std::erase_if(asks, is_malformed);  // lest the rest is not looked at
  }
  return asks;
}

// --- what was decided

void Generator::remember(const Ask& ask, const Answer& answer) {
  if (answer.replayed || answer.result == "key_reused" || is_malformed(ask)) return;
  asked_[std::string(name(ask.kind)) + " " + answer.result].add(ask, dice_);
  keys_used_.add(ask.key, dice_);
  if (ask.kind == Kind::hold && answer.result == "ok") open_holds_.push_back(answer.number);
}

void Generator::remember(const OpenAsk& ask, const Answer& answer) {
  if (answer.replayed || answer.result == "key_reused" || !malformed(ask).empty()) return;
  opens_[answer.result].add(ask, dice_);
  keys_used_.add(ask.key, dice_);
  if (!answer.account) return;
  highest_ = std::max(highest_, answer.account->id);
  accounts_.push_back(answer.account->id);
  if (accounts_.size() > kMostAccounts) accounts_.erase(accounts_.begin() + kFirstAccounts);
}

void Generator::remember(const ChangeAsk& ask, const Answer& answer) {
  if (answer.replayed || answer.result == "key_reused" || !malformed(ask).empty()) return;
  changes_[answer.result].add(ask, dice_);
  keys_used_.add(ask.key, dice_);
}

void Generator::remember_atomic(const std::vector<Ask>& asks, bool committed) {
  (committed ? committed_batches_ : declined_batches_).add(asks, dice_);
}

// --- details

std::string Generator::new_key() { return scope_.prefix + "key-" + std::to_string(++keys_); }

std::string Generator::some_key() {
  return keys_used_.kept().empty() ? new_key() : dice_.of(keys_used_.kept());
}

std::string Generator::some_reference() {
  return scope_.prefix + "ref-" + std::to_string(dice_.pick(1, 20 + keys_ / 20));
}

std::string Generator::some_metadata() {
  if (dice_.chance(70)) return "";
  const auto n = std::to_string(dice_.pick(1, 99));
  return R"({"note":"n )" + n + R"(","list":[1,)" + n + R"(],"deep":{"er":null}})";
}

Details Generator::some_details() {
  Details details{.metadata = some_metadata()};
  if (dice_.chance(30)) details.reference = some_reference();
  if (dice_.chance(10)) details.effective_at = dice_.pick(-1'000'000'000'000, 1'000'000'000'000);
  if (dice_.chance(2)) details.effective_at = 253402300799'999'999;  // the end of the year 9999
  if (dice_.chance(2)) details.effective_at = -62135596800'000'000;  // the start of the year 1
  return details;
}

/// Makes it wrong by itself.
void Generator::spoil(Ask& ask) {
  const bool moves = ask.kind == Kind::transfer || ask.kind == Kind::hold;
  switch (malformed_aims_.at(ask.kind).draw(dice_)) {
    case 0:
      ask.key = dice_.chance(50) ? "" : " spaced";
      break;
    case 1:
      ask.details.reference = "not\nprintable";
      break;
    case 2:
      ask.details.metadata = dice_.chance(50) ? "[1]" : '{' + std::string(4095, ' ') + "1}";
      break;
    case 3:
      ask.details.effective_at = 253402300800'000'000;  // the year 10000
      break;
    case 4:
      if (moves)
        ask.legs.front().to = -1;
      else
        ask.about = 0;
      break;
    case 5:
      if (moves)
        ask.legs.front().money.units = -dice_.pick(0, 5);
      else if (ask.kind == Kind::void_hold)
        ask.about = 0;
      else
        ask.amount = Money{0, "USD"};
      break;
    case 6:
      if (moves)
        ask.legs.front().to = ask.legs.front().from;
      else
        ask.about = -dice_.pick(1, 5);
      break;
    case 7:
      if (moves)
        ask.legs.clear();
      else
        ask.about = kSmallest;
      break;
    case 8:
      if (moves)
        ask.legs.resize(1001, ask.legs.front());
      else
        ask.about = 0;
      break;
    default:
      if (moves)
        ask.legs.front().from = -dice_.pick(0, 1);
      else
        ask.about = 0;
  }
}

void Generator::add_flaw(Ask& ask) {
  if (ask.kind == Kind::void_hold) return;
  if (ask.kind == Kind::capture || ask.kind == Kind::reversal) {
    ask.amount = Money{dice_.chance(50) ? kLargest : dice_.pick(1, 300), some_currency()};
    return;
  }
  Leg& leg = ask.legs[dice_.place(ask.legs.size())];
  const auto roll = dice_.pick(1, 4);
  if (roll == 1) leg.money.units = kLargest;
  if (roll == 2) leg.money.currency = some_currency();
  if (roll == 3) leg.to = some_account();
  if (roll == 4) leg.from = some_account();
  if (leg.from == leg.to) leg.to = missing_account();
}

// --- accounts and transfers to choose from

std::string Generator::some_currency() {
  const auto roll = dice_.pick(1, 10);
  return roll <= 4 ? "USD" : roll <= 6 ? "EUR" : "GEM";
}

bool Generator::is(std::int64_t account, const char* status) const {
  const Account* found = books_.account(account);
  return found != nullptr && found->status == status;
}

std::int64_t Generator::some_account() {
  if (dice_.chance(3)) return missing_account();
  if (dice_.chance(70)) return accounts_[dice_.place(kFirstAccounts)];
  return dice_.of(accounts_);
}

std::int64_t Generator::missing_account() {
  return dice_.chance(50) ? scope_.first_account + 900'000'000 : kLargest - dice_.pick(1, 9);
}

std::int64_t Generator::account_that(const std::function<bool(const Account&)>& test) {
  const std::size_t start = dice_.place(accounts_.size());
  for (std::size_t i = 0; i < accounts_.size(); ++i) {
    const std::int64_t id = accounts_[(start + i) % accounts_.size()];
    if (test(*books_.account(id))) return id;
  }
  return dice_.of(accounts_);
}

std::int64_t Generator::open_account(const std::string& currency) {
  for (int tries = 0; tries < 10; ++tries) {
    const std::int64_t id = some_account();
    if (is(id, "open") && books_.account(id)->currency == currency) return id;
  }
  return account_that([&](const Account& account) {
    return account.status == "open" && account.currency == currency;
  });
}

std::int64_t Generator::some_transfer() {
  return transfer_that([](const Recorded&, const Fate&) { return true; });
}

std::int64_t Generator::some_open_hold(Time now) {
  return open_hold_that([](const Recorded&, const Fate&) { return true; }, now);
}

std::int64_t Generator::transfer_that(const Test& test) {
  constexpr std::int64_t kLate = 400;
  const std::int64_t last = books_.transfer_count();
  const std::int64_t window = std::min(last, kLate);
  if (window == 0) return 0;
  // Sometimes any at all, however early.
  const std::int64_t end = dice_.chance(90) ? last : dice_.pick(window, last);
  const std::int64_t start = dice_.pick(0, window - 1);
  for (std::int64_t i = 0; i < window; ++i) {
    const std::int64_t number = end - (start + i) % window;
    if (test(books_.transfer(number), books_.fate(number))) return number;
  }
  return 0;
}

std::int64_t Generator::open_hold_that(const Test& test, Time now) {
  std::erase_if(open_holds_,
                [this](std::int64_t number) { return books_.fate(number).status != "held"; });
  if (open_holds_.empty()) return 0;
  const std::size_t start = dice_.place(open_holds_.size());
  for (std::size_t i = 0; i < open_holds_.size(); ++i) {
    const std::int64_t number = open_holds_[(start + i) % open_holds_.size()];
    const Recorded& hold = books_.transfer(number);
    const bool is_due = hold.expires_at && *hold.expires_at <= now;
    if (!is_due && test(hold, books_.fate(number))) return number;
  }
  return 0;
}

std::int64_t Generator::id_or_any(std::int64_t number) {
  if (number == 0) number = some_transfer();
  return number == 0 ? missing_transfer() : books_.transfer(number).id;
}

std::int64_t Generator::missing_transfer() {
  // The second row of a transfer is none.
  const std::int64_t many =
      transfer_that([](const Recorded& recorded, const Fate&) { return recorded.legs.size() > 1; });
  if (many != 0 && dice_.chance(50)) return books_.transfer(many).id + 1;
  return kLargest - dice_.pick(0, 1'000'000);
}

}  // namespace ledger::model
