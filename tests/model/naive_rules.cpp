// What the naive ledger decides about a request.
#include <limits>

#include "model/naive_ledger.h"

namespace ledger::model {

namespace {

bool fits(Wide number) {
  return number >= std::numeric_limits<std::int64_t>::min() &&
         number <= std::numeric_limits<std::int64_t>::max();
}

std::int64_t narrow(Wide number) { return static_cast<std::int64_t>(number); }

}  // namespace

std::string NaiveLedger::decide(const Ask& ask, Time now, Draft& draft) {
  switch (ask.kind) {
    case Kind::capture:
      return decide_capture(ask, now, draft);
    case Kind::void_hold:
      return decide_void(ask, now, draft);
    case Kind::reversal:
      return decide_reversal(ask, now, draft);
    default:
      return decide_transfer(ask, now, draft);
  }
}

std::string NaiveLedger::decide_transfer(const Ask& ask, Time now, Draft& draft) {
  if (ask.expires_at && *ask.expires_at <= now) return "expiry_passed";
  Recorded made{.kind = ask.kind,
                .key = ask.key,
                .expires_at = ask.expires_at,
                .details = ask.details,
                .recorded_at = now};
  const Effect effect = ask.kind == Kind::hold ? Effect::reserve : Effect::move;
  for (const Leg& leg : ask.legs) {
    auto result = row(made, leg, ask.kind, effect, draft);
    if (result != "ok" && !made.legs.empty()) note_("a later leg declines its request");
    if (result != "ok") return result;
  }
  if (made.legs.size() > 1) draft.notes.push_back(std::string(name(ask.kind)) + " of many legs");
  add(std::move(made), draft);
  return "ok";
}

std::string NaiveLedger::look_at_hold(const Recorded& hold, const Fate& fate, Kind asked,
                                      Time now) const {
  const std::string verb = name(asked);
  const bool is_due = hold.expires_at && *hold.expires_at <= now;
  if (fate.status == "captured") {
    if (is_due) note_("hold_captured comes before hold_expired");
    return "hold_captured";
  }
  if (fate.status == "voided") {
    if (fate.settled > 0) note_(verb + " after a partial capture and a void");
    if (is_due) note_("hold_voided comes before hold_expired");
    return "hold_voided";
  }
  if (fate.status == "expired") {
    note_(verb + " after the expiry was swept");
    return "hold_expired";
  }
  if (!is_due) return "";
  note_(verb + (*hold.expires_at == now ? " at the very moment of the expiry"
                                        : " after the expiry, before the sweep"));
  return "hold_expired";
}

std::vector<std::string> NaiveLedger::look_at_amount(const Ask& ask, const Recorded& recorded,
                                                     std::int64_t rest) {
  std::vector<std::string> wrong;
  if (!ask.amount) return wrong;
  if (recorded.legs.size() > 1) wrong.emplace_back("partial_of_many_legs");
  const Money& whole = recorded.legs.front().leg.money;
  if (ask.amount->currency == whole.currency && ask.amount->units > rest) {
    wrong.emplace_back("amount_exceeds_rest");
  }
  return wrong;
}

std::string NaiveLedger::decide_capture(const Ask& ask, Time now, Draft& draft) {
  const std::int64_t number = number_of(ask.about);
  if (number == 0) return "transfer_not_found";
  const Recorded& hold = transfer(number);
  if (hold.kind != Kind::hold) return "not_a_hold";
  Fate& fate = fate_in(number, draft);
  const bool many = hold.legs.size() > 1;
  const Money& held = hold.legs.front().leg.money;
  const std::int64_t rest = held.units - fate.settled;
  std::vector<std::string> wrong = look_at_amount(ask, hold, rest);
  if (auto ended = look_at_hold(hold, fate, ask.kind, now); !ended.empty()) {
    wrong.insert(wrong.begin(), ended);
  }
  if (!wrong.empty()) return first_of(wrong);
  Recorded made{.kind = Kind::capture,
                .key = ask.key,
                .refers_to = hold.id,
                .details = ask.details,
                .recorded_at = now};
  for (const Posted& posted : hold.legs) {
    Leg leg = posted.leg;
    if (!many) leg.money = ask.amount ? *ask.amount : Money{rest, held.currency};
    auto result = row(made, leg, Kind::capture, Effect::settle, draft);
    if (result == "from_account_not_open") note_("capture from a frozen account");
    if (result == "to_account_not_open") note_("capture to a frozen account");
    if (result != "ok") return result;
  }
  const std::int64_t taken = made.legs.front().leg.money.units;
  note_capture(ask, hold, fate.settled, rest - taken, draft);
  fate.settled += taken;
  if (ask.release_rest && taken < rest) {
    Leg leg = hold.legs.front().leg;
    leg.money.units = made.released = rest - taken;
    row(made, leg, Kind::void_hold, Effect::release, draft);
  }
  if (ask.release_rest || taken == rest) fate.status = "captured";
  add(std::move(made), draft);
  return "ok";
}

void NaiveLedger::note_capture(const Ask& ask, const Recorded& hold, std::int64_t before,
                               std::int64_t left, Draft& draft) {
  const auto note = [&draft](const char* what) { draft.notes.emplace_back(what); };
  if (hold.legs.size() > 1) note("capture of many legs");
  if (hold.expires_at) note("capture before the expiry");
  if (before == 0 && left > 0 && !ask.release_rest) note("partial capture");
  if (before > 0 && left > 0 && !ask.release_rest) note("partial capture after a partial capture");
  if (before > 0 && left == 0 && !ask.amount) note("capture of the rest after a partial capture");
  if (before > 0 && left == 0 && ask.amount) note("capture of just the rest, by its amount");
  if (left > 0 && ask.release_rest) note("capture that releases the rest");
  if (before > 0 && left > 0 && ask.release_rest) {
    note("capture that releases the rest, after a partial capture");
  }
  if (left == 0 && ask.release_rest) note("capture with release_rest and no rest");
}

std::string NaiveLedger::decide_void(const Ask& ask, Time now, Draft& draft) {
  const std::int64_t number = number_of(ask.about);
  if (number == 0) return "transfer_not_found";
  const Recorded& hold = transfer(number);
  if (hold.kind != Kind::hold) return "not_a_hold";
  auto ended = look_at_hold(hold, fate_in(number, draft), ask.kind, now);
  if (!ended.empty()) return ended;
  Recorded made{.kind = Kind::void_hold,
                .key = ask.key,
                .refers_to = hold.id,
                .details = ask.details,
                .recorded_at = now};
  if (hold.legs.size() > 1) draft.notes.emplace_back("void of many legs");
  if (fate_in(number, draft).settled > 0) draft.notes.emplace_back("void after a partial capture");
  for (const Posted& posted : hold.legs) {
    if (find(posted.leg.from, draft)->status == "frozen" ||
        find(posted.leg.to, draft)->status == "frozen") {
      draft.notes.emplace_back("void on a frozen account");
    }
  }
  release_all(number, "voided", made, draft);
  add(std::move(made), draft);
  return "ok";
}

void NaiveLedger::release_all(std::int64_t number, const char* status, Recorded& made,
                              Draft& draft) {
  const Recorded& hold = transfer(number);
  Fate& fate = fate_in(number, draft);
  for (const Posted& posted : hold.legs) {
    Leg leg = posted.leg;
    if (hold.legs.size() == 1) leg.money.units -= fate.settled;
    row(made, leg, made.kind, Effect::release, draft);
  }
  fate.status = status;
}

std::string NaiveLedger::decide_reversal(const Ask& ask, Time now, Draft& draft) {
  const std::int64_t number = number_of(ask.about);
  if (number == 0) return "transfer_not_found";
  const Recorded& original = transfer(number);
  if (original.kind != Kind::transfer && original.kind != Kind::capture) return "not_reversible";
  Fate& fate = fate_in(number, draft);
  const bool many = original.legs.size() > 1;
  const Money& moved = original.legs.front().leg.money;
  const std::int64_t rest = moved.units - fate.settled;
  std::vector<std::string> wrong = look_at_amount(ask, original, rest);
  if (fate.status == "reversed") wrong.insert(wrong.begin(), "already_reversed");
  if (!wrong.empty()) return first_of(wrong);
  Recorded made{.kind = Kind::reversal,
                .key = ask.key,
                .refers_to = original.id,
                .details = ask.details,
                .recorded_at = now};
  // The last first, so that a chain can be undone from its end.
  for (auto posted = original.legs.rbegin(); posted != original.legs.rend(); ++posted) {
    Leg leg{posted->leg.to, posted->leg.from, posted->leg.money};
    if (!many) leg.money = ask.amount ? *ask.amount : Money{rest, moved.currency};
    if (auto result = row(made, leg, Kind::reversal, Effect::move, draft); result != "ok") {
      return result;
    }
  }
  const std::int64_t taken = many ? rest : made.legs.front().leg.money.units;
  note_reversal(original, fate.settled, rest - taken, draft);
  fate.settled += taken;
  if (taken == rest) fate.status = "reversed";
  add(std::move(made), draft);
  return "ok";
}

void NaiveLedger::note_reversal(const Recorded& original, std::int64_t before, std::int64_t left,
                                Draft& draft) {
  const auto note = [&draft](const char* what) { draft.notes.emplace_back(what); };
  if (original.legs.size() > 1) note("reversal of many legs");
  if (before == 0 && left > 0) note("partial reversal");
  if (before > 0 && left > 0) note("partial reversal after a partial reversal");
  if (before > 0 && left == 0) note("reversal of the rest after a partial reversal");
  if (original.kind != Kind::capture) return;
  note("reversal of a capture");
  if (original.released > 0) note("reversal of a capture that had released the rest");
  if (fate_in(number_of(*original.refers_to), draft).status == "held") {
    note("reversal of a capture whose hold is still open");
  }
}

std::string NaiveLedger::row(Recorded& made, const Leg& leg, Kind kind, Effect effect,
                             Draft& draft) {
  Account* from = find(leg.from, draft);
  Account* to = find(leg.to, draft);
  if (from == nullptr) return "from_account_not_found";
  if (to == nullptr) return "to_account_not_found";
  const Wide amount = leg.money.units;
  const Wide moved = effect == Effect::move || effect == Effect::settle ? amount : 0;
  const Wide reserved = effect == Effect::reserve ? amount : effect == Effect::move ? 0 : -amount;
  const Side from_after{from->balance - moved, from->held + reserved, from->incoming};
  const Side to_after{to->balance + moved, to->held, to->incoming + reserved};
  if (effect != Effect::release) {
    auto result = look_at_row(*from, *to, from_after, to_after, leg);
    if (result != "ok") return result;
    note_edges(*from, *to, from_after, to_after, draft);
  }
  const std::int64_t number = transfer_count() + std::ssize(draft.made) + 1;
  const auto post = [&](Account& account, const Side& after, std::int64_t other) {
    const std::int64_t change = narrow(after.balance - account.balance);
    account.balance = narrow(after.balance);
    account.held = narrow(after.held);
    account.incoming = narrow(after.incoming);
    ++account.version;
    account.last_at = made.recorded_at;
    draft.entries.emplace_back(account.id, Entry{number, kind, other, change, account.balance,
                                                 account.held, account.incoming, made.recorded_at});
  };
  post(*from, from_after, leg.to);
  post(*to, to_after, leg.from);
  // What a capture releases is told by an amount of its own.
  if (kind == made.kind) {
    made.legs.push_back({leg, from->balance, to->balance, from->held, to->incoming});
  }
  return "ok";
}

std::string NaiveLedger::look_at_row(const Account& from, const Account& to, const Side& from_after,
                                     const Side& to_after, const Leg& leg) const {
  const Wide available = from_after.balance - from_after.held;
  const Wide expected = to_after.balance + to_after.incoming;
  const bool short_of = from.floor && available < *from.floor;
  const bool too_much = to.ceiling && expected > *to.ceiling;
  const bool all_fit = fits(from_after.balance) && fits(from_after.held) && fits(available) &&
                       fits(to_after.balance) && fits(to_after.incoming) && fits(expected);
  std::vector<std::string> wrong;
  if (from.status != "open") wrong.emplace_back("from_account_not_open");
  if (to.status != "open") wrong.emplace_back("to_account_not_open");
  if (from.currency != leg.money.currency || to.currency != leg.money.currency) {
    wrong.emplace_back("currency_mismatch");
  }
  if (short_of) wrong.emplace_back("insufficient_funds");
  if (too_much) wrong.emplace_back("balance_limit_exceeded");
  if (!all_fit) wrong.emplace_back("balance_overflow");
  if (!wrong.empty() && wrong[0] == "insufficient_funds") note_short(from, from_after);
  if (!wrong.empty() && wrong[0] == "balance_limit_exceeded") note_above(to, to_after);
  return first_of(wrong);
}

void NaiveLedger::note_short(const Account& from, const Side& after) const {
  const bool by_one = after.balance - after.held + 1 == *from.floor;
  note_(std::string("insufficient funds, short by ") + (by_one ? "1" : "more"));
  if (after.balance >= *from.floor) note_("insufficient funds only because of a hold");
  if (floors_changed_.count(from.id) != 0) note_("insufficient funds under a changed minimum");
}

void NaiveLedger::note_above(const Account& to, const Side& after) const {
  const bool by_one = after.balance + after.incoming - 1 == *to.ceiling;
  note_(std::string("above the maximum by ") + (by_one ? "1" : "more"));
  if (after.balance <= *to.ceiling) note_("above the maximum only because of a hold");
  if (ceilings_changed_.count(to.id) != 0) note_("above a changed maximum");
}

void NaiveLedger::note_edges(const Account& from, const Account& to, const Side& from_after,
                             const Side& to_after, Draft& draft) {
  const auto note = [&draft](const char* what) { draft.notes.emplace_back(what); };
  const Wide available = from_after.balance - from_after.held;
  const Wide expected = to_after.balance + to_after.incoming;
  if (from.floor && available == *from.floor) note("down to the minimum and no further");
  if (to.ceiling && expected == *to.ceiling) note("up to the maximum and no further");
  if (available == std::numeric_limits<std::int64_t>::min()) note("down to the least of 64 bits");
  if (expected == std::numeric_limits<std::int64_t>::max()) note("up to the most of 64 bits");
}

}  // namespace ledger::model
