#include "model/naive_ledger.h"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace ledger::model {

namespace {

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();

/// The list a reader is given where there is none.
template <class T>
const std::vector<T>& nothing() {
  static const std::vector<T> none;
  return none;
}

}  // namespace

Answer NaiveLedger::recall(const std::string& key, const std::string& asked) const {
  const Kept& kept = kept_.at(key);
  if (kept.asked != asked) return {.result = "key_reused"};
  Answer answer{.result = kept.result, .replayed = true, .number = kept.number};
  if (kept.account) answer.account = *kept.account;
  return answer;
}

void NaiveLedger::keep(const std::string& key, Kept kept) {
  if (is_forgotten(kept.result)) return;
  kept_.emplace(key, std::move(kept));
}

Answer NaiveLedger::resolve(const std::string& key) const {
  const auto kept = kept_.find(key);
  if (kept == kept_.end()) return {.result = "key_not_found"};
  if (kept->second.of_account) return {.result = "key_reused"};
  return {.result = kept->second.result, .replayed = true, .number = kept->second.number};
}

Answer NaiveLedger::open(const OpenAsk& ask, Time now) {
  if (auto wrong = malformed(ask); !wrong.empty()) return {.result = wrong};
  const auto asked = text(ask);
  if (knows(ask.key)) return recall(ask.key, asked);
  Kept kept{.asked = asked, .result = decide_open(ask), .of_account = true};
  Answer answer{.result = kept.result};
  if (kept.result == "ok") {
    Account account;
    account.id = ask.id ? *ask.id : accounts_.empty() ? 1 : accounts_.rbegin()->first + 1;
    account.currency = ask.currency;
    account.floor = ask.floor;
    account.ceiling = ask.ceiling;
    account.reference = ask.reference;
    account.metadata = ask.metadata;
    account.created_at = now;
    accounts_[account.id] = account;
    if (!ask.reference.empty()) account_references_[ask.reference] = account.id;
    kept.account = std::make_unique<Account>(account);
    answer.account = account;
  }
  keep(ask.key, std::move(kept));
  return answer;
}

std::string NaiveLedger::decide_open(const OpenAsk& ask) const {
  const bool none_left = !accounts_.empty() && accounts_.rbegin()->first >= kLargest - 1;
  std::vector<std::string> wrong;
  if (account_references_.count(ask.reference) != 0) wrong.emplace_back("reference_exists");
  if (ask.id && accounts_.count(*ask.id) != 0) wrong.emplace_back("account_exists");
  if (!ask.id && none_left) wrong.emplace_back("account_ids_exhausted");
  return first_of(wrong);
}

/// The first thing that is wrong is the answer.
std::string NaiveLedger::first_of(const std::vector<std::string>& wrong) const {
  for (std::size_t i = 1; i < wrong.size(); ++i)
    note_(wrong[0] + " comes before " + wrong[i]);
  return wrong.empty() ? "ok" : wrong[0];
}

Answer NaiveLedger::change(const ChangeAsk& ask, Time now) {
  if (auto wrong = malformed(ask); !wrong.empty()) return {.result = wrong};
  const auto asked = text(ask);
  if (knows(ask.key)) return recall(ask.key, asked);
  Kept kept{.asked = asked, .result = decide_change(ask), .of_account = true};
  Answer answer{.result = kept.result};
  if (kept.result == "ok") {
    Account& account = accounts_.at(ask.account);
    if (ask.floor) account.floor = *ask.floor;
    if (ask.floor) floors_changed_.insert(ask.account);
    if (ask.ceiling) account.ceiling = *ask.ceiling;
    if (ask.ceiling) ceilings_changed_.insert(ask.account);
    if (ask.status) account.status = *ask.status;
    if (ask.metadata) account.metadata = *ask.metadata;
    ++account.version;
    account.last_at = now;
    entries_[account.id].push_back({.kind = Kind::change,
                                    .balance = account.balance,
                                    .held = account.held,
                                    .incoming = account.incoming,
                                    .recorded_at = now});
    kept.account = std::make_unique<Account>(account);
    answer.account = account;
  }
  keep(ask.key, std::move(kept));
  return answer;
}

std::string NaiveLedger::decide_change(const ChangeAsk& ask) const {
  const Account* found = account(ask.account);
  if (found == nullptr) return "unknown_account";
  std::vector<std::string> wrong;
  if (ask.expected_version && *ask.expected_version != found->version) {
    wrong.emplace_back("version_mismatch");
  }
  if (found->status == "closed") wrong.emplace_back("account_closed");
  if (ask.status == "closed" && (found->balance != 0 || found->held != 0 || found->incoming != 0)) {
    if (found->balance == 0 && found->held != 0)
      note_("closing an account that holds reserve from");
    if (found->balance == 0 && found->incoming != 0) {
      note_("closing an account that holds reserve for");
    }
    wrong.emplace_back("account_not_empty");
  }
  const bool too_low = ask.floor && *ask.floor && found->available() < **ask.floor;
  const bool too_high = ask.ceiling && *ask.ceiling && found->expected() > **ask.ceiling;
  if (too_low || too_high) wrong.emplace_back("limit_not_met");
  if (!wrong.empty()) return first_of(wrong);
  if (ask.floor && found->available() == *ask.floor) note_("a new minimum that is just met");
  if (ask.ceiling && found->expected() == *ask.ceiling) note_("a new maximum that is just met");
  return "ok";
}

