// One client: it asks, asks again with the same key where it has to, and remembers every answer.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "http/httplib_client.h"
#include "stress/history.h"
#include "stress/options.h"
#include "stress/tally.h"

namespace ledgerd::stress {

/// The run's name is part of all its keys, so that no two runs share one. Not thread-safe.
class Caller {
 public:
  using Clock = std::chrono::steady_clock;

  Caller(const Options& options, std::string run, std::uint64_t number);

  /// Opens an account of that name, in USD. Nothing if no server did so in time.
  std::optional<std::int64_t> open_account(const std::string& name, bool may_go_below_zero);

  /// Sends the transfer until there is a verdict, to one server after the other. Nothing if there
  /// is none after `patience`; then it may be asked for again.
  std::optional<Verdict> transfer(const std::string& key, const Transfer& transfer,
                                  std::chrono::milliseconds patience);
  std::optional<Verdict> transfer(const std::string& key, const Transfer& transfer);

  /// What an account holds, by one server's word.
  std::optional<Reading> read(std::size_t server, std::int64_t account);
  /// As read(), by any server; noted as seen while the load is on.
  void look_at(std::int64_t account);

  /// A key for the `number`th transfer of its kind in this run.
  [[nodiscard]] std::string key(std::string_view kind, std::uint64_t number) const;

  /// Its transfers have waited in vain, one after the other, for as long as servers may be away.
  [[nodiscard]] bool is_forsaken() const { return waited_in_vain_ >= patience_; }

  /// How long servers may be away.
  [[nodiscard]] std::chrono::milliseconds patience() const { return patience_; }
  [[nodiscard]] std::uint64_t number() const { return number_; }
  std::mt19937_64& random() { return random_; }
  /// What was counted since the last time.
  Tally take_tally();
  Evidence& evidence() { return evidence_; }

 private:
  /// What one answer to a transfer comes to.
  enum class Outcome : std::uint8_t { verdict, not_applied, in_doubt };

  void turn_to_next() { server_ = (server_ + 1) % servers_.size(); }
  void pause(int tries);
  Outcome send(const std::string& key, const Transfer& transfer, Verdict& verdict);
  Outcome judge(const std::string& key, const Transfer& transfer, const http::Answer& answer,
                Verdict& verdict);
  void count(const Verdict& verdict, bool replayed);

  const std::string run_;
  const std::uint64_t number_;
  const std::chrono::milliseconds patience_;
  std::mt19937_64 random_;
  std::vector<http::Client> servers_;
  std::size_t server_ = 0;
  Clock::duration waited_in_vain_{};
  Evidence evidence_;
  Tally tally_;
};

}  // namespace ledgerd::stress
