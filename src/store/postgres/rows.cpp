#include "store/postgres/rows.h"

#include <libpq-fe.h>

#include <algorithm>
#include <limits>
#include <type_traits>
#include <utility>

namespace ledger::postgres {
namespace {

/// Adds one array: `add` writes a value's column.
template <class Values, class Add>
void add_column(Parameters& parameters, Type type, const Values& values, Add add) {
  ArrayWriter array(type, values.size());
  for (const auto& value : values)
    add(array, value);
  parameters.add(std::move(array));
}

template <class Values, class Get>
void add_int8s(Parameters& parameters, const Values& values, Get get) {
  add_column(parameters, Type::int8, values,
             [&](ArrayWriter& array, const auto& value) { array.add_int8(get(value)); });
}

/// NULL for zero.
std::optional<std::int64_t> if_set(std::int64_t value) {
  return value != 0 ? std::optional(value) : std::nullopt;
}

void add_entries(Parameters& parameters, std::span<const JournalRow> rows,
                 Entry JournalRow::*entry) {
  add_int8s(parameters, rows, [&](const JournalRow& row) { return (row.*entry).version; });
  add_int8s(parameters, rows, [&](const JournalRow& row) { return (row.*entry).balance; });
  add_int8s(parameters, rows, [&](const JournalRow& row) { return (row.*entry).held; });
  add_int8s(parameters, rows, [&](const JournalRow& row) { return (row.*entry).previous; });
}

void add_terms(Parameters& parameters, std::span<const JournalRow> rows) {
  add_column(parameters, Type::text, rows, [](ArrayWriter& array, const JournalRow& row) {
    array.add_text_or_null(row.terms ? row.terms->currency.code() : std::string_view());
  });
  add_column(parameters, Type::int2, rows, [](ArrayWriter& array, const JournalRow& row) {
    if (!row.terms) return array.add_null();
    array.add_int2(static_cast<std::int16_t>(row.terms->currency.scale()));
  });
  add_column(parameters, Type::int2, rows, [](ArrayWriter& array, const JournalRow& row) {
    if (!row.terms) return array.add_null();
    array.add_int2(static_cast<std::int16_t>(row.terms->status));
  });
  add_int8s(parameters, rows, [](const JournalRow& row) {
    return row.terms ? row.terms->min_balance : std::nullopt;
  });
  add_int8s(parameters, rows, [](const JournalRow& row) {
    return row.terms ? row.terms->max_balance : std::nullopt;
  });
}

/// Reads an enumeration or a smaller integer; `valid` becomes false when it is out of range.
template <class T>
T number(ColumnReader& columns, std::int64_t first, std::int64_t last, bool& valid) {
  const std::int64_t value = columns.integer();
  valid = valid && first <= value && value <= last;
  return static_cast<T>(valid ? value : first);
}

Currency read_currency(ColumnReader& columns, bool& valid) {
  const std::string_view code = columns.text();
  const std::int64_t scale = columns.integer();
  if (code.empty()) return {};
  if (scale < 0 || scale > Currency::kMaxScale) {
    valid = false;
    return {};
  }
  const auto stored = Currency::stored(code, static_cast<int>(scale));
  valid = valid && stored.has_value();
  return stored.value_or(Currency{});
}

constexpr auto kFirstStatus = static_cast<std::int64_t>(AccountStatus::open);
constexpr auto kLastStatus = static_cast<std::int64_t>(AccountStatus::closed);
using Legs = std::numeric_limits<std::int32_t>;

Entry read_entry(ColumnReader& columns) {
  Entry entry;
  entry.version = columns.integer();
  entry.balance = columns.integer();
  entry.held = columns.integer();
  entry.previous = columns.integer();
  return entry;
}

std::optional<AccountTerms> read_terms(ColumnReader& columns, bool& valid) {
  AccountTerms terms;
  terms.currency = read_currency(columns, valid);
  const auto status = columns.optional_integer();
  terms.min_balance = columns.optional_integer();
  terms.max_balance = columns.optional_integer();
  if (!status.has_value()) return std::nullopt;
  valid = valid && kFirstStatus <= *status && *status <= kLastStatus;
  terms.status = valid ? static_cast<AccountStatus>(*status) : AccountStatus::open;
  return terms;
}

Fingerprint read_fingerprint(ColumnReader& columns, bool& valid) {
  Fingerprint fingerprint{};
  const std::string_view bytes = columns.text();
  if (bytes.empty()) return fingerprint;
  valid = valid && bytes.size() == fingerprint.size();
  if (!valid) return fingerprint;
  std::ranges::transform(bytes, fingerprint.begin(),
                         [](char byte) { return static_cast<std::uint8_t>(byte); });
  return fingerprint;
}

JournalRow read_row(ColumnReader& columns, bool& valid) {
  JournalRow row;
  row.seq = columns.integer();
  row.kind = number<JournalKind>(columns, static_cast<std::int64_t>(JournalKind::transfer),
                                 static_cast<std::int64_t>(JournalKind::account_changed), valid);
  row.decline = number<std::uint16_t>(columns, 0, std::numeric_limits<std::uint16_t>::max(), valid);
  row.key = columns.text();
  row.fingerprint = read_fingerprint(columns, valid);
  row.legs = number<std::int32_t>(columns, Legs::min(), Legs::max(), valid);
  row.from = AccountId{columns.integer()};
  row.to = AccountId{columns.integer()};
  row.amount = columns.integer();
  row.currency = read_currency(columns, valid);
  row.from_entry = read_entry(columns);
  row.to_entry = read_entry(columns);
  row.recorded_at = columns.time();
  row.from_entry.incoming = columns.integer();
  row.to_entry.incoming = columns.integer();
  if (const auto refers_to = columns.optional_integer()) row.refers_to = TransferId{*refers_to};
  row.effective_at = columns.optional_time();
  row.expires_at = columns.optional_time();
  row.reference = columns.text();
  row.metadata = columns.text();
  row.terms = read_terms(columns, valid);
  return row;
}

Account read_account(ColumnReader& columns, bool& valid) {
  Account account;
  account.id = AccountId{columns.integer()};
  account.terms.currency = read_currency(columns, valid);
  account.terms.status = number<AccountStatus>(columns, kFirstStatus, kLastStatus, valid);
  account.terms.min_balance = columns.optional_integer();
  account.terms.max_balance = columns.optional_integer();
  account.balance = columns.integer();
  account.held = columns.integer();
  account.incoming = columns.integer();
  account.version = columns.integer();
  account.last_seq = columns.integer();
  account.last_at = columns.time();
  account.created_at = columns.time();
  account.reference = columns.text();
  account.metadata = columns.text();
  return account;
}

TransferState read_state(ColumnReader& columns, bool& valid) {
  TransferState state;
  state.id = TransferId{columns.integer()};
  state.status = number<TransferStatus>(columns, static_cast<std::int64_t>(TransferStatus::posted),
                                        static_cast<std::int64_t>(TransferStatus::expired), valid);
  state.settled = columns.integer();
  state.expires_at = columns.optional_time();
  return state;
}

Checkpoint read_checkpoint(ColumnReader& columns, bool& /*valid*/) {
  Checkpoint checkpoint;
  checkpoint.account = AccountId{columns.integer()};
  checkpoint.version = columns.integer();
  checkpoint.seq = columns.integer();
  checkpoint.recorded_at = columns.time();
  return checkpoint;
}

/// A sum that does not fit is NULL.
CurrencyTotals read_total(ColumnReader& columns, bool& valid, bool& fits) {
  CurrencyTotals total;
  total.currency = read_currency(columns, valid);
  total.accounts = columns.integer();
  for (MinorUnits* sum : {&total.positive, &total.negative, &total.held, &total.incoming}) {
    const auto found = columns.optional_integer();
    fits = fits && found.has_value();
    *sum = found.value_or(0);
  }
  return total;
}

template <class Id>
std::string text(Id id) {
  return std::to_string(to_int(id));
}

/// All values of a result. `which` names the one that no ledger wrote.
template <class Read, class Which>
auto read_all(const pg_result* result, Read read, Which which)
    -> Result<std::vector<std::invoke_result_t<Read, ColumnReader&, bool&>>> {
  std::vector<std::invoke_result_t<Read, ColumnReader&, bool&>> values;
  const int count = PQntuples(result);
  values.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    ColumnReader columns(result, i);
    bool valid = true;
    values.push_back(read(columns, valid));
    if (valid && columns.valid()) continue;
    return Error{ErrorCode::store_corrupt,
                 std::string(which(values.back())) + " holds what no ledger wrote"};
  }
  return values;
}

}  // namespace

