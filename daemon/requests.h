// From bodies to what the ledger is asked: amounts get their currency.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "api_error.h"
#include "bodies.h"
#include "ledger/ledger.h"

namespace ledgerd {

// All fail with 400 and the 1xx code of the ledger; the message names the field.

std::variant<ledger::Request, ApiError> to_request(const ledger::Ledger& ledger, std::string key,
                                                   RequestBody body);

std::variant<ledger::AccountRequest, ApiError> to_account_request(const ledger::Ledger& ledger,
                                                                  std::string key,
                                                                  AccountBody body);

/// `currency` is the account's, for the limits.
std::variant<ledger::AccountChange, ApiError> to_account_change(std::string key,
                                                                ledger::AccountId account,
                                                                const AccountChangeBody& body,
                                                                ledger::Currency currency);

}  // namespace ledgerd
