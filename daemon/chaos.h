// Failures on request, at named points of a transfer: for rehearsing what clients must survive.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "ledger/account.h"
#include "ledger/store.h"
#include "log.h"

namespace ledgerd {

inline constexpr std::string_view kChaosHeader = "X-Simulate-Chaos";

/// Where something goes wrong: the connection is dropped without an answer or, at the points that
/// kill, the process gets SIGKILL.
enum class ChaosPoint : std::uint8_t {
  before_commit,   ///< nothing is written, by any request of the batch
  after_commit,    ///< what the header's value `true` means as well
  before_release,  ///< the batch's leases stay until they expire
  kill_before_commit,
  kill_after_commit,
  kill_before_release,
  kill_before_reply,
};

/// "before-commit" …
std::string_view name(ChaosPoint point);
std::optional<ChaosPoint> parse_chaos_point(std::string_view text);
/// Every value that parse_chaos_point() takes, for messages.
std::string chaos_values();

/// The points that requests have armed, by idempotency key. The decorators of chaos_backends.h act
/// on them; the ledger in between knows nothing of chaos. Thread-safe.
class Chaos {
 public:
  /// `logger` must outlive it.
  explicit Chaos(Logger& logger) : logger_(logger) {}

  /// False if another request has armed the key: it stays that request's.
  bool arm(const std::string& key, ChaosPoint point) LEDGER_EXCLUDES(mutex_);
  void disarm(const std::string& key) LEDGER_EXCLUDES(mutex_);
  /// Whether the armed key's commit came to its point.
  bool is_reached(const std::string& key) const LEDGER_EXCLUDES(mutex_);

  /// Commits, unless a point says otherwise.
  ledger::Result<void> commit(ledger::StoreTransaction& transaction,
                              const ledger::WriteSet& writes);
  /// Whether the leases on these accounts are to stay, because a commit under them says so.
  bool keeps_leases(std::span<const ledger::AccountId> accounts);

  /// SIGKILL.
  [[noreturn]] void die(ChaosPoint point);
  void log_drop(ChaosPoint point);

 private:
  struct State {
    ChaosPoint point{};
    bool reached = false;
    ledger::AccountId account{};  ///< one that the commit had a lease on
  };

  /// Notes that the requests in `writes` have come to `point`, and says whether any armed it.
  bool pass(const ledger::WriteSet& writes, ChaosPoint point) LEDGER_EXCLUDES(mutex_);
  bool has_committed_on(std::span<const ledger::AccountId> accounts, ChaosPoint point) const
      LEDGER_EXCLUDES(mutex_);

  Logger& logger_;
  mutable ledger::base::Mutex mutex_;
  std::map<std::string, State, std::less<>> armed_ LEDGER_GUARDED_BY(mutex_);
};

/// A point that is armed while this lives.
class ArmedChaos {
 public:
  ArmedChaos(Chaos& chaos, std::string key, ChaosPoint point);
  ~ArmedChaos();
  ArmedChaos(const ArmedChaos&) = delete;
  ArmedChaos& operator=(const ArmedChaos&) = delete;

  /// When the transfer has returned: whether its connection is to be dropped. False when the point
  /// was not reached, as with a replay, which commits nothing. Does not return from
  /// kill_before_reply.
  [[nodiscard]] bool must_drop() const;

 private:
  Chaos& chaos_;
  const std::string key_;
  const ChaosPoint point_;
  const bool owns_;
};

}  // namespace ledgerd