std::string names_of(std::span<const Column> columns, const std::string& prefix) {
  std::string list;
  for (const Column& column : columns) {
    list.append(list.empty() ? "" : ",").append(prefix).append(column.name);
  }
  return list;
}

std::string unnest(std::span<const Column> columns, int first_parameter) {
  std::string list;
  for (const Column& column : columns) {
    list += list.empty() ? "unnest($" : ",unnest($";
    list += std::to_string(first_parameter++) + "::" + column.type + "[])";
  }
  return list;
}

bool are_plain(std::span<const JournalRow> rows) {
  return std::ranges::all_of(rows, [](const JournalRow& row) {
    return row.from_entry.incoming == 0 && row.to_entry.incoming == 0 && !row.refers_to &&
           !row.effective_at && !row.expires_at && row.reference.empty() && row.metadata.empty() &&
           !row.terms;
  });
}

Parameters account_ids(std::span<const AccountId> accounts) {
  Parameters all;
  add_int8s(all, accounts, [](AccountId id) { return to_int(id); });
  return all;
}

Parameters transfer_ids(std::span<const TransferId> transfers) {
  Parameters all;
  add_int8s(all, transfers, [](TransferId id) { return to_int(id); });
  return all;
}

Parameters places(std::span<const Seq> seqs) {
  Parameters all;
  add_int8s(all, seqs, [](Seq seq) { return seq; });
  return all;
}

