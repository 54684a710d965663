#include "store/sqlite/rows.h"

#include <algorithm>
#include <limits>
#include <string>

namespace ledger::sqlite {

std::int64_t micros(Timestamp time) { return time.time_since_epoch().count(); }

namespace {

Timestamp timestamp(std::int64_t count) { return Timestamp(std::chrono::microseconds(count)); }

std::optional<std::int64_t> optional_micros(const std::optional<Timestamp>& time) {
  if (!time.has_value()) return std::nullopt;
  return micros(*time);
}

std::optional<Timestamp> optional_timestamp(Run& run) {
  const auto count = run.optional_integer();
  if (!count.has_value()) return std::nullopt;
  return timestamp(*count);
}

/// Reads an enumeration or a smaller integer; `valid` becomes false when it is out of range.
template <class T>
T number(Run& run, std::int64_t first, std::int64_t last, bool& valid) {
  const std::int64_t value = run.integer();
  valid = valid && first <= value && value <= last;
  return static_cast<T>(valid ? value : first);
}

void bind_currency(Run& run, const Currency& currency) {
  run.bind_text(currency.code());
  run.bind(std::int64_t{currency.scale()});
}

Currency read_currency(Run& run, bool& valid) {
  const std::string_view code = run.text();
  const std::int64_t scale = run.integer();
  if (code.empty()) return {};
  if (scale < 0 || scale > Currency::kMaxScale) {
    valid = false;
    return {};
  }
  const auto stored = Currency::stored(code, static_cast<int>(scale));
  valid = valid && stored.has_value();
  return stored.value_or(Currency{});
}

AccountStatus read_status(Run& run, bool& valid) {
  return number<AccountStatus>(run, static_cast<std::int64_t>(AccountStatus::open),
                               static_cast<std::int64_t>(AccountStatus::closed), valid);
}

void bind_entry(Run& run, const Entry& entry) {
  run.bind(entry.version).bind(entry.balance).bind(entry.held);
  // NULL is 0 here, as in the rows that were written before there was anything incoming.
  if (entry.incoming == 0) {
    run.bind_null();
  } else {
    run.bind(entry.incoming);
  }
  run.bind(entry.previous);
}

Entry read_entry(Run& run) {
  Entry entry;
  entry.version = run.integer();
  entry.balance = run.integer();
  entry.held = run.integer();
  entry.incoming = run.integer();
  entry.previous = run.integer();
  return entry;
}

void bind_terms(Run& run, const std::optional<AccountTerms>& terms) {
  if (!terms.has_value()) {
    for (int column = 0; column < 5; ++column)
      run.bind_null();
    return;
  }
  bind_currency(run, terms->currency);
  run.bind(static_cast<std::int64_t>(terms->status));
  run.bind(terms->min_balance).bind(terms->max_balance);
}

std::optional<AccountTerms> read_terms(Run& run, bool& valid) {
  AccountTerms terms;
  terms.currency = read_currency(run, valid);
  const auto stored_status = run.optional_integer();
  terms.min_balance = run.optional_integer();
  terms.max_balance = run.optional_integer();
  if (!stored_status.has_value()) return std::nullopt;
  valid = valid && *stored_status >= static_cast<std::int64_t>(AccountStatus::open) &&
          *stored_status <= static_cast<std::int64_t>(AccountStatus::closed);
  terms.status = valid ? static_cast<AccountStatus>(*stored_status) : AccountStatus::open;
  return terms;
}

Fingerprint read_fingerprint(Run& run, bool& valid) {
  Fingerprint fingerprint{};
  const std::string_view bytes = run.blob();
  if (bytes.empty()) return fingerprint;
  if (bytes.size() != fingerprint.size()) {
    valid = false;
    return fingerprint;
  }
  std::transform(bytes.begin(), bytes.end(), fingerprint.begin(),
                 [](char byte) { return static_cast<std::uint8_t>(byte); });
  return fingerprint;
}

}  // namespace

void bind_row(Run& run, const JournalRow& row) {
  run.bind(row.seq).bind(static_cast<std::int64_t>(row.kind)).bind(std::int64_t{row.decline});
  run.bind_text(row.key);
  if (row.fingerprint == Fingerprint{}) {
    run.bind_null();
  } else {
    run.bind_blob(row.fingerprint.data(), row.fingerprint.size());
  }
  run.bind(std::int64_t{row.legs});
  run.bind(to_int(row.from)).bind(to_int(row.to)).bind(row.amount);
  bind_currency(run, row.currency);
  bind_entry(run, row.from_entry);
  bind_entry(run, row.to_entry);
  run.bind(micros(row.recorded_at));
  if (row.refers_to.has_value()) {
    run.bind(to_int(*row.refers_to));
  } else {
    run.bind_null();
  }
  run.bind(optional_micros(row.effective_at)).bind(optional_micros(row.expires_at));
  run.bind_text(row.reference).bind_text(row.metadata);
  bind_terms(run, row.terms);
}

Result<JournalRow> read_row(Run& run) {
  bool valid = true;
  JournalRow row;
  row.seq = run.integer();
  row.kind = number<JournalKind>(run, static_cast<std::int64_t>(JournalKind::transfer),
                                 static_cast<std::int64_t>(JournalKind::account_changed), valid);
  row.decline = number<std::uint16_t>(run, 0, std::numeric_limits<std::uint16_t>::max(), valid);
  row.key = run.text();
  row.fingerprint = read_fingerprint(run, valid);
  row.legs = number<std::int32_t>(run, std::numeric_limits<std::int32_t>::min(),
                                  std::numeric_limits<std::int32_t>::max(), valid);
  row.from = AccountId{run.integer()};
  row.to = AccountId{run.integer()};
  row.amount = run.integer();
  row.currency = read_currency(run, valid);
  row.from_entry = read_entry(run);
  row.to_entry = read_entry(run);
  row.recorded_at = timestamp(run.integer());
  if (const auto refers_to = run.optional_integer()) row.refers_to = TransferId{*refers_to};
  row.effective_at = optional_timestamp(run);
  row.expires_at = optional_timestamp(run);
  row.reference = run.text();
  row.metadata = run.text();
  row.terms = read_terms(run, valid);
  if (!valid) {
    return Error{ErrorCode::store_corrupt,
                 "journal row " + std::to_string(row.seq) + " holds what no ledger wrote"};
  }
  return row;
}

void bind_account(Run& run, const Account& account) {
  run.bind(to_int(account.id));
  bind_currency(run, account.terms.currency);
  run.bind(static_cast<std::int64_t>(account.terms.status));
  run.bind(account.terms.min_balance).bind(account.terms.max_balance);
  run.bind(account.balance).bind(account.held).bind(account.incoming);
  run.bind(account.version).bind(account.last_seq);
  run.bind(micros(account.last_at)).bind(micros(account.created_at));
  run.bind_text(account.reference).bind_text(account.metadata);
}

Result<Account> read_account(Run& run) {
  bool valid = true;
  Account account;
  account.id = AccountId{run.integer()};
  account.terms.currency = read_currency(run, valid);
  account.terms.status = read_status(run, valid);
  account.terms.min_balance = run.optional_integer();
  account.terms.max_balance = run.optional_integer();
  account.balance = run.integer();
  account.held = run.integer();
  account.incoming = run.integer();
  account.version = run.integer();
  account.last_seq = run.integer();
  account.last_at = timestamp(run.integer());
  account.created_at = timestamp(run.integer());
  account.reference = run.text();
  account.metadata = run.text();
  if (!valid) {
    return Error{ErrorCode::store_corrupt,
                 "account " + std::to_string(to_int(account.id)) + " holds what no ledger wrote"};
  }
  return account;
}

void bind_state(Run& run, const TransferState& state) {
  run.bind(to_int(state.id)).bind(static_cast<std::int64_t>(state.status)).bind(state.settled);
  run.bind(optional_micros(state.expires_at));
}

Result<TransferState> read_state(Run& run) {
  bool valid = true;
  TransferState state;
  state.id = TransferId{run.integer()};
  state.status = number<TransferStatus>(run, static_cast<std::int64_t>(TransferStatus::posted),
                                        static_cast<std::int64_t>(TransferStatus::expired), valid);
  state.settled = run.integer();
  state.expires_at = optional_timestamp(run);
  if (!valid) {
    return Error{ErrorCode::store_corrupt, "the state of transfer " +
                                               std::to_string(to_int(state.id)) +
                                               " holds what no ledger wrote"};
  }
  return state;
}

void bind_checkpoint(Run& run, const Checkpoint& checkpoint) {
  run.bind(to_int(checkpoint.account)).bind(checkpoint.version).bind(checkpoint.seq);
  run.bind(micros(checkpoint.recorded_at));
}

Result<Checkpoint> read_checkpoint(Run& run) {
  Checkpoint checkpoint;
  checkpoint.account = AccountId{run.integer()};
  checkpoint.version = run.integer();
  checkpoint.seq = run.integer();
  checkpoint.recorded_at = timestamp(run.integer());
  return checkpoint;
}

}  // namespace ledger::sqlite
