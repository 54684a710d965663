// Requests by themselves: whether they are well-formed, and whether two are the same.
#include <algorithm>
#include <cstdint>

#include "model/naive_ledger.h"

namespace ledger::model {

namespace {

constexpr Time kYear1 = -62135596800'000'000;
constexpr Time kYear10000 = 253402300800'000'000;

bool is_key(const std::string& key) {
  return !key.empty() && key.size() <= 255 && key.front() != ' ' && key.back() != ' ' &&
         std::all_of(key.begin(), key.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

bool is_reference(const std::string& reference) { return reference.empty() || is_key(reference); }

/// As far as workloads go: what they write as an object is one.
bool is_metadata(const std::string& metadata) {
  return metadata.empty() ||
         (metadata.front() == '{' && metadata.back() == '}' && metadata.size() <= 4096);
}

bool is_time(const std::optional<Time>& time) {
  return !time || (*time >= kYear1 && *time < kYear10000);
}

/// An amount in one that no account has is no worse than one in another account's.
bool is_currency(const std::string& code) { return code != "NONE"; }

/// Whether the two limits could ever be met together.
bool is_range(const std::optional<std::int64_t>& floor,
              const std::optional<std::int64_t>& ceiling) {
  return !floor || !ceiling || *floor <= *ceiling;
}

std::string text(const std::optional<std::int64_t>& number) {
  return number ? std::to_string(*number) : "-";
}

std::string text(const std::optional<std::optional<std::int64_t>>& change) {
  return change ? "=" + text(*change) : "";
}

std::string text(const Money& money) { return std::to_string(money.units) + money.currency; }

std::string wrong_legs(const Ask& ask) {
  const auto any = [&ask](auto&& is_wrong) {
    return std::any_of(ask.legs.begin(), ask.legs.end(), is_wrong);
  };
  if (ask.legs.empty()) return "no_legs";
  if (ask.legs.size() > 1000) return "too_many_legs";
  if (any([](const Leg& leg) { return leg.from < 1 || leg.to < 1; })) return "invalid_account_id";
  if (any([](const Leg& leg) { return leg.from == leg.to; })) return "same_account";
  if (any([](const Leg& leg) { return leg.money.units < 1; })) return "invalid_amount";
  return "";
}

}  // namespace

const char* name(Kind kind) {
  switch (kind) {
    case Kind::transfer:
      return "transfer";
    case Kind::hold:
      return "hold";
    case Kind::capture:
      return "capture";
    case Kind::void_hold:
      return "void";
    case Kind::expire:
      return "expiry";
    case Kind::reversal:
      return "reversal";
    case Kind::opening:
      return "opening";
    case Kind::change:
      return "change";
  }
  return "";
}

std::string malformed(const Ask& ask) {
  if (!is_key(ask.key)) return "invalid_key";
  if (ask.kind == Kind::transfer || ask.kind == Kind::hold) {
    if (auto wrong = wrong_legs(ask); !wrong.empty()) return wrong;
  } else {
    if (ask.amount && ask.amount->units < 1) return "invalid_amount";
    if (ask.about < 1) return "invalid_transfer_id";
  }
  if (!is_reference(ask.details.reference)) return "invalid_reference";
  if (!is_metadata(ask.details.metadata)) return "invalid_metadata";
  if (!is_time(ask.details.effective_at) || !is_time(ask.expires_at)) return "invalid_timestamp";
  return "";
}

std::string malformed(const OpenAsk& ask) {
  if (!is_key(ask.key)) return "invalid_key";
  if (ask.id && *ask.id < 1) return "invalid_account_id";
  if (!is_currency(ask.currency)) return "unknown_currency";
  if (!is_range(ask.floor, 0) || !is_range(0, ask.ceiling)) return "invalid_balance_limit";
  if (!is_reference(ask.reference)) return "invalid_reference";
  if (!is_metadata(ask.metadata)) return "invalid_metadata";
  return "";
}

std::string malformed(const ChangeAsk& ask) {
  if (!is_key(ask.key)) return "invalid_key";
  if (ask.account < 1) return "invalid_account_id";
  if (ask.floor && ask.ceiling && !is_range(*ask.floor, *ask.ceiling)) {
    return "invalid_balance_limit";
  }
  if (ask.metadata && !is_metadata(*ask.metadata)) return "invalid_metadata";
  if (!ask.floor && !ask.ceiling && !ask.status && !ask.metadata) return "nothing_to_change";
  return "";
}

std::string text(const Ask& ask) {
  std::string all = name(ask.kind);
  for (const Leg& leg : ask.legs) {
    all += ' ' + std::to_string(leg.from) + '>' + std::to_string(leg.to) + ':' + text(leg.money);
  }
  all += " of " + std::to_string(ask.about);
  if (ask.amount) all += " just " + text(*ask.amount);
  if (ask.release_rest) all += " release";
  all += " until " + text(ask.expires_at) + " effective " + text(ask.details.effective_at);
  return all + " '" + ask.details.reference + "' " + ask.details.metadata;
}

std::string text(const OpenAsk& ask) {
  return "open " + text(ask.id) + ask.currency + ' ' + text(ask.floor) + ' ' + text(ask.ceiling) +
         " '" + ask.reference + "' " + ask.metadata;
}

std::string text(const ChangeAsk& ask) {
  return "change " + std::to_string(ask.account) + " floor" + text(ask.floor) + " ceiling" +
         text(ask.ceiling) + " status " + ask.status.value_or("-") + " version " +
         text(ask.expected_version) + " metadata " + ask.metadata.value_or("-");
}

}  // namespace ledger::model
