// Which files the SQLite store opens, and how it refuses the others.
#include <doctest/doctest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "ledger/sqlite_store.h"
#include "store/sqlite/schema.h"
#include "support/temp_folder.h"

namespace ledger {
namespace {

namespace fs = std::filesystem;
using testing::TempFolder;

void expect_refused(const std::string& path, ErrorCode code, const std::string& said) {
  const auto store = open_sqlite_store({path});
  CAPTURE(path);
  REQUIRE_FALSE(store.has_value());
  CAPTURE(store.error().detail);
  CHECK(name(store.error().code) == name(code));
  CHECK(store.error().detail.find(said) != std::string::npos);
}

std::unique_ptr<Store> must_open(const std::string& path) {
  auto store = open_sqlite_store({path});
  REQUIRE_MESSAGE(store.has_value(), store.error().message());
  return std::move(*store);
}

void add_transfer(Store& store, const std::string& key) {
  auto transaction = store.begin({}, SteadyTime::max());
  REQUIRE(transaction.has_value());
  WriteSet writes;
  JournalRow row;
  row.seq = (*transaction)->snapshot().next_seq;
  row.key = key;
  row.legs = 1;
  writes.rows.push_back(row);
  REQUIRE((*transaction)->commit(writes).has_value());
}

std::size_t count_rows(Store& store) {
  const auto rows = store.read_journal(1, 1000);
  REQUIRE_MESSAGE(rows.has_value(), rows.error().message());
  return rows->size();
}

void write_file(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Runs SQL as someone with the sqlite3 shell would. Returns the result code.
int run_sql(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  const int result = sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr);
  sqlite3_close(database);
  return result;
}

/// The exit status of `work` in a process of its own.
template <class Work>
int in_child(Work work) {
  const pid_t child = fork();
  if (child == 0) _exit(work());
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// A ledger with one transfer whose process died: the transfer is in the WAL alone.
void leave_wal(const std::string& path) {
  REQUIRE(in_child([&] {
            auto store = must_open(path);
            add_transfer(*store, "in the WAL");
            _exit(7);
            return 0;
          }) == 7);
  REQUIRE(fs::file_size(path + "-wal") > 0);
}

TEST_CASE("sqlite open: a file that is not there is created, with any name") {
  const TempFolder folder;
  for (const std::string name : {"plain.db", "with space", "100%", "a?mode=memory", "#x", "日本.db",
                                 "quote'\"", "file:x.db", ":memory:"}) {
    const std::string path = folder.file(name);
    add_transfer(*must_open(path), "k");
    CHECK(fs::exists(path));
    CHECK(count_rows(*must_open(path)) == 1);
  }
}

TEST_CASE("sqlite open: relative names are files, whatever they look like") {
  const TempFolder folder;
  REQUIRE(in_child([&] {
            if (chdir(folder.path().c_str()) != 0) return 1;
            for (const std::string name : {":memory:", "file:a.db?mode=memory", "plain.db"}) {
              auto store = open_sqlite_store({name});
              if (!store || !fs::exists(name)) return 2;
              if (chdir("/") != 0) return 3;  // and it does not matter where the process goes
              add_transfer(**store, "k");
              if (!(*store)->settle(SteadyTime::max()) || count_rows(**store) != 1) return 4;
              store->reset();
              if (chdir(folder.path().c_str()) != 0) return 5;
            }
            return 0;
          }) == 0);
}

TEST_CASE("sqlite open: what cannot be a database file is refused") {
  const TempFolder folder;
  expect_refused("", ErrorCode::store_unavailable, "empty");
  expect_refused(std::string("a\0b", 3), ErrorCode::store_unavailable, "NUL");
  expect_refused(folder.path(), ErrorCode::store_unavailable, "not a regular file");
  expect_refused(folder.file("none/a.db"), ErrorCode::store_unavailable, "No such file");
  write_file(folder.file("file"), "");
  expect_refused(folder.file("file/a.db"), ErrorCode::store_unavailable, "Not a directory");
  expect_refused("/dev/null", ErrorCode::store_unavailable, "not a regular file");
  REQUIRE(mkfifo(folder.file("fifo").c_str(), 0600) == 0);
  expect_refused(folder.file("fifo"), ErrorCode::store_unavailable, "not a regular file");
}

TEST_CASE("sqlite open: an empty file becomes a ledger") {
  const TempFolder folder;
  const std::string path = folder.file("empty.db");
  write_file(path, "");
  add_transfer(*must_open(path), "k");
  CHECK(count_rows(*must_open(path)) == 1);
}

TEST_CASE("sqlite open: other files are refused and left as they are") {
  const TempFolder folder;
  const std::string text = folder.file("text.db");
  write_file(text, std::string(5000, 'x'));
  expect_refused(text, ErrorCode::store_corrupt, "not a database");
  CHECK(read_file(text) == std::string(5000, 'x'));
  write_file(text, "x");
  expect_refused(text, ErrorCode::store_corrupt, "not a database");
  CHECK(read_file(text) == "x");

  for (const std::string mode : {"delete", "wal"}) {
    const std::string foreign = folder.file(mode);
    REQUIRE(run_sql(foreign, "PRAGMA journal_mode=" + mode +
                                 "; CREATE TABLE accounts(id); INSERT INTO accounts VALUES(1)") ==
            SQLITE_OK);
    const std::string before = read_file(foreign);
    expect_refused(foreign, ErrorCode::store_corrupt, "not a ledger");
    CHECK(read_file(foreign) == before);
  }
  const std::string numbered = folder.file("numbered.db");
  REQUIRE(run_sql(numbered, "PRAGMA application_id=7") == SQLITE_OK);
  expect_refused(numbered, ErrorCode::store_corrupt, "application_id 7");
  const std::string versioned = folder.file("versioned.db");
  REQUIRE(run_sql(versioned, "PRAGMA user_version=1") == SQLITE_OK);
  expect_refused(versioned, ErrorCode::store_corrupt, "not a ledger");
}

TEST_CASE("sqlite open: a newer schema is refused, naming both versions") {
  const TempFolder folder;
  const std::string path = folder.file("newer.db");
  must_open(path).reset();
  const auto newer = std::to_string(sqlite::kSchemaVersion + 1);
  REQUIRE(run_sql(path, "PRAGMA user_version=" + newer) == SQLITE_OK);
  const std::string before = read_file(path);
  expect_refused(path, ErrorCode::store_too_new, newer);
  expect_refused(path, ErrorCode::store_too_new, std::to_string(sqlite::kSchemaVersion));
  CHECK(read_file(path) == before);
}

TEST_CASE("sqlite open: a damaged schema is refused, naming the damage") {
  const TempFolder folder;
  const std::string path = folder.file("damaged.db");
  const auto damage = [&](const std::string& sql, const std::string& said) {
    fs::remove(path);
    must_open(path).reset();
    REQUIRE(run_sql(path, sql) == SQLITE_OK);
    expect_refused(path, ErrorCode::store_corrupt, said);
  };
  damage("DROP TRIGGER journal_refuses_delete", "journal_refuses_delete");
  damage("DROP INDEX journal_key", "journal_key");
  damage("DROP TABLE checkpoints", "checkpoints");
  damage("DROP INDEX transfer_states_due", "transfer_states_due");
  damage("DROP TABLE transfers_by_origin", "transfers_by_origin");
  damage("ALTER TABLE journal DROP COLUMN to_incoming", "journal");
  damage("DROP TABLE accounts; CREATE TABLE accounts(id INTEGER PRIMARY KEY)", "accounts");
  damage("CREATE TRIGGER steal AFTER INSERT ON journal BEGIN UPDATE accounts SET balance=1; END",
         "unknown triggers");
  damage("PRAGMA user_version=0", "not a ledger");

  fs::remove(path);  // an index or table of someone's own harms nothing
  must_open(path).reset();
  REQUIRE(run_sql(path, "CREATE INDEX mine ON journal(recorded_at); CREATE TABLE notes(t)") ==
          SQLITE_OK);
  add_transfer(*must_open(path), "k");
}

/// A damaged ledger with "key-0" … may be refused, or its reads may; what it answers is right.
void expect_damage_or_everything(const std::string& path, int keys) {
  const auto store = open_sqlite_store({path});
  if (!store) {
    CHECK(name(store.error().code) == name(ErrorCode::store_corrupt));
    return;
  }
  const auto rows = (*store)->read_journal(1, 1000);
  CHECK((rows ? rows->size() == static_cast<std::size_t>(keys)
              : rows.error().code == ErrorCode::store_corrupt));
  for (int i = 0; i < keys; ++i) {
    const std::string key = "key-" + std::to_string(i);
    const std::string_view view = key;
    const auto found = (*store)->find_recorded({&view, 1});
    CHECK((found ? found->size() == 1 && found->front().key == key
                 : found.error().code == ErrorCode::store_corrupt));
  }
}

TEST_CASE("sqlite open: a truncated or scribbled file is refused, or reads fail, but never lies") {
  const TempFolder folder;
  const std::string path = folder.file("cut.db");
  {
    auto store = must_open(path);
    for (int i = 0; i < 200; ++i)
      add_transfer(*store, "key-" + std::to_string(i));
  }
  const std::string whole = read_file(path);
  for (std::size_t size = 1; size < whole.size(); size += 4096 / 2 + 1) {
    CAPTURE(size);
    write_file(path, whole.substr(0, size));
    expect_damage_or_everything(path, 200);
  }
  for (std::size_t page = 0; page < whole.size() / 4096; ++page) {
    CAPTURE(page);
    std::string scribbled = whole;
    scribbled.replace(page * 4096, 4096, 4096, '\xA5');
    write_file(path, scribbled);
    expect_damage_or_everything(path, 200);
  }
}

TEST_CASE("sqlite open: a WAL whose database is missing is refused and kept") {
  const TempFolder folder;
  const std::string path = folder.file("lost.db");
  leave_wal(path);
  const std::string wal = read_file(path + "-wal");
  fs::remove(path);
  expect_refused(path, ErrorCode::store_corrupt, "missing");
  CHECK(read_file(path + "-wal") == wal);
}

TEST_CASE("sqlite open: a killed process's last transfer is there") {
  const TempFolder folder;
  const std::string path = folder.file("killed.db");
  leave_wal(path);
  CHECK(count_rows(*must_open(path)) == 1);
  CHECK_FALSE(fs::exists(path + "-wal"));  // closed in good order: one file to copy
}

TEST_CASE("sqlite open: a read-only file is refused") {
  const TempFolder folder;
  const std::string path = folder.file("readonly.db");
  must_open(path).reset();
  fs::permissions(path, fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read);
  fs::permissions(folder.path(), fs::perms::all);
  const int status = in_child([&] {
    if (geteuid() == 0 && setuid(65534) != 0) return 99;  // root may write everything
    if (access(path.c_str(), R_OK) != 0) return 98;       // the folders above may be closed to it
    const auto store = open_sqlite_store({path});
    if (store) return 1;
    if (store.error().code != ErrorCode::store_unavailable) return 2;
    return store.error().detail.find("not written") != std::string::npos ? 0 : 3;
  });
  if (status == 98) MESSAGE("not tested: an unprivileged user cannot reach the folder");
  CHECK((status == 0 || status == 98));
}

TEST_CASE("sqlite open: a second process is refused at once, and let in afterwards") {
  const TempFolder folder;
  const std::string path = folder.file("used.db");
  const auto try_in_child = [&] {
    return in_child([&] {
      const auto start = std::chrono::steady_clock::now();
      const auto store = open_sqlite_store({path});
      if (std::chrono::steady_clock::now() - start > std::chrono::seconds(2)) return 3;
      if (store) return 0;
      return store.error().code == ErrorCode::store_in_use ? 1 : 2;
    });
  };
  {
    auto store = must_open(path);
    CHECK(try_in_child() == 1);
    add_transfer(*store, "k");
    CHECK(try_in_child() == 1);
    auto transaction = store->begin({}, SteadyTime::max());
    CHECK(try_in_child() == 1);
    CHECK(run_sql(path, "SELECT * FROM journal") == SQLITE_BUSY);  // no bystanders either
  }
  CHECK(try_in_child() == 0);
}

TEST_CASE("sqlite open: this process is refused as well, by whatever name") {
  const TempFolder folder;
  const std::string path = folder.file("used.db");
  auto store = must_open(path);
  fs::create_symlink(path, folder.file("symbolic.db"));
  expect_refused(path, ErrorCode::store_in_use, "");
  expect_refused(folder.file("symbolic.db"), ErrorCode::store_in_use, "");
  expect_refused(folder.file("./../") + fs::path(folder.path()).filename().string() + "/used.db",
                 ErrorCode::store_in_use, "");
  fs::create_hard_link(path, folder.file("hard.db"));
  expect_refused(folder.file("hard.db"), ErrorCode::store_unavailable, "hard links");
  add_transfer(*store, "k");  // and the one that has it did not lose its lock
  CHECK(in_child([&] { return open_sqlite_store({path}) ? 1 : 0; }) == 0);
  store.reset();
  expect_refused(path, ErrorCode::store_unavailable, "hard links");
  fs::remove(folder.file("hard.db"));
  CHECK(count_rows(*must_open(folder.file("symbolic.db"))) == 1);
}

TEST_CASE("sqlite open: a file that is taken away from under the store is noticed") {
  const TempFolder folder;
  const std::string path = folder.file("moved.db");
  auto store = must_open(path);
  add_transfer(*store, "k");
  fs::rename(path, folder.file("elsewhere.db"));
  CHECK_FALSE(store->begin({}, SteadyTime::max()).has_value());
  CHECK_FALSE(store->check().has_value());
  write_file(path, "");  // another file of the same name
  CHECK_FALSE(store->find_account(AccountId{1}).has_value());
  fs::rename(folder.file("elsewhere.db"), path);
  CHECK(store->check().has_value());
  add_transfer(*store, "l");
  CHECK(count_rows(*store) == 2);
}

TEST_CASE("sqlite open: the journal refuses changes from outside") {
  const TempFolder folder;
  const std::string path = folder.file("append.db");
  add_transfer(*must_open(path), "k");
  CHECK(run_sql(path, "UPDATE journal SET amount = 1") == SQLITE_CONSTRAINT);
  CHECK(run_sql(path, "DELETE FROM journal") == SQLITE_CONSTRAINT);
  CHECK(run_sql(path, "DELETE FROM journal WHERE seq = 1") == SQLITE_CONSTRAINT);
  CHECK(run_sql(path, "UPDATE journal SET amount = 1 WHERE seq = 99") == SQLITE_OK);  // no row
  CHECK(count_rows(*must_open(path)) == 1);
}

}  // namespace
}  // namespace ledger
