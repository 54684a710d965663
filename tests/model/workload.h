// A seeded workload on the real ledger and the naive one, which must agree in each answer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fakes/wall_clock.h"
#include "ledger/ledger.h"
#include "model/coverage.h"
#include "model/generator.h"
#include "model/readings.h"

namespace ledger::model {

/// One thread's. Several may run on one ledger, each in a scope of its own and while the clock
/// stands still.
class Workload {
 public:
  struct Settings {
    std::uint64_t seed = 0;
    bool record_declines = true;  ///< as Options::record_declines
    int batches = 1;              ///< how many times as large as they are to be in memory
    Scope scope{};
  };

  Workload(Ledger& ledger, fakes::WallClock& clock, const Settings& settings);

  /// Asks for something or much, and reads something. Throws a Disagreement where there is one.
  void step();
  /// What can only be done once, and then everything is compared.
  void finish();

  /// How many requests have been made.
  [[nodiscard]] std::int64_t operations() const { return operations_; }
  /// Whether all has been reached that must be, but for what finish() does.
  [[nodiscard]] bool is_complete() const;
  [[nodiscard]] const Coverage& coverage() const { return coverage_; }

 private:
  enum class Step { single, batch, atomic_batch, open, change, sweep };

  void request(const Ask& ask);
  void submit(const std::vector<Ask>& asks, BatchMode mode);
  void open(const OpenAsk& ask);
  void change(const ChangeAsk& ask);
  void sweep();
  void pass_time();
  void note_twist(const std::string& twist, const std::string& result);
  void use_up_account_ids();
  void submit_largest();

  [[nodiscard]] Result<Receipt> ask_real(const Ask& ask);
  [[nodiscard]] Result<Receipt> ask_without_blocking(const TransferRequest& request);
  void compare(const Ask& ask, const Answer& expected, const Result<Receipt>& actual);
  void compare(const std::string& what, Kind kind, const Answer& expected,
               const Result<ledger::Account>& actual, bool replayed);
  [[nodiscard]] Time now() { return clock_.now().time_since_epoch().count(); }

  Ledger& ledger_;
  fakes::WallClock& clock_;
  Settings settings_;
  Dice dice_;
  Coverage coverage_;
  NaiveLedger books_;
  Generator generator_;
  Readings readings_;
  Deck<Step> steps_;
  std::int64_t operations_ = 0;
  std::int64_t step_ = 0;
  std::int64_t last_id_ = 0;
};

}  // namespace ledger::model
