// What ledgerd answers. Routes know requests and replies, not the HTTP library: that is compiled in
// routes.cpp alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "chaos.h"
#include "http/message.h"
#include "json.h"
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

/// POST /v1/accounts
Reply create_account(ledger::Ledger& ledger, Logger& logger, const Request& request);
/// GET /v1/accounts/{id}
Reply get_account(ledger::Ledger& ledger, Logger& logger, std::string_view id);

/// GET /healthz: the process is alive, whatever became of its store.
Reply get_health();
/// GET /readyz: requests can be served. (While draining, the server answers before any route.)
Reply get_ready(ledger::Ledger& ledger, Logger& logger);

/// All routes behind one handler. Adds X-Request-Id to every response and logs every request at
/// debug level. All three must outlive it; `chaos` may be nullptr.
http::Handler make_handler(ledger::Ledger& ledger, Logger& logger, Chaos* chaos = nullptr);

}  // namespace ledgerd
