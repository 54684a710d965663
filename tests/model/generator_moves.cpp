// Transfers and holds, and the amounts that are just within a limit or just beyond it.
#include <algorithm>
#include <limits>

#include "model/generator.h"

namespace ledger::model {

namespace {

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kSmallest = std::numeric_limits<std::int64_t>::min();

std::int64_t clamp(Wide amount) {
  return static_cast<std::int64_t>(std::clamp<Wide>(amount, 1, kLargest));
}

/// The most that may leave, and enter.
Wide room_below(const Account& from) { return from.available() - from.floor.value_or(kSmallest); }
Wide room_above(const Account& to) { return to.ceiling.value_or(kLargest) - to.expected(); }

}  // namespace

Ask Generator::fresh_move(Kind kind, Aim aim, Time now) {
  Ask ask;
  std::int64_t legs = 1;
  if (aim == Aim::many_legs) legs = dice_.chance(5) ? dice_.pick(20, 60) : dice_.pick(2, 5);
  if (aim == Aim::late_leg) legs = dice_.pick(2, 4);
  for (std::int64_t i = 0; i < legs; ++i) {
    ask.legs.push_back(healthy_leg(some_currency()));
    // What is held of the giants adds up: little, unless it is aimed at.
    Money& money = ask.legs.back().money;
    if (kind == Kind::hold) money.units = std::min<std::int64_t>(money.units, 1000);
  }
  if (aim == Aim::many_legs && dice_.chance(40)) {  // a chain: on with what has just come in
    ask.legs[1] = ask.legs[0];
    ask.legs[1].from = ask.legs[0].to;
    ask.legs[1].to = open_account(ask.legs[0].money.currency);
    if (ask.legs[1].to == ask.legs[1].from) ask.legs[1].to = ask.legs[0].from;
  }
  Deck<Aim> late{{Aim::below_minimum, 1},
                 {Aim::above_maximum, 1},
                 {Aim::to_missing, 1},
                 {Aim::wrong_currency, 1},
                 {Aim::to_shut, 1}};
  aim_leg(ask.legs.back(), aim == Aim::late_leg ? late.draw(dice_) : aim);
  for (Leg& leg : ask.legs) {
    if (leg.from == leg.to) leg.to = missing_account();
  }
  if (kind != Kind::hold) return ask;
  if (aim == Aim::healthy && dice_.chance(15)) hold_of_nothing(ask.legs.front());
  if (dice_.chance(40)) ask.expires_at = now + dice_.pick(1, 4'000'000);
  if (dice_.chance(15)) ask.expires_at = (now / 1000 + dice_.pick(1, 2000)) * 1000;
  const bool is_huge = ask.legs.back().money.units > kLargest / 1000;
  if (is_huge) ask.expires_at = now + dice_.pick(1, 100'000);  // it is in everybody's way
  if (aim == Aim::expiry_passed) ask.expires_at = now - dice_.pick(0, 1);
  return ask;
}

/// Between accounts that have nothing, of which one may be overdrawn.
void Generator::hold_of_nothing(Leg& leg) {
  const std::int64_t from = account_that([](const Account& account) {
    return account.status == "open" && account.balance == 0 && account.currency != "GEM" &&
           room_below(account) > 0;
  });
  const std::string currency = books_.account(from)->currency;
  const std::int64_t to = account_that([&](const Account& account) {
    return account.status == "open" && account.balance == 0 && account.currency == currency &&
           account.id != from && room_above(account) > 20;
  });
  if (books_.account(to)->currency == currency && from != to)
    leg = {from, to, {dice_.pick(1, 20), currency}};
}

/// From the giant that has most to the one that has least: otherwise they only grow apart, and no
/// sum of theirs ever fits 64 bits.
Leg Generator::levelling_leg() {
  const auto by_balance = [this](std::int64_t a, std::int64_t b) {
    return books_.account(a)->balance < books_.account(b)->balance;
  };
  std::vector<std::int64_t> giants;
  for (const std::int64_t id : accounts_) {
    const Account& account = *books_.account(id);
    if (account.status == "open" && account.currency == "GEM") giants.push_back(id);
  }
  const auto [least, most] = std::minmax_element(giants.begin(), giants.end(), by_balance);
  if (least == most) return {};
  const Account& from = *books_.account(*most);
  const Account& to = *books_.account(*least);
  const Wide amount = std::min({Wide{from.balance}, -Wide{to.balance}, room_below(from)});
  return {from.id, to.id, {clamp(amount), "GEM"}};
}

Leg Generator::healthy_leg(const std::string& currency) {
  Leg leg;
  if (currency == "GEM" && dice_.chance(85)) leg = levelling_leg();
  if (leg.from != 0) return leg;
  const std::int64_t world = scope_.first_account + (currency == "USD" ? 0 : 1);
  for (int tries = 0; tries < 6; ++tries) {
    leg.from = open_account(currency);
    leg.to = open_account(currency);
    if (currency != "GEM" && dice_.chance(35)) leg.from = world;
    if (currency != "GEM" && dice_.chance(20)) leg.to = world;
    if (leg.from == leg.to) continue;
    const Account& from = *books_.account(leg.from);
    const Account& to = *books_.account(leg.to);
    leg.money = {fitting_amount(from, to), currency};
    if (std::min(room_below(from), room_above(to)) >= leg.money.units) break;
  }
  if (leg.money.units == 0) leg.money = {1, currency};
  return leg;
}

std::int64_t Generator::fitting_amount(const Account& from, const Account& to) {
  const Wide room = std::min(room_below(from), room_above(to));
  // A little at a time, and in the giants' currency mostly a lot.
  const Wide most = from.currency == "GEM" && dice_.chance(70) ? Wide{kLargest} / 2 : 200;
  return dice_.pick(1, clamp(std::min(room, most)));
}

void Generator::aim_leg(Leg& leg, Aim aim) {
  const auto shut = [](const Account& account) { return account.status != "open"; };
  const auto in_currency_of = [this, &leg](std::int64_t id) {
    leg.money = {dice_.pick(1, 50), books_.account(id)->currency};
  };
  switch (aim) {
    case Aim::from_missing:
      leg.from = missing_account();
      break;
    case Aim::to_missing:
      leg.to = missing_account();
      break;
    case Aim::from_shut:
      leg.from = account_that(shut);
      in_currency_of(leg.from);
      break;
    case Aim::to_shut:
      leg.to = account_that(shut);
      in_currency_of(leg.to);
      leg.from = open_account(leg.money.currency);
      break;
    case Aim::wrong_currency:
      leg.money.currency = leg.money.currency == "USD" ? "EUR" : "USD";
      if (dice_.chance(50)) leg.from = open_account(leg.money.currency);
      if (dice_.chance(10)) leg.money.currency = "NONE";
      break;
    case Aim::to_minimum:
    case Aim::below_minimum:
    case Aim::to_maximum:
    case Aim::above_maximum:
      aim_at_limits(leg, aim);
      break;
    case Aim::to_least:
    case Aim::below_least:
    case Aim::to_most:
    case Aim::above_most:
      aim_at_64_bits(leg, aim);
      break;
    default:
      break;
  }
}

void Generator::aim_at_limits(Leg& leg, Aim aim) {
  const bool down = aim == Aim::to_minimum || aim == Aim::below_minimum;
  const bool beyond = aim == Aim::below_minimum || aim == Aim::above_maximum;
  Wide amount = 0;
  if (down) {
    leg.from = account_that([&](const Account& account) {
      return account.status == "open" && account.floor && (beyond || room_below(account) > 0);
    });
    leg.money.currency = books_.account(leg.from)->currency;
    leg.to = account_that([&](const Account& account) {
      return account.status == "open" && account.currency == leg.money.currency &&
             account.id != leg.from && room_above(account) > room_below(*books_.account(leg.from));
    });
    amount = room_below(*books_.account(leg.from));
  } else {
    leg.to = account_that([&](const Account& account) {
      return account.status == "open" && account.ceiling && (beyond || room_above(account) > 0);
    });
    leg.money.currency = books_.account(leg.to)->currency;
    leg.from = account_that([&](const Account& account) {
      return account.status == "open" && account.currency == leg.money.currency &&
             account.id != leg.to && room_below(account) > room_above(*books_.account(leg.to));
    });
    amount = room_above(*books_.account(leg.to));
  }
  if (beyond) amount += dice_.chance(60) ? 1 : dice_.pick(2, 500);
  leg.money.units = clamp(amount);
}

void Generator::aim_at_64_bits(Leg& leg, Aim aim) {
  const bool down = aim == Aim::to_least || aim == Aim::below_least;
  const bool beyond = aim == Aim::below_least || aim == Aim::above_most;
  const auto is_giant = [](const Account& account) {
    return account.status == "open" && account.currency == "GEM" && !account.floor &&
           !account.ceiling;
  };
  leg.money.currency = "GEM";
  if (down) {
    leg.from = account_that([&](const Account& account) {
      return is_giant(account) && room_below(account) + 1 <= kLargest;
    });
    const Wide room = room_below(*books_.account(leg.from));
    leg.to = account_that([&](const Account& account) {
      return is_giant(account) && account.id != leg.from && (beyond || room_above(account) >= room);
    });
    leg.money.units = clamp(room + (beyond ? 1 : 0));
  } else {
    leg.to = account_that([&](const Account& account) {
      return is_giant(account) && room_above(account) + 1 <= kLargest;
    });
    const Wide room = room_above(*books_.account(leg.to));
    leg.from = account_that([&](const Account& account) {
      return is_giant(account) && account.id != leg.to && (beyond || room_below(account) >= room);
    });
    leg.money.units = clamp(room + (beyond ? 1 : 0));
  }
}

}  // namespace ledger::model
