// The request that a key has had before, but for one thing: it must not pass for the same.
#include "model/generator.h"

namespace ledger::model {

namespace {

template <class T>
std::optional<T> other(const std::optional<T>& value, T instead) {
  return value ? std::nullopt : std::optional(instead);
}

}  // namespace

Ask Generator::twisted(Ask ask) {
  const bool moves = ask.kind == Kind::transfer || ask.kind == Kind::hold;
  switch (twists_.at(ask.kind).draw(dice_)) {
    case 0:
      ask.twist = "reference";
      ask.details.reference += 'x';
      break;
    case 1:
      ask.twist = "metadata";
      ask.details.metadata = ask.details.metadata.empty() ? "{}" : "";
      break;
    case 2:
      ask.twist = "effective date";
      ask.details.effective_at = other(ask.details.effective_at, Time{5});
      break;
    case 3:
      ask.twist = "kind";
      if (moves) {
        ask.kind = ask.kind == Kind::hold ? Kind::transfer : Kind::hold;
        ask.expires_at.reset();
      } else {
        ask.kind = ask.kind == Kind::void_hold ? Kind::capture : Kind::void_hold;
        ask.amount.reset();
        ask.release_rest = false;
      }
      break;
    case 4:
      ask.twist = moves ? "amount of a leg" : "hold or transfer";
      if (moves) {
        ask.legs.back().money.units = ask.legs.back().money.units == 1 ? 2 : 1;
      } else {
        ask.about = ask.about == 1 ? 2 : 1;
      }
      break;
    case 5:
      ask.twist = moves ? "currency" : "amount";
      if (moves) {
        ask.legs.back().money.currency = ask.legs.back().money.currency == "JPY" ? "USD" : "JPY";
      } else if (ask.kind == Kind::void_hold) {
        ask.twist = "hold or transfer";
        ask.about = ask.about == 1 ? 2 : 1;
      } else {
        ask.amount = other(ask.amount, Money{1, "USD"});
      }
      break;
    case 6:
      ask.twist = moves ? "number of legs" : "reference";
      if (moves) {
        ask.legs.push_back(ask.legs.front());
      } else {
        ask.details.reference += 'x';
      }
      break;
    case 7:
      ask.twist = "account of a leg";
      if (moves) {
        std::swap(ask.legs.front().from, ask.legs.front().to);
      } else {
        ask.twist = "metadata";
        ask.details.metadata = ask.details.metadata.empty() ? "{}" : "";
      }
      break;
    default:
      if (ask.kind == Kind::hold) {
        ask.twist = "expiry";
        ask.expires_at = other(ask.expires_at, Time{1} << 60);
      } else if (ask.kind == Kind::capture) {
        ask.twist = "release_rest";
        ask.release_rest = !ask.release_rest;
      } else {
        ask.twist = "effective date";
        ask.details.effective_at = other(ask.details.effective_at, Time{5});
      }
  }
  // A reference that is too long, or as many legs as there may be, is wrong by itself.
  if (!malformed(ask).empty()) return again();
  return ask;
}

OpenAsk Generator::twisted(OpenAsk ask) {
  switch (open_twists_.draw(dice_)) {
    case 0:
      ask.twist = "reference of an account";
      ask.reference += 'x';
      break;
    case 1:
      ask.twist = "metadata of an account";
      ask.metadata = ask.metadata.empty() ? "{}" : "";
      break;
    case 2:
      ask.twist = "currency of an account";
      ask.currency = ask.currency == "JPY" ? "USD" : "JPY";
      break;
    case 3:
      ask.twist = "minimum of an account";
      ask.floor = other(ask.floor, std::int64_t{0});
      break;
    case 4:
      ask.twist = "maximum of an account";
      ask.ceiling = other(ask.ceiling, std::int64_t{10'000});
      break;
    default:
      ask.twist = "id of an account";
      ask.id = other(ask.id, scope_.first_account);
  }
  return ask;
}

ChangeAsk Generator::twisted(ChangeAsk ask) {
  const auto another = [](std::optional<std::optional<std::int64_t>>& limit) {
    const bool takes_away = limit && !*limit;
    limit = takes_away ? std::optional<std::int64_t>(0) : std::nullopt;
  };
  switch (change_twists_.draw(dice_)) {
    case 0:
      ask.twist = "changed account";
      ask.account = ask.account == scope_.first_account ? ask.account + 1 : scope_.first_account;
      break;
    case 1:
      ask.twist = "new minimum";
      another(ask.floor);
      break;
    case 2:
      ask.twist = "new maximum";
      another(ask.ceiling);
      break;
    case 3:
      ask.twist = "new status";
      ask.status = ask.status == "frozen" ? "open" : "frozen";
      break;
    case 4:
      ask.twist = "new metadata";
      ask.metadata = ask.metadata == "" ? "{}" : "";
      break;
    default:
      ask.twist = "expected version";
      ask.expected_version = other(ask.expected_version, std::int64_t{1});
  }
  if (!malformed(ask).empty()) ask = {.key = new_key(), .account = ask.account, .metadata = ""};
  return ask;
}

}  // namespace ledger::model
