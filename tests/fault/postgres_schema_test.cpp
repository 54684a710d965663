// How the schema comes to be, and what it refuses.
#include <doctest/doctest.h>
#include <libpq-fe.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/postgres_ledger.h"
#include "support/postgres_server.h"

namespace ledger {
namespace {

const testing::PostgresServer& server() {
  static const testing::PostgresServer server;
  return server;
}

/// The schema as version 1 made it, with two accounts, a third that was never used, and a transfer
/// of two legs.
constexpr const char* kVersion1 = R"(
SET ROLE ledger_test;
CREATE SCHEMA version_1;
CREATE TABLE version_1.schema_version(
  version bigint PRIMARY KEY,
  applied_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE version_1.journal(
  seq bigint PRIMARY KEY,
  kind smallint NOT NULL,
  decline integer NOT NULL,
  key text COLLATE "C",
  fingerprint bytea,
  legs integer NOT NULL,
  from_account bigint NOT NULL,
  to_account bigint NOT NULL,
  amount bigint NOT NULL,
  currency text COLLATE "C",
  scale smallint NOT NULL,
  from_version bigint NOT NULL,
  from_balance bigint NOT NULL,
  from_held bigint NOT NULL,
  from_previous bigint NOT NULL,
  to_version bigint NOT NULL,
  to_balance bigint NOT NULL,
  to_held bigint NOT NULL,
  to_previous bigint NOT NULL,
  recorded_at timestamptz NOT NULL,
  refers_to bigint,
  effective_at timestamptz,
  expires_at timestamptz,
  reference text COLLATE "C",
  metadata text,
  terms_currency text COLLATE "C",
  terms_scale smallint,
  terms_status smallint,
  terms_min_balance bigint,
  terms_max_balance bigint
);
CREATE UNIQUE INDEX journal_key ON version_1.journal(key) WHERE key IS NOT NULL;
CREATE FUNCTION version_1.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the journal is append-only';
END $$;
CREATE TRIGGER journal_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON version_1.journal
FOR EACH STATEMENT EXECUTE FUNCTION version_1.refuse_change();
ALTER TABLE version_1.journal ENABLE ALWAYS TRIGGER journal_refuses_change;
REVOKE UPDATE, DELETE, TRUNCATE ON version_1.journal FROM PUBLIC, CURRENT_USER;
CREATE TABLE version_1.accounts(
  id bigint PRIMARY KEY,
  currency text COLLATE "C",
  scale smallint NOT NULL,
  status smallint NOT NULL,
  min_balance bigint,
  max_balance bigint,
  balance bigint NOT NULL,
  held bigint NOT NULL,
  version bigint NOT NULL,
  last_seq bigint NOT NULL,
  created_at timestamptz NOT NULL,
  reference text COLLATE "C",
  metadata text,
  CONSTRAINT available_not_below_min_balance CHECK (balance - held >= min_balance),
  CONSTRAINT balance_not_above_max_balance CHECK (balance <= max_balance),
  CONSTRAINT held_not_negative CHECK (held >= 0)
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX accounts_reference ON version_1.accounts(reference)
WHERE reference IS NOT NULL;
CREATE TABLE version_1.checkpoints(
  account bigint NOT NULL,
  version bigint NOT NULL,
  seq bigint NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (account, version)
);
CREATE TABLE version_1.identity AS
SELECT uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) AS secret;
CREATE SEQUENCE version_1.journal_seq;
CREATE FUNCTION version_1.reserve_rows(rows bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  lock_key CONSTANT bigint :=
    (1279742546::bigint << 32) | 'version_1.journal_seq'::regclass::oid::bigint;
  first bigint;
BEGIN
  PERFORM pg_advisory_lock(lock_key);
  first := nextval('version_1.journal_seq');
  IF rows > 1 THEN
    PERFORM setval('version_1.journal_seq', first + rows - 1);
  END IF;
  PERFORM pg_advisory_unlock(lock_key);
  RETURN first;
EXCEPTION WHEN query_canceled OR OTHERS THEN
  IF EXISTS (SELECT FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND classid = (lock_key >> 32)::oid AND objid = (lock_key & 4294967295)::oid AND objsubid = 1
      AND granted) THEN
    PERFORM pg_advisory_unlock(lock_key);
  END IF;
  RAISE;
END $$;
CREATE FUNCTION version_1.require_rows(updated bigint, wanted bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF updated <> wanted THEN
    RAISE EXCEPTION '% of % accounts are not at their expected version',
      wanted - updated, wanted USING ERRCODE = '40001';
  END IF;
END $$;
INSERT INTO version_1.schema_version VALUES(1);
INSERT INTO version_1.accounts VALUES
  (1, 'USD', 2, 1, NULL, NULL, -300, 0, 2, 4, '2024-01-01 00:00:00+00', NULL, NULL),
  (2, 'USD', 2, 1, 0, 1000, 300, 0, 2, 4, '2024-01-01 00:00:00+00', 'till', '{"a":1}'),
  (3, 'USD', 2, 1, 0, NULL, 0, 0, 0, 0, '2024-01-01 00:00:00+00', NULL, NULL);
INSERT INTO version_1.journal(seq, kind, decline, key, fingerprint, legs, from_account, to_account,
  amount, currency, scale, from_version, from_balance, from_held, from_previous, to_version,
  to_balance, to_held, to_previous, recorded_at) VALUES
  (3, 1, 0, 'pay', '\x00112233445566778899aabbccddeeff', 2, 1, 2, 100, 'USD', 2,
   1, -100, 0, 0, 1, 100, 0, 0, '2024-02-01 00:00:00+00'),
  (4, 1, 0, NULL, NULL, 0, 1, 2, 200, 'USD', 2,
   2, -300, 0, 3, 2, 300, 0, 3, '2024-02-02 00:00:00.000001+00');
SELECT version_1.reserve_rows(4);
)";

/// A program of version 1: a session with a statement that it has prepared.
class OldProgram {
 public:
  OldProgram() : handle_(PQconnectdb(server().url().c_str()), PQfinish) {
    const Answer done(PQprepare(handle_.get(), "reserve_rows",
                                "SELECT version_1.reserve_rows($1::bigint)", 0, nullptr),
                      PQclear);
    REQUIRE(PQresultStatus(done.get()) == PGRES_COMMAND_OK);
  }

  /// Empty, or the SQLSTATE.
  std::string reserves_rows() {
    const char* one = "1";
    const Answer answer(PQexecPrepared(handle_.get(), "reserve_rows", 1, &one, nullptr, nullptr, 0),
                        PQclear);
    const char* sqlstate = PQresultErrorField(answer.get(), PG_DIAG_SQLSTATE);
    return sqlstate != nullptr ? sqlstate : "";
  }

 private:
  using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;
  std::unique_ptr<PGconn, decltype(&PQfinish)> handle_;
};

/// Opens a store in many threads at one time, and counts those that are open.
int open_together(const PostgresOptions& options) {
  std::atomic<int> opened = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto store = open_postgres_store(options);
      if (store) {
        ++opened;
      } else {
        MESSAGE(store.error().message());
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  return opened;
}

TEST_CASE("many processes may create the schema at one time") {
  for (int round = 0; round < 5; ++round) {
    const PostgresOptions options{.url = server().url(),
                                  .schema = "together_" + std::to_string(round)};
    CHECK(open_together(options) == 4);
    CHECK(server().query("SELECT string_agg(version::text,',' ORDER BY version) FROM " +
                         options.schema + ".schema_version") == "1,2");
  }
}

TEST_CASE("a ledger of version 1 is brought up to date, and goes on") {
  const PostgresOptions options{.url = server().url(), .schema = "version_1"};
  server().execute(kVersion1);
  OldProgram old;
  CHECK(old.reserves_rows().empty());
  {
    PostgresOptions by_hand = options;
    by_hand.migrate = false;
    CHECK(name(open_postgres_store(by_hand).error().code) == name(ErrorCode::store_unavailable));
  }
  CHECK(open_together(options) == 4);
  CHECK(server().query("SELECT string_agg(version::text,',' ORDER BY version) "
                       "FROM version_1.schema_version") == "1,2");
  CHECK(old.reserves_rows() == "0A000");  // it could write what breaks the new rules

  const auto store = testing::must_open(options);
  const TransferId pay[] = {TransferId{3}};
  const auto rows = store->find_transfers(pay);
  REQUIRE_MESSAGE(rows.has_value(), rows.error().message());
  REQUIRE(rows->size() == 2);
  CHECK((*rows)[1].legs == 0);
  CHECK((*rows)[1].to_entry == Entry{.version = 2, .balance = 300, .previous = 3});
  CHECK(store->read_entries(AccountId{2}, 4, 10)->size() == 2);

  const auto account = [&](std::int64_t id) { return store->find_account(AccountId{id})->value(); };
  CHECK(account(1).last_at == rows->back().recorded_at);
  CHECK(account(2).last_at == rows->back().recorded_at);
  CHECK(account(2).reference == "till");
  CHECK(account(2).incoming == 0);
  CHECK(account(3).last_at == Timestamp{});

  testing::OneTransfer next("next", 50);
  REQUIRE(next.run(*store).has_value());
  CHECK(account(2).balance == 350);
  CHECK(next.is_recorded(*store));
  CHECK_THROWS_AS(server().execute("UPDATE version_1.accounts SET incoming=651 WHERE id=2"),
                  std::runtime_error);
  server().execute("UPDATE version_1.accounts SET incoming=650 WHERE id=2");
  CHECK_THROWS_AS(server().execute("DELETE FROM version_1.journal"), std::runtime_error);
}

TEST_CASE("a schema of a newer version is refused") {
  const PostgresOptions options{.url = server().url(), .schema = "newer"};
  REQUIRE(migrate_postgres_store(options).has_value());
  server().execute("INSERT INTO newer.schema_version VALUES(1000)");
  for (const bool migrate : {true, false}) {
    PostgresOptions again = options;
    again.migrate = migrate;
    const auto store = open_postgres_store(again);
    REQUIRE_FALSE(store.has_value());
    CHECK(name(store.error().code) == name(ErrorCode::store_too_new));
  }
}

TEST_CASE("a schema is not migrated unless that was asked for") {
  PostgresOptions options{.url = server().url(), .schema = "by_hand", .migrate = false};
  const auto store = open_postgres_store(options);
  REQUIRE_FALSE(store.has_value());
  CHECK(name(store.error().code) == name(ErrorCode::store_unavailable));
  CHECK(store.error().detail.find("migration") != std::string::npos);
  CHECK(migrate_postgres_store(options).has_value());
  CHECK(migrate_postgres_store(options).has_value());
  CHECK(open_postgres_store(options).has_value());
}

TEST_CASE("a schema with other tables is no ledger") {
  server().execute("CREATE SCHEMA others; CREATE TABLE others.journal(id int)");
  server().execute("GRANT ALL ON SCHEMA others TO " + std::string(testing::PostgresServer::kUser));
  const auto store = open_postgres_store({.url = server().url(), .schema = "others"});
  REQUIRE_FALSE(store.has_value());
  CHECK(name(store.error().code) == name(ErrorCode::store_corrupt));
}

TEST_CASE("the journal refuses every change, even a superuser's") {
  const auto store = testing::must_open({.url = server().url(), .schema = "append_only"});
  testing::fill(*store, 100);
  constexpr const char* kUpsert =
      "INSERT INTO append_only.journal SELECT * FROM append_only.journal ON CONFLICT (seq) "
      "DO UPDATE SET amount = 1";
  for (const char* sql :
       {"UPDATE append_only.journal SET amount = 1", "DELETE FROM append_only.journal",
        "TRUNCATE append_only.journal", "UPDATE append_only.journal SET amount = 1 WHERE false",
        "SET session_replication_role = replica; DELETE FROM append_only.journal", kUpsert}) {
    CAPTURE(sql);
    CHECK_THROWS_AS(server().execute(sql), std::runtime_error);
  }
  // Its owner has not even the right to.
  CHECK(server().query("SELECT has_table_privilege('ledger_test', 'append_only.journal', "
                       "'UPDATE, DELETE, TRUNCATE')") == "f");
  CHECK(server().query("SELECT count(*) FROM append_only.journal") == "1");
}

TEST_CASE("no error holds the password") {
  const std::string right = server().url();
  const std::string password = testing::PostgresServer::kPassword;
  std::vector<std::string> urls = {right + "?sslmode=require", right + "x",
                                   right + "?options=-c%20nonsense%3D1",
                                   right + "?target_session_attrs=any&port=1"};
  std::string wrong_user = right;
  urls.push_back(wrong_user.replace(wrong_user.find("ledger_test"), 11, "nobody_here"));
  for (const std::string& url : urls) {
    const auto store = open_postgres_store({.url = url});
    REQUIRE_FALSE(store.has_value());
    CAPTURE(store.error().message());
    CHECK(name(store.error().code) == name(ErrorCode::store_unavailable));
    CHECK(store.error().message().find(password) == std::string::npos);
  }
}

TEST_CASE("a server that only reads is not taken") {
  const testing::PostgresServer reader({"default_transaction_read_only = on"});
  const auto store = open_postgres_store({.url = reader.socket_url()});
  REQUIRE_FALSE(store.has_value());
  CHECK(name(store.error().code) == name(ErrorCode::store_unavailable));
}

TEST_CASE("of several hosts the one that can be written to is used") {
  const testing::PostgresServer reader({"default_transaction_read_only = on"});
  const std::string port = std::to_string(server().port());
  std::string url = server().url();
  const std::string host = "127.0.0.1:" + port;
  url.replace(url.find(host), host.size(),
              "127.0.0.1:1,127.0.0.1:" + std::to_string(reader.port()) + "," + host);
  const auto store = testing::must_open({.url = url, .schema = "several_hosts"});
  CHECK(store->check().has_value());
}

}  // namespace
}  // namespace ledger
