// What the ledger answers, as JSON. Amounts are decimal strings at their currency's scale; what a
// caller wrote as metadata is stored as JSON and is passed on as it is.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ledger/ledger.h"

namespace ledgerd {

// Each appends one JSON object.

void append_account(std::string& out, const ledger::Account& account);
/// Without created_at, which is not recorded with a change.
void append_changed_account(std::string& out, const ledger::Account& account);
/// A transfer, hold, capture, void, expiry or reversal as it was recorded.
void append_receipt(std::string& out, const ledger::Receipt& receipt);
/// The same, and what became of it.
void append_transfer(std::string& out, const ledger::Transfer& transfer);
void append_entry(std::string& out, const ledger::StatementEntry& entry, ledger::Currency currency);
void append_totals(std::string& out, const ledger::CurrencyTotals& totals);

/// A decimal at the currency's scale.
std::string decimal(ledger::MinorUnits units, ledger::Currency currency);

/// "transfer", "hold", "capture", "void", "expiry", "reversal", "account_opened" or
/// "account_changed".
std::string_view kind_name(ledger::JournalKind kind);
/// The kind of a transfer, hold … by its name; nullopt for any other.
std::optional<ledger::JournalKind> parse_transfer_kind(std::string_view name);

}  // namespace ledgerd
