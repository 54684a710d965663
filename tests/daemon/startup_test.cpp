// How ledgerd starts, and how it says that it cannot.
#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <string>

#include "support/ledgerd_process.h"
#include "support/raw_http.h"

namespace ledgerd::testing {
namespace {

using ledger::testing::TempFolder;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// Whether that is one line that says `what`.
bool one_line(const std::string& text, std::string_view what) {
  return std::count(text.begin(), text.end(), '\n') == 1 && contains(text, what);
}

Ended run_on_free_port(const TempFolder& folder, Arguments arguments) {
  arguments.insert(arguments.end(), {"--listen", "127.0.0.1:0"});
  return run_ledgerd(folder.path(), arguments);
}

TEST_CASE("all configuration errors are reported at once, each by its setting, with exit code 2") {
  const TempFolder folder;
  const Ended ended =
      run_ledgerd(folder.path(), {"serve", "--listen", "0.0.0.0:1", "--workers", "0"},
                  {{"DB_URL", "mysql://user:secret@h/d"},
                   {"LEDGER_LOCKS", "redis"},
                   {"LEDGER_LOG_FORMAT", "xml"}});
  CHECK(ended.exit_code == 2);
  CHECK(ended.out.empty());
  for (const char* setting :
       {"--listen (LEDGER_LISTEN)", "--workers (LEDGER_WORKERS)", "--db (DB_URL)", "REDIS_ADDR",
        "--log-format (LEDGER_LOG_FORMAT)", "LEDGER_INSECURE=true"}) {
    CAPTURE(setting);
    CHECK(contains(ended.err, setting));
  }
  CHECK(std::count(ended.err.begin(), ended.err.end(), '\n') == 5);
  CHECK(!contains(ended.err, "secret"));
}

TEST_CASE("an address that others can reach is refused unless that is accepted") {
  const TempFolder folder;
  const Ended refused = run_ledgerd(folder.path(), {"--listen", "0.0.0.0:0"});
  CHECK(refused.exit_code == 2);
  CHECK(one_line(refused.err, "LEDGER_INSECURE=true"));

  LedgerdRun accepted(folder.path(), {"--listen", "0.0.0.0:0", "--db", "memory:"},
                      {{"LEDGER_INSECURE", "true"}});
  while (!contains(accepted.err(), "listening on http://0.0.0.0:")) {
    REQUIRE(!accepted.wait(std::chrono::milliseconds(2)));
  }
}

TEST_CASE("version and help are printed, and that is all") {
  const TempFolder folder;
  const Ended version = run_ledgerd(folder.path(), {"--version"});
  CHECK(version.exit_code == 0);
  CHECK(one_line(version.out, "ledgerd "));
  CHECK(version.err.empty());
  const Ended help = run_ledgerd(folder.path(), {"--help"}, {{"DB_URL", "nonsense"}});
  CHECK(help.exit_code == 0);
  CHECK(contains(help.out, "LEDGER_LISTEN"));
  CHECK(help.err.empty());
}

TEST_CASE("a second ledgerd on the same database fails at once, and the first goes on") {
  LedgerdProcess first({"--demo"});
  const Ended second = run_on_free_port(first.folder(), {});
  CHECK(second.exit_code == 1);
  CHECK(one_line(second.err, "store_in_use"));
  CHECK(first.is_alive());
  const auto transfer = ask(first.port(), "POST", "/transfer", {{"Idempotency-Key", "k"}},
                            R"({"from_id":1,"to_id":2,"amount":1})");
  REQUIRE(transfer);
  CHECK(transfer->status == 200);
}

TEST_CASE("a database of a newer version is refused") {
  const TempFolder folder;
  {
    LedgerdRun run(folder.path(), {"--listen", "127.0.0.1:0"}, {});
    while (!contains(run.err(), "listening on"))
      REQUIRE(!run.wait(std::chrono::milliseconds(2)));
    run.send_signal(SIGTERM);
    REQUIRE(run.wait());
  }
  {
    // The file's header holds the schema's version:
    // https://www.sqlite.org/fileformat.html#user_version_number
    std::fstream file(folder.file("ledger.db"), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(60);
    file.write("\0\0\3\xe7", 4);
    REQUIRE(file.good());
  }
  const Ended ended = run_on_free_port(folder, {});
  CHECK(ended.exit_code == 1);
  CHECK(one_line(ended.err, "store_too_new"));
}

TEST_CASE("a file that is no ledger is refused and left as it is") {
  const TempFolder folder;
  const std::string text = std::string(5000, 'x');
  std::ofstream(folder.file("notes.txt")) << text;
  const Ended ended = run_on_free_port(folder, {"--db", "sqlite:notes.txt"});
  CHECK(ended.exit_code == 1);
  CHECK(one_line(ended.err, "store_corrupt"));
  std::ifstream file(folder.file("notes.txt"));
  CHECK(std::string(std::istreambuf_iterator<char>(file), {}) == text);
}

TEST_CASE("a database that cannot be made is one clear line") {
  const TempFolder folder;
  const Ended ended = run_on_free_port(folder, {"--db", "sqlite:no/such/folder/x.db"});
  CHECK(ended.exit_code == 1);
  CHECK(one_line(ended.err, "cannot open the ledger"));
}

TEST_CASE("a port that is taken is one clear line") {
  LedgerdProcess first({"--db", "memory:"});
  const std::string listen = "127.0.0.1:" + std::to_string(first.port());
  const TempFolder folder;
  const Ended second =
      run_ledgerd(folder.path(), {"--db", "memory:", "--listen", listen, "--log-level", "warn"});
  CHECK(second.exit_code == 1);
  CHECK(one_line(second.err, listen));
}

TEST_CASE("errors at start are JSON where the log is") {
  const TempFolder folder;
  const Ended ended =
      run_on_free_port(folder, {"--db", "sqlite:no/such/x.db", "--log-format", "json"});
  CHECK(ended.exit_code == 1);
  CHECK(one_line(ended.err, R"("level":"error","msg":"cannot open the ledger")"));
  CHECK(ended.err.starts_with("{"));
}

TEST_CASE("port 0 is a free port, and the log says which") {
  const TempFolder folder;
  LedgerdRun run(folder.path(), {"--db", "memory:", "--listen", "[::1]:0"}, {});
  constexpr std::string_view kSays = "info listening on http://[::1]:";
  while (!contains(run.err(), kSays)) {
    // A machine without IPv6 cannot show it.
    if (run.wait(std::chrono::milliseconds(2))) return;
  }
  const std::string err = run.err();
  CHECK(std::stoi(err.substr(err.find(kSays) + kSays.size())) > 0);
}

TEST_CASE("the demo prints a command that moves money as it stands") {
  LedgerdProcess ledgerd({"--demo"});
  const std::string out = ledgerd.run().out();
  const auto begin = out.find("curl ");
  REQUIRE(begin != std::string::npos);
  const std::string command = out.substr(begin, out.find('\n', begin) - begin);
  CHECK(contains(command, "http://127.0.0.1:" + std::to_string(ledgerd.port()) + "/transfer"));
  if (std::system("curl --version >/dev/null 2>&1") != 0) return;  // NOLINT: no curl, no command
  const std::string answer = ledgerd.folder().file("answer");
  const auto run = [&command, &answer] {
    REQUIRE(std::system((command + " -s >" + answer).c_str()) == 0);  // NOLINT: the demo's promise
    std::ifstream file(answer);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  CHECK(contains(run(), R"({"status":"success","message":"Transfer Complete","amount":100.00})"));
  CHECK(contains(run(), R"j("message":"Transfer Complete (Recovered)")j"));
}

TEST_CASE("the demo is made once, whatever happened since") {
  LedgerdProcess ledgerd({"--demo"});
  REQUIRE(ask(ledgerd.port(), "POST", "/transfer", {{"Idempotency-Key", "k"}},
              R"({"from_id":1,"to_id":2,"amount":1})"));
  const auto before = ask(ledgerd.port(), "GET", "/v1/accounts/1");
  ledgerd.kill_hard();
  ledgerd.restart();
  const auto after = ask(ledgerd.port(), "GET", "/v1/accounts/1");
  REQUIRE(before);
  REQUIRE(after);
  CHECK(contains(after->body, R"("balance":"999.00")"));
  CHECK(before->body == after->body);
}

TEST_CASE("a ledger of somebody's own is left alone by the demo") {
  LedgerdProcess ledgerd;
  REQUIRE(ask(ledgerd.port(), "POST", "/v1/accounts", {{"Idempotency-Key", "mine"}},
              R"({"currency":"EUR","id":5})"));
  ledgerd.run().send_signal(SIGTERM);
  REQUIRE(ledgerd.run().wait());
  LedgerdRun again(ledgerd.folder().path(), {"--demo", "--listen", "127.0.0.1:0"}, {});
  while (!contains(again.err(), "listening on")) {
    REQUIRE(!again.wait(std::chrono::milliseconds(2)));
  }
  CHECK(contains(again.err(), "warn"));
  CHECK(again.out().empty());
  const auto port = static_cast<std::uint16_t>(
      std::stoi(again.err().substr(again.err().find("127.0.0.1:") + 10)));
  for (const char* id : {"1", "2", "1000000"}) {
    const auto account = ask(port, "GET", std::string("/v1/accounts/") + id);
    REQUIRE(account);
    CHECK(account->status == 404);
  }
}

}  // namespace
}  // namespace ledgerd::testing
