// What a workload has reached. What it never met was never tested.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/naive_types.h"

namespace ledger::model {

class Coverage {
 public:
  /// Without recorded declines, none is ever replayed.
  explicit Coverage(bool record_declines) : record_declines_(record_declines) {}

  /// An answer to a request of this kind.
  void count(Kind kind, const std::string& result, bool replayed);
  /// Whatever else is worth knowing.
  void count(const std::string& what) { ++met_[what]; }

  /// What has to be met, and has not been.
  [[nodiscard]] std::vector<std::string> unreached() const;
  /// How often each was met, as a table.
  [[nodiscard]] std::string table() const;

 private:
  struct Times {
    long fresh = 0;
    long replayed = 0;
  };

  bool record_declines_;
  std::map<std::string, Times> answers_;  // by kind and result
  std::map<std::string, long> met_;
};

}  // namespace ledger::model
