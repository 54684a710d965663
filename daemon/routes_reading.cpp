#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "etag.h"
#include "json_writer.h"
#include "ledger/clock.h"
#include "ledger_json.h"
#include "rfc3339.h"
#include "routes.h"

namespace ledgerd {
namespace {

constexpr std::size_t kDefaultLimit = 50;

/// {"NAME":[…], …: the array of `items`, each appended by `append`. Leaves the object open.
template <class Items, class Append>
void append_items(JsonObject& json, std::string_view name, const Items& items, Append append) {
  std::string& out = json.member(name);
  JsonArray array(out);
  for (const auto& item : items)
    append(array.begin(), item);
  array.close();
}

/// The end of a page whose cursor is a position; 0: there is no next page.
void append_next(JsonObject& json, std::int64_t cursor) {
  cursor == 0 ? json.raw("next", "null") : json.text("next", std::to_string(cursor));
  json.close();
}

/// A page of things with ids. One more than `limit` was asked for, to know whether there are more.
template <class Items, class IdOf, class Append>
Reply page_by_id(std::string_view name, Items items, std::size_t limit, IdOf id_of, Append append) {
  const bool more = items.size() > limit;
  if (more) items.resize(limit);
  Reply reply;
  JsonObject json(reply.body);
  append_items(json, name, items, append);
  more ? json.number("next", to_int(id_of(items.back()))) : json.raw("next", "null");
  json.close();
  return reply;
}

Reply account_by_reference(ledger::Ledger& ledger, Logger& logger, const Query& query) {
  static constexpr std::array<std::string_view, 1> kNames = {"reference"};
  if (const auto error = query.require_only(kNames)) return problem_reply(*error);
  const auto account = ledger.account_by_reference(*query.find("reference"));
  const bool missing = !account && account.error().code == ledger::ErrorCode::account_not_found;
  if (!account && !missing)
    return failure_reply(logger, "reading accounts failed", account.error());
  Reply reply;
  JsonObject json(reply.body);
  JsonArray accounts(json.member("accounts"));
  if (account) append_account(accounts.begin(), *account);
  accounts.close();
  json.close();
  return reply;
}

/// What became of a key: the receipt, or the decline that is recorded under it.
Reply transfer_by_key(ledger::Ledger& ledger, Logger& logger, const Query& query) {
  static constexpr std::array<std::string_view, 1> kNames = {"key"};
  if (const auto error = query.require_only(kNames)) return problem_reply(*error);
  const auto receipt = ledger.resolve(*query.find("key"));
  if (!receipt) return failure_reply(logger, "reading a transfer failed", receipt.error());
  Reply reply;
  JsonObject json(reply.body);
  JsonArray transfers(json.member("transfers"));
  append_receipt(transfers.begin(), *receipt);
  transfers.close();
  json.close();
  return reply;
}

Reply transfers_by_reference(ledger::Ledger& ledger, Logger& logger, const Query& query) {
  static constexpr std::array<std::string_view, 3> kNames = {"reference", "after", "limit"};
  std::int64_t after = 0;
  std::size_t limit = kDefaultLimit;
  auto error = query.require_only(kNames);
  if (!error) error = read_integer(query, "after", 0, after);
  if (!error) error = read_limit(query, limit);
  if (error) return problem_reply(*error);
  auto found =
      ledger.transfers_by_reference(*query.find("reference"), ledger::TransferId{after}, limit + 1);
  if (!found) return failure_reply(logger, "reading transfers failed", found.error());
  return page_by_id(
      "transfers", std::move(*found), limit,
      [](const ledger::Transfer& transfer) { return transfer.receipt.id; }, append_transfer);
}

std::optional<ApiError> read_kind(const Query& query, std::optional<ledger::JournalKind>& kind) {
  const std::string* text = query.find("kind");
  if (text == nullptr) return std::nullopt;
  kind = parse_transfer_kind(*text);
  if (kind) return std::nullopt;
  return invalid_query("kind", "must be transfer, hold, capture, void, expiry or reversal");
}

Reply page_of_transfers(ledger::Ledger& ledger, Logger& logger, const Query& query) {
  static constexpr std::array<std::string_view, 6> kNames = {"account", "kind",  "from",
                                                             "to",      "limit", "cursor"};
  ledger::TransferQuery asked{.limit = kDefaultLimit};
  std::int64_t account = 0;
  auto error = query.require_only(kNames);
  if (!error) error = read_integer(query, "account", 1, account);
  if (!error) error = read_kind(query, asked.kind);
  if (!error) error = read_time(query, "from", asked.from);
  if (!error) error = read_time(query, "to", asked.to);
  if (!error) error = read_limit(query, asked.limit);
  if (!error) error = read_integer(query, "cursor", 1, asked.cursor);
  if (error) return problem_reply(*error);
  if (account != 0) asked.account = ledger::AccountId{account};
  const auto page = ledger.transfers(asked);
  if (!page) return failure_reply(logger, "reading transfers failed", page.error());
  Reply reply;
  JsonObject json(reply.body);
  append_items(json, "transfers", page->transfers, append_receipt);
  append_next(json, page->next);
  return reply;
}

std::optional<ApiError> read_order(const Query& query, ledger::Order& order) {
  const std::string* text = query.find("order");
  if (text == nullptr || *text == "newest") return std::nullopt;
  if (*text != "oldest") return invalid_query("order", "must be newest or oldest");
  order = ledger::Order::oldest_first;
  return std::nullopt;
}

Reply balance_reply(ledger::AccountId account, ledger::Timestamp at,
                    const ledger::BalanceAt& balance) {
  Reply reply;
  JsonObject(reply.body)
      .number("account", to_int(account))
      .text("currency", balance.currency.code())
      .text("at", rfc3339(at))
      .text("balance", decimal(balance.balance, balance.currency))
      .text("held", decimal(balance.held, balance.currency))
      .text("incoming", decimal(balance.incoming, balance.currency))
      .text("available", decimal(balance.balance - balance.held, balance.currency))
      .number("version", balance.version)
      .close();
  return reply;
}

/// Its last entry may be ahead of our clock, where another process's clock is.
Reply balance_now(ledger::Ledger& ledger, Logger& logger, ledger::AccountId id) {
  const auto account = ledger.account(id);
  if (!account) return failure_reply(logger, "reading a balance failed", account.error());
  return balance_reply(id, std::max(ledger::system_clock()->now(), account->last_at),
                       {account->terms.currency, account->balance, account->held, account->incoming,
                        account->version});
}

}  // namespace

Reply get_account(ledger::Ledger& ledger, Logger& logger, const Request& request) {
  const auto id = parse_path_id(request.id);
  if (!id) return bad_path_id(ledger::ErrorCode::invalid_account_id);
  const auto account = ledger.account(ledger::AccountId{*id});
  if (!account) return failure_reply(logger, "reading an account failed", account.error());
  Reply reply;
  reply.headers.emplace_back("ETag", etag(account->version));
  if (names_version(request.if_none_match, account->version)) {
    reply.status = 304;
  } else {
    append_account(reply.body, *account);
  }
  return reply;
}

Reply list_accounts(ledger::Ledger& ledger, Logger& logger, const Request& request) {
  if (request.query.has("reference")) return account_by_reference(ledger, logger, request.query);
  std::int64_t after = 0;
  std::size_t limit = kDefaultLimit;
  auto error = read_integer(request.query, "after", 0, after);
  if (!error) error = read_limit(request.query, limit);
  if (error) return problem_reply(*error);
  auto accounts = ledger.accounts(ledger::AccountId{after}, limit + 1);
  if (!accounts) return failure_reply(logger, "reading accounts failed", accounts.error());
  return page_by_id(
      "accounts", std::move(*accounts), limit,
      [](const ledger::Account& account) { return account.id; }, append_account);
}

Reply get_statement(ledger::Ledger& ledger, Logger& logger, const Request& request) {
  const auto id = parse_path_id(request.id);
  if (!id) return bad_path_id(ledger::ErrorCode::invalid_account_id);
  ledger::StatementQuery asked{.account = ledger::AccountId{*id}, .limit = kDefaultLimit};
  auto error = read_order(request.query, asked.order);
  if (!error) error = read_limit(request.query, asked.limit);
  if (!error) error = read_integer(request.query, "cursor", 1, asked.cursor);
  if (!error) error = read_time(request.query, "from", asked.from);
  if (!error) error = read_time(request.query, "to", asked.to);
  if (error) return problem_reply(*error);
  const auto page = ledger.statement(asked);
  if (!page) return failure_reply(logger, "reading a statement failed", page.error());
  Reply reply;
  JsonObject json(reply.body);
  json.number("account", *id).text("currency", page->currency.code());
  append_items(json, "entries", page->entries,
               [&page](std::string& out, const ledger::StatementEntry& entry) {
                 append_entry(out, entry, page->currency);
               });
  append_next(json, page->next);
  return reply;
}

Reply get_balance(ledger::Ledger& ledger, Logger& logger, const Request& request) {
  const auto id = parse_path_id(request.id);
  if (!id) return bad_path_id(ledger::ErrorCode::invalid_account_id);
  std::optional<ledger::Timestamp> at;
  if (const auto error = read_time(request.query, "at", at)) return problem_reply(*error);
  const ledger::AccountId account{*id};
  if (!at) return balance_now(ledger, logger, account);
  const auto balance = ledger.balance_at(account, *at);
  if (!balance) return failure_reply(logger, "reading a balance failed", balance.error());
  return balance_reply(account, *at, *balance);
}

Reply get_transfer(ledger::Ledger& ledger, Logger& logger, const Request& request) {
  const auto id = parse_path_id(request.id);
  if (!id) return bad_path_id(ledger::ErrorCode::invalid_transfer_id);
  const auto transfer = ledger.find_transfer(ledger::TransferId{*id});
  if (!transfer) return failure_reply(logger, "reading a transfer failed", transfer.error());
  Reply reply;
  append_transfer(reply.body, *transfer);
  return reply;
}

Reply list_transfers(ledger::Ledger& ledger, Logger& logger, const Request& request) {
  if (request.query.has("key")) return transfer_by_key(ledger, logger, request.query);
  if (request.query.has("reference")) return transfers_by_reference(ledger, logger, request.query);
  return page_of_transfers(ledger, logger, request.query);
}

Reply get_trial_balance(ledger::Ledger& ledger, Logger& logger, const Request&) {
  const auto totals = ledger.trial_balance();
  if (!totals) return failure_reply(logger, "reading the trial balance failed", totals.error());
  Reply reply;
  JsonObject json(reply.body);
  append_items(json, "currencies", *totals, append_totals);
  json.close();
  return reply;
}

}  // namespace ledgerd
