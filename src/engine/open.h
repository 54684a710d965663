// From option strings to backends: with the daemon, the only place that names one.
#pragma once

#include <memory>
#include <string_view>

#include "ledger/lock_provider.h"
#include "ledger/options.h"
#include "ledger/result.h"
#include "ledger/store.h"

namespace ledger::engine {

/// "sqlite:PATH", "memory:", or a Postgres URI. Fails with invalid_option, or as the store does.
Result<std::unique_ptr<Store>> open_store(std::string_view url);

/// What options.locks names; Redis behind a circuit breaker. Fails with invalid_option.
Result<std::unique_ptr<LockProvider>> open_locks(const Options& options);

/// The first option that is out of range, as invalid_option. Stores and locks are looked at when
/// they are opened.
Result<void> check_options(const Options& options);

}  // namespace ledger::engine
