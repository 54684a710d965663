#include "core/decide.h"

#include <type_traits>
#include <utility>

namespace ledger::core {
namespace {

using Decline = std::optional<ErrorCode>;

Decline dispatch(BatchState& state, const Operation& operation) {
  return std::visit(
      [&](const auto& request) -> Decline {
        using T = std::decay_t<decltype(request)>;
        if constexpr (std::is_same_v<T, TransferRequest>) return decide_transfer(state, request);
        if constexpr (std::is_same_v<T, HoldRequest>) return decide_hold(state, request);
        if constexpr (std::is_same_v<T, CaptureRequest>) {
          return decide_capture(state, request, operation.referred);
        }
        if constexpr (std::is_same_v<T, VoidRequest>) {
          return decide_void(state, request, operation.referred);
        }
        if constexpr (std::is_same_v<T, ExpireRequest>) {
          return decide_expiry(state, request, operation.referred);
        }
        if constexpr (std::is_same_v<T, ReversalRequest>) {
          return decide_reversal(state, request, operation.referred);
        }
        if constexpr (std::is_same_v<T, AccountRequest>) return decide_opening(state, request);
        if constexpr (std::is_same_v<T, AccountChange>) return decide_change(state, request);
        return std::nullopt;
      },
      operation.request);
}

JournalKind kind_of(const Operation& operation) {
  return std::visit(
      [](const auto& request) {
        using T = std::decay_t<decltype(request)>;
        if constexpr (std::is_same_v<T, HoldRequest>) return JournalKind::hold;
        if constexpr (std::is_same_v<T, CaptureRequest>) return JournalKind::capture;
        if constexpr (std::is_same_v<T, VoidRequest>) return JournalKind::void_hold;
        if constexpr (std::is_same_v<T, ExpireRequest>) return JournalKind::expire;
        if constexpr (std::is_same_v<T, ReversalRequest>) return JournalKind::reversal;
        if constexpr (std::is_same_v<T, AccountRequest>) return JournalKind::account_opened;
        if constexpr (std::is_same_v<T, AccountChange>) return JournalKind::account_changed;
        return JournalKind::transfer;
      },
      operation.request);
}

void describe(const Operation& operation, JournalRow& head) {
  head.refers_to = operation.refers_to();
  std::visit(
      [&](const auto& request) {
        if constexpr (requires { request.details; }) {
          head.reference = request.details.reference;
          head.metadata = request.details.metadata;
          head.effective_at = request.details.effective_at;
        }
        if constexpr (requires { request.expires_at; }) head.expires_at = request.expires_at;
      },
      operation.request);
}

/// The leg or account that a row is about.
struct Subject {
  AccountId from{};
  AccountId to{};
  MinorUnits amount = 0;
  Currency currency{};
};

Subject subject_of(const JournalRow& row) { return {row.from, row.to, row.amount, row.currency}; }

}  // namespace

Decline decide(BatchState& state, const Operation& operation) {
  const auto before = state.mark();
  const Decline decline = dispatch(state, operation);
  if (!decline) {
    describe(operation, state.rows()[before.rows]);
    return decline;
  }
  // What was recorded did not happen, but for which leg it was declined is kept.
  const bool came_to_a_row = state.rows().size() > before.rows;
  const Subject subject = came_to_a_row ? subject_of(state.rows().back()) : Subject{};
  state.undo_to(before);
  append_declined(state, operation);
  JournalRow& row = state.rows().back();
  row.from = subject.from;
  row.to = subject.to;
  row.amount = subject.amount;
  row.currency = subject.currency;
  return decline;
}

void append_declined(BatchState& state, const Operation& operation) {
  describe(operation, state.append(kind_of(operation)));
}

}  // namespace ledger::core