std::vector<Answer> NaiveLedger::submit(const std::vector<Ask>& asks, bool all_or_none, Time now) {
  if (all_or_none) return atomic(asks, now);
  std::vector<Answer> answers;
  std::set<std::string> seen;
  for (const Ask& ask : asks) {
    answers.push_back(once(ask, now));
    if (seen.insert(ask.key).second) continue;
    if (answers.back().replayed) note_("independent batch: a duplicate within it");
    if (answers.back().result == "key_reused") note_("independent batch: a key reused within it");
  }
  return answers;
}

Answer NaiveLedger::once(const Ask& ask, Time now) {
  if (auto wrong = malformed(ask); !wrong.empty()) return {.result = wrong};
  const auto asked = text(ask);
  if (knows(ask.key)) return recall(ask.key, asked);
  Draft draft;
  Kept kept{.asked = asked, .result = decide(ask, now, draft)};
  if (kept.result == "ok") {
    commit(draft);
    kept.number = transfer_count();
  }
  Answer answer{.result = kept.result, .number = kept.number};
  keep(ask.key, std::move(kept));
  return answer;
}

/// A batch with a malformed request is not looked at, and nothing of it is recorded.
std::vector<Answer> NaiveLedger::refuse(const std::vector<Ask>& asks) const {
  note_("atomic batch: refused for a malformed request");
  std::vector<Answer> answers;
  for (const Ask& ask : asks) {
    const auto wrong = malformed(ask);
    answers.push_back({.result = wrong.empty() ? "atomic_batch_declined" : wrong});
  }
  return answers;
}

std::vector<Answer> NaiveLedger::atomic(const std::vector<Ask>& asks, Time now) {
  if (std::any_of(asks.begin(), asks.end(),
                  [](const Ask& ask) { return !malformed(ask).empty(); })) {
    return refuse(asks);
  }
  std::vector<Answer> answers(asks.size());
  std::map<std::string, std::size_t> first;  // where each fresh key comes first
  std::vector<std::size_t> duplicates;
  std::string failure;  // why the batch fails
  Draft draft;
  bool replays = false;
  for (std::size_t i = 0; i < asks.size(); ++i) {
    const auto asked = text(asks[i]);
    const auto before = first.find(asks[i].key);
    if (knows(asks[i].key)) {
      answers[i] = recall(asks[i].key, asked);
      replays = replays || answers[i].replayed;
      if (answers[i].result != "ok" && failure.empty()) {
        failure = answers[i].replayed ? "by a recorded decline" : "by key_reused";
      }
    } else if (before != first.end() && !is_forgotten(answers[before->second].result)) {
      duplicates.push_back(i);
      if (text(asks[before->second]) != asked && failure.empty()) failure = "by key_reused";
    } else {
      first.emplace(asks[i].key, i);
      answers[i].result = failure.empty() ? decide(asks[i], now, draft) : "atomic_batch_declined";
      if (answers[i].result == "ok") {
        answers[i].number = transfer_count() + std::ssize(draft.made);
      } else if (failure.empty()) {
        failure = "by a fresh decline";
        if (!draft.made.empty()) note_("atomic batch: declined after parts of it had moved money");
      }
    }
  }
  if (failure.empty()) commit(draft);
  for (const auto& [key, i] : first) {
    if (!failure.empty() && answers[i].result == "ok") answers[i] = {"atomic_batch_declined"};
    keep(key, {.asked = text(asks[i]), .result = answers[i].result, .number = answers[i].number});
  }
  for (const std::size_t i : duplicates) {
    const std::size_t original = first.at(asks[i].key);
    answers[i] = answers[original];
    answers[i].replayed = true;
    if (text(asks[i]) != text(asks[original])) {
      answers[i] = {"key_reused"};
    } else if (is_forgotten(answers[original].result)) {
      answers[i] = {"atomic_batch_declined"};  // a request like any other of the batch
    }
  }
  note_atomic(failure, first.empty(), replays, !duplicates.empty());
  return answers;
}

void NaiveLedger::note_atomic(const std::string& failure, bool nothing_fresh, bool replays,
                              bool duplicates) const {
  if (nothing_fresh && replays && failure != "by key_reused") {
    note_(std::string("atomic batch: replayed, nothing fresh") +
          (failure.empty() ? "" : ", all declined"));
  } else {
    note_("atomic batch: " + (failure.empty() ? "committed" : "declined " + failure));
  }
  if (replays && !nothing_fresh) {
    note_("atomic batch: " + std::string(failure.empty() ? "committed" : "declined") +
          ", partly replayed");
  }
  if (duplicates) {
    note_("atomic batch: " + std::string(failure.empty() ? "committed" : "declined") +
          ", with a duplicate within it");
  }
}

