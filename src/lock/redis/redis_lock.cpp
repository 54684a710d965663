#include "ledger/redis_lock.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <iterator>
#include <random>
#include <utility>

#include "lock/redis/lease_scripts.h"
#include "lock/redis/releaser.h"
#include "redis/address.h"
#include "redis/client.h"

namespace ledger {
namespace {

using redis::GivenUp;
using redis::Reply;
using std::chrono::steady_clock;
using Ids = std::vector<AccountId>;
using Views = std::vector<std::string_view>;

constexpr std::chrono::hours kLongest{1};

/// 128 random bits, so that no two providers ever have one.
std::string random_name() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::random_device random;
  std::string name;
  for (int word = 0; word < 4; ++word) {
    std::uint32_t bits = random();
    for (int digit = 0; digit < 8; ++digit, bits >>= 4)
      name.push_back(kDigits[bits & 0xF]);
  }
  return name;
}

Error unexpected_reply() {
  return Error{ErrorCode::store_unavailable, "Redis: an answer that makes no sense"};
}

/// The accounts at the places that the script names; an error when they cannot be right.
Result<Ids> to_refused(const Reply& reply, std::span<const AccountId> accounts) {
  if (reply.kind != Reply::Kind::array) return unexpected_reply();
  Ids refused;
  refused.reserve(reply.elements.size());
  long long last = 0;
  for (const Reply& place : reply.elements) {
    const bool follows = place.kind == Reply::Kind::integer && place.integer > last &&
                         place.integer <= static_cast<long long>(accounts.size());
    if (!follows) return unexpected_reply();
    last = place.integer;
    refused.push_back(accounts[static_cast<std::size_t>(last - 1)]);
  }
  return refused;
}

class RedisLeases final : public Leases {
 public:
  RedisLeases(std::shared_ptr<redis::Releaser> releaser, GivenUp granted, Ids refused)
      : releaser_(std::move(releaser)),
        granted_(std::move(granted)),
        refused_(std::move(refused)) {}
  ~RedisLeases() override { releaser_->give_up(std::move(granted_)); }
  RedisLeases(const RedisLeases&) = delete;
  RedisLeases& operator=(const RedisLeases&) = delete;

  [[nodiscard]] const Ids& refused() const override { return refused_; }

 private:
  const std::shared_ptr<redis::Releaser> releaser_;
  GivenUp granted_;
  const Ids refused_;
};

class RedisLock final : public LockProvider {
 public:
  RedisLock(const RedisLockOptions& options, redis::Address address)
      : key_prefix_(options.key_prefix),
        ttl_(options.ttl),
        ttl_text_(std::to_string(options.ttl.count())),
        clock_(options.clock ? options.clock : system_clock()),
        name_(random_name()),
        client_(std::move(address), options.connect_timeout, options.command_timeout),
        send_timeout_(options.connect_timeout + options.command_timeout),
        releaser_(std::make_shared<redis::Releaser>(
            [this](const redis::Releaser::Batch& batch) { return release(batch); })) {}

  // Leases may hold the releaser longer than this lives.
  ~RedisLock() override { releaser_->stop(); }
  RedisLock(const RedisLock&) = delete;
  RedisLock& operator=(const RedisLock&) = delete;

  Result<std::unique_ptr<Leases>> acquire(std::span<const AccountId> accounts,
                                          SteadyTime deadline) override {
    // However far off: the sum stays in range.
    const auto left = std::min<std::chrono::nanoseconds>(deadline - clock_->steady_now(), kLongest);
    const auto limit = steady_clock::now() + left;
    GivenUp wanted{name_ + ':' + std::to_string(++sequence_), {}, {}};
    auto refused = ask_for(accounts, wanted.token, limit);
    wanted.expires = steady_clock::now() + ttl_;
    if (refused) {
      std::ranges::set_difference(accounts, *refused, std::back_inserter(wanted.accounts));
      return std::unique_ptr<Leases>(
          std::make_unique<RedisLeases>(releaser_, std::move(wanted), std::move(*refused)));
    }
    // They may have been granted, or may be yet.
    wanted.accounts.assign(accounts.begin(), accounts.end());
    releaser_->give_up(std::move(wanted));
    return std::move(refused).error();
  }

 private:
  /// Which of them another holder has.
  Result<Ids> ask_for(std::span<const AccountId> accounts, std::string_view token,
                      redis::Deadline deadline) {
    if (accounts.empty()) return Ids{};
    const auto given_up = releaser_->waiting();
    Views arguments = {token, ttl_text_};
    for (const auto& leases : given_up)
      arguments.emplace_back(leases->token);
    const auto names = keys_of(accounts);
    const auto reply = client_.run(redis::acquire_script(), Views(names.begin(), names.end()),
                                   arguments, deadline);
    if (!reply) return reply.error();
    return to_refused(*reply, accounts);
  }

  bool release(const redis::Releaser::Batch& batch) {
    std::vector<std::string> names;
    Views tokens;
    for (const auto& leases : batch) {
      auto more = keys_of(leases->accounts);
      std::ranges::move(more, std::back_inserter(names));
      tokens.insert(tokens.end(), leases->accounts.size(), leases->token);
    }
    return client_
        .run(redis::release_script(), Views(names.begin(), names.end()), tokens,
             steady_clock::now() + send_timeout_)
        .has_value();
  }

  [[nodiscard]] std::vector<std::string> keys_of(std::span<const AccountId> accounts) const {
    std::vector<std::string> keys;
    keys.reserve(accounts.size());
    for (const AccountId account : accounts)
      keys.push_back(key_prefix_ + std::to_string(to_int(account)));
    return keys;
  }

  const std::string key_prefix_;
  const std::chrono::milliseconds ttl_;
  const std::string ttl_text_;
  const std::shared_ptr<Clock> clock_;
  const std::string name_;
  std::atomic<std::uint64_t> sequence_{0};
  redis::Client client_;
  const std::chrono::milliseconds send_timeout_;
  const std::shared_ptr<redis::Releaser> releaser_;  // the last member: its thread uses the others
};

Error invalid(std::string detail) { return Error{ErrorCode::invalid_option, std::move(detail)}; }

}  // namespace

Result<std::unique_ptr<LockProvider>> make_redis_lock(const RedisLockOptions& options) {
  using std::chrono::milliseconds;
  if (options.ttl < milliseconds(1) || options.ttl > std::chrono::hours(24)) {
    return invalid("ttl must be from 1 ms to one day");
  }
  if (options.connect_timeout <= milliseconds::zero() || options.connect_timeout > kLongest) {
    return invalid("connect_timeout must be above zero and at most one hour");
  }
  if (options.command_timeout <= milliseconds::zero() || options.command_timeout > kLongest) {
    return invalid("command_timeout must be above zero and at most one hour");
  }
  auto address = redis::parse_address(options.address);
  if (!address) return address.error();
  return std::unique_ptr<LockProvider>(std::make_unique<RedisLock>(options, std::move(*address)));
}

}  // namespace ledger