Parameters plain_journal_parameters(std::span<const JournalRow> rows) {
  Parameters all;
  add_int8s(all, rows, [](const JournalRow& row) { return row.seq; });
  add_column(all, Type::int2, rows, [](ArrayWriter& array, const JournalRow& row) {
    array.add_int2(static_cast<std::int16_t>(row.kind));
  });
  add_column(all, Type::int4, rows,
             [](ArrayWriter& array, const JournalRow& row) { array.add_int4(row.decline); });
  add_column(all, Type::text, rows,
             [](ArrayWriter& array, const JournalRow& row) { array.add_text_or_null(row.key); });
  add_column(all, Type::bytea, rows, [](ArrayWriter& array, const JournalRow& row) {
    if (row.fingerprint == Fingerprint{}) return array.add_null();
    array.add_bytes(row.fingerprint);
  });
  add_column(all, Type::int4, rows,
             [](ArrayWriter& array, const JournalRow& row) { array.add_int4(row.legs); });
  add_int8s(all, rows, [](const JournalRow& row) { return to_int(row.from); });
  add_int8s(all, rows, [](const JournalRow& row) { return to_int(row.to); });
  add_int8s(all, rows, [](const JournalRow& row) { return row.amount; });
  add_column(all, Type::text, rows, [](ArrayWriter& array, const JournalRow& row) {
    array.add_text_or_null(row.currency.code());
  });
  add_column(all, Type::int2, rows, [](ArrayWriter& array, const JournalRow& row) {
    array.add_int2(static_cast<std::int16_t>(row.currency.scale()));
  });
  add_entries(all, rows, &JournalRow::from_entry);
  add_entries(all, rows, &JournalRow::to_entry);
  add_column(all, Type::timestamptz, rows,
             [](ArrayWriter& array, const JournalRow& row) { array.add_time(row.recorded_at); });
  return all;
}

Parameters journal_parameters(std::span<const JournalRow> rows) {
  Parameters all = plain_journal_parameters(rows);
  add_int8s(all, rows, [](const JournalRow& row) { return if_set(row.from_entry.incoming); });
  add_int8s(all, rows, [](const JournalRow& row) { return if_set(row.to_entry.incoming); });
  add_int8s(all, rows, [](const JournalRow& row) {
    return row.refers_to ? std::optional(to_int(*row.refers_to)) : std::nullopt;
  });
  add_column(all, Type::timestamptz, rows,
             [](ArrayWriter& array, const JournalRow& row) { array.add_time(row.effective_at); });
  add_column(all, Type::timestamptz, rows,
             [](ArrayWriter& array, const JournalRow& row) { array.add_time(row.expires_at); });
  add_column(all, Type::text, rows, [](ArrayWriter& array, const JournalRow& row) {
    array.add_text_or_null(row.reference);
  });
  add_column(all, Type::text, rows, [](ArrayWriter& array, const JournalRow& row) {
    array.add_text_or_null(row.metadata);
  });
  add_terms(all, rows);
  return all;
}

