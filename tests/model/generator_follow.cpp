// Captures, voids and reversals: of what can be, and of what cannot.
#include <limits>

#include "model/generator.h"

namespace ledger::model {

namespace {

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();

std::string other_currency(const std::string& currency) {
  return currency == "EUR" ? "USD" : "EUR";
}

std::int64_t rest_of(const Recorded& recorded, const Fate& fate) {
  return recorded.legs.front().leg.money.units - fate.settled;
}

bool is_single(const Recorded& recorded) { return recorded.legs.size() == 1; }

}  // namespace

/// One whose time has just come, or else the one that is due for longest.
std::int64_t Generator::due_hold(Time now) const {
  const auto just = books_.due().lower_bound({now, 0});
  if (just != books_.due().end() && just->first == now) return just->second;
  return books_.due().empty() ? 0 : books_.due().begin()->second;
}

Ask Generator::fresh_capture(Aim aim, Time now) {
  Ask ask;
  const auto any = [](const Recorded&, const Fate&) { return true; };
  const auto with_status = [](const char* status, bool in_part) -> Test {
    return [=](const Recorded& recorded, const Fate& fate) {
      return recorded.kind == Kind::hold && fate.status == status && (!in_part || fate.settled > 0);
    };
  };
  const auto all_open = [this](const Recorded& hold) {
    return is(hold.legs.front().leg.from, "open") && is(hold.legs.front().leg.to, "open");
  };
  std::int64_t number = 0;
  bool in_part = false;
  switch (aim) {
    case Aim::part:
    case Aim::release_rest:
      in_part = true;
      number = open_hold_that(
          [&](const Recorded& hold, const Fate& fate) {
            return is_single(hold) && all_open(hold) && rest_of(hold, fate) > 1 &&
                   (aim == Aim::release_rest || fate.settled == 0);
          },
          now);
      ask.release_rest = aim == Aim::release_rest;
      break;
    case Aim::part_of_part:
    case Aim::just_the_rest:
      in_part = aim == Aim::part_of_part;
      number = open_hold_that(
          [&](const Recorded& hold, const Fate& fate) {
            return all_open(hold) && fate.settled > 0 && rest_of(hold, fate) > (in_part ? 1 : 0);
          },
          now);
      break;
    case Aim::of_many:
    case Aim::part_of_many:
      number =
          open_hold_that([](const Recorded& hold, const Fate&) { return !is_single(hold); }, now);
      if (aim == Aim::part_of_many) ask.amount = Money{1, "USD"};
      break;
    case Aim::too_much:
    case Aim::wrong_currency:
      number = open_hold_that(
          [&](const Recorded& hold, const Fate&) { return is_single(hold) && all_open(hold); },
          now);
      break;
    case Aim::not_found:
      ask.about = missing_transfer();
      return ask;
    case Aim::wrong_kind:
      number = transfer_that(
          [](const Recorded& recorded, const Fate&) { return recorded.kind != Kind::hold; });
      break;
    case Aim::captured:
      number = transfer_that(with_status("captured", false));
      break;
    case Aim::voided:
      number = transfer_that(with_status("voided", false));
      break;
    case Aim::part_voided:
      number = transfer_that(with_status("voided", true));
      break;
    case Aim::swept:
      number = transfer_that(with_status("expired", false));
      break;
    case Aim::due:
      number = due_hold(now);
      break;
    case Aim::from_frozen:
      number = open_hold_that([&](const Recorded& hold,
                                  const Fate&) { return is(hold.legs.front().leg.from, "frozen"); },
                              now);
      break;
    case Aim::to_frozen:
      number = open_hold_that(
          [&](const Recorded& hold, const Fate&) {
            return is(hold.legs.front().leg.from, "open") && is(hold.legs.front().leg.to, "frozen");
          },
          now);
      break;
    default:
      number = open_hold_that(any, now);
      ask.release_rest = aim == Aim::release_no_rest;
  }
  ask.about = id_or_any(number);
  if (number == 0) return ask;
  const Money& held = books_.transfer(number).legs.front().leg.money;
  const std::int64_t rest = books_.rest(number);
  if (in_part) ask.amount = Money{dice_.pick(1, rest - 1), held.currency};
  if (aim == Aim::just_the_rest && dice_.chance(50)) ask.amount = Money{rest, held.currency};
  if (aim == Aim::too_much) {
    ask.amount = Money{dice_.chance(70) && rest < kLargest ? rest + 1 : kLargest, held.currency};
  }
  if (aim == Aim::wrong_currency) {
    ask.amount = Money{dice_.chance(50) ? rest : kLargest, other_currency(held.currency)};
  }
  return ask;
}

Ask Generator::fresh_void(Aim aim, Time now) {
  if (aim == Aim::part) {
    Ask ask;
    ask.about = id_or_any(
        open_hold_that([](const Recorded&, const Fate& fate) { return fate.settled > 0; }, now));
    return ask;
  }
  Ask ask = fresh_capture(aim, now);
  ask.amount.reset();
  ask.release_rest = false;
  return ask;
}

Ask Generator::fresh_reversal(Aim aim) {
  Ask ask;
  if (aim == Aim::not_found) {
    ask.about = missing_transfer();
    return ask;
  }
  const std::int64_t number = transfer_that(reversal_test(aim));
  ask.about = id_or_any(number);
  if (number == 0) return ask;
  const Money& moved = books_.transfer(number).legs.front().leg.money;
  const std::int64_t rest = books_.rest(number);
  if (aim == Aim::part || aim == Aim::part_of_part) {
    ask.amount = Money{dice_.pick(1, rest - 1), moved.currency};
  }
  if (aim == Aim::just_the_rest && dice_.chance(50)) ask.amount = Money{rest, moved.currency};
  if (aim == Aim::part_of_many) ask.amount = Money{1, moved.currency};
  if (aim == Aim::too_much) {
    ask.amount = Money{dice_.chance(70) && rest < kLargest ? rest + 1 : kLargest, moved.currency};
  }
  if (aim == Aim::wrong_currency) ask.amount = Money{rest, other_currency(moved.currency)};
  return ask;
}

Generator::Test Generator::reversal_test(Aim aim) const {
  const auto accounts = [this](const Recorded& recorded, auto&& test) {
    const Leg& leg = recorded.legs.front().leg;
    return test(*books_.account(leg.to), *books_.account(leg.from));
  };
  const auto both_open = [](const Account& from, const Account& to) {
    return from.status == "open" && to.status == "open";
  };
  return [=, this](const Recorded& recorded, const Fate& fate) {
    if (aim == Aim::wrong_kind) {
      return recorded.kind != Kind::transfer && recorded.kind != Kind::capture;
    }
    if (recorded.kind != Kind::transfer && recorded.kind != Kind::capture) return false;
    if (aim == Aim::reversed) return fate.status == "reversed";
    if (aim == Aim::part_of_many) return !is_single(recorded);
    if (fate.status == "reversed") return false;
    const std::int64_t rest = rest_of(recorded, fate);
    switch (aim) {
      case Aim::part:
        return is_single(recorded) && rest > 1 && accounts(recorded, both_open);
      case Aim::part_of_part:
        return fate.settled > 0 && rest > 1 && accounts(recorded, both_open);
      case Aim::just_the_rest:
        return fate.settled > 0 && accounts(recorded, both_open);
      case Aim::of_many:
        return !is_single(recorded);
      case Aim::too_much:
      case Aim::wrong_currency:
        return is_single(recorded) && accounts(recorded, both_open);
      case Aim::from_shut:
        return accounts(recorded,
                        [](const Account& from, const Account&) { return from.status != "open"; });
      case Aim::to_shut:
        return accounts(recorded, [](const Account& from, const Account& to) {
          return from.status == "open" && to.status != "open";
        });
      case Aim::capture:
        return recorded.kind == Kind::capture;
      case Aim::open_capture:
        return recorded.refers_to &&
               books_.fate(books_.number_of(*recorded.refers_to)).status == "held";
      case Aim::released_capture:
        return recorded.released > 0;
      case Aim::poor:
        return accounts(recorded, [&](const Account& from, const Account& to) {
          return both_open(from, to) && from.floor && from.available() - rest < *from.floor;
        });
      case Aim::affordable:
        return is_single(recorded) &&
               accounts(recorded, [&](const Account& from, const Account& to) {
                 return both_open(from, to) && !to.ceiling &&
                        from.available() - rest >= from.floor.value_or(0);
               });
      case Aim::full:
        return accounts(recorded, [&](const Account& from, const Account& to) {
          return both_open(from, to) && to.ceiling && to.expected() + rest > *to.ceiling &&
                 (!from.floor || from.available() - rest >= *from.floor);
        });
      case Aim::overflow:
        return accounts(recorded, [&](const Account& from, const Account& to) {
          return both_open(from, to) && !to.ceiling && to.expected() + rest > kLargest &&
                 (!from.floor || from.available() - rest >= *from.floor);
        });
      default:
        return true;
    }
  };
}

}  // namespace ledger::model
