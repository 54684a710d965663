// What every operation answers while the store fails: the outages that docs/openapi.json has for
// it. In one process, without sockets: a real store does not fail on order.
#include <doctest/doctest.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http_status.h"
#include "ledger/ledger.h"
#include "ledger/memory_store.h"
#include "ledger/no_lock.h"
#include "ledger/store_wrapper.h"
#include "log.h"
#include "routes.h"
#include "support/raw_http.h"

namespace ledgerd {
namespace {

using ledger::ErrorCode;
using ledger::Result;

/// What reading and writing fail with at the moment.
struct Outage {
  std::optional<ErrorCode> reads{};
  std::optional<ErrorCode> writes{};
};

/// The ledger passes on what a store fails with, but for conflicts, which it retries until the
/// request's time is over. So this store stands for whatever keeps the ledger from deciding.
class FailingStore final : public ledger::StoreWrapper {
 public:
  explicit FailingStore(const Outage& outage)
      : StoreWrapper(ledger::make_memory_store()), outage_(outage) {}

  Result<std::unique_ptr<ledger::StoreTransaction>> begin(const ledger::LoadRequest& load,
                                                          ledger::SteadyTime deadline) override {
    if (outage_.writes) return error(*outage_.writes);
    return inner_->begin(load, deadline);
  }
  Result<std::vector<ledger::JournalRow>> find_recorded(
      std::span<const std::string_view> keys) override {
    if (outage_.reads) return error(*outage_.reads);
    return inner_->find_recorded(keys);
  }
  Result<std::optional<ledger::Account>> find_account(ledger::AccountId id) override {
    if (outage_.reads) return error(*outage_.reads);
    return inner_->find_account(id);
  }
  Result<std::vector<ledger::Account>> read_accounts(ledger::AccountId after,
                                                     std::size_t limit) override {
    if (outage_.reads) return error(*outage_.reads);
    return inner_->read_accounts(after, limit);
  }
  Result<std::vector<ledger::JournalRow>> find_transfers(
      std::span<const ledger::TransferId> ids) override {
    if (outage_.reads) return error(*outage_.reads);
    return inner_->find_transfers(ids);
  }
  Result<std::vector<ledger::JournalRow>> read_journal(ledger::Seq first,
                                                       std::size_t limit) override {
    if (outage_.reads) return error(*outage_.reads);
    return inner_->read_journal(first, limit);
  }
  Result<std::vector<ledger::CurrencyTotals>> read_totals() override {
    if (outage_.reads) return error(*outage_.reads);
    return inner_->read_totals();
  }
  Result<void> check() override {
    if (outage_.reads) return error(*outage_.reads);
    return inner_->check();
  }

 private:
  static ledger::Error error(ErrorCode code) { return {code, "disk of /secret/path"}; }

  const Outage& outage_;
};

/// One request to each route that needs the store.
struct Operation {
  std::string_view route;
  std::string_view target;
  std::string_view body{};
};

constexpr std::string_view kLeg = R"({"from":1,"to":2,"amount":"1.00","currency":"USD"})";

const Operation kWrites[] = {
    {"POST /transfer", "/transfer", R"({"from_id":1,"to_id":2,"amount":1.00})"},
    {"POST /v1/accounts", "/v1/accounts", R"({"currency":"USD"})"},
    {"PATCH /v1/accounts/:id", "/v1/accounts/2", R"({"status":"frozen"})"},
    {"POST /v1/transfers", "/v1/transfers", kLeg},
    {"POST /v1/transfers/:id/reverse", "/v1/transfers/1/reverse", "{}"},
    {"POST /v1/transfers/batch", "/v1/transfers/batch", R"([{"kind":"void","hold":2}])"},
    {"POST /v1/holds", "/v1/holds", kLeg},
    {"POST /v1/holds/:id/capture", "/v1/holds/2/capture", "{}"},
    {"POST /v1/holds/:id/void", "/v1/holds/2/void", "{}"},
};

const Operation kReads[] = {
    {"GET /v1/accounts", "/v1/accounts"},
    {"GET /v1/accounts/:id", "/v1/accounts/2"},
    {"GET /v1/accounts/:id/statement", "/v1/accounts/2/statement"},
    {"GET /v1/accounts/:id/balance", "/v1/accounts/2/balance"},
    {"GET /v1/transfers", "/v1/transfers"},
    {"GET /v1/transfers", "/v1/transfers?key=one"},
    {"GET /v1/transfers/:id", "/v1/transfers/1"},
    {"GET /v1/trial-balance", "/v1/trial-balance"},
    {"GET /readyz", "/readyz"},
};

ledger::Ledger open(const Outage& outage) {
  auto opened =
      ledger::Ledger::open({.request_timeout = std::chrono::milliseconds(20),
                            .expiry_interval = std::chrono::milliseconds(0)},
                           std::make_unique<FailingStore>(outage), ledger::make_no_lock());
  REQUIRE(opened);
  return std::move(*opened);
}

/// The daemon's routes over a ledger with the accounts 1 and 2, the transfer 1 and the hold 2.
class Daemon {
 public:
  Daemon() {
    const auto usd = *ledger_.currency("USD");
    REQUIRE(ledger_.create_account({.key = "a", .currency = usd, .min_balance = std::nullopt}));
    REQUIRE(ledger_.create_account({.key = "b", .currency = usd}));
    const ledger::Leg leg{ledger::AccountId{1}, ledger::AccountId{2}, {100, usd}};
    const auto moved = ledger_.transfer({.key = "one", .legs = {leg}});
    const auto held = ledger_.hold({.key = "two", .legs = {leg}});
    REQUIRE(moved);
    REQUIRE(held);
    transfer_ = to_int(moved->id);
    hold_ = to_int(held->id);
  }

