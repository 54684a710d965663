// What POST /v1/transfers/batch costs above Ledger::submit: 10,000 transfers of one leg, through
// the daemon's server over a real socket, against the same in process. Each side has a SQLite
// ledger of its own, and rounds alternate, so that both see the same machine. Prints ratios;
// absolute figures are only this machine's.
//
//   http_batch_bench [rounds]        in a private folder below the current one, removed afterwards
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "http/server.h"
#include "ledger/ledger.h"
#include "log.h"
#include "measure.h"
#include "routes.h"
#include "support/raw_http.h"
#include "support/temp_folder.h"

namespace ledger::bench {
namespace {

constexpr std::size_t kItems = 10'000;
constexpr std::int64_t kAccounts = 1'000;
constexpr AccountId kWorld{kAccounts + 1};

/// A ledger with funded accounts.
Ledger open_ledger(const std::string& path, Currency usd) {
  Ledger ledger = must(Ledger::open({.store = "sqlite:" + path}));
  must(ledger.create_account(
      {.key = "world", .currency = usd, .id = kWorld, .min_balance = std::nullopt}));
  std::vector<TransferRequest> funding;
  for (std::int64_t id = 1; id <= kAccounts; ++id) {
    const std::string name = std::to_string(id);
    must(ledger.create_account({.key = "open-" + name, .currency = usd, .id = AccountId{id}}));
    funding.push_back({.key = "fund-" + name, .legs = {{kWorld, AccountId{id}, {1'000'000, usd}}}});
  }
  for (const auto& funded : ledger.submit(funding))
    must(funded);
  return ledger;
}

/// The transfers of a round; the same for both sides.
std::vector<TransferRequest> transfers(int round, Currency usd) {
  std::vector<TransferRequest> requests;
  requests.reserve(kItems);
  for (std::size_t i = 0; i < kItems; ++i) {
    char key[40];
    std::snprintf(key, sizeof key, "order-%08d-%08zu", round, i);
    const auto from = static_cast<std::int64_t>(i * 7919 % kAccounts);
    const std::int64_t to = (from + 1 + static_cast<std::int64_t>(i % 97)) % kAccounts;
    requests.push_back(
        {.key = key, .legs = {{AccountId{from + 1}, AccountId{to + 1}, {1 + round, usd}}}});
  }
  return requests;
}

std::string item(const TransferRequest& request) {
  const Leg& leg = request.legs.front();
  return R"({"key":")" + request.key + R"(","from":)" + std::to_string(to_int(leg.from)) +
         R"(,"to":)" + std::to_string(to_int(leg.to)) + R"(,"amount":")" + leg.amount.to_string() +
         R"(","currency":"USD"})";
}

enum class Form { json, ndjson };

std::string batch_request(const std::vector<TransferRequest>& requests, Form form) {
  std::string body = form == Form::json ? "[" : "";
  for (const TransferRequest& request : requests) {
    if (form == Form::json && body.size() > 1) body += ',';
    body += item(request);
    if (form == Form::ndjson) body += '\n';
  }
  if (form == Form::json) body += ']';
  const std::string_view type = form == Form::json ? "application/json" : "application/x-ndjson";
  return ledgerd::testing::request_bytes("POST", ledgerd::kBatchPath,
                                         {{"Content-Type", std::string(type)}}, body);
}

/// The daemon's server over a ledger, in this process, and a client of it.
class Daemon {
 public:
  Daemon(const std::string& path, Currency usd)
      : ledger_(open_ledger(path, usd)),
        server_(options(), ledgerd::make_handler(ledger_, logger_)),
        client_(start()) {}

  void post(const std::string& request) {
    if (!client_.send(request)) die("the server does not read");
    const auto response = client_.receive();
    if (!response || response->status != 200) die("the server does not answer with 200");
    posted_.push_back(response->body);
  }

  /// Whether all that was posted was committed.
  void check() const {
    for (const std::string& body : posted_) {
      std::size_t count = 0;
      for (auto at = body.find(R"("status":201)"); at != std::string::npos;
           at = body.find(R"("status":201)", at + 1)) {
        ++count;
      }
      if (count != kItems) die("not everything was committed");
    }
  }

 private:
  static ledgerd::http::ServerOptions options() {
    ledgerd::http::ServerOptions options;
    options.limits.large_body_path = ledgerd::kBatchPath;
    return options;
  }

  std::uint16_t start() {
    if (const auto error = server_.start("127.0.0.1", 0)) die(*error);
    return server_.port();
  }

  Ledger ledger_;
  ledgerd::Logger logger_{ledgerd::LogLevel::error, ledgerd::LogFormat::text, STDERR_FILENO};
  ledgerd::http::Server server_;
  ledgerd::testing::RawConnection client_;
  std::vector<std::string> posted_;
};

void submit(Ledger& ledger, const std::vector<TransferRequest>& requests) {
  for (const auto& result : ledger.submit(requests))
    must(result);
}

struct Rates {
  Samples http;
  Samples in_process;
};

Rates compare(const std::string& folder, Form form, int rounds) {
  const Currency usd = must(Currency::iso("USD"));
  const std::string name = folder + (form == Form::json ? "/json" : "/ndjson");
  Daemon daemon(name + "-http.db", usd);
  Ledger ledger = open_ledger(name + "-in-process.db", usd);
  Rates rates;
  for (int round = 0; round < rounds; ++round) {
    const auto requests = transfers(round, usd);
    const std::string request = batch_request(requests, form);
    const auto over_http = [&] {
      rates.http.push_back(kItems * 1e6 / micros([&] { daemon.post(request); }));
    };
    const auto in_process = [&] {
      rates.in_process.push_back(kItems * 1e6 / micros([&] { submit(ledger, requests); }));
    };
    if (round % 2 == 0) over_http();
    in_process();
    if (round % 2 != 0) over_http();
  }
  daemon.check();
  return rates;
}

void run(int rounds) {
  const ledger::testing::TempFolder folder;
  std::printf("%d rounds of %zu transfers over %lld accounts in SQLite; median (least to most)\n",
              rounds, kItems, static_cast<long long>(kAccounts));
  for (const Form form : {Form::json, Form::ndjson}) {
    const Rates rates = compare(folder.path(), form, rounds);
    std::printf("%s\n", form == Form::json ? "JSON" : "NDJSON");
    print_rates("POST /v1/transfers/batch", rates.http);
    print_rates("Ledger::submit", rates.in_process);
    print_ratios("HTTP over in process", ratios(rates.http, rates.in_process), 0.5);
  }
}

}  // namespace
}  // namespace ledger::bench

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 15;
  ledger::bench::run(rounds > 0 ? rounds : 1);
  return 0;
}
