// `ledgerd stress` as its users run it.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

#include "support/ledgerd_process.h"

namespace ledgerd::testing {
namespace {

using ledger::testing::TempFolder;

std::string url_of(std::uint16_t port) { return "http://127.0.0.1:" + std::to_string(port); }

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("ledgerd stress ends with 0 and a report when everything held, in a ledger in use too") {
  const LedgerdProcess ledgerd({"--demo"});
  const TempFolder folder;
  for (int run = 0; run < 2; ++run) {
    const Ended ended = run_ledgerd(folder.path(), {"stress", "--url", url_of(ledgerd.port()),
                                                    "--transfers", "300", "--clients", "5"});
    CAPTURE(ended.out);
    CHECK(ended.exit_code == 0);
    CHECK(ended.err.empty());
    for (const char* part : {"one key, many callers", "hot receiver", "two 60s against 100",
                             "exactly once              ok", "money is conserved        ok"}) {
      CHECK(contains(ended.out, part));
    }
  }
}

TEST_CASE("ledgerd stress crashes and restarts a server by the commands it is given") {
  const TempFolder folder;
  const std::string port = std::to_string(ledger::testing::unused_port());
  // It takes a killed process a moment to let go of its port and its file.
  std::ofstream(folder.file("crash")) << R"(kill -9 $(cat pid)
i=0
while [ $i -lt 25 ] && kill -0 $(cat pid) 2>/dev/null; do
  sleep 0.02
  i=$((i + 1))
done)";
  std::ofstream(folder.file("start"))
      << LEDGERD_BINARY " --listen 127.0.0.1:" << port << " >log 2>&1 & echo $! >pid";
  REQUIRE(std::system(("cd " + folder.path() + " && sh start").c_str()) == 0);
  const Ended ended =
      run_ledgerd(folder.path(), {"stress", "--url", "http://127.0.0.1:" + port, "--duration", "2",
                                  "--clients", "4", "--crash-every", "0.2", "--crash-command",
                                  "sh crash", "--restart-command", "sh start"});
  CHECK(std::system(("cd " + folder.path() + " && sh crash").c_str()) == 0);
  CAPTURE(ended.out);
  CAPTURE(ended.err);
  CHECK(ended.exit_code == 0);
  CHECK(contains(ended.out, " crashes\n"));
}

TEST_CASE("ledgerd stress ends with 3 when nobody is there") {
  const TempFolder folder;
  const Ended ended =
      run_ledgerd(folder.path(), {"stress", "--url", url_of(ledger::testing::unused_port()),
                                  "--transfers", "10", "--patience", "0.2"});
  CHECK(ended.exit_code == 3);
  CHECK(contains(ended.err, "is not ready after 0.2 s"));
}

TEST_CASE("ledgerd stress ends with 2 when it is not told well what to do") {
  const TempFolder folder;
  const Ended ended = run_ledgerd(folder.path(), {"stress", "--url", "https://127.0.0.1:1"});
  CHECK(ended.exit_code == 2);
  CHECK(contains(ended.err, "--url: https://127.0.0.1:1 is not http://HOST:PORT"));
}

}  // namespace
}  // namespace ledgerd::testing
