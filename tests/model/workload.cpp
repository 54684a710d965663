#include "model/workload.h"

#include <algorithm>
#include <future>
#include <limits>

#include "model/translate.h"

namespace ledger::model {

namespace {

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();

/// A batch in which something is wrong.
std::string show(const std::vector<Ask>& asks, const std::vector<Answer>& expected,
                 const std::vector<Result<Receipt>>& actual) {
  std::string all = "in this batch:";
  for (std::size_t i = 0; i < std::min<std::size_t>(asks.size(), 200); ++i) {
    all += "\n  " + asks[i].key + ": " + text(asks[i]) + "\n    expected " + expected[i].result +
           (expected[i].replayed ? ", replayed" : "") + "; actual " + outcome_of(actual[i]);
  }
  return all;
}

}  // namespace

Workload::Workload(Ledger& ledger, fakes::WallClock& clock, const Settings& settings)
    : ledger_(ledger),
      clock_(clock),
      settings_(settings),
      dice_(settings.seed),
      coverage_(settings.record_declines),
      books_(settings.record_declines, [this](const std::string& what) { coverage_.count(what); }),
      generator_(books_, dice_, settings.scope),
      readings_(ledger, books_, generator_, dice_, coverage_, settings.scope.alone),
      steps_{{Step::single, 24}, {Step::batch, 18},  {Step::atomic_batch, 22},
             {Step::open, 8},    {Step::change, 22}, {Step::sweep, 6}} {
  for (const OpenAsk& ask : generator_.first_accounts())
    open(ask);
}

bool Workload::is_complete() const {
  const auto unreached = coverage_.unreached();
  return std::all_of(unreached.begin(), unreached.end(), [](const std::string& what) {
    return what.find("account_ids_exhausted") != std::string::npos ||
           what.find("batch_too_large") != std::string::npos;
  });
}

void Workload::step() {
  ++step_;
  switch (steps_.draw(dice_)) {
    case Step::single:
      request(generator_.ask(now()));
      break;
    case Step::batch: {
      const auto size =
          settings_.batches * (dice_.chance(85) ? dice_.pick(1, 12) : dice_.pick(13, 120));
      submit(generator_.batch(static_cast<std::size_t>(size), now()), BatchMode::independent);
      break;
    }
    case Step::atomic_batch: {
      const auto size =
          dice_.chance(95) ? dice_.pick(1, 5 + 2 * settings_.batches) : dice_.pick(8, 60);
      submit(generator_.atomic_batch(static_cast<std::size_t>(size), now()), BatchMode::atomic);
      break;
    }
    case Step::open:
      open(generator_.open());
      break;
    case Step::change:
      change(generator_.change());
      break;
    case Step::sweep:
      if (settings_.scope.alone) sweep();
  }
  if (dice_.chance(70)) readings_.read(now(), step_);
  if (settings_.scope.alone) pass_time();
}

void Workload::pass_time() {
  if (dice_.chance(50)) return;  // much happens at one time
  const auto next = books_.due().upper_bound({now(), INT64_MAX});
  if (dice_.chance(15) && next != books_.due().end()) {  // to the very moment of an expiry
    clock_.advance(std::chrono::microseconds(next->first - now()));
    if (dice_.chance(30)) request(generator_.late_capture(now()));
    return;
  }
  const auto most = dice_.chance(10) ? 1'000'000 : 2000;
  clock_.advance(std::chrono::microseconds(dice_.pick(1, most)));
}

// --- requests

void Workload::request(const Ask& ask) {
  const auto expected = books_.submit({ask}, false, now());
  compare(ask, expected.front(), ask_real(ask));
  generator_.remember(ask, expected.front());
}

Result<Receipt> Workload::ask_real(const Ask& ask) {
  const Request request = real_request(ask, dice_.chance(50));
  switch (ask.kind) {
    case Kind::hold:
      return ledger_.hold(std::get<HoldRequest>(request));
    case Kind::capture:
      return ledger_.capture(std::get<CaptureRequest>(request));
    case Kind::void_hold:
      return ledger_.void_hold(std::get<VoidRequest>(request));
    case Kind::reversal:
      return ledger_.reverse(std::get<ReversalRequest>(request));
    default:
      break;
  }
  const auto& transfer = std::get<TransferRequest>(request);
  if (dice_.chance(20)) return ask_without_blocking(transfer);
  if (transfer.legs.size() != 1 || transfer.details != ledger::Details{}) {
    return ledger_.transfer(transfer);
  }
  const ledger::Leg& leg = transfer.legs.front();
  return ledger_.transfer(transfer.key, leg.from, leg.to, leg.amount);
}

Result<Receipt> Workload::ask_without_blocking(const TransferRequest& request) {
  std::promise<Result<Receipt>> promise;
  ledger_.transfer_async(
      request, [&promise](Result<Receipt> result) { promise.set_value(std::move(result)); });
  return promise.get_future().get();
}

void Workload::submit(const std::vector<Ask>& asks, BatchMode mode) {
  const bool atomic = mode == BatchMode::atomic;
  const auto expected = books_.submit(asks, atomic, now());
  std::vector<Request> requests;
  std::vector<TransferRequest> transfers;
  for (const Ask& ask : asks) {
    requests.push_back(real_request(ask, dice_.chance(50)));
    if (ask.kind == Kind::transfer) transfers.push_back(std::get<TransferRequest>(requests.back()));
  }
  const bool only_transfers = transfers.size() == asks.size() && dice_.chance(80);
  const auto actual =
      only_transfers ? ledger_.submit(transfers, mode) : ledger_.submit(requests, mode);
  agree("answers of a batch", std::ssize(asks), std::ssize(actual));
  bool committed = true;
  for (std::size_t i = 0; i < asks.size(); ++i) {
    try {
      compare(asks[i], expected[i], actual[i]);
    } catch (const Disagreement& disagreement) {
      throw Disagreement(disagreement, show(asks, expected, actual));
    }
    committed = committed && expected[i].result == "ok";
  }
  // What was refused for a malformed request has left no trace.
  const bool refused = atomic && std::any_of(asks.begin(), asks.end(), [](const Ask& ask) {
                         return !malformed(ask).empty();
                       });
  if (refused) return;
  for (std::size_t i = 0; i < asks.size(); ++i)
    generator_.remember(asks[i], expected[i]);
  if (atomic && !asks.empty()) generator_.remember_atomic(asks, committed);
}

void Workload::compare(const Ask& ask, const Answer& expected, const Result<Receipt>& actual) {
  ++operations_;
  const auto what = "operation " + std::to_string(operations_) + ", key '" + ask.key +
                    "': " + (ask.legs.size() < 100 ? text(ask) : "too much to show");
  agree(what, expected.result, outcome_of(actual));
  const bool replayed = actual ? actual->replayed : actual.error().replayed;
  agree(what + ", replayed", expected.replayed ? 1 : 0, replayed ? 1 : 0);
  if (actual) {
    const std::int64_t id = to_int(actual->id);
    if (!replayed && id <= last_id_) throw Disagreement(what, "a higher id", std::to_string(id));
    last_id_ = std::max(last_id_, id);
    if (!books_.identify(expected.number, id)) {
      throw Disagreement(what, "an id of its own", std::to_string(id));
    }
    agree(what, books_.transfer(expected.number), naive_recorded(*actual),
          [](const Recorded& recorded) { return show(recorded); });
  }
  coverage_.count(ask.kind, expected.result, expected.replayed);
  note_twist(ask.twist, expected.result);
}

/// A request that differs in one thing from the one its key was used for.
void Workload::note_twist(const std::string& twist, const std::string& result) {
  if (!twist.empty() && result == "key_reused") coverage_.count("key reused with another " + twist);
}

// --- accounts

void Workload::open(const OpenAsk& ask) {
  const Answer expected = books_.open(ask, now());
  const auto actual = ledger_.create_account(real_request(ask, dice_.chance(50)));
  compare(ask.key + ": " + text(ask), Kind::opening, expected,
          actual ? Result(actual->account) : Result<ledger::Account>(actual.error()),
          actual ? actual->replayed : actual.error().replayed);
  note_twist(ask.twist, expected.result);
  generator_.remember(ask, expected);
}

void Workload::change(const ChangeAsk& ask) {
  Answer expected = books_.change(ask, now());
  if (expected.account) expected.account->created_at = 0;  // not recorded with a change
  const auto actual = ledger_.update_account(real_request(ask, dice_.chance(50)));
  compare(ask.key + ": " + text(ask), Kind::change, expected,
          actual ? Result(actual->account) : Result<ledger::Account>(actual.error()),
          actual ? actual->replayed : actual.error().replayed);
  note_twist(ask.twist, expected.result);
  if (ask.status == "closed" && actual) coverage_.count("an account is closed");
  generator_.remember(ask, expected);
}

void Workload::compare(const std::string& what, Kind kind, const Answer& expected,
                       const Result<ledger::Account>& actual, bool replayed) {
  ++operations_;
  agree(what, expected.result, outcome_of(actual));
  agree(what + ", replayed", expected.replayed ? 1 : 0, replayed ? 1 : 0);
  if (actual) {
    agree(what, *expected.account, naive_account(*actual),
          [](const Account& account) { return show(account); });
  }
  coverage_.count(kind, expected.result, expected.replayed);
}

// --- holds whose time has come

void Workload::sweep() {
  const auto is_due = [this](const std::pair<Time, std::int64_t>& hold) {
    return hold.first <= now();
  };
  const auto& holds = books_.due();
  const auto due = static_cast<std::size_t>(std::count_if(holds.begin(), holds.end(), is_due));
  std::size_t limit = 1000;
  if (due > 1 && dice_.chance(60)) {
    limit = static_cast<std::size_t>(dice_.pick(1, static_cast<std::int64_t>(due) - 1));
    // Which of two with the same time goes first is not said: both go.
    const auto at = [&holds](std::size_t place) {
      return std::next(holds.begin(), static_cast<std::ptrdiff_t>(place))->first;
    };
    while (limit < due && at(limit) == at(limit - 1))
      ++limit;
  }
  const auto expected = books_.expire(limit, now());
  const auto actual = ledger_.expire_holds(limit);
  ++operations_;
  agree("a sweep", "ok", outcome_of(actual));
  agree("a sweep's count", std::ssize(expected), static_cast<std::int64_t>(*actual));
  for (const std::int64_t hold : expected) {
    const std::int64_t expiry = books_.fate(hold).followed_by.back();
    const auto found = ledger_.find_transfer(TransferId{books_.transfer(hold).id});
    agree("an expired hold", "ok", outcome_of(found));
    if (found->followed_by.empty() || !books_.identify(expiry, to_int(found->followed_by.back()))) {
      throw Disagreement("an expired hold", "an expiry with an id of its own", "none");
    }
    last_id_ = std::max(last_id_, books_.transfer(expiry).id);
  }
  const bool more_are_due = !holds.empty() && is_due(*holds.begin());
  coverage_.count(expected.empty() ? "sweep with nothing due"
                  : more_are_due   ? "sweep that its limit ends"
                                   : "sweep that releases all that is due");
}

// --- the end

void Workload::finish() {
  if (settings_.scope.alone) {
    submit_largest();
    use_up_account_ids();
  }
  readings_.read_everything();
  if (!settings_.scope.alone) return;
  const auto sound = ledger_.verify();
  agree("verify", "ok", sound ? "ok" : sound.error().message());
}

/// As many as an atomic batch may have, and one more.
void Workload::submit_largest() {
  const std::int64_t first = settings_.scope.first_account;
  std::vector<Ask> asks;
  while (asks.size() < kMaxAtomicRequests) {
    const auto n = std::to_string(asks.size());
    asks.push_back(
        {.key = settings_.scope.prefix + "large-" + n, .legs = {{first, first + 2, {1, "USD"}}}});
  }
  submit(asks, BatchMode::atomic);
  asks.push_back(asks.front());
  std::vector<Request> requests;
  for (const Ask& ask : asks)
    requests.push_back(real_request(ask, false));
  for (const auto& answer : ledger_.submit(requests, BatchMode::atomic))
    agree("one too many", "batch_too_large", outcome_of(answer));
  coverage_.count(Kind::transfer, "batch_too_large", false);
}

void Workload::use_up_account_ids() {
  const auto key = settings_.scope.prefix + "last-";
  open({.key = key + "1", .currency = "USD", .id = kLargest - 1});
  open({.key = key + "2", .currency = "USD"});
  open({.key = key + "2", .currency = "USD"});
}

}  // namespace ledger::model
