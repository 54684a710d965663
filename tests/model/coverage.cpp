#include "model/coverage.h"

#include <cstdio>

namespace ledger::model {

namespace {

struct Answers {
  Kind kind;
  std::vector<const char*> results;
};

const std::vector<Answers>& answers_to_meet() {
  static const std::vector<Answers> all{
      {Kind::opening,
       {"ok", "key_reused", "account_exists", "reference_exists", "account_ids_exhausted"}},
      {Kind::change,
       {"ok", "key_reused", "unknown_account", "version_mismatch", "account_closed",
        "account_not_empty", "limit_not_met"}},
      {Kind::transfer,
       {"ok", "key_reused", "from_account_not_found", "to_account_not_found",
        "from_account_not_open", "to_account_not_open", "currency_mismatch", "insufficient_funds",
        "balance_limit_exceeded", "balance_overflow", "atomic_batch_declined"}},
      {Kind::hold,
       {"ok", "key_reused", "from_account_not_found", "to_account_not_found",
        "from_account_not_open", "to_account_not_open", "currency_mismatch", "insufficient_funds",
        "balance_limit_exceeded", "balance_overflow", "expiry_passed", "atomic_batch_declined"}},
      {Kind::capture,
       {"ok", "key_reused", "from_account_not_open", "to_account_not_open", "currency_mismatch",
        "transfer_not_found", "not_a_hold", "hold_captured", "hold_voided", "hold_expired",
        "partial_of_many_legs", "amount_exceeds_rest", "atomic_batch_declined"}},
      {Kind::void_hold,
       {"ok", "key_reused", "transfer_not_found", "not_a_hold", "hold_captured", "hold_voided",
        "hold_expired", "atomic_batch_declined"}},
      {Kind::reversal,
       {"ok", "key_reused", "from_account_not_open", "to_account_not_open", "currency_mismatch",
        "insufficient_funds", "balance_limit_exceeded", "balance_overflow", "transfer_not_found",
        "not_reversible", "already_reversed", "partial_of_many_legs", "amount_exceeds_rest",
        "atomic_batch_declined"}},
  };
  return all;
}

/// Malformed requests, of whatever kind.
const std::vector<const char*>& malformed_to_meet() {
  static const std::vector<const char*> all{
      "invalid_key",         "no_legs",           "too_many_legs",    "invalid_account_id",
      "same_account",        "invalid_amount",    "unknown_currency", "invalid_balance_limit",
      "invalid_transfer_id", "invalid_reference", "invalid_metadata", "invalid_timestamp",
      "nothing_to_change",   "batch_too_large"};
  return all;
}

/// As the naive ledger, the workload and the readings say it.
const std::vector<const char*>& situations_to_meet() {
  static const std::vector<const char*> all{
      // Transfers.
      "transfer of many legs",
      "hold of many legs",
      "a later leg declines its request",
      "insufficient funds, short by 1",
      "insufficient funds, short by more",
      "insufficient funds only because of a hold",
      "insufficient funds under a changed minimum",
      "above the maximum by 1",
      "above the maximum by more",
      "above the maximum only because of a hold",
      "above a changed maximum",
      "down to the minimum and no further",
      "up to the maximum and no further",
      "down to the least of 64 bits",
      "up to the most of 64 bits",
      // Holds.
      "capture before the expiry",
      "capture of many legs",
      "partial capture",
      "partial capture after a partial capture",
      "capture of the rest after a partial capture",
      "capture of just the rest, by its amount",
      "capture that releases the rest",
      "capture that releases the rest, after a partial capture",
      "capture with release_rest and no rest",
      "capture after the expiry, before the sweep",
      "capture at the very moment of the expiry",
      "capture after the expiry was swept",
      "capture after a partial capture and a void",
      "capture from a frozen account",
      "capture to a frozen account",
      "void of many legs",
      "void after a partial capture",
      "void after a partial capture and a void",
      "void after the expiry, before the sweep",
      "void after the expiry was swept",
      "void on a frozen account",
      "expiry at its very moment",
      "expiry after a partial capture",
      "expiry of many legs",
      "expiry on a frozen account",
      "sweep that releases all that is due",
      "sweep that its limit ends",
      "sweep with nothing due",
      // Reversals.
      "reversal of many legs",
      "partial reversal",
      "partial reversal after a partial reversal",
      "reversal of the rest after a partial reversal",
      "reversal of a capture",
      "reversal of a capture that had released the rest",
      "reversal of a capture whose hold is still open",
      // Keys.
      "key reused with another kind",
      "key reused with another amount of a leg",
      "key reused with another account of a leg",
      "key reused with another currency",
      "key reused with another number of legs",
      "key reused with another reference",
      "key reused with another metadata",
      "key reused with another effective date",
      "key reused with another expiry",
      "key reused with another hold or transfer",
      "key reused with another amount",
      "key reused with another release_rest",
      "key reused with another reference of an account",
      "key reused with another metadata of an account",
      "key reused with another currency of an account",
      "key reused with another minimum of an account",
      "key reused with another maximum of an account",
      "key reused with another id of an account",
      "key reused with another changed account",
      "key reused with another new minimum",
      "key reused with another new maximum",
      "key reused with another new status",
      "key reused with another new metadata",
      "key reused with another expected version",
      // Two things wrong at once.
      "from_account_not_open comes before to_account_not_open",
      "from_account_not_open comes before currency_mismatch",
      "from_account_not_open comes before insufficient_funds",
      "to_account_not_open comes before currency_mismatch",
      "to_account_not_open comes before insufficient_funds",
      "currency_mismatch comes before insufficient_funds",
      "currency_mismatch comes before balance_limit_exceeded",
      "currency_mismatch comes before balance_overflow",
      "insufficient_funds comes before balance_limit_exceeded",
      "insufficient_funds comes before balance_overflow",
      "balance_limit_exceeded comes before balance_overflow",
      "reference_exists comes before account_exists",
      "version_mismatch comes before account_closed",
      "version_mismatch comes before account_not_empty",
      "version_mismatch comes before limit_not_met",
      "account_closed comes before limit_not_met",
      "account_not_empty comes before limit_not_met",
      "hold_captured comes before hold_expired",
      "hold_captured comes before amount_exceeds_rest",
      "hold_voided comes before hold_expired",
      "hold_voided comes before amount_exceeds_rest",
      "hold_expired comes before amount_exceeds_rest",
      "already_reversed comes before partial_of_many_legs",
      "already_reversed comes before amount_exceeds_rest",
      "partial_of_many_legs comes before amount_exceeds_rest",
      // Accounts.
      "a new minimum that is just met",
      "a new maximum that is just met",
      "closing an account that holds reserve from",
      "closing an account that holds reserve for",
      "an account is closed",
      // Batches.
      "independent batch: a duplicate within it",
      "independent batch: a key reused within it",
      "atomic batch: committed",
      "atomic batch: committed, partly replayed",
      "atomic batch: committed, with a duplicate within it",
      "atomic batch: replayed, nothing fresh",
      "atomic batch: declined by a fresh decline",
      "atomic batch: declined by key_reused",
      "atomic batch: declined, partly replayed",
      "atomic batch: declined, with a duplicate within it",
      "atomic batch: refused for a malformed request",
      "atomic batch: declined after parts of it had moved money",
      // Reading.
      "statement newest first",
      "statement oldest first",
      "statement within a time",
      "statement page that ends exactly at the last entry",
      "statement without entries",
      "statement over several pages",
      "statement page read after more was written",
      "balance before the first entry",
      "balance at the time of an entry",
      "balance after the last entry",
      "found a transfer that is posted",
      "found a transfer that is reversed",
      "found a transfer that is held",
      "found a transfer that is captured",
      "found a transfer that is voided",
      "found a transfer that is expired",
      "found no transfer",
      "transfers of an account",
      "transfers of an account and a kind",
      "transfers of an account within a time",
      "transfers within a time",
      "transfers with a reference",
      "trial balance",
      "trial balance that overflows",
      "resolved a transfer's key",
      "resolved an account's key",
      "resolved an unknown key",
      "page refused",
      "accounts page",
      "account by reference",
  };
  return all;
}

const char* const kDeclinesReplayed[] = {"resolved a decline",
                                         "atomic batch: declined by a recorded decline",
                                         "atomic batch: replayed, nothing fresh, all declined"};

std::string label(Kind kind, const std::string& result) {
  return std::string(name(kind)) + ": " + result;
}

bool is_replayable(const std::string& result) { return result != "key_reused"; }

std::string line(long first, const std::string& second, const std::string& what) {
  char text[200];
  std::snprintf(text, sizeof text, "%10ld %10s  %s\n", first, second.c_str(), what.c_str());
  return text;
}

}  // namespace

void Coverage::count(Kind kind, const std::string& result, bool replayed) {
  for (const char* code : malformed_to_meet()) {
    if (result == code) return count("malformed: " + result);
  }
  Times& times = answers_[label(kind, result)];
  ++(replayed ? times.replayed : times.fresh);
}

std::vector<std::string> Coverage::unreached() const {
  std::vector<std::string> unreached;
  const auto require = [&](const std::string& what) {
    if (met_.count(what) == 0) unreached.push_back(what);
  };
  for (const auto& [kind, results] : answers_to_meet()) {
    for (const std::string result : results) {
      const auto found = answers_.find(label(kind, result));
      const Times times = found == answers_.end() ? Times{} : found->second;
      if (times.fresh == 0) unreached.push_back(label(kind, result));
      const bool replayable = is_replayable(result) && (record_declines_ || result == "ok");
      if (replayable && times.replayed == 0) {
        unreached.push_back(label(kind, result) + ", replayed");
      }
    }
  }
  for (const char* code : malformed_to_meet())
    require(std::string("malformed: ") + code);
  for (const char* what : situations_to_meet())
    require(what);
  if (!record_declines_) return unreached;
  for (const char* what : kDeclinesReplayed)
    require(what);
  return unreached;
}

std::string Coverage::table() const {
  std::string table = "     fresh   replayed  answer\n";
  for (const auto& [what, times] : answers_) {
    table += line(times.fresh, std::to_string(times.replayed), what);
  }
  table += "     times             what was met\n";
  for (const auto& [what, times] : met_)
    table += line(times, "", what);
  return table;
}

}  // namespace ledger::model
