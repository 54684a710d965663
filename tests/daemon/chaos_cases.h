// What a client must see when it asks for chaos, whatever is behind ledgerd.
#pragma once

#include <string>

#include "support/ledgerd_process.h"
#include "support/raw_http.h"

namespace ledgerd::testing {

/// A demo ledger that heeds X-Simulate-Chaos.
class ChaosDaemon {
 public:
  explicit ChaosDaemon(Arguments arguments, Variables variables = {});

  /// 100.00 from account 1 to 2, without chaos. The whole answer.
  [[nodiscard]] RawResponse transfer(const std::string& key) const;
  /// The same until the answer is not 503: leases of a dead holder take their time to expire.
  [[nodiscard]] RawResponse transfer_when_possible(const std::string& key) const;
  /// The same with chaos, where an answer is expected.
  [[nodiscard]] RawResponse transfer_with(const std::string& chaos, const std::string& key) const;
  /// The same, where none is: whether the connection ended without a byte.
  [[nodiscard]] bool is_dropped(const std::string& chaos, const std::string& key) const;

  /// Whether that much has moved from account 1 to 2.
  [[nodiscard]] bool has_moved(int hundreds) const;
  LedgerdProcess& process() { return process_; }

 private:
  LedgerdProcess process_;
};

bool is_first(const RawResponse& response);
bool is_recovered(const RawResponse& response);

/// A request that ends at `point` has moved its money or, before the commit, none; a retry gives
/// one effect and the right mark. Points that kill end the process, which is started again.
void rehearse(ChaosDaemon& daemon, const std::string& point);

}  // namespace ledgerd::testing