Parameters account_parameters(std::span<const Account> accounts) {
  Parameters all;
  add_int8s(all, accounts, [](const Account& account) { return to_int(account.id); });
  add_column(all, Type::text, accounts, [](ArrayWriter& array, const Account& account) {
    array.add_text_or_null(account.terms.currency.code());
  });
  add_column(all, Type::int2, accounts, [](ArrayWriter& array, const Account& account) {
    array.add_int2(static_cast<std::int16_t>(account.terms.currency.scale()));
  });
  add_column(all, Type::int2, accounts, [](ArrayWriter& array, const Account& account) {
    array.add_int2(static_cast<std::int16_t>(account.terms.status));
  });
  add_int8s(all, accounts, [](const Account& account) { return account.terms.min_balance; });
  add_int8s(all, accounts, [](const Account& account) { return account.terms.max_balance; });
  add_int8s(all, accounts, [](const Account& account) { return account.balance; });
  add_int8s(all, accounts, [](const Account& account) { return account.held; });
  add_int8s(all, accounts, [](const Account& account) { return account.incoming; });
  add_int8s(all, accounts, [](const Account& account) { return account.version; });
  add_int8s(all, accounts, [](const Account& account) { return account.last_seq; });
  add_column(all, Type::timestamptz, accounts,
             [](ArrayWriter& array, const Account& account) { array.add_time(account.last_at); });
  add_column(all, Type::timestamptz, accounts, [](ArrayWriter& array, const Account& account) {
    array.add_time(account.created_at);
  });
  add_column(all, Type::text, accounts, [](ArrayWriter& array, const Account& account) {
    array.add_text_or_null(account.reference);
  });
  add_column(all, Type::text, accounts, [](ArrayWriter& array, const Account& account) {
    array.add_text_or_null(account.metadata);
  });
  return all;
}

Parameters checkpoint_parameters(std::span<const Checkpoint> checkpoints) {
  Parameters all;
  add_int8s(all, checkpoints, [](const Checkpoint& at) { return to_int(at.account); });
  add_int8s(all, checkpoints, [](const Checkpoint& at) { return at.version; });
  add_int8s(all, checkpoints, [](const Checkpoint& at) { return at.seq; });
  add_column(all, Type::timestamptz, checkpoints,
             [](ArrayWriter& array, const Checkpoint& at) { array.add_time(at.recorded_at); });
  return all;
}

Parameters transfer_state_parameters(std::span<const TransferState> states) {
  Parameters all;
  add_int8s(all, states, [](const TransferState& state) { return to_int(state.id); });
  add_column(all, Type::int2, states, [](ArrayWriter& array, const TransferState& state) {
    array.add_int2(static_cast<std::int16_t>(state.status));
  });
  add_int8s(all, states, [](const TransferState& state) { return state.settled; });
  add_column(all, Type::timestamptz, states, [](ArrayWriter& array, const TransferState& state) {
    array.add_time(state.expires_at);
  });
  return all;
}

Result<std::vector<Account>> read_accounts(const pg_result* result) {
  return read_all(result, read_account,
                  [](const Account& account) { return "account " + text(account.id); });
}

Result<std::vector<JournalRow>> read_rows(const pg_result* result) {
  return read_all(result, read_row,
                  [](const JournalRow& row) { return "journal row " + std::to_string(row.seq); });
}

Result<std::vector<TransferState>> read_states(const pg_result* result) {
  return read_all(result, read_state, [](const TransferState& state) {
    return "the state of transfer " + text(state.id);
  });
}

Result<std::vector<Checkpoint>> read_checkpoints(const pg_result* result) {
  return read_all(result, read_checkpoint, [](const Checkpoint& checkpoint) {
    return "a checkpoint of account " + text(checkpoint.account);
  });
}

Result<std::vector<TransferId>> read_transfer_ids(const pg_result* result) {
  return read_all(
      result, [](ColumnReader& columns, bool&) { return TransferId{columns.integer()}; },
      [](TransferId id) { return "transfer " + text(id); });
}

Result<std::vector<std::string>> read_texts(const pg_result* result) {
  return read_all(
      result, [](ColumnReader& columns, bool&) { return std::string(columns.text()); },
      [](const std::string&) { return "a text"; });
}

Result<std::vector<CurrencyTotals>> read_totals(const pg_result* result) {
  bool fits = true;
  auto totals = read_all(
      result, [&](ColumnReader& columns, bool& valid) { return read_total(columns, valid, fits); },
      [](const CurrencyTotals&) { return "the accounts of a currency"; });
  if (totals && !fits) return Error{ErrorCode::balance_overflow, "the sum over all accounts"};
  return totals;
}

}  // namespace ledger::postgres
