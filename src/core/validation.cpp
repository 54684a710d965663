#include "core/validation.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "core/metadata.h"
#include "core/operation.h"

namespace ledger::core {
namespace {

using enum ErrorCode;
using Found = std::optional<ErrorCode>;

constexpr Timestamp kFirstTime{std::chrono::sys_days(std::chrono::January / 1 / 1)};
constexpr Timestamp kEndOfTime{std::chrono::sys_days(std::chrono::January / 1 / 10000)};

bool is_valid_id(AccountId id) { return to_int(id) > 0; }

bool is_valid(const std::optional<Timestamp>& time) {
  return !time || (*time >= kFirstTime && *time < kEndOfTime);
}

bool is_valid_reference(const std::string& reference) {
  return reference.empty() || is_valid_key(reference);
}

/// Brings it into its stored form; false: it is not valid.
bool normalize_metadata(std::string& metadata) {
  if (metadata.empty()) return true;
  auto minified = minified_metadata(metadata);
  if (!minified) return false;
  metadata = std::move(*minified);
  return true;
}

/// The first check that any leg fails.
Found find_leg_error(const std::vector<Leg>& legs) {
  if (legs.empty()) return no_legs;
  if (legs.size() > kMaxLegs) return too_many_legs;
  const auto any = [&](auto&& is_wrong) { return std::ranges::any_of(legs, is_wrong); };
  if (any([](const Leg& leg) { return !is_valid_id(leg.from) || !is_valid_id(leg.to); })) {
    return invalid_account_id;
  }
  if (any([](const Leg& leg) { return leg.from == leg.to; })) return same_account;
  if (any([](const Leg& leg) { return leg.amount.minor_units() <= 0; })) return invalid_amount;
  if (any([](const Leg& leg) { return leg.amount.currency() == Currency{}; })) {
    return unknown_currency;
  }
  return std::nullopt;
}

Found find_amount_error(const std::optional<Amount>& amount) {
  if (!amount) return std::nullopt;
  if (amount->minor_units() <= 0) return invalid_amount;
  if (amount->currency() == Currency{}) return unknown_currency;
  return std::nullopt;
}

Found find_details_error(Details& details) {
  if (!is_valid_reference(details.reference)) return invalid_reference;
  if (!normalize_metadata(details.metadata)) return invalid_metadata;
  if (!is_valid(details.effective_at)) return invalid_timestamp;
  return std::nullopt;
}

/// The first of a request's parts that is wrong, in the order of the codes.
Found first_of(Found a, Found b) { return a ? a : b; }

Found find_error_about(const std::string& key, TransferId id, const std::optional<Amount>& amount,
                       Details& details) {
  if (!is_valid_key(key)) return invalid_key;
  if (const auto error = find_amount_error(amount)) return error;
  if (to_int(id) <= 0) return invalid_transfer_id;
  return find_details_error(details);
}

bool crosses(const std::optional<MinorUnits>& low, const std::optional<MinorUnits>& high) {
  return low && high && *low > *high;
}

}  // namespace

Found find_error(TransferRequest& request) {
  if (!is_valid_key(request.key)) return invalid_key;
  return first_of(find_leg_error(request.legs), find_details_error(request.details));
}

Found find_error(HoldRequest& request) {
  if (!is_valid_key(request.key)) return invalid_key;
  if (const auto error = find_leg_error(request.legs)) return error;
  if (const auto error = find_details_error(request.details)) return error;
  if (!is_valid(request.expires_at)) return invalid_timestamp;
  return std::nullopt;
}

Found find_error(CaptureRequest& request) {
  return find_error_about(request.key, request.hold, request.amount, request.details);
}

Found find_error(VoidRequest& request) {
  return find_error_about(request.key, request.hold, std::nullopt, request.details);
}

Found find_error(ReversalRequest& request) {
  return find_error_about(request.key, request.transfer, request.amount, request.details);
}

Found find_error(AccountRequest& request, bool is_known_currency) {
  if (!is_valid_key(request.key)) return invalid_key;
  if (request.id && !is_valid_id(*request.id)) return invalid_account_id;
  if (!is_known_currency) return unknown_currency;
  if (request.min_balance.value_or(0) > 0 || request.max_balance.value_or(0) < 0) {
    return invalid_balance_limit;
  }
  if (!is_valid_reference(request.reference)) return invalid_reference;
  if (!normalize_metadata(request.metadata)) return invalid_metadata;
  return std::nullopt;
}

Found find_error(AccountChange& request) {
  if (!is_valid_key(request.key)) return invalid_key;
  if (!is_valid_id(request.account)) return invalid_account_id;
  if (request.min_balance && request.max_balance &&
      crosses(*request.min_balance, *request.max_balance)) {
    return invalid_balance_limit;
  }
  if (request.metadata && !normalize_metadata(*request.metadata)) return invalid_metadata;
  if (!request.min_balance && !request.max_balance && !request.status && !request.metadata) {
    return nothing_to_change;
  }
  return std::nullopt;
}

}  // namespace ledger::core
