#include "core/apply_batch.h"

#include <limits>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/accounts.h"

namespace ledger::core {
namespace {

constexpr AccountId kLastId{std::numeric_limits<std::int64_t>::max()};

class Batch {
 public:
  Batch(const Snapshot& snapshot, std::size_t size, Timestamp now, const Rules& rules)
      : snapshot_(snapshot),
        accounts_(snapshot.accounts),
        next_account_id_(snapshot.next_account_id),
        now_(now),
        rules_(rules) {
    keys_.reserve(snapshot.recorded.size() + size);
    result_.decisions.reserve(size);
    rows().reserve(size);
    index_recorded();
  }

  void apply(const Operation& operation) {
    const auto known = keys_.find(operation.key());
    result_.decisions.push_back(known != keys_.end() ? replay(operation, known->second)
                                                     : decide(operation));
  }

  BatchResult finish() && {
    accounts_.collect(result_.writes);
    return std::move(result_);
  }

 private:
  std::vector<JournalRow>& rows() { return result_.writes.rows; }

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

  static std::optional<ErrorCode> decline_of(const JournalRow& row) {
    if (row.committed()) return std::nullopt;
    return static_cast<ErrorCode>(row.decline);
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

  Decision decide(const Operation& operation) {
    const std::size_t first = rows().size();
    const auto* transfer = std::get_if<TransferRequest>(&operation.request);
    const auto decline = transfer != nullptr
                             ? post(*transfer)
                             : open_account(std::get<AccountRequest>(operation.request));
    if (decline && !rules_.record_declines) {
      rows().resize(first);
      return Decision{.decline = decline};
    }
    return record(operation, first, decline);
  }

  /// Completes the rows from `first` on and remembers them under the key.
  Decision record(const Operation& operation, std::size_t first, std::optional<ErrorCode> decline) {
    const std::size_t count = rows().size() - first;
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

  /// Appends one row for each leg. On a decline, one row with the leg that was declined instead.
  std::optional<ErrorCode> post(const TransferRequest& request) {
    const std::size_t first = rows().size();
    accounts_.begin_transfer();
    for (const Leg& leg : request.legs) {
      JournalRow& row = append(JournalKind::transfer);
      if (const auto decline = post_leg(leg, row)) {
        accounts_.undo_transfer();
        rows().resize(first);
        describe_leg(leg, append(JournalKind::transfer));
        return decline;
      }
    }
    accounts_.commit_transfer();
    return std::nullopt;
  }

  std::optional<ErrorCode> post_leg(const Leg& leg, JournalRow& row) {
    describe_leg(leg, row);
    Account* const from = accounts_.find(leg.from);
    Account* const to = accounts_.find(leg.to);
    if (const auto decline = find_decline(from, to, leg.amount)) return decline;
    row.from_entry = accounts_.post(*from, -leg.amount.minor_units(), row.seq, now_);
    row.to_entry = accounts_.post(*to, leg.amount.minor_units(), row.seq, now_);
    return std::nullopt;
  }

  /// The checks in the order of the codes' numbers.
  static std::optional<ErrorCode> find_decline(const Account* from, const Account* to,
                                               Amount amount) {
    using enum ErrorCode;
    if (from == nullptr) return from_account_not_found;
    if (to == nullptr) return to_account_not_found;
    if (from->terms.status != AccountStatus::open) return from_account_not_open;
    if (to->terms.status != AccountStatus::open) return to_account_not_open;
    if (from->terms.currency != amount.currency() || to->terms.currency != amount.currency()) {
      return currency_mismatch;
    }
    const auto from_balance = checked_subtract(from->balance, amount.minor_units());
    const auto to_balance = checked_add(to->balance, amount.minor_units());
    if (from->terms.min_balance) {
      const auto available =
          from_balance ? checked_subtract(*from_balance, from->held) : from_balance;
      if (!available || *available < *from->terms.min_balance) return insufficient_funds;
    }
    if (to->terms.max_balance && (!to_balance || *to_balance > *to->terms.max_balance)) {
      return balance_limit_exceeded;
    }
    if (!from_balance || !to_balance) return balance_overflow;
    return std::nullopt;
  }

  std::optional<ErrorCode> open_account(const AccountRequest& request) {
    JournalRow& row = append(JournalKind::account_opened);
    row.terms = AccountTerms{.currency = request.currency,
                             .min_balance = request.min_balance,
                             .max_balance = request.max_balance};
    row.currency = request.currency;
    row.to = request.id.value_or(next_account_id_);
    if (!request.id && next_account_id_ == kLastId) return ErrorCode::account_ids_exhausted;
    if (accounts_.find(row.to) != nullptr) return ErrorCode::account_exists;

    accounts_.open(Account{.id = row.to, .terms = *row.terms, .created_at = now_});
    if (row.to >= next_account_id_) next_account_id_ = following(row.to);
    return std::nullopt;
  }

  static AccountId following(AccountId id) {
    return id == kLastId ? kLastId : AccountId{to_int(id) + 1};
  }

  JournalRow& append(JournalKind kind) {
    JournalRow& row = rows().emplace_back();
    row.seq = snapshot_.next_seq + static_cast<Seq>(rows().size()) - 1;
    row.kind = kind;
    row.recorded_at = now_;
    return row;
  }

  static void describe_leg(const Leg& leg, JournalRow& row) {
    row.from = leg.from;
    row.to = leg.to;
    row.amount = leg.amount.minor_units();
    row.currency = leg.amount.currency();
  }

  const Snapshot& snapshot_;
  WorkingAccounts accounts_;
  AccountId next_account_id_;
  const Timestamp now_;
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
