// Accounts: those to begin with, new ones, and changes.
#include <algorithm>
#include <limits>

#include "model/generator.h"

namespace ledger::model {

namespace {

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kSmallest = std::numeric_limits<std::int64_t>::min();

struct First {
  const char* currency;
  std::optional<std::int64_t> floor;
  std::optional<std::int64_t> ceiling;
};

const First kFirst[kFirstAccounts] = {
    {"USD", {}, {}},  // through these two money enters and leaves
    {"EUR", {}, {}},
    {"USD", 0, {}},
    {"USD", 0, {}},
    {"USD", 0, {}},
    {"USD", 0, {}},
    {"USD", 0, {}},
    {"USD", 0, {}},
    {"USD", 0, {}},
    {"USD", 0, {}},
    {"USD", -500, {}},
    {"USD", 0, 1000},
    {"USD", -200, 800},
    {"EUR", 0, {}},
    {"EUR", 0, {}},
    {"EUR", 0, {}},
    {"EUR", 0, {}},
    {"EUR", 0, 2000},
    {"EUR", {}, 300},
    {"GEM", {}, {}},  // the giants, with amounts near 64
                      // bits
    {"GEM", {}, {}},
    {"GEM", {}, {}},
    {"GEM", kSmallest, {}},
    {"GEM", 0, {}},
    {"GEM", {}, kLargest},
};

bool is_empty(const Account& account) {
  return account.balance == 0 && account.held == 0 && account.incoming == 0;
}

}  // namespace

std::vector<OpenAsk> Generator::first_accounts() const {
  std::vector<OpenAsk> asks;
  for (const First& first : kFirst) {
    const std::int64_t id = scope_.first_account + std::ssize(asks);
    asks.push_back({.key = scope_.prefix + "first-" + std::to_string(id),
                    .currency = first.currency,
                    .id = id,
                    .floor = first.floor,
                    .ceiling = first.ceiling,
                    .reference = scope_.prefix + "account-" + std::to_string(id)});
  }
  return asks;
}

OpenAsk Generator::open() {
  if (dice_.chance(40) && opens_.count("ok") != 0) {
    auto next = opens_.begin();
    std::advance(next, dice_.place(opens_.size()));
    if (dice_.chance(40)) return twisted(dice_.of(opens_.at("ok").kept()));
    return dice_.of(next->second.kept());
  }
  ++opened_;
  OpenAsk ask{.key = scope_.prefix + "open-" + std::to_string(opened_),
              .currency = some_currency(),
              .floor = dice_.chance(50) ? -dice_.pick(1, 1000) : 0,
              .metadata = some_metadata()};
  if (dice_.chance(20)) ask.ceiling = dice_.pick(0, 5000);
  if (dice_.chance(30)) ask.reference = scope_.prefix + "account-of-" + std::to_string(opened_);
  const int aim = open_aims_.draw(dice_);
  if (aim != 0 || !scope_.alone) ask.id = highest_ + dice_.pick(1, 3);
  if (aim == 2) ask.id = dice_.of(accounts_);
  if (aim == 3 || (aim == 2 && dice_.chance(40)))
    ask.reference = books_.account(accounts_[dice_.place(kFirstAccounts)])->reference;
  if (aim == 4) {
    switch (malformed_aims_.at(Kind::opening).draw(dice_)) {
      case 0:
        ask.key = " ";
        break;
      case 1:
        ask.reference = "caf\xc3\xa9";
        break;
      case 2:
        ask.metadata = "[]";
        break;
      case 3:
        ask.id = 0;
        break;
      case 4:
        ask.currency = "NONE";
        break;
      case 5:
        ask.ceiling = -1;
        break;
      default:
        ask.floor = 1;
    }
  }
  if (dice_.chance(10) && aim != 4) ask.key = some_key();
  return ask;
}

ChangeAsk Generator::change() {
  if (dice_.chance(35) && changes_.count("ok") != 0) {
    auto next = changes_.begin();
    std::advance(next, dice_.place(changes_.size()));
    if (dice_.chance(30)) return twisted(dice_.of(changes_.at("ok").kept()));
    return dice_.of(next->second.kept());
  }
  ChangeAsk ask{.key = new_key()};
  const Change aim = change_aims_.draw(dice_);
  switch (aim) {
    case Change::minimum:
    case Change::maximum:
    case Change::loosen:
    case Change::minimum_beyond:
    case Change::maximum_beyond:
      change_limits(ask, aim);
      break;
    case Change::unknown:
      ask.account = missing_account();
      ask.status = "frozen";
      break;
    case Change::metadata:
    case Change::version:
    case Change::wrong_version: {
      ask.account = account_that([](const Account& account) { return account.status != "closed"; });
      ask.metadata = some_metadata();
      const std::int64_t version = books_.account(ask.account)->version;
      if (aim == Change::version) ask.expected_version = version;
      if (aim == Change::wrong_version)
        ask.expected_version = version + (dice_.chance(50) ? 1 : -1);
      break;
    }
    case Change::malformed:
      ask.account = dice_.of(accounts_);
      switch (malformed_aims_.at(Kind::change).draw(dice_)) {
        case 0:
          ask.key = "";
          ask.status = "open";
          break;
        case 1:
          ask.account = 0;
          ask.status = "open";
          break;
        case 2:
          ask.metadata = "1";
          break;
        case 3:
        case 4:
          ask.floor = 5;
          ask.ceiling = 4;
          break;
        default:
          break;  // nothing to change
      }
      return ask;
    default:
      change_status(ask, aim);
  }
  // Perhaps with a second thing that is wrong, so that the first in order must win.
  if (dice_.chance(aim == Change::closed ? 60 : 20)) ask.expected_version = dice_.pick(0, 5);
  if (dice_.chance(aim == Change::closed ? 60 : 15) && !ask.floor) ask.floor = 1'000'000'000;
  if (dice_.chance(5)) ask.key = some_key();
  return ask;
}

void Generator::change_limits(ChangeAsk& ask, Change aim) {
  const bool narrows = aim != Change::loosen;
  // The first two stay as they are, so that money can always enter.
  ask.account = account_that([&](const Account& account) {
    const bool changeable = account.status != "closed" && account.id > scope_.first_account + 1;
    return changeable && (narrows ? account.currency != "GEM" : account.floor || account.ceiling);
  });
  const Account& account = *books_.account(ask.account);
  const auto available = static_cast<std::int64_t>(account.available());
  const auto expected = static_cast<std::int64_t>(account.expected());
  const std::int64_t slack = dice_.chance(50) ? 0 : dice_.pick(1, 100);
  switch (aim) {
    case Change::minimum:
      ask.floor = available - slack;
      break;
    case Change::maximum:
      ask.ceiling = expected + slack;
      break;
    case Change::minimum_beyond:
      ask.floor = available == kLargest ? available : available + 1;
      break;
    case Change::maximum_beyond:
      ask.ceiling = expected == kSmallest ? expected : expected - 1;
      break;
    default:
      ask.floor = std::optional<std::int64_t>{};
      if (available >= 0 && account.currency != "GEM") ask.floor = 0;
      ask.ceiling = std::optional<std::int64_t>{};
  }
}

void Generator::change_status(ChangeAsk& ask, Change aim) {
  const auto frozen = [](const Account& account) { return account.status == "frozen"; };
  const auto not_closed_and = [](auto&& test) {
    return [test](const Account& account) { return account.status != "closed" && test(account); };
  };
  ask.status = "closed";
  const auto late = [this](const Account& account) {
    return account.id >= scope_.first_account + kFirstAccounts;
  };
  switch (aim) {
    case Change::freeze: {
      ask.status = "frozen";
      const bool to_expire = dice_.chance(50);
      const std::int64_t hold = transfer_that([&](const Recorded& recorded, const Fate& fate) {
        return fate.status == "held" && (!to_expire || recorded.expires_at);
      });
      ask.account = account_that([](const Account& account) { return account.status == "open"; });
      if (hold != 0 && dice_.chance(80)) {
        const Leg& leg = books_.transfer(hold).legs.front().leg;
        ask.account = dice_.chance(60) ? leg.from : leg.to;
      }
      // A ledger that is all frozen does nothing.
      if (std::count_if(accounts_.begin(), accounts_.end(),
                        [&](std::int64_t id) { return frozen(*books_.account(id)); }) >= 6) {
        ask.status = "open";
        ask.account = account_that(frozen);
      }
      break;
    }
    case Change::thaw:
      ask.status = "open";
      ask.account = account_that(frozen);
      break;
    case Change::close:
      ask.account = account_that(not_closed_and(
          [&](const Account& account) { return is_empty(account) && late(account); }));
      if (!late(*books_.account(ask.account))) ask.status = "open";
      break;
    case Change::closed:
      ask.account = account_that([](const Account& account) { return account.status == "closed"; });
      ask.status = "open";
      break;
    case Change::holds_from:
      ask.account = account_that(not_closed_and(
          [](const Account& account) { return account.balance == 0 && account.held != 0; }));
      break;
    case Change::holds_for:
      ask.account = account_that(not_closed_and(
          [](const Account& account) { return account.balance == 0 && account.incoming != 0; }));
      break;
    default:
      ask.account =
          account_that(not_closed_and([](const Account& account) { return account.balance != 0; }));
  }
  // Those it began with are never closed, lest it run out of them.
  if (ask.status == "closed" && is_empty(*books_.account(ask.account)) &&
      !late(*books_.account(ask.account))) {
    ask.status = "open";
  }
}

}  // namespace ledger::model
