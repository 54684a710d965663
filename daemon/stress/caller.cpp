#include "stress/caller.h"

#include <algorithm>
#include <charconv>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "json_reader.h"
#include "ledger/money.h"
#include "stress/checks.h"

namespace ledgerd::stress {
namespace {

/// What a client does not wait for while the load is on: it leaves the key for the end.
constexpr std::chrono::seconds kImpatience{2};
constexpr std::size_t kMostOddities = 20;

std::optional<std::int64_t> to_integer(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  std::int64_t value = 0;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<std::int64_t> to_cents(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  static const ledger::Currency usd = *ledger::Currency::iso("USD");
  const auto amount = ledger::Amount::parse(*text, usd);
  return amount ? std::optional(amount->minor_units()) : std::nullopt;
}

std::string body_of(const Transfer& transfer) {
  return fmt::format(R"({{"from_id":{},"to_id":{},"amount":{}}})", transfer.from, transfer.to,
                     decimal(transfer.cents));
}

/// It says so, or says when to come again.
bool is_not_applied(const http::Answer& answer) {
  return answer.status == 503 || !answer.header("Retry-After").empty();
}

}  // namespace

Caller::Caller(const Options& options, std::string run, std::uint64_t number)
    : run_(std::move(run)),
      number_(number),
      patience_(options.patience),
      random_(options.seed + number * 0x9E37'79B9'7F4A'7C15U),
      server_(number % options.urls.size()) {
  for (const std::string& url : options.urls) {
    servers_.emplace_back(
        url, http::ClientTimeouts{.connect = std::chrono::seconds(1), .answer = options.timeout});
  }
}

std::string Caller::key(std::string_view kind, std::uint64_t number) const {
  return fmt::format("stress-{}-{}-{}", run_, kind, number);
}

std::optional<std::int64_t> Caller::open_account(const std::string& name, bool may_go_below_zero) {
  const std::string body = fmt::format(R"({{"currency":"USD","min_balance":{}}})",
                                       may_go_below_zero ? "null" : "\"0.00\"");
  const http::HeaderLines headers = {
      {"Idempotency-Key", fmt::format("stress-{}-account-{}", run_, name)}};
  const auto deadline = Clock::now() + patience_;
  for (int tries = 1; Clock::now() < deadline; ++tries) {
    const auto answer = servers_[server_].post("/v1/accounts", headers, body);
    turn_to_next();
    const auto id = answer && answer->status == 201 ? to_integer(json_member(answer->body, "id"))
                                                    : std::nullopt;
    if (id) {
      evidence_.accounts.push_back({*id, name, may_go_below_zero});
      return id;
    }
    pause(tries);
  }
  return std::nullopt;
}

std::optional<Verdict> Caller::transfer(const std::string& key, const Transfer& transfer) {
  return this->transfer(key, transfer, std::min<std::chrono::milliseconds>(patience_, kImpatience));
}

std::optional<Verdict> Caller::transfer(const std::string& key, const Transfer& transfer,
                                        std::chrono::milliseconds patience) {
  evidence_.history.ask(key, transfer);
  const auto deadline = Clock::now() + patience;
  bool was_in_doubt = false;
  for (int tries = 1;; ++tries) {
    Verdict verdict;
    const Outcome outcome = send(key, transfer, verdict);
    turn_to_next();
    if (outcome == Outcome::in_doubt && !was_in_doubt) ++tally_.in_doubt;
    was_in_doubt = was_in_doubt || outcome == Outcome::in_doubt;
    if (outcome == Outcome::verdict) {
      if (was_in_doubt) ++tally_.resolved;
      waited_in_vain_ = {};
      return verdict;
    }
    if (Clock::now() >= deadline) {
      waited_in_vain_ += patience;
      return std::nullopt;
    }
    pause(tries);
    ++tally_.retried;
  }
}

/// Sooner than Retry-After asks for: the point is to press.
void Caller::pause(int tries) {
  const int most = 2 << std::min(tries, 6);
  std::this_thread::sleep_for(
      std::chrono::milliseconds(std::uniform_int_distribution<int>(1, most)(random_)));
}

Caller::Outcome Caller::send(const std::string& key, const Transfer& transfer, Verdict& verdict) {
  ++tally_.requests;
  const auto began = Clock::now();
  const auto answer =
      servers_[server_].post("/transfer", {{"Idempotency-Key", key}}, body_of(transfer));
  if (!answer) return Outcome::in_doubt;
  tally_.latencies.add(std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began));
  return judge(key, transfer, *answer, verdict);
}

Caller::Outcome Caller::judge(const std::string& key, const Transfer& transfer,
                              const http::Answer& answer, Verdict& verdict) {
  if (is_not_applied(answer)) return Outcome::not_applied;
  verdict = {.status = answer.status, .code = json_member(answer.body, "code").value_or("")};
  if (verdict.code == "commit_in_doubt") return Outcome::in_doubt;
  if (verdict.moved()) verdict.cents = to_cents(json_member(answer.body, "amount")).value_or(0);
  if (!verdict.moved() && verdict.status != 422) {
    // It says nothing about the transfer, so that stays open; but it should not have come.
    if (evidence_.oddities.size() < kMostOddities) {
      evidence_.oddities.push_back(fmt::format("key {}: expected 200, 422 or 503, got {} {}", key,
                                               answer.status, answer.body));
    }
    return Outcome::in_doubt;
  }
  const bool replayed = answer.header("Idempotent-Replayed") == "true";
  evidence_.history.hear(key, transfer, verdict, replayed);
  count(verdict, replayed);
  return Outcome::verdict;
}

void Caller::count(const Verdict& verdict, bool replayed) {
  if (!verdict.moved()) ++tally_.declined;
  if (verdict.moved() && !replayed) ++tally_.ok;
  if (replayed) ++tally_.replayed;
}

std::optional<Reading> Caller::read(std::size_t server, std::int64_t account) {
  const auto answer = servers_[server].get(fmt::format("/v1/accounts/{}", account));
  if (!answer || answer->status != 200) return std::nullopt;
  const auto cents = to_cents(json_member(answer->body, "balance"));
  const auto version = to_integer(json_member(answer->body, "version"));
  if (!cents || !version) return std::nullopt;
  return Reading{*cents, *version};
}

void Caller::look_at(std::int64_t account) {
  if (const auto reading = read(server_, account)) evidence_.saw_balance(account, reading->cents);
}

Tally Caller::take_tally() { return std::exchange(tally_, Tally{}); }

}  // namespace ledgerd::stress
