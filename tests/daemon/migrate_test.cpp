// `ledgerd migrate`: the schema without the service.
#include <doctest/doctest.h>

#include <string>

#include "support/ledgerd_process.h"
#include "support/postgres_server.h"

namespace ledgerd::testing {
namespace {

using ledger::testing::PostgresServer;
using ledger::testing::TempFolder;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

Ended migrate(const TempFolder& folder, const std::string& url, const Arguments& more = {}) {
  Arguments arguments = {"migrate", "--db", url};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_ledgerd(folder.path(), arguments);
}

Ended serve_without_migrating(const TempFolder& folder, const std::string& url) {
  return run_ledgerd(folder.path(), {"--listen", "127.0.0.1:0", "--db-migrate", "false"},
                     {{"DB_URL", url}});
}

TEST_CASE("migrate makes the schema once, and says when it cannot") {
  PostgresServer postgres;
  const TempFolder folder;
  const Ended unmade = serve_without_migrating(folder, postgres.url());
  CHECK(unmade.exit_code == 1);
  CHECK(contains(unmade.err, "cannot open the ledger"));

  for (int i = 0; i < 2; ++i) {
    const Ended made = migrate(folder, postgres.url(), {"--db-schema", "bank"});
    CAPTURE(made.err);
    CHECK(made.exit_code == 0);
    CHECK(contains(made.err, "the schema is up to date"));
  }
  CHECK(postgres.query("SELECT count(*) FROM bank.journal") == "0");
  CHECK(postgres.query("SELECT to_regnamespace('ledger') IS NULL") == "t");
  LedgerdProcess served({"--db-migrate", "false", "--db-schema", "bank"},
                        {{"DB_URL", postgres.url()}});
  CHECK(served.is_alive());

  postgres.execute("INSERT INTO bank.schema_version VALUES(999)");
  const Ended newer = migrate(folder, postgres.url(), {"--db-schema", "bank"});
  CHECK(newer.exit_code == 1);
  CHECK(contains(newer.err, "store_too_new"));

  postgres.stop();
  const Ended away = migrate(folder, postgres.url());
  CHECK(away.exit_code == 1);
  CHECK(contains(away.err, "store_unavailable"));
  CHECK_FALSE(contains(away.err, PostgresServer::kPassword));
}

TEST_CASE("migrate opens and closes a file, and finds nothing to do in memory") {
  const TempFolder folder;
  const Ended made = migrate(folder, "sqlite:bank.db");
  CHECK(made.exit_code == 0);
  CHECK(contains(made.err, "the schema is up to date"));
  const Ended memory = migrate(folder, "memory:");
  CHECK(memory.exit_code == 2);
  CHECK(contains(memory.err, "--db (DB_URL)"));
}

}  // namespace
}  // namespace ledgerd::testing
