#include "model/translate.h"

#include <sstream>

namespace ledger::model {

namespace {

/// White space between the tokens of a JSON object.
std::string spread_out(const std::string& json) {
  std::string spread;
  bool quoted = false;
  for (const char c : json) {
    if (c == '"') quoted = !quoted;
    spread += c;
    if (!quoted && (c == ',' || c == ':' || c == '{')) spread += " \n\t";
  }
  return spread;
}

std::string real_metadata(const std::string& metadata, bool spread) {
  return spread ? spread_out(metadata) : metadata;
}

ledger::Details real_details(const Details& details, bool spread) {
  return {.reference = details.reference,
          .metadata = real_metadata(details.metadata, spread),
          .effective_at = real_time(details.effective_at)};
}

Amount real_amount(const Money& money) { return {money.units, currency(money.currency)}; }

std::optional<Amount> real_amount(const std::optional<Money>& money) {
  return money ? std::optional(real_amount(*money)) : std::nullopt;
}

std::vector<ledger::Leg> real_legs(const std::vector<Leg>& legs) {
  std::vector<ledger::Leg> real;
  for (const Leg& leg : legs)
    real.push_back({AccountId{leg.from}, AccountId{leg.to}, real_amount(leg.money)});
  return real;
}

template <class Id>
std::optional<std::int64_t> naive_id(const std::optional<Id>& id) {
  return id ? std::optional(to_int(*id)) : std::nullopt;
}

std::optional<Time> naive_time(const std::optional<Timestamp>& time) {
  return time ? std::optional(model::naive_time(*time)) : std::nullopt;
}

std::string show(const std::optional<std::int64_t>& number) {
  return number ? std::to_string(*number) : "-";
}

}  // namespace

Currency gem() { return Currency::custom("GEM", 18).value(); }

Currency currency(const std::string& code) {
  static const Currency usd = Currency::iso("USD").value();
  static const Currency eur = Currency::iso("EUR").value();
  static const Currency jpy = Currency::iso("JPY").value();
  static const Currency own = gem();
  static const Currency none = Currency::custom("NONE", 2).value();
  return code == "USD"   ? usd
         : code == "EUR" ? eur
         : code == "JPY" ? jpy
         : code == "GEM" ? own
                         : none;
}

Timestamp real_time(Time time) { return Timestamp(std::chrono::microseconds(time)); }

std::optional<Timestamp> real_time(const std::optional<Time>& time) {
  return time ? std::optional(real_time(*time)) : std::nullopt;
}

Time naive_time(Timestamp time) { return time.time_since_epoch().count(); }

Request real_request(const Ask& ask, bool spread) {
  const auto details = real_details(ask.details, spread);
  switch (ask.kind) {
    case Kind::hold:
      return HoldRequest{ask.key, real_legs(ask.legs), real_time(ask.expires_at), details};
    case Kind::capture:
      return CaptureRequest{ask.key, TransferId{ask.about}, real_amount(ask.amount),
                            ask.release_rest, details};
    case Kind::void_hold:
      return VoidRequest{ask.key, TransferId{ask.about}, details};
    case Kind::reversal:
      return ReversalRequest{ask.key, TransferId{ask.about}, real_amount(ask.amount), details};
    default:
      return TransferRequest{ask.key, real_legs(ask.legs), details};
  }
}

AccountRequest real_request(const OpenAsk& ask, bool spread) {
  return {.key = ask.key,
          .currency = currency(ask.currency),
          .id = ask.id ? std::optional(AccountId{*ask.id}) : std::nullopt,
          .min_balance = ask.floor,
          .max_balance = ask.ceiling,
          .reference = ask.reference,
          .metadata = real_metadata(ask.metadata, spread)};
}

AccountChange real_request(const ChangeAsk& ask, bool spread) {
  AccountChange change{.key = ask.key,
                       .account = AccountId{ask.account},
                       .min_balance = ask.floor,
                       .max_balance = ask.ceiling,
                       .expected_version = ask.expected_version};
  if (ask.status) {
    change.status = *ask.status == "open"     ? AccountStatus::open
                    : *ask.status == "frozen" ? AccountStatus::frozen
                                              : AccountStatus::closed;
  }
  if (ask.metadata) change.metadata = real_metadata(*ask.metadata, spread);
  return change;
}

Kind naive_kind(JournalKind kind) {
  switch (kind) {
    case JournalKind::transfer:
      return Kind::transfer;
    case JournalKind::hold:
      return Kind::hold;
    case JournalKind::capture:
      return Kind::capture;
    case JournalKind::void_hold:
      return Kind::void_hold;
    case JournalKind::expire:
      return Kind::expire;
    case JournalKind::reversal:
      return Kind::reversal;
    case JournalKind::account_opened:
      return Kind::opening;
    case JournalKind::account_changed:
      break;
  }
  return Kind::change;
}

JournalKind real_kind(Kind kind) {
  for (int number = 1; number <= 8; ++number) {
    if (naive_kind(JournalKind{static_cast<std::uint8_t>(number)}) == kind) {
      return JournalKind{static_cast<std::uint8_t>(number)};
    }
  }
  return {};
}

std::string naive_status(AccountStatus status) {
  switch (status) {
    case AccountStatus::open:
      return "open";
    case AccountStatus::frozen:
      return "frozen";
    case AccountStatus::closed:
      return "closed";
  }
  return "none";
}

std::string naive_status(TransferStatus status) {
  switch (status) {
    case TransferStatus::posted:
      return "posted";
    case TransferStatus::reversed:
      return "reversed";
    case TransferStatus::held:
      return "held";
    case TransferStatus::captured:
      return "captured";
    case TransferStatus::voided:
      return "voided";
    case TransferStatus::expired:
      return "expired";
  }
  return "none";
}

Details naive_details(const ledger::Details& details) {
  return {details.reference, details.metadata, naive_time(details.effective_at)};
}

Recorded naive_recorded(const Receipt& receipt) {
  Recorded recorded{.id = to_int(receipt.id),
                    .kind = naive_kind(receipt.kind),
                    .key = receipt.key,
                    .refers_to = naive_id(receipt.refers_to),
                    .released = receipt.released,
                    .expires_at = naive_time(receipt.expires_at),
                    .details = naive_details(receipt.details),
                    .recorded_at = naive_time(receipt.recorded_at)};
  for (const PostedLeg& posted : receipt.legs) {
    const Amount amount = posted.leg.amount;
    recorded.legs.push_back({{to_int(posted.leg.from),
                              to_int(posted.leg.to),
                              {amount.minor_units(), std::string(amount.currency().code())}},
                             posted.from_balance,
                             posted.to_balance,
                             posted.from_held,
                             posted.to_incoming});
  }
  return recorded;
}

Account naive_account(const ledger::Account& account) {
  return {.id = to_int(account.id),
          .currency = std::string(account.terms.currency.code()),
          .floor = account.terms.min_balance,
          .ceiling = account.terms.max_balance,
          .status = naive_status(account.terms.status),
          .reference = account.reference,
          .metadata = account.metadata,
          .balance = account.balance,
          .held = account.held,
          .incoming = account.incoming,
          .version = account.version,
          .last_at = naive_time(account.last_at),
          .created_at = naive_time(account.created_at)};
}

std::string show(const Recorded& recorded) {
  std::ostringstream text;
  text << name(recorded.kind) << ' ' << recorded.id << " '" << recorded.key << "' of "
       << show(recorded.refers_to) << " released " << recorded.released << " expires "
       << show(recorded.expires_at) << " at " << recorded.recorded_at << " reference '"
       << recorded.details.reference << "' metadata " << recorded.details.metadata << " effective "
       << show(recorded.details.effective_at);
  for (const Posted& posted : recorded.legs) {
    text << "\n    " << posted.leg.from << " > " << posted.leg.to << ' ' << posted.leg.money.units
         << ' ' << posted.leg.money.currency << ", from: " << posted.from_balance << " held "
         << posted.from_held << ", to: " << posted.to_balance << " incoming " << posted.to_incoming;
  }
  return text.str();
}

std::string show(const Account& account) {
  std::ostringstream text;
  text << account.id << ' ' << account.currency << ' ' << account.status << " balance "
       << account.balance << " held " << account.held << " incoming " << account.incoming
       << " version " << account.version << " limits " << show(account.floor) << " .. "
       << show(account.ceiling) << " '" << account.reference << "' " << account.metadata
       << " last at " << account.last_at << " created at " << account.created_at;
  return text.str();
}

std::string show(const Entry& entry) {
  std::ostringstream text;
  text << name(entry.kind) << " of number " << entry.number << " with " << entry.other << ": "
       << entry.change << " balance " << entry.balance << " held " << entry.held << " incoming "
       << entry.incoming << " at " << entry.recorded_at;
  return text.str();
}

std::string show(const Fate& fate) {
  std::string text = fate.status + ", settled " + std::to_string(fate.settled) + ", followed by";
  for (const std::int64_t id : fate.followed_by)
    text += ' ' + std::to_string(id);
  return text;
}

}  // namespace ledger::model