std::vector<std::int64_t> NaiveLedger::expire(std::size_t limit, Time now) {
  std::vector<std::int64_t> released;
  while (released.size() < limit && !due_.empty() && due_.begin()->first <= now) {
    const std::int64_t number = due_.begin()->second;
    Draft draft;
    Recorded made{.kind = Kind::expire,
                  .key = " expire:" + std::to_string(transfer(number).id),
                  .refers_to = transfer(number).id,
                  .recorded_at = now};
    if (fate(number).settled > 0) note_("expiry after a partial capture");
    if (due_.begin()->first == now) note_("expiry at its very moment");
    if (transfer(number).legs.size() > 1) note_("expiry of many legs");
    for (const Posted& leg : transfer(number).legs) {
      if (find(leg.leg.from, draft)->status == "frozen") note_("expiry on a frozen account");
    }
    release_all(number, "expired", made, draft);
    add(std::move(made), draft);
    commit(draft);
    released.push_back(number);
  }
  return released;
}

bool NaiveLedger::identify(std::int64_t number, std::int64_t id) {
  Recorded& made = transfers_[static_cast<std::size_t>(number - 1)];
  if (made.id == 0) {
    if (!numbers_.emplace(id, number).second) return false;
    made.id = id;
  }
  return made.id == id;
}

// --- reading

const Account* NaiveLedger::account(std::int64_t id) const {
  const auto found = accounts_.find(id);
  return found == accounts_.end() ? nullptr : &found->second;
}

const Account* NaiveLedger::account_by_reference(const std::string& reference) const {
  const auto found = account_references_.find(reference);
  return found == account_references_.end() ? nullptr : account(found->second);
}

std::int64_t NaiveLedger::number_of(std::int64_t id) const {
  const auto found = numbers_.find(id);
  return found == numbers_.end() ? 0 : found->second;
}

std::int64_t NaiveLedger::rest(std::int64_t number) const {
  return transfer(number).legs.front().leg.money.units - fate(number).settled;
}

const std::vector<Entry>& NaiveLedger::entries(std::int64_t account) const {
  const auto found = entries_.find(account);
  return found == entries_.end() ? nothing<Entry>() : found->second;
}

const std::vector<std::int64_t>& NaiveLedger::transfers_of(std::int64_t account) const {
  const auto found = transfers_of_.find(account);
  return found == transfers_of_.end() ? nothing<std::int64_t>() : found->second;
}

const std::vector<std::int64_t>& NaiveLedger::transfers_with(const std::string& reference) const {
  const auto found = transfers_with_.find(reference);
  return found == transfers_with_.end() ? nothing<std::int64_t>() : found->second;
}

std::map<std::string, Totals> NaiveLedger::totals() const {
  std::map<std::string, Totals> totals;
  for (const auto& [id, account] : accounts_) {
    Totals& total = totals[account.currency];
    ++total.accounts;
    (account.balance > 0 ? total.positive : total.negative) += account.balance;
    total.held += account.held;
    total.incoming += account.incoming;
  }
  return totals;
}

// --- a draft, and its commit

Account* NaiveLedger::find(std::int64_t id, Draft& draft) {
  const auto drafted = draft.accounts.find(id);
  if (drafted != draft.accounts.end()) return &drafted->second;
  const auto found = accounts_.find(id);
  return found == accounts_.end() ? nullptr : &(draft.accounts[id] = found->second);
}

Fate& NaiveLedger::fate_in(std::int64_t number, Draft& draft) const {
  const auto drafted = draft.fates.find(number);
  return drafted != draft.fates.end() ? drafted->second : draft.fates[number] = fate(number);
}

void NaiveLedger::add(Recorded made, Draft& draft) {
  if (made.refers_to) {
    fate_in(number_of(*made.refers_to), draft)
        .followed_by.push_back(transfer_count() + std::ssize(draft.made) + 1);
  }
  draft.made.push_back(std::move(made));
}

void NaiveLedger::commit(Draft& draft) {
  for (auto& [id, account] : draft.accounts)
    accounts_[id] = account;
  for (auto& [number, fate] : draft.fates) {
    const auto& expires_at = transfer(number).expires_at;
    if (expires_at && fate.status != "held") due_.erase({*expires_at, number});
    fates_[static_cast<std::size_t>(number - 1)] = std::move(fate);
  }
  for (auto& [id, entry] : draft.entries)
    entries_[id].push_back(entry);
  for (Recorded& made : draft.made) {
    transfers_.push_back(std::move(made));
    index(transfer_count());
  }
  for (const std::string& what : draft.notes)
    note_(what);
}

void NaiveLedger::index(std::int64_t number) {
  const Recorded& made = transfer(number);
  fates_.push_back({.status = made.kind == Kind::hold ? "held" : "posted"});
  if (made.expires_at) due_.emplace(*made.expires_at, number);
  std::set<std::int64_t> touched;
  for (const Posted& leg : made.legs) {
    touched.insert(leg.leg.from);
    touched.insert(leg.leg.to);
  }
  for (const std::int64_t id : touched)
    transfers_of_[id].push_back(number);
  if (!made.details.reference.empty()) transfers_with_[made.details.reference].push_back(number);
}

}  // namespace ledger::model
