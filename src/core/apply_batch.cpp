#include "core/apply_batch.h"

#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/decide.h"

namespace ledger::core {
namespace {

using Decline = std::optional<ErrorCode>;

class Batch {
 public:
  Batch(const Snapshot& snapshot, std::size_t size, Timestamp now, const Rules& rules)
      : snapshot_(snapshot), state_(snapshot, size, now), rules_(rules) {
    keys_.reserve(snapshot.recorded.size() + size);
    result_.decisions.reserve(size);
    index_recorded();
  }

  void apply(const Operation& operation) {
    const AtomicRequest* group = operation.atomic();
    result_.decisions.push_back(group != nullptr ? apply_all(group->parts) : apply_one(operation));
    state_.keep();
  }

  BatchResult finish() && {
    result_.writes = std::move(state_).finish();
    return std::move(result_);
  }

 private:
  std::vector<JournalRow>& rows() { return state_.rows(); }

  void index_recorded() {
    const auto& recorded = snapshot_.recorded;
    for (std::size_t i = 0; i < recorded.size();) {
      const auto count = static_cast<std::size_t>(recorded[i].legs);
      keys_.emplace(recorded[i].key, Decision{.source = Decision::Source::recorded,
                                              .first = i,
                                              .count = count,
                                              .decline = decline_of(recorded[i]),
                                              .replayed = true});
      i += count;
    }
  }

  static Decline decline_of(const JournalRow& row) {
    if (row.committed()) return std::nullopt;
    return static_cast<ErrorCode>(row.decline);
  }

  Decision apply_one(const Operation& operation) {
    const auto known = keys_.find(operation.key());
    if (known != keys_.end()) return replay(operation, known->second);
    const std::size_t first = rows().size();
    const Decline decline = decide(state_, operation);
    return record(operation, first, decline);
  }

  /// What the first part that is declined did not let happen is declined with it. What an earlier
  /// request has decided stays as it is.
  Decision apply_all(const std::vector<Operation>& parts) {
    const auto before = state_.mark();
    Decision all;
    for (const Operation& part : parts) {
      all.parts.push_back(apply_one(part));
      if (!all.parts.back().decline) continue;
      forget_keys(parts, all.parts);
      state_.undo_to(before);
      return decline_all(parts, all.parts.size() - 1, *all.parts.back().decline);
    }
    return all;
  }

  /// Of the parts that this batch has decided and is about to take back.
  void forget_keys(const std::vector<Operation>& parts, const std::vector<Decision>& decisions) {
    for (std::size_t i = 0; i < decisions.size(); ++i) {
      const bool is_own =
          decisions[i].source == Decision::Source::written && !decisions[i].replayed;
      if (is_own) keys_.erase(parts[i].key());
    }
  }

  Decision decline_all(const std::vector<Operation>& parts, std::size_t culprit, ErrorCode reason) {
    Decision all;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const auto known = keys_.find(parts[i].key());
      if (known != keys_.end()) {
        all.parts.push_back(replay(parts[i], known->second));
        continue;
      }
      const std::size_t first = rows().size();
      append_declined(state_, parts[i]);
      all.parts.push_back(
          record(parts[i], first, i == culprit ? reason : ErrorCode::atomic_batch_declined));
    }
    return all;
  }

  const Fingerprint& fingerprint_of(const Decision& known) {
    return known.source == Decision::Source::recorded ? snapshot_.recorded[known.first].fingerprint
                                                      : rows()[known.first].fingerprint;
  }

  Decision replay(const Operation& operation, const Decision& known) {
    // The other request's outcome is not given away.
    if (fingerprint_of(known) != operation.fingerprint) {
      return Decision{.decline = ErrorCode::key_reused};
    }
    return known;
  }

  /// An expiry that came too late, or too early, leaves its key to the one that does not.
  [[nodiscard]] bool is_recorded(const Operation& operation, const Decline& decline) const {
    if (!decline) return true;
    return rules_.record_declines && !std::holds_alternative<ExpireRequest>(operation.request);
  }

  /// Completes the rows from `first` on and remembers them under the key.
  Decision record(const Operation& operation, std::size_t first, Decline decline) {
    if (!is_recorded(operation, decline)) {
      rows().resize(first);
      return Decision{.decline = decline};
    }
    const std::size_t count = rows().size() - first;
    for (std::size_t i = 1; i < count; ++i)
      rows()[first + i].legs = -static_cast<std::int32_t>(i);
    JournalRow& head = rows()[first];
    head.key = operation.key();
    head.fingerprint = operation.fingerprint;
    head.legs = static_cast<std::int32_t>(count);
    if (decline) head.decline = static_cast<std::uint16_t>(*decline);

    Decision decision{.source = Decision::Source::written,
                      .first = first,
                      .count = count,
                      .decline = decline,
                      .replayed = false};
    Decision again = decision;
    again.replayed = true;
    keys_.emplace(operation.key(), again);
    return decision;
  }

  const Snapshot& snapshot_;
  BatchState state_;
  const Rules rules_;
  BatchResult result_;
  /// What each key's next request is answered with. The views are of the snapshot's rows and of
  /// the operations, which outlive the batch.
  std::unordered_map<std::string_view, Decision> keys_;
};

}  // namespace

BatchResult apply_batch(const Snapshot& snapshot, std::span<const Operation* const> operations,
                        Timestamp now, const Rules& rules) {
  Batch batch(snapshot, operations.size(), now, rules);
  for (const Operation* operation : operations)
    batch.apply(*operation);
  return std::move(batch).finish();
}

}  // namespace ledger::core
