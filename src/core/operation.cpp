#include "core/operation.h"

#include <algorithm>
#include <utility>

#include "core/fingerprint.h"

namespace ledger::core {
namespace {

constexpr std::size_t kMaxKeyLength = 255;

bool is_valid_id(AccountId id) { return to_int(id) > 0; }

/// The first check that any leg fails, in order of the codes' numbers.
std::optional<ErrorCode> find_leg_error(const std::vector<Leg>& legs) {
  const auto any = [&](auto&& is_wrong) { return std::ranges::any_of(legs, is_wrong); };
  if (any([](const Leg& leg) { return !is_valid_id(leg.from) || !is_valid_id(leg.to); })) {
    return ErrorCode::invalid_account_id;
  }
  if (any([](const Leg& leg) { return leg.from == leg.to; })) return ErrorCode::same_account;
  if (any([](const Leg& leg) { return leg.amount.minor_units() <= 0; })) {
    return ErrorCode::invalid_amount;
  }
  if (any([](const Leg& leg) { return leg.amount.currency() == Currency{}; })) {
    return ErrorCode::unknown_currency;
  }
  return std::nullopt;
}

std::optional<ErrorCode> find_error(const TransferRequest& request) {
  if (!is_valid_key(request.key)) return ErrorCode::invalid_key;
  if (request.legs.empty()) return ErrorCode::no_legs;
  if (request.legs.size() > kMaxLegs) return ErrorCode::too_many_legs;
  return find_leg_error(request.legs);
}

std::optional<ErrorCode> find_error(const AccountRequest& request, bool is_known_currency) {
  if (!is_valid_key(request.key)) return ErrorCode::invalid_key;
  if (request.id && !is_valid_id(*request.id)) return ErrorCode::invalid_account_id;
  if (!is_known_currency) return ErrorCode::unknown_currency;
  if (request.min_balance.value_or(0) > 0 || request.max_balance.value_or(0) < 0) {
    return ErrorCode::invalid_balance_limit;
  }
  return std::nullopt;
}

}  // namespace

std::string_view Operation::key() const {
  return std::visit([](const auto& asked) -> std::string_view { return asked.key; }, request);
}

void Operation::add_accounts(std::vector<AccountId>& accounts) const {
  if (const auto* transfer = std::get_if<TransferRequest>(&request)) {
    for (const Leg& leg : transfer->legs) {
      accounts.push_back(leg.from);
      accounts.push_back(leg.to);
    }
  } else if (const auto& id = std::get<AccountRequest>(request).id) {
    accounts.push_back(*id);
  }
}

std::size_t Operation::max_rows() const {
  const auto* transfer = std::get_if<TransferRequest>(&request);
  return transfer != nullptr ? transfer->legs.size() : 1;
}

bool Operation::needs_account_id() const {
  const auto* account = std::get_if<AccountRequest>(&request);
  return account != nullptr && !account->id.has_value();
}

std::size_t Operation::bytes() const { return key().size() + max_rows() * sizeof(JournalRow); }

Result<Operation> make_operation(TransferRequest request) {
  if (const auto error = find_error(request)) return *error;
  const Fingerprint print = fingerprint(request);
  return Operation{std::move(request), print};
}

Result<Operation> make_operation(AccountRequest request, bool is_known_currency) {
  if (const auto error = find_error(request, is_known_currency)) return *error;
  const Fingerprint print = fingerprint(request);
  return Operation{std::move(request), print};
}

bool is_valid_key(std::string_view key) {
  return !key.empty() && key.size() <= kMaxKeyLength && key.front() != ' ' && key.back() != ' ' &&
         std::ranges::all_of(key, [](char c) { return c >= 0x20 && c <= 0x7E; });
}

}  // namespace ledger::core
