#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <variant>
#include <vector>

#include "stress/options.h"
#include "stress/tally.h"

namespace ledgerd::stress {
namespace {

using namespace std::chrono_literals;
using Words = std::vector<std::string>;

Options parsed(const Words& words) {
  const auto options = parse_options(words);
  REQUIRE(std::holds_alternative<Options>(options));
  return std::get<Options>(options);
}

bool refused(const Words& words) {
  return std::holds_alternative<OptionErrors>(parse_options(words));
}

TEST_CASE("ledgerd stress takes several servers and knows when to stop") {
  const Options defaults = parsed({});
  CHECK(defaults.urls == Words{"http://127.0.0.1:8080"});
  CHECK(defaults.duration == 15s);
  CHECK(!defaults.transfers);

  const Options options = parsed({"--url", "http://a:1", "--url=http://[::1]:2", "--transfers",
                                  "500", "--seed", "7", "--timeout", "0.25", "--quiet"});
  CHECK(options.urls == Words{"http://a:1", "http://[::1]:2"});
  CHECK(options.transfers == 500);
  CHECK(!options.duration);
  CHECK(options.seed == 7);
  CHECK(options.timeout == 250ms);
  CHECK(options.quiet);
  CHECK(parsed({"--transfers", "5", "--duration", "2"}).duration == 2s);
}

TEST_CASE("ledgerd stress refuses what it cannot do") {
  CHECK(refused({"--url", "https://a:1"}));
  CHECK(refused({"--url", "http://a"}));
  CHECK(refused({"--url", "http://a:0"}));
  CHECK(refused({"--url", "http://a:1/v1"}));
  CHECK(refused({"--url", "http://user@a:1"}));
  CHECK(refused({"--clients", "1"}));
  CHECK(refused({"--transfers", "0"}));
  CHECK(refused({"--duration", "-1"}));
  CHECK(refused({"--crash-command", "kill -9 1"}));
  CHECK(refused({"--no-such-thing"}));
  CHECK(refused({"http://a:1"}));
}

TEST_CASE("ledgerd stress prints its help when it is asked") {
  const auto text = parse_options(Words{"--help"});
  REQUIRE(std::holds_alternative<OptionText>(text));
  CHECK(std::get<OptionText>(text).text.find("--crash-command") != std::string::npos);
}

TEST_CASE("percentiles of the stress test are within a sixteenth of the truth") {
  Latencies half;
  Latencies all;
  for (int i = 1; i <= 5'000; ++i)
    half.add(std::chrono::microseconds(i));
  for (int i = 5'001; i <= 10'000; ++i)
    all.add(std::chrono::microseconds(i));
  all.merge(half);
  CHECK(all.percentile(0.5).count() >= 5'000);
  CHECK(all.percentile(0.5).count() <= 5'000 * 17 / 16);
  CHECK(all.percentile(0.99).count() >= 9'900);
  CHECK(all.percentile(0.99).count() <= 9'900 * 17 / 16);
  CHECK(Latencies().percentile(0.5) == 0us);
  Latencies one;
  one.add(3us);
  CHECK(one.percentile(0.99) == 3us);
}

}  // namespace
}  // namespace ledgerd::stress
