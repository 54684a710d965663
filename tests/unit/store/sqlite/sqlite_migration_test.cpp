// How a file of an older version becomes a current one.
#include <doctest/doctest.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <string>
#include <utility>

#include "ledger/sqlite_store.h"
#include "store/sqlite/schema.h"
#include "support/sqlite_version_1.h"
#include "support/temp_folder.h"

namespace ledger {
namespace {

using testing::TempFolder;
using testing::Version1;
using testing::write_sqlite_version_1;

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

template <class T>
T must(Result<T> result) {
  REQUIRE_MESSAGE(result.has_value(), result.error().message());
  return std::move(*result);
}

std::unique_ptr<Store> must_open(const std::string& path) {
  return must(open_sqlite_store({path}));
}

/// Runs SQL as someone with the sqlite3 shell would. Returns the first value, and the result code.
std::pair<std::int64_t, int> run_sql(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  std::int64_t value = 0;
  const auto keep = [](void* out, int, char** values, char**) {
    *static_cast<std::int64_t*>(out) = values[0] == nullptr ? 0 : std::stoll(values[0]);
    return 0;
  };
  const int result = sqlite3_exec(database, sql.c_str(), keep, &value, nullptr);
  sqlite3_close(database);
  return {value, result};
}

std::int64_t version_of(const std::string& path) {
  return run_sql(path, "PRAGMA user_version").first;
}

const JournalRow& row_with_key(const Version1& file, const std::string& key) {
  const auto found = std::ranges::find(file.rows, key, &JournalRow::key);
  REQUIRE(found != file.rows.end());
  return *found;
}

TEST_CASE("sqlite migration: a file of version 1 shows all it held") {
  const TempFolder folder;
  const std::string path = folder.file("old.db");
  const Version1 file = write_sqlite_version_1(path);
  REQUIRE(version_of(path) == 1);
  for (int times = 0; times < 2; ++times) {  // migrated, and then opened as it is
    const auto store = must_open(path);
    CHECK(must(store->read_journal(1, kAll)) == file.rows);
    CHECK(must(store->read_accounts(AccountId{0}, kAll)) == file.accounts);
    REQUIRE(file.checkpoints.size() == 2);
    for (const Checkpoint& checkpoint : file.checkpoints) {
      CHECK(must(store->find_checkpoint(checkpoint.account, 1)) == checkpoint);
      CHECK(must(store->find_checkpoint_after(checkpoint.account, Timestamp{})) == checkpoint);
    }
  }
  CHECK(version_of(path) == sqlite::kSchemaVersion);
}

TEST_CASE("sqlite migration: what a file of version 1 held is found in every new way") {
  const TempFolder folder;
  const std::string path = folder.file("old.db");
  const Version1 file = write_sqlite_version_1(path);
  const auto store = must_open(path);

  const JournalRow& order = row_with_key(file, "order");
  const TransferId id{order.seq};
  const std::vector<JournalRow> both = {order, file.rows[static_cast<std::size_t>(order.seq)]};
  CHECK(must(store->find_transfers({&id, 1})) == both);
  CHECK(must(store->find_by_reference("order-7", TransferId{0}, kAll)) == std::vector{id});
  CHECK(must(store->find_by_reference("three", TransferId{0}, kAll)).empty());
  CHECK(must(store->find_account_by_reference("three")) == file.accounts[2]);
  const auto entries = must(store->read_entries(AccountId{1}, file.accounts[0].last_seq, kAll));
  CHECK(entries == std::vector{both[1], row_with_key(file, "deposit")});
  CHECK(must(store->read_states(TransferId{0}, kAll)).empty());
  const auto totals = must(store->read_totals());
  REQUIRE(totals.size() == 1);
  CHECK(totals[0].accounts == std::ssize(file.accounts));
  CHECK(totals[0].positive == -totals[0].negative);
}

TEST_CASE("sqlite migration: an account's last time is that of its last entry") {
  const TempFolder folder;
  const std::string path = folder.file("old.db");
  const Version1 file = write_sqlite_version_1(path);
  const auto store = must_open(path);
  for (const Account& account : must(store->read_accounts(AccountId{0}, kAll))) {
    if (account.version == 0) {
      CHECK(account.last_at == Timestamp{});
    } else {
      CHECK(account.last_at ==
            file.rows[static_cast<std::size_t>(account.last_seq - 1)].recorded_at);
    }
  }
}

TEST_CASE("sqlite migration: a file that was migrated takes what is new") {
  const TempFolder folder;
  const std::string path = folder.file("old.db");
  const Version1 file = write_sqlite_version_1(path);
  auto store = must_open(path);
  auto transaction = must(store->begin({}, SteadyTime::max()));
  WriteSet writes;
  JournalRow hold;
  hold.seq = transaction->snapshot().next_seq;
  hold.kind = JournalKind::hold;
  hold.key = "hold";
  hold.legs = 1;
  hold.to_entry.incoming = 7;
  hold.refers_to = TransferId{1};
  writes.rows = {hold};
  Account after = file.accounts[2];
  after.incoming = 7;
  ++after.version;
  writes.updated = {{after, file.accounts[2].version}};
  writes.states = {{TransferId{hold.seq}, TransferStatus::held, 0, Timestamp{}}};
  const auto committed = transaction->commit(writes);
  REQUIRE_MESSAGE(committed.has_value(), committed.error().message());
  transaction.reset();

  store.reset();
  store = must_open(path);
  CHECK(must(store->find_account(AccountId{3})) == after);
  CHECK(must(store->read_journal(hold.seq, kAll)) == writes.rows);
  CHECK(must(store->read_states(TransferId{0}, kAll)) == writes.states);
  CHECK(must(store->find_expired(Timestamp{}, kAll)) == std::vector{TransferId{hold.seq}});
  CHECK(must(store->find_referring(TransferId{1}, TransferId{0}, kAll)) ==
        std::vector{TransferId{hold.seq}});
  store.reset();
  CHECK(run_sql(path, "UPDATE journal SET to_incoming = 0").second == SQLITE_CONSTRAINT);
  CHECK(run_sql(path, "UPDATE accounts SET incoming = -1").second == SQLITE_CONSTRAINT);
  CHECK(run_sql(path, "UPDATE accounts SET incoming = 1000 WHERE id = 3").second ==
        SQLITE_CONSTRAINT);
}

TEST_CASE("sqlite migration: a damaged file of version 1 is refused and stays of version 1") {
  const TempFolder folder;
  const std::string path = folder.file("old.db");
  const auto refused = [&](const std::string& damage, const std::string& said) {
    std::filesystem::remove(path);
    write_sqlite_version_1(path);
    REQUIRE(run_sql(path, damage).second == SQLITE_OK);
    const auto store = open_sqlite_store({path});
    REQUIRE_FALSE(store.has_value());
    CAPTURE(store.error().detail);
    CHECK(name(store.error().code) == name(ErrorCode::store_corrupt));
    CHECK(store.error().detail.find(said) != std::string::npos);
    CHECK(version_of(path) == 1);
    CHECK(run_sql(path, "SELECT count(*) FROM pragma_table_info('journal')").first == 30);
  };
  refused("DROP TRIGGER journal_refuses_delete", "journal_refuses_delete");
  refused("DROP INDEX journal_key", "journal_key");
  refused("DROP TABLE checkpoints", "checkpoints");
  refused("ALTER TABLE accounts ADD COLUMN mine TEXT", "accounts");
  refused("CREATE TABLE transfer_states(mine)", "already exists");
  refused("UPDATE accounts SET last_seq = 999 WHERE id = 2", "last_at");
  refused(
      "CREATE TRIGGER steal AFTER UPDATE ON accounts BEGIN INSERT INTO checkpoints "
      "VALUES(9, 9, 9, 9); END",
      "unknown triggers");
}

}  // namespace
}  // namespace ledger
