#include "stress/stress.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <deque>
#include <optional>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "stress/caller.h"
#include "stress/checks.h"
#include "stress/crasher.h"
#include "stress/options.h"
#include "stress/report.h"
#include "stress/workload.h"

namespace ledgerd::stress {
namespace {

using Clock = std::chrono::steady_clock;

enum ExitStatus : int { kHeld = 0, kBreach = 1, kBadUsage = 2, kCannotTell = 3 };

constexpr std::unique_ptr<Workload> (*kWorkloads[])(std::uint64_t, Pace&) = {
    one_key_storms, hot_receiver, hot_sender, four_accounts, overdraft_races};
constexpr std::uint64_t kWorkloadCount = std::size(kWorkloads);

/// How many keys are asked for once more in the end.
constexpr std::size_t kAskedAgain = 500;

int cannot_tell(const std::string& why) {
  std::fprintf(stderr, "ledgerd stress: %s\n", why.c_str());
  return kCannotTell;
}

/// Sixteen digits that no other run has.
std::string random_name() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

class StressTest {
 public:
  explicit StressTest(const Options& options) : options_(options), crasher_(options) {
    for (std::uint64_t i = 0; i < options.clients; ++i)
      callers_.emplace_back(options, run_, i);
  }

  int run() {
    std::string problem;
    if (!await_ready(options_, problem)) return cannot_tell(problem);
    std::fputs(headline(options_, run_).c_str(), stdout);
    const auto world = first().open_account("world", true);
    if (!world) return cannot_tell("no account could be opened");
    crasher_.start();
    const bool all_ran = std::ranges::all_of(
        kWorkloads, [this, world](const auto& make) { return run_workload(make, *world); });
    crasher_.stop();
    if (!crasher_.problem().empty()) return cannot_tell(crasher_.problem());
    if (!all_ran) return cannot_tell("a workload's accounts could not be opened and funded");
    return judge();
  }

 private:
  Caller& first() { return callers_.front(); }

  template <class Make>
  bool run_workload(const Make& make, std::int64_t world) {
    std::optional<std::chrono::milliseconds> duration;
    std::optional<std::uint64_t> transfers;
    if (options_.duration) duration = *options_.duration / kWorkloadCount;
    if (options_.transfers) transfers = *options_.transfers / kWorkloadCount + 1;
    Pace pace(duration, transfers);
    const auto workload = make(options_.clients, pace);
    if (!workload->prepare(first(), world)) return false;
    static_cast<void>(first().take_tally());
    pace.start();
    let_all_run(*workload, pace);
    add_row(workload->name(), pace.elapsed());
    return true;
  }

  void let_all_run(Workload& workload, const Pace& pace) {
    std::atomic<std::size_t> running{callers_.size()};
    std::vector<std::thread> threads;
    for (Caller& caller : callers_) {
      threads.emplace_back([&workload, &caller, &running] {
        workload.run(caller);
        --running;
      });
    }
    while (running > 0) {
      progress_.show(workload.name(), pace.progress(), pace.taken(), crasher_.crashes());
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    for (std::thread& thread : threads)
      thread.join();
    progress_.clear();
  }

  void add_row(std::string workload, Clock::duration time) {
    Row row{std::move(workload), {}, time};
    for (Caller& caller : callers_)
      row.tally.merge(caller.take_tally());
    rows_.push_back(std::move(row));
  }

  int judge() {
    Evidence evidence;
    for (Caller& caller : callers_)
      evidence.merge(caller.evidence());
    first().evidence() = {};
    settle(evidence.history);
    evidence.merge(first().evidence());
    if (!read_accounts(evidence)) return cannot_tell("not all accounts could be read in the end");
    const auto checks = run_checks(evidence);
    std::fputs((table(rows_, crasher_.crashes()) + findings(checks)).c_str(), stdout);
    const auto unresolved = unresolved_keys(evidence.history);
    const bool all_held =
        std::ranges::all_of(checks, [](const Check& check) { return check.breaches.empty(); });
    if (!all_held) return kBreach;
    if (unresolved.empty()) return kHeld;
    return cannot_tell(fmt::format("{} keys have no answer, among them {}", unresolved.size(),
                                   unresolved.front()));
  }

  /// Asks for what is unresolved until it is, and then for some of all keys once more.
  void settle(const History& history) {
    const auto began = Clock::now();
    std::vector<std::pair<std::string, Transfer>> known;
    for (const auto& [key, requests] : history.keys()) {
      for (const Asked& asked : requests) {
        if (!asked.heard.empty()) known.emplace_back(key, asked.transfer);
        if (asked.heard.empty() && !first().is_forsaken()) {
          first().transfer(key, asked.transfer, options_.patience);
        }
      }
    }
    std::ranges::shuffle(known, first().random());
    known.resize(std::min(known.size(), kAskedAgain));
    for (const auto& [key, transfer] : known) {
      if (!first().is_forsaken()) first().transfer(key, transfer);
    }
    add_row("asked again in the end", Clock::now() - began);
  }

  bool read_accounts(Evidence& evidence) {
    for (const Account& account : evidence.accounts) {
      for (std::size_t server = 0; server < options_.urls.size(); ++server) {
        const auto reading = read_patiently(server, account.id);
        if (!reading) return false;
        evidence.readings[account.id].push_back(*reading);
        evidence.saw_balance(account.id, reading->cents);
      }
    }
    return true;
  }

  std::optional<Reading> read_patiently(std::size_t server, std::int64_t account) {
    const auto deadline = Clock::now() + options_.patience;
    for (;;) {
      const auto reading = first().read(server, account);
      if (reading || Clock::now() >= deadline) return reading;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  const Options& options_;
  const std::string run_ = random_name();
  Crasher crasher_;
  Progress progress_{!options_.quiet};
  std::deque<Caller> callers_;
  std::vector<Row> rows_;
};

}  // namespace

int run(std::span<const std::string> arguments) {
  const auto parsed = parse_options(arguments);
  if (const auto* text = std::get_if<OptionText>(&parsed)) {
    std::fputs(text->text.c_str(), stdout);
    return kHeld;
  }
  if (const auto* errors = std::get_if<OptionErrors>(&parsed)) {
    for (const std::string& message : errors->messages)
      std::fprintf(stderr, "ledgerd stress: %s\n", message.c_str());
    return kBadUsage;
  }
  return StressTest(std::get<Options>(parsed)).run();
}

}  // namespace ledgerd::stress
