#include "ledger_json.h"

#include <array>
#include <utility>

#include "json_writer.h"
#include "rfc3339.h"

namespace ledgerd {
namespace {

constexpr std::array<std::pair<ledger::JournalKind, std::string_view>, 6> kTransferKinds = {{
    {ledger::JournalKind::transfer, "transfer"},
    {ledger::JournalKind::hold, "hold"},
    {ledger::JournalKind::capture, "capture"},
    {ledger::JournalKind::void_hold, "void"},
    {ledger::JournalKind::expire, "expiry"},
    {ledger::JournalKind::reversal, "reversal"},
}};

std::string_view status_name(ledger::AccountStatus status) {
  switch (status) {
    case ledger::AccountStatus::open:
      return "open";
    case ledger::AccountStatus::frozen:
      return "frozen";
    case ledger::AccountStatus::closed:
      return "closed";
  }
  return "unknown";
}

std::string_view status_name(ledger::TransferStatus status) {
  switch (status) {
    case ledger::TransferStatus::posted:
      return "posted";
    case ledger::TransferStatus::reversed:
      return "reversed";
    case ledger::TransferStatus::held:
      return "held";
    case ledger::TransferStatus::captured:
      return "captured";
    case ledger::TransferStatus::voided:
      return "voided";
    case ledger::TransferStatus::expired:
      return "expired";
  }
  return "unknown";
}

void append_limit(JsonObject& json, std::string_view name, std::optional<ledger::MinorUnits> units,
                  ledger::Currency currency) {
  json.text_or_null(name, units ? std::optional(decimal(*units, currency)) : std::nullopt);
}

void append_time(JsonObject& json, std::string_view name,
                 const std::optional<ledger::Timestamp>& time) {
  json.text_or_null(name, time ? std::optional(rfc3339(*time)) : std::nullopt);
}

void append_id(JsonObject& json, std::string_view name,
               const std::optional<ledger::TransferId>& id) {
  id ? json.number(name, to_int(*id)) : json.raw(name, "null");
}

/// Empty: none.
void append_reference(JsonObject& json, std::string_view reference) {
  reference.empty() ? json.raw("reference", "null") : json.text("reference", reference);
}
void append_metadata(JsonObject& json, std::string_view metadata) {
  json.raw("metadata", metadata.empty() ? "null" : metadata);
}

void append_details(JsonObject& json, const ledger::Details& details) {
  append_reference(json, details.reference);
  append_metadata(json, details.metadata);
  append_time(json, "effective_at", details.effective_at);
}

/// Leaves the object open.
void append_account_members(JsonObject& json, const ledger::Account& account) {
  const ledger::Currency currency = account.terms.currency;
  json.number("id", to_int(account.id))
      .text("currency", currency.code())
      .text("status", status_name(account.terms.status));
  append_reference(json, account.reference);
  append_metadata(json, account.metadata);
  json.text("balance", decimal(account.balance, currency))
      .text("held", decimal(account.held, currency))
      .text("incoming", decimal(account.incoming, currency))
      .text("available", decimal(account.available(), currency));
  append_limit(json, "min_balance", account.terms.min_balance, currency);
  append_limit(json, "max_balance", account.terms.max_balance, currency);
  json.number("version", account.version);
}

void append_leg(std::string& out, const ledger::PostedLeg& posted) {
  const ledger::Currency currency = posted.leg.amount.currency();
  JsonObject(out)
      .number("from", to_int(posted.leg.from))
      .number("to", to_int(posted.leg.to))
      .text("amount", posted.leg.amount.to_string())
      .text("currency", currency.code())
      .text("from_balance", decimal(posted.from_balance, currency))
      .text("to_balance", decimal(posted.to_balance, currency))
      .text("from_held", decimal(posted.from_held, currency))
      .text("to_incoming", decimal(posted.to_incoming, currency))
      .close();
}

/// Of the first leg, in which what becomes of a transfer is counted.
ledger::Currency currency_of(const ledger::Receipt& receipt) {
  return receipt.legs.empty() ? ledger::Currency{} : receipt.legs.front().leg.amount.currency();
}

/// Leaves the object open.
void append_receipt_members(JsonObject& json, const ledger::Receipt& receipt) {
  json.number("id", to_int(receipt.id))
      .text("kind", kind_name(receipt.kind))
      .text("key", receipt.key);
  std::string& out = json.member("legs");
  JsonArray legs(out);
  for (const ledger::PostedLeg& leg : receipt.legs)
    append_leg(legs.begin(), leg);
  legs.close();
  append_id(json, "refers_to", receipt.refers_to);
  if (receipt.kind == ledger::JournalKind::capture) {
    json.text("released", decimal(receipt.released, currency_of(receipt)));
  }
  append_time(json, "expires_at", receipt.expires_at);
  append_details(json, receipt.details);
  json.text("recorded_at", rfc3339(receipt.recorded_at));
}

}  // namespace

std::string decimal(ledger::MinorUnits units, ledger::Currency currency) {
  return ledger::Amount(units, currency).to_string();
}

std::string_view kind_name(ledger::JournalKind kind) {
  for (const auto& [known, text] : kTransferKinds) {
    if (known == kind) return text;
  }
  return kind == ledger::JournalKind::account_opened ? "account_opened" : "account_changed";
}

std::optional<ledger::JournalKind> parse_transfer_kind(std::string_view name) {
  for (const auto& [kind, text] : kTransferKinds) {
    if (text == name) return kind;
  }
  return std::nullopt;
}

void append_account(std::string& out, const ledger::Account& account) {
  JsonObject json(out);
  append_account_members(json, account);
  json.text("created_at", rfc3339(account.created_at)).close();
}

void append_changed_account(std::string& out, const ledger::Account& account) {
  JsonObject json(out);
  append_account_members(json, account);
  json.close();
}

void append_receipt(std::string& out, const ledger::Receipt& receipt) {
  JsonObject json(out);
  append_receipt_members(json, receipt);
  json.close();
}

void append_transfer(std::string& out, const ledger::Transfer& transfer) {
  JsonObject json(out);
  append_receipt_members(json, transfer.receipt);
  json.text("status", status_name(transfer.state.status))
      .text("settled", decimal(transfer.state.settled, currency_of(transfer.receipt)));
  JsonArray followed_by(json.member("followed_by"));
  for (const ledger::TransferId id : transfer.followed_by)
    followed_by.begin() += std::to_string(to_int(id));
  followed_by.close();
  json.close();
}

void append_entry(std::string& out, const ledger::StatementEntry& entry,
                  ledger::Currency currency) {
  JsonObject json(out);
  json.number("version", entry.version)
      .number("transfer", to_int(entry.transfer))
      .text("kind", kind_name(entry.kind));
  entry.other ? json.number("other", to_int(*entry.other)) : json.raw("other", "null");
  json.text("change", decimal(entry.change, currency))
      .text("balance", decimal(entry.balance, currency))
      .text("held", decimal(entry.held, currency))
      .text("incoming", decimal(entry.incoming, currency));
  append_id(json, "refers_to", entry.refers_to);
  append_details(json, entry.details);
  json.text("recorded_at", rfc3339(entry.recorded_at)).close();
}

void append_totals(std::string& out, const ledger::CurrencyTotals& totals) {
  const ledger::Currency currency = totals.currency;
  JsonObject(out)
      .text("currency", currency.code())
      .number("accounts", totals.accounts)
      .text("positive", decimal(totals.positive, currency))
      .text("negative", decimal(totals.negative, currency))
      .text("held", decimal(totals.held, currency))
      .text("incoming", decimal(totals.incoming, currency))
      .close();
}

}  // namespace ledgerd
