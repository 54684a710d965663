#include "daemon/chaos_cases.h"

#include <doctest/doctest.h>

#include <csignal>
#include <thread>
#include <utility>

namespace ledgerd::testing {
namespace {

constexpr std::string_view kBody = R"({"from_id":1,"to_id":2,"amount":100.00})";

Headers headers(const std::string& key, const std::string& chaos) {
  return {{"Idempotency-Key", key}, {"X-Simulate-Chaos", chaos}};
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string balance(const LedgerdProcess& ledgerd, const std::string& account) {
  const auto answer = ask(ledgerd.port(), "GET", "/v1/accounts/" + account);
  REQUIRE(answer);
  constexpr std::string_view kName = R"("balance":")";
  const auto begin = answer->body.find(kName) + kName.size();
  return answer->body.substr(begin, answer->body.find('"', begin) - begin);
}

void start_again(LedgerdProcess& ledgerd) {
  const auto ended = ledgerd.run().wait();
  REQUIRE(ended);
  CHECK(ended->exit_code == 128 + SIGKILL);
  CHECK(contains(ended->err, "chaos: killing this process"));
  ledgerd.restart();
}

}  // namespace

ChaosDaemon::ChaosDaemon(Arguments arguments, Variables variables)
    : process_(
          [&] {
            arguments.emplace_back("--demo");
            return std::move(arguments);
          }(),
          [&] {
            variables["CHAOS_MODE"] = "true";
            return std::move(variables);
          }()) {}

RawResponse ChaosDaemon::transfer(const std::string& key) const {
  const auto answer = ask(process_.port(), "POST", "/transfer", {{"Idempotency-Key", key}}, kBody);
  REQUIRE(answer);
  return *answer;
}

RawResponse ChaosDaemon::transfer_when_possible(const std::string& key) const {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    RawResponse answer = transfer(key);
    if (answer.status != 503) return answer;
    CHECK(answer.code() == "lock_not_granted");
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

RawResponse ChaosDaemon::transfer_with(const std::string& chaos, const std::string& key) const {
  const auto answer = ask(process_.port(), "POST", "/transfer", headers(key, chaos), kBody);
  REQUIRE(answer);
  return *answer;
}

bool ChaosDaemon::is_dropped(const std::string& chaos, const std::string& key) const {
  RawConnection connection(process_.port());
  REQUIRE(connection.send(request_bytes("POST", "/transfer", headers(key, chaos), kBody)));
  return connection.ended_by_peer();
}

bool ChaosDaemon::has_moved(int hundreds) const {
  const auto decimal = [](int whole) { return std::to_string(whole) + ".00"; };
  return balance(process_, "1") == decimal(1000 - 100 * hundreds) &&
         balance(process_, "2") == decimal(1000 + 100 * hundreds);
}

bool is_first(const RawResponse& response) {
  return response.status == 200 && contains(response.body, R"("Transfer Complete")") &&
         response.header("X-Db-Hit").empty();
}

bool is_recovered(const RawResponse& response) {
  return response.status == 200 &&
         contains(response.body, R"j("Transfer Complete (Recovered)")j") &&
         response.header("X-Db-Hit") == "true";
}

void rehearse(ChaosDaemon& daemon, const std::string& point) {
  CAPTURE(point);
  REQUIRE(daemon.has_moved(0));
  CHECK(daemon.is_dropped(point, "k"));
  if (point.starts_with("kill-")) start_again(daemon.process());
  REQUIRE(daemon.process().is_alive());

  const bool applied = !contains(point, "before-commit");
  CHECK(daemon.has_moved(applied ? 1 : 0));
  const RawResponse retry = daemon.transfer_when_possible("k");
  CHECK((applied ? is_recovered(retry) : is_first(retry)));
  CHECK(is_recovered(daemon.transfer("k")));
  CHECK(daemon.has_moved(1));

  // A replay commits nothing, so it comes to no point.
  CHECK(is_recovered(daemon.transfer_with(point, "k")));
  CHECK(is_first(daemon.transfer_when_possible("next")));
  CHECK(daemon.has_moved(2));
}

}  // namespace ledgerd::testing
