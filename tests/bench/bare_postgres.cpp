#include "bench/bare_postgres.h"

#include <algorithm>
#include <chrono>

#include "bench/measure.h"
#include "ledger/postgres_store.h"
#include "store/postgres/rows.h"
#include "store/postgres/statements.h"

namespace ledger::bench {
namespace {

using namespace postgres;

/// Without the fence, which is ours.
constexpr const char* kPrepareUpdate =
    "PREPARE bare_update AS UPDATE {s}.accounts a SET "
    "balance=n.b,held=n.h,version=n.v,last_seq=n.l FROM (SELECT unnest($1::bigint[]) AS id,"
    "unnest($2::bigint[]) AS b,unnest($3::bigint[]) AS h,unnest($4::bigint[]) AS v,"
    "unnest($5::bigint[]) AS l) n WHERE a.id=n.id";

Parameters update_parameters(const std::vector<WriteSet::Update>& updated) {
  Parameters all;
  const auto add = [&](auto get) {
    ArrayWriter array(Type::int8, updated.size());
    for (const auto& update : updated)
      array.add_int8(get(update.account));
    all.add(std::move(array));
  };
  add([](const Account& account) { return to_int(account.id); });
  add([](const Account& account) { return account.balance; });
  add([](const Account& account) { return account.held; });
  add([](const Account& account) { return account.version; });
  add([](const Account& account) { return account.last_seq; });
  return all;
}

Timestamp now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

}  // namespace

BarePostgres::BarePostgres(const std::string& url, const std::string& schema)
    : settings_(must(check_options({.url = url, .schema = schema}))),
      connection_(must(Connection::open(settings_))) {
  const auto store = must(open_postgres_store(settings_.options));
  accounts_ = must(store->read_accounts(AccountId{0}, kAccounts));
  must(prepare_statements(*connection_, settings_, soon()));
  must(connection_->send_sql(settings_.with_schema(kPrepareUpdate)));
  must(connection_->run(soon()));
  next_seq_ = ask_number("SELECT max(seq)+1 FROM {s}.journal");
  rows_before_ = ask_number("SELECT count(*) FROM {s}.journal");
}

BarePostgres::Batch BarePostgres::make(std::size_t transfers, Requests& requests) {
  Batch batch;
  WriteSet& writes = batch.writes;
  for (std::size_t i = 0; i < transfers; ++i) {
    const Pair pair = requests.pair();
    JournalRow row;
    row.seq = next_seq_++;
    row.key = requests.key();
    row.legs = 1;
    for (auto& byte : row.fingerprint)
      byte = static_cast<std::uint8_t>(requests.random()());
    row.from = AccountId{pair.from};
    row.to = AccountId{pair.to};
    row.amount = 1;
    row.currency = accounts_.front().terms.currency;
    row.recorded_at = now();
    row.from_entry = post(row.from, -1, row, writes);
    row.to_entry = post(row.to, 1, row, writes);
    batch.accounts.insert(batch.accounts.end(), {row.from, row.to});
    writes.rows.push_back(std::move(row));
  }
  std::ranges::sort(batch.accounts);
  batch.accounts.erase(std::unique(batch.accounts.begin(), batch.accounts.end()),
                       batch.accounts.end());
  for (const AccountId id : batch.accounts)
    writes.updated.push_back({accounts_[static_cast<std::size_t>(to_int(id)) - 1], 0});
  return batch;
}

Entry BarePostgres::post(AccountId id, MinorUnits change, const JournalRow& row, WriteSet& writes) {
  Account& account = accounts_[static_cast<std::size_t>(to_int(id)) - 1];
  account.balance += change;
  account.version += 1;
  const Entry entry{
      .version = account.version, .balance = account.balance, .previous = account.last_seq};
  account.last_seq = row.seq;
  if (account.version % kCheckpointInterval == 0) {
    writes.checkpoints.push_back({id, account.version, row.seq, row.recorded_at});
  }
  return entry;
}

void BarePostgres::write(const Batch& batch) {
  must(connection_->send(statement::kBeginReadCommitted));
  must(connection_->send(statement::kLockAccounts, account_ids(batch.accounts)));
  write_and_commit(batch);
}

void BarePostgres::look_up(std::string_view key) {
  must(connection_->send(statement::kFindRecorded, Parameters().add_keys({&key, 1})));
  must(connection_->run(soon()));
}

void BarePostgres::begin_and_lock(const Batch& batch) {
  must(connection_->send(statement::kBeginSerializable));
  must(connection_->send(statement::kLockAccounts, account_ids(batch.accounts)));
  must(connection_->run(soon()));
}

void BarePostgres::write_and_commit(const Batch& batch) {
  const WriteSet& writes = batch.writes;
  must(connection_->send("bare_update", update_parameters(writes.updated)));
  must(connection_->send(statement::kInsertPlainRows, plain_journal_parameters(writes.rows)));
  if (!writes.checkpoints.empty()) {
    must(connection_->send(statement::kInsertCheckpoints,
                           checkpoint_parameters(writes.checkpoints)));
  }
  must(connection_->send(statement::kCommit));
  if (!says_committed(must(connection_->run(soon())))) die("the bare transaction rolled back");
  written_ += static_cast<std::int64_t>(writes.rows.size());
}

std::int64_t BarePostgres::ask_number(const std::string& sql) {
  must(connection_->send_sql(settings_.with_schema(sql)));
  const Reply reply = must(connection_->run(soon()));
  return ColumnReader(reply.get(), 0).integer();
}

void BarePostgres::verify() {
  const auto rows = ask_number("SELECT count(*) FROM {s}.journal") - rows_before_;
  if (rows != written_) die("the bare transactions left " + std::to_string(rows) + " rows");
  if (ask_number("SELECT sum(balance)::bigint FROM {s}.accounts") != 0) {
    die("the bare transactions made money");
  }
}

}  // namespace ledger::bench
