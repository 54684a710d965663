#include "core/operation.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "core/fingerprint.h"
#include "core/validation.h"

namespace ledger::core {
namespace {

constexpr std::size_t kMaxKeyLength = 255;

template <class T>
constexpr bool has_legs = std::is_same_v<T, TransferRequest> || std::is_same_v<T, HoldRequest>;

/// The accounts that one part names, or that what it refers to does.
void add_accounts_of(const Operation& part, std::vector<AccountId>& accounts) {
  const auto add = [&](const auto& leg) {
    accounts.push_back(leg.from);
    accounts.push_back(leg.to);
  };
  std::visit(
      [&](const auto& request) {
        using T = std::decay_t<decltype(request)>;
        if constexpr (has_legs<T>) {
          std::ranges::for_each(request.legs, add);
        } else if constexpr (std::is_same_v<T, AccountRequest>) {
          if (request.id) accounts.push_back(*request.id);
        } else if constexpr (std::is_same_v<T, AccountChange>) {
          accounts.push_back(request.account);
        }
      },
      part.request);
  for (const JournalRow& row : part.referred) {
    if (row.kind < JournalKind::account_opened && row.committed()) add(row);
  }
}

std::size_t max_rows_of(const Operation& part) {
  return std::visit(
      [&](const auto& request) -> std::size_t {
        if constexpr (has_legs<std::decay_t<decltype(request)>>) return request.legs.size();
        return part.referred.size() + 1;  // a capture may release the rest
      },
      part.request);
}

std::size_t text_bytes_of(const Operation& part) {
  return std::visit(
      [](const auto& request) -> std::size_t {
        if constexpr (requires { request.details; }) {
          return request.details.reference.size() + request.details.metadata.size();
        }
        if constexpr (std::is_same_v<std::decay_t<decltype(request)>, AccountRequest>) {
          return request.reference.size() + request.metadata.size();
        }
        return 0;
      },
      part.request);
}

/// For requests that are checked alike.
template <class T, class... Context>
Result<Operation> make(T request, Context... context) {
  if (const auto error = find_error(request, context...)) return *error;
  const Fingerprint print = fingerprint(request);
  return Operation{.request = std::move(request), .fingerprint = print};
}

}  // namespace

AtomicRequest::AtomicRequest() = default;
AtomicRequest::AtomicRequest(std::vector<Operation> all) : parts(std::move(all)) {}
AtomicRequest::AtomicRequest(const AtomicRequest&) = default;
AtomicRequest::AtomicRequest(AtomicRequest&&) noexcept = default;
AtomicRequest& AtomicRequest::operator=(const AtomicRequest&) = default;
AtomicRequest& AtomicRequest::operator=(AtomicRequest&&) noexcept = default;
AtomicRequest::~AtomicRequest() = default;

std::string_view Operation::key() const {
  return std::visit(
      [](const auto& asked) -> std::string_view {
        if constexpr (std::is_same_v<std::decay_t<decltype(asked)>, AtomicRequest>) {
          return asked.parts.front().key();
        } else {
          return asked.key;
        }
      },
      request);
}

std::optional<TransferId> Operation::refers_to() const {
  return std::visit(
      [](const auto& asked) -> std::optional<TransferId> {
        if constexpr (requires { asked.hold; }) return asked.hold;
        if constexpr (requires { asked.transfer; }) return asked.transfer;
        return std::nullopt;
      },
      request);
}

void Operation::add_accounts(std::vector<AccountId>& accounts) const {
  for_each_part([&](const Operation& part) { add_accounts_of(part, accounts); });
}

void Operation::add_references(std::vector<std::string_view>& references) const {
  const auto* account = std::get_if<AccountRequest>(&request);
  if (account != nullptr && !account->reference.empty()) references.push_back(account->reference);
}

std::size_t Operation::max_rows() const {
  std::size_t rows = 0;
  for_each_part([&](const Operation& part) { rows += max_rows_of(part); });
  return rows;
}

bool Operation::needs_account_id() const {
  const auto* account = std::get_if<AccountRequest>(&request);
  return account != nullptr && !account->id.has_value();
}

std::size_t Operation::bytes() const {
  std::size_t bytes = 0;
  for_each_part([&](const Operation& part) {
    bytes += part.key().size() + text_bytes_of(part) + max_rows_of(part) * sizeof(JournalRow);
  });
  return bytes;
}

Result<Operation> make_operation(TransferRequest request) { return make(std::move(request)); }
Result<Operation> make_operation(HoldRequest request) { return make(std::move(request)); }
Result<Operation> make_operation(CaptureRequest request) { return make(std::move(request)); }
Result<Operation> make_operation(VoidRequest request) { return make(std::move(request)); }
Result<Operation> make_operation(ReversalRequest request) { return make(std::move(request)); }
Result<Operation> make_operation(AccountChange request) { return make(std::move(request)); }

Result<Operation> make_operation(Request request) {
  return std::visit([](auto& asked) { return make(std::move(asked)); }, request);
}

Result<Operation> make_operation(AccountRequest request, bool is_known_currency) {
  return make(std::move(request), is_known_currency);
}

Operation make_expiry(TransferId hold) {
  ExpireRequest request{.key = " expire:" + std::to_string(to_int(hold)), .hold = hold};
  const Fingerprint print = fingerprint(request);
  return Operation{.request = std::move(request), .fingerprint = print};
}

bool is_valid_key(std::string_view key) {
  return !key.empty() && key.size() <= kMaxKeyLength && key.front() != ' ' && key.back() != ' ' &&
         std::ranges::all_of(key, [](char c) { return c >= 0x20 && c <= 0x7E; });
}

}  // namespace ledger::core
