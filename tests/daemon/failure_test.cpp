// What a client is told when the store fails. In one process, without sockets: a real store does
// not fail on order.
#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

/// Which calls fail at the moment, and with what.
struct Faults {
  std::optional<ErrorCode> begin{};
  std::optional<ErrorCode> commit{};
  std::optional<ErrorCode> settle{};
  std::optional<ErrorCode> read{};
  std::optional<ErrorCode> check{};
};

ledger::Error fault(ErrorCode code) { return {code, "disk of /secret/path"}; }

class Transaction final : public ledger::StoreTransaction {
 public:
  Transaction(const Faults& faults, std::unique_ptr<ledger::StoreTransaction> inner)
      : faults_(faults), inner_(std::move(inner)) {}
  const ledger::Snapshot& snapshot() const override { return inner_->snapshot(); }
  ledger::Result<void> commit(const ledger::WriteSet& writes) override {
    if (faults_.commit) return fault(*faults_.commit);
    return inner_->commit(writes);
  }

 private:
  const Faults& faults_;
  std::unique_ptr<ledger::StoreTransaction> inner_;
};

/// A memory store that fails as `faults` says.
class FailingStore final : public ledger::StoreWrapper {
 public:
  explicit FailingStore(const Faults& faults)
      : StoreWrapper(ledger::make_memory_store()), faults_(faults) {}

  ledger::Result<std::unique_ptr<ledger::StoreTransaction>> begin(
      const ledger::LoadRequest& load, ledger::SteadyTime deadline) override {
    if (faults_.begin) return fault(*faults_.begin);
    auto begun = inner_->begin(load, deadline);
    if (!begun) return begun;
    return std::unique_ptr<ledger::StoreTransaction>(
        std::make_unique<Transaction>(faults_, std::move(*begun)));
  }
  ledger::Result<std::optional<ledger::Account>> find_account(ledger::AccountId id) override {
    if (faults_.read) return fault(*faults_.read);
    return inner_->find_account(id);
  }
  ledger::Result<void> settle(ledger::SteadyTime deadline) override {
    if (faults_.settle) return fault(*faults_.settle);
    return inner_->settle(deadline);
  }
  ledger::Result<void> check() override {
    if (faults_.check) return fault(*faults_.check);
    return inner_->check();
  }

 private:
  const Faults& faults_;
};

ledger::Ledger open(const Faults& faults) {
  auto opened =
      ledger::Ledger::open({.request_timeout = std::chrono::seconds(2),
                            .resolve_timeout = std::chrono::milliseconds(50)},
                           std::make_unique<FailingStore>(faults), ledger::make_no_lock());
  REQUIRE(opened);
  return std::move(*opened);
}

/// Opens a pipe; returns its end for writing.
int open_pipe(std::array<int, 2>& ends) {
  REQUIRE(pipe(ends.data()) == 0);
  return ends[1];
}

/// The daemon's routes over a store that fails on order.
class Daemon {
 public:
  Daemon() {
    REQUIRE(contains(post("/v1/accounts", "world", R"({"currency":"USD","min_balance":null})"),
                     "HTTP/1.1 201 "));
    REQUIRE(contains(post("/v1/accounts", "one", R"({"currency":"USD"})"), "HTTP/1.1 201 "));
  }
  ~Daemon() {
    close(log_[0]);
    close(log_[1]);
  }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  std::string post(std::string_view target, std::string_view key, std::string_view body) {
    return ask("POST", target, key, body);
  }
  std::string ask(std::string_view method, std::string_view target, std::string_view key,
                  std::string_view body) {
    return answer(
        testing::request_bytes(method, target, {{"Idempotency-Key", std::string(key)}}, body));
  }
  std::string get(std::string_view target) {
    return answer(testing::request_bytes("GET", target, {}, ""));
  }
  std::string transfer(std::string_view key) {
    return post("/transfer", key, R"({"from_id":1,"to_id":2,"amount":1.00})");
  }
  /// The log's last lines. REQUIRES: there is one.
  std::string logged() {
    std::array<char, 4096> text{};
    const ssize_t size = read(log_[0], text.data(), text.size());
    return {text.data(), static_cast<std::size_t>(size)};
  }