  /// The whole response, without what the store said of itself.
  std::string answer(const Operation& operation) {
    const auto method = operation.route.substr(0, operation.route.find(' '));
    testing::Headers headers;
    if (method != "GET") headers.emplace_back("Idempotency-Key", "k");
    const std::string bytes = testing::request_bytes(method, with_ids(operation.target), headers,
                                                     with_ids(operation.body));
    const auto head_size = bytes.find("\r\n\r\n") + 4;
    const http::Peer peer{"127.0.0.1", 1};
    std::string response = handler_({.head = std::string_view(bytes).substr(0, head_size),
                                     .body = std::string_view(bytes).substr(head_size),
                                     .close = false,
                                     .peer = peer})
                               .bytes;
    CHECK(response.find("secret") == std::string::npos);
    CHECK(response.find("\r\nX-Request-Id: ") != std::string::npos);
    return response;
  }

  [[nodiscard]] std::vector<std::string> routes() { return route_names(ledger_, logger_); }

  Outage outage;

 private:
  /// Where the table says 1 and 2 for the transfer and the hold.
  [[nodiscard]] std::string with_ids(std::string_view text) const {
    std::string result(text);
    for (const auto& [from, to] :
         {std::pair(std::string("transfers/1"), "transfers/" + std::to_string(transfer_)),
          std::pair(std::string("holds/2"), "holds/" + std::to_string(hold_)),
          std::pair(std::string("\"hold\":2"), "\"hold\":" + std::to_string(hold_))}) {
      const auto at = result.find(from);
      if (at != std::string::npos) result.replace(at, from.size(), to);
    }
    return result;
  }

  ledger::Ledger ledger_ = open(outage);
  Logger logger_{LogLevel::error, LogFormat::text, STDERR_FILENO};
  http::Handler handler_ = make_handler(ledger_, logger_);
  std::int64_t transfer_ = 0;
  std::int64_t hold_ = 0;
};

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

void check_failure(const std::string& response, int status, ErrorCode code) {
  CAPTURE(response);
  CHECK(response.starts_with("HTTP/1.1 " + std::to_string(status) + ' '));
  CHECK(contains(response, R"("code":")" + std::string(name(code)) + '"'));
  CHECK(contains(response, "\r\nRetry-After: ") == (status == 503));
}

/// Of a batch the failure is the result of its item.
void check_failed_item(const std::string& response, int status, ErrorCode code) {
  CAPTURE(response);
  CHECK(response.starts_with("HTTP/1.1 200 "));
  CHECK(contains(response, R"("status":)" + std::to_string(status) + R"(,"replayed":false)"));
  CHECK(contains(response, R"("code":")" + std::string(name(code)) + '"'));
}

TEST_CASE("every write tells what kept the ledger from deciding it, or from knowing its fate") {
  Daemon daemon;
  for (const ErrorCode code :
       {ErrorCode::queue_full, ErrorCode::deadline_exceeded, ErrorCode::lock_not_granted,
        ErrorCode::conflict, ErrorCode::store_unavailable, ErrorCode::store_full,
        ErrorCode::commit_failed, ErrorCode::shutting_down, ErrorCode::commit_in_doubt,
        ErrorCode::store_corrupt}) {
    for (const Operation& operation : kWrites) {
      CAPTURE(name(code));
      CAPTURE(operation.route);
      daemon.outage.writes = code;
      const bool batch = operation.route == "POST /v1/transfers/batch";
      const auto check = batch ? check_failed_item : check_failure;
      check(daemon.answer(operation), http_status(code), code);
    }
  }
  daemon.outage = {};
  CHECK(contains(daemon.answer(kWrites[0]), "HTTP/1.1 200 "));
}

TEST_CASE("every read tells that the store cannot be reached, or that it is damaged") {
  Daemon daemon;
  for (const Operation& operation : kReads) {
    CAPTURE(operation.route);
    daemon.outage = {};
    CHECK(contains(daemon.answer(operation), "HTTP/1.1 200 "));
    for (const ErrorCode code : {ErrorCode::store_unavailable, ErrorCode::store_corrupt}) {
      daemon.outage.reads = code;
      const bool readiness = operation.route == "GET /readyz";
      check_failure(daemon.answer(operation), readiness ? 503 : http_status(code), code);
    }
  }
}

TEST_CASE("these are all operations that need the store") {
  Daemon daemon;
  std::set<std::string> asked = {"GET /healthz", "GET /openapi.json"};
  for (const Operation& operation : kWrites)
    asked.emplace(operation.route);
  for (const Operation& operation : kReads)
    asked.emplace(operation.route);
  for (const std::string& route : daemon.routes()) {
    CAPTURE(route);
    CHECK(asked.erase(route) == 1);
  }
  CHECK(asked.empty());
}

}  // namespace
}  // namespace ledgerd
