// What ledgerd answers. Routes know requests and replies, not the HTTP library: that is compiled in
// routes.cpp alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "bodies.h"
#include "chaos.h"
#include "http/message.h"
#include "ledger/ledger.h"
#include "log.h"
#include "reply.h"

namespace ledgerd {

/// POST /transfer: the contract of old clients, word for word. The Content-Type of the request does
/// not matter, since `curl -d` calls every body a form. Thread-safe.
class TransferRoute {
 public:
  /// `chaos`: nullptr when clients may not simulate any.
  TransferRoute(ledger::Ledger& ledger, Logger& logger, Chaos* chaos)
      : ledger_(ledger), logger_(logger), chaos_(chaos) {}

  Reply post(const Request& request);

 private:
  Reply answer(const std::string& key, const TransferBody& body);
  Reply answer_with_chaos(const std::string& key, const TransferBody& body,
                          const std::vector<std::string>& values);
  ledger::Result<ledger::Receipt> transfer(const std::string& key, const TransferBody& body);
  ledger::Result<ledger::Receipt> attempt(const std::string& key, const TransferBody& body,
                                          ledger::Currency currency);
  /// The account's currency; nullopt: there is no such account.
  ledger::Result<std::optional<ledger::Currency>> currency_of(ledger::AccountId id);

  ledger::Ledger& ledger_;
  Logger& logger_;
  Chaos* const chaos_;

  /// An account's currency never changes, so it is asked for once.
  ledger::base::Mutex mutex_;
  std::unordered_map<std::int64_t, ledger::Currency> currencies_ LEDGER_GUARDED_BY(mutex_);
};

/// Where bodies may be larger than elsewhere.
inline constexpr std::string_view kBatchPath = "/v1/transfers/batch";

/// How much of batches is held in memory.
struct BatchLimits {
  /// The body of one item.
  std::size_t item_bytes = std::size_t{1024} * 1024;
  /// The bodies of all batches that are being answered; one more is answered 503 `overloaded`.
  std::size_t bytes_under_way = std::size_t{32} * 1024 * 1024;
};

/// POST /v1/transfers/batch, as JSON and as NDJSON. Thread-safe.
class BatchRoute {
 public:
  BatchRoute(ledger::Ledger& ledger, Logger& logger, const BatchLimits& limits)
      : ledger_(ledger), logger_(logger), limits_(limits) {}

  Reply post(const Request& request);

 private:
  class Turn;

  ledger::Ledger& ledger_;
  Logger& logger_;
  const BatchLimits limits_;
  ledger::base::Mutex mutex_;
  std::size_t bytes_under_way_ LEDGER_GUARDED_BY(mutex_) = 0;
};

// The rest of /v1, by method and path. All are thread-safe, and find their path's parameter in
// Request::id and their query, which has been checked for unknown parameters, in Request::query.

/// POST /v1/accounts
Reply create_account(ledger::Ledger& ledger, Logger& logger, const Request& request);
/// PATCH /v1/accounts/{id}
Reply change_account(ledger::Ledger& ledger, Logger& logger, const Request& request);
/// GET /v1/accounts/{id}
Reply get_account(ledger::Ledger& ledger, Logger& logger, const Request& request);
/// GET /v1/accounts: by reference, or page by page.
Reply list_accounts(ledger::Ledger& ledger, Logger& logger, const Request& request);
/// GET /v1/accounts/{id}/statement
Reply get_statement(ledger::Ledger& ledger, Logger& logger, const Request& request);
/// GET /v1/accounts/{id}/balance: now, or as of a time.
Reply get_balance(ledger::Ledger& ledger, Logger& logger, const Request& request);

/// POST /v1/transfers
Reply post_transfer(ledger::Ledger& ledger, Logger& logger, const Request& request);
/// POST /v1/holds
Reply post_hold(ledger::Ledger& ledger, Logger& logger, const Request& request);
/// POST /v1/holds/{id}/capture
Reply post_capture(ledger::Ledger& ledger, Logger& logger, const Request& request);
/// POST /v1/holds/{id}/void
Reply post_void(ledger::Ledger& ledger, Logger& logger, const Request& request);
/// POST /v1/transfers/{id}/reverse
Reply post_reversal(ledger::Ledger& ledger, Logger& logger, const Request& request);

/// GET /v1/transfers/{id}
Reply get_transfer(ledger::Ledger& ledger, Logger& logger, const Request& request);
/// GET /v1/transfers: by key, by reference, or page by page.
Reply list_transfers(ledger::Ledger& ledger, Logger& logger, const Request& request);
/// GET /v1/trial-balance
Reply get_trial_balance(ledger::Ledger& ledger, Logger& logger, const Request& request);

/// GET /healthz: the process is alive, whatever became of its store.
Reply get_health();
/// GET /readyz: requests can be served. (While draining, the server answers before any route.)
Reply get_ready(ledger::Ledger& ledger, Logger& logger);
/// GET /openapi.json: what all routes take and answer.
Reply get_openapi();

/// A path's parameter as an id; nullopt where it cannot be one.
std::optional<std::int64_t> parse_path_id(std::string_view id);
/// 400 for one that cannot.
Reply bad_path_id(ledger::ErrorCode code);

/// All routes behind one handler. Adds X-Request-Id to every response and logs every request at
/// debug level. All three must outlive it; `chaos` may be nullptr.
http::Handler make_handler(ledger::Ledger& ledger, Logger& logger, Chaos* chaos = nullptr,
                           const BatchLimits& batches = {});

/// Every route behind that handler, as "GET /v1/accounts/:id": what docs/openapi.json describes.
std::vector<std::string> route_names(ledger::Ledger& ledger, Logger& logger);

}  // namespace ledgerd