  static bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
  }

  Faults faults;

 private:
  std::string answer(const std::string& bytes) {
    const auto head_size = bytes.find("\r\n\r\n") + 4;
    const http::Peer peer{"127.0.0.1", 1};
    return handler_({.head = std::string_view(bytes).substr(0, head_size),
                     .body = std::string_view(bytes).substr(head_size),
                     .close = false,
                     .peer = peer})
        .bytes;
  }

  std::array<int, 2> log_{};
  ledger::Ledger ledger_ = open(faults);
  Logger logger_{LogLevel::warn, LogFormat::text, open_pipe(log_)};
  http::Handler handler_ = make_handler(ledger_, logger_);
};

bool contains(std::string_view text, std::string_view part) { return Daemon::contains(text, part); }

TEST_CASE("a transfer that was not applied is 503 with Retry-After, and may be repeated") {
  Daemon daemon;
  for (const ErrorCode code : {ErrorCode::store_unavailable, ErrorCode::store_full}) {
    CAPTURE(ledger::name(code));
    daemon.faults.begin = code;
    const std::string response = daemon.transfer("k");
    CAPTURE(response);
    CHECK(contains(response, "HTTP/1.1 503 "));
    CHECK(contains(response, "\r\nRetry-After: 1\r\n"));
    CHECK(contains(response, R"({"status":"error","code":")"));
    CHECK(contains(response, ledger::name(code)));
    CHECK(!contains(response, "secret"));
    CHECK(contains(daemon.logged(), "secret"));
  }
  daemon.faults.begin.reset();
  const std::string repeated = daemon.transfer("k");
  CHECK(contains(repeated, "HTTP/1.1 200 "));
  CHECK(!contains(repeated, "X-Db-Hit"));
}

TEST_CASE("a commit in doubt is 500 with a code that says so, never 503") {
  Daemon daemon;
  daemon.faults.commit = ErrorCode::commit_in_doubt;
  daemon.faults.settle = ErrorCode::store_unavailable;
  const std::string response = daemon.transfer("k");
  CAPTURE(response);
  CHECK(contains(response, "HTTP/1.1 500 "));
  CHECK(contains(response, R"({"status":"error","code":"commit_in_doubt")"));
  CHECK(!contains(response, "Retry-After"));
  CHECK(!contains(response, "secret"));
  daemon.faults = {};
  CHECK(contains(daemon.transfer("k"), "HTTP/1.1 200 "));
}

TEST_CASE("opening an account over a failing store is answered like a transfer") {
  Daemon daemon;
  daemon.faults.begin = ErrorCode::store_unavailable;
  const std::string response = daemon.post("/v1/accounts", "k", R"({"currency":"USD"})");
  CAPTURE(response);
  CHECK(contains(response, "HTTP/1.1 503 "));
  CHECK(contains(response, "Content-Type: application/problem+json"));
  CHECK(contains(response, R"("code":"store_unavailable")"));
  CHECK(contains(response, "\r\nRetry-After: 1\r\n"));
}

TEST_CASE("an account that cannot be read is 503, and so is a transfer that needs to know it") {
  Daemon daemon;
  daemon.faults.read = ErrorCode::store_unavailable;
  CHECK(contains(daemon.get("/v1/accounts/1"), "HTTP/1.1 503 "));
  CHECK(contains(daemon.transfer("k"), "HTTP/1.1 503 "));
}

TEST_CASE("a currency that is known already is not asked for again") {
  Daemon daemon;
  REQUIRE(contains(daemon.transfer("first"), "HTTP/1.1 200 "));
  daemon.faults.read = ErrorCode::store_unavailable;
  CHECK(contains(daemon.transfer("second"), "HTTP/1.1 200 "));
}

TEST_CASE("a store that is away makes the daemon unready, not dead") {
  Daemon daemon;
  for (const ErrorCode code : {ErrorCode::store_unavailable, ErrorCode::store_corrupt}) {
    daemon.faults.check = code;
    const std::string response = daemon.get("/readyz");
    CAPTURE(response);
    CHECK(contains(response, "HTTP/1.1 503 "));
    CHECK(contains(response, "\r\nRetry-After: 1\r\n"));
    CHECK(contains(response, ledger::name(code)));
    CHECK(!contains(response, "secret"));
    CHECK(contains(daemon.get("/healthz"), "HTTP/1.1 200 "));
  }
  daemon.faults.check.reset();
  CHECK(contains(daemon.get("/readyz"), "HTTP/1.1 200 "));
}

TEST_CASE("a write of the API that was not applied is a problem with Retry-After") {
  Daemon daemon;
  daemon.faults.begin = ErrorCode::store_unavailable;
  constexpr std::string_view kBody = R"({"from":1,"to":2,"amount":"1","currency":"USD"})";
  for (const char* target : {"/v1/transfers", "/v1/holds"}) {
    const std::string response = daemon.post(target, "k", kBody);
    CAPTURE(response);
    CHECK(contains(response, "HTTP/1.1 503 "));
    CHECK(contains(response, "\r\nRetry-After: 1\r\n"));
    CHECK(contains(response, R"({"type":"urn:libledger:problem:store_unavailable",)"));
    CHECK(!contains(response, "secret"));
    CHECK(contains(daemon.logged(), "secret"));
  }
  daemon.faults.begin.reset();
  CHECK(contains(daemon.post("/v1/transfers", "k", kBody), "HTTP/1.1 201 "));
}

TEST_CASE("a change of an account in doubt is 500, never 503") {
  Daemon daemon;
  daemon.faults.commit = ErrorCode::commit_in_doubt;
  daemon.faults.settle = ErrorCode::store_unavailable;
  const std::string response = daemon.ask("PATCH", "/v1/accounts/1", "k", R"({"status":"frozen"})");
  CHECK(contains(response, "HTTP/1.1 500 "));
  CHECK(contains(response, R"("code":"commit_in_doubt")"));
  CHECK(!contains(response, "Retry-After"));
  daemon.faults = {};
  CHECK(contains(daemon.ask("PATCH", "/v1/accounts/1", "k", R"({"status":"frozen"})"),
                 "HTTP/1.1 200 "));
}

TEST_CASE("limits of an account that cannot be read are not guessed") {
  Daemon daemon;
  daemon.faults.read = ErrorCode::store_unavailable;
  CHECK(contains(daemon.ask("PATCH", "/v1/accounts/1", "k", R"({"min_balance":"-5"})"),
                 "HTTP/1.1 503 "));
  CHECK(contains(daemon.ask("PATCH", "/v1/accounts/1", "l", R"({"status":"frozen"})"),
                 "HTTP/1.1 200 "));
}

TEST_CASE("where the store is away, every item of a batch says so, and the log says it once") {
  Daemon daemon;
  daemon.faults.begin = ErrorCode::store_unavailable;
  constexpr std::string_view kBody =
      R"([{"from":1,"to":2,"amount":"1","currency":"USD"},{"fee":1},)"
      R"({"from":1,"to":2,"amount":"2","currency":"USD"}])";
  const std::string response = daemon.post("/v1/transfers/batch", "b", kBody);
  CAPTURE(response);
  CHECK(contains(response, "HTTP/1.1 200 "));
  CHECK(contains(response, R"({"index":0,"key":"b/0","status":503,"replayed":false,"error":{)"));
  CHECK(contains(response, R"({"index":1,"key":"b/1","status":400,)"));
  CHECK(contains(response, R"({"index":2,"key":"b/2","status":503,)"));
  CHECK(!contains(response, "secret"));
  const std::string logged = daemon.logged();
  CHECK(contains(logged, "secret"));
  CHECK(logged.find("secret") == logged.rfind("secret"));
  daemon.faults.begin.reset();
  const std::string repeated = daemon.post("/v1/transfers/batch", "b", kBody);
  CHECK(contains(repeated, R"({"index":0,"key":"b/0","status":201,"replayed":false,)"));
  CHECK(contains(repeated, R"({"index":2,"key":"b/2","status":201,"replayed":false,)"));
}

TEST_CASE("a batch that finds no room is told to come again, and gives none away") {
  Faults faults;
  ledger::Ledger ledger = open(faults);
  std::array<int, 2> log{};
  Logger logger(LogLevel::warn, LogFormat::text, open_pipe(log));
  const std::string body(40, ' ');
  BatchRoute route(ledger, logger, {.bytes_under_way = body.size()});
  const Request fits{.body = body, .idempotency_keys = {"k"}};
  const std::string larger = body + ' ';
  const Request does_not{.body = larger, .idempotency_keys = {"k"}};
  for (int i = 0; i < 3; ++i) {
    CHECK(route.post(fits).status == 400);
    const Reply reply = route.post(does_not);
    CHECK(reply.status == 503);
    CHECK(contains(reply.body, R"("code":"overloaded")"));
    CHECK(reply.headers.front() == std::pair<std::string, std::string>("Retry-After", "1"));
  }
  close(log[0]);
  close(log[1]);
}

}  // namespace
}  // namespace ledgerd
