// A small workload on the Store port that writes down what it was promised, and a checker of those
// promises.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ledger/store.h"

namespace ledger::testing {

/// What the store has told about a key. Reads promise as much as commits do.
enum class Fate {
  absent,   ///< nothing was written under it
  present,  ///< committed and durable
  unknown,  ///< a commit is under way or in doubt
};
using Promises = std::map<std::string, Fate>;

struct WorkloadCounts {
  int acknowledged = 0;
  int refused = 0;
  int in_doubt = 0;
  int settled = 0;
};

using OpenStore = std::function<Result<std::unique_ptr<Store>>()>;

/// Opens accounts, moves money, closes and reopens in between, retries like the engine does.
class StoreWorkload {
 public:
  explicit StoreWorkload(OpenStore open);

  /// Called whenever a commit in doubt has been settled and looked up.
  void on_settled(std::function<void()> hook) { on_settled_ = std::move(hook); }

  /// As far as it gets. `stop` is asked between calls of the store.
  void run(const std::function<bool()>& stop = [] { return false; });
  /// Once the disk is well: settles, and asks for every key that is still unknown.
  void resolve();
  /// Closes the store in good order, or whatever order it is in.
  void close() { store_.reset(); }

  [[nodiscard]] const Promises& promises() const noexcept { return promises_; }
  [[nodiscard]] const WorkloadCounts& counts() const noexcept { return counts_; }
  /// Promises that the store itself broke while the workload ran.
  [[nodiscard]] const std::vector<std::string>& problems() const noexcept { return problems_; }

 private:
  bool open();
  bool attempt(int step);
  WriteSet make_writes(int step, const Snapshot& snapshot) const;
  void compare(const std::string& key, bool found);
  void look_up(const std::string& key);

  OpenStore open_;
  std::function<void()> on_settled_;
  std::unique_ptr<Store> store_;
  Promises promises_;
  WorkloadCounts counts_;
  std::vector<std::string> problems_;
};

/// What is wrong with a store that should keep `promises`: broken ones, and broken invariants.
std::vector<std::string> find_problems(const OpenStore& open, const Promises& promises);

}  // namespace ledger::testing
