// Transfers by their ids, accounts, times, references and keys.
#include <algorithm>

#include "model/readings.h"
#include "model/translate.h"

namespace ledger::model {

namespace {

constexpr std::size_t kMostFollowers = 100;

}  // namespace

void Readings::compare_recorded(const std::string& what, std::int64_t number,
                                const Receipt& actual) const {
  agree(what, books_.transfer(number), naive_recorded(actual),
        [](const Recorded& recorded) { return show(recorded); });
}

void Readings::read_transfer(std::int64_t number) {
  const Recorded& recorded = books_.transfer(number);
  const auto what = "transfer " + std::to_string(recorded.id);
  const auto actual = ledger_.find_transfer(TransferId{recorded.id});
  agree(what, "ok", outcome_of(actual));
  compare_recorded(what, number, actual->receipt);
  Fate expected = books_.fate(number);
  if (expected.followed_by.size() > kMostFollowers) expected.followed_by.resize(kMostFollowers);
  for (std::int64_t& follower : expected.followed_by)
    follower = books_.transfer(follower).id;
  Fate read{naive_status(actual->state.status), actual->state.settled, {}};
  for (const TransferId follower : actual->followed_by)
    read.followed_by.push_back(to_int(follower));
  agree(what, expected, read, [](const Fate& fate) { return show(fate); });
  agree(what + ", id of its state", recorded.id, to_int(actual->state.id));
  const auto& expires_at = actual->state.expires_at;
  agree(what + ", expiry of its state", recorded.expires_at.value_or(0),
        expires_at ? naive_time(*expires_at) : 0);
  coverage_.count("found a transfer that is " + expected.status);
}

void Readings::read_no_transfer() {
  const std::int64_t number = generator_.some_transfer();
  // The one after is another transfer, a further row, a decline, an account's, or none.
  const std::int64_t id = number == 0 ? 1 : books_.transfer(number).id + 1;
  if (books_.number_of(id) != 0) return read_transfer(books_.number_of(id));
  if (!alone_) return;
  agree("no transfer " + std::to_string(id), "transfer_not_found",
        outcome_of(ledger_.find_transfer(TransferId{id})));
  coverage_.count("found no transfer");
}

void Readings::read_transfers(bool of_account, Time now) {
  TransferQuery query;
  query.from = some_time(now);
  query.to = some_time(now);
  query.limit =
      static_cast<std::size_t>(dice_.chance(70) ? dice_.pick(1, 20) : dice_.pick(1, 1000));
  if (dice_.chance(50)) {
    query.kind = real_kind(static_cast<Kind>(dice_.pick(0, 5)));
  }
  if (!of_account) {
    if (query.from || query.to) coverage_.count("transfers within a time");
    return compare_transfers(query, nullptr, 4);
  }
  const std::int64_t id = generator_.some_account();
  query.account = AccountId{id};
  if (books_.account(id) == nullptr) {
    return agree("transfers of none", "account_not_found", outcome_of(ledger_.transfers(query)));
  }
  coverage_.count(query.kind ? "transfers of an account and a kind" : "transfers of an account");
  if (query.from || query.to) coverage_.count("transfers of an account within a time");
  compare_transfers(query, &books_.transfers_of(id), 4);
}

void Readings::compare_transfers(TransferQuery query, const std::vector<std::int64_t>* all,
                                 int pages) {
  const auto at = [&](std::size_t i) {
    return all != nullptr ? (*all)[i] : static_cast<std::int64_t>(i) + 1;
  };
  const std::size_t size =
      all != nullptr ? all->size() : static_cast<std::size_t>(books_.transfer_count());
  const auto first_from = [&](const std::optional<Timestamp>& time, std::size_t otherwise) {
    if (!time) return otherwise;
    std::size_t low = 0;
    for (std::size_t high = size; low < high;) {
      const std::size_t middle = low + (high - low) / 2;
      const bool is_before = books_.transfer(at(middle)).recorded_at < naive_time(*time);
      (is_before ? low : high) = is_before ? middle + 1 : middle;
    }
    return low;
  };
  std::size_t next = first_from(query.from, 0);
  const std::size_t end = first_from(query.to, size);
  const auto skip_others = [&] {
    while (next < end && query.kind && books_.transfer(at(next)).kind != naive_kind(*query.kind)) {
      ++next;
    }
  };
  const std::string what = "transfers of " +
                           (query.account ? std::to_string(to_int(*query.account)) : "all") +
                           " kind " + (query.kind ? name(naive_kind(*query.kind)) : "any") +
                           " from " + (query.from ? std::to_string(naive_time(*query.from)) : "-") +
                           " to " + (query.to ? std::to_string(naive_time(*query.to)) : "-") +
                           " limit " + std::to_string(query.limit);
  for (; pages > 0; --pages) {
    const auto page = ledger_.transfers(query);
    agree(what, "ok", outcome_of(page));
    if (page->transfers.size() > query.limit) throw Disagreement(what, "the limit", "more");
    for (const Receipt& receipt : page->transfers) {
      skip_others();
      if (next >= end) throw Disagreement(what, "no more", show(naive_recorded(receipt)));
      compare_recorded(what, at(next), receipt);
      ++next;
    }
    query.cursor = page->next;
    if (page->next != 0) continue;
    skip_others();
    if (next < end) throw Disagreement(what, show(books_.transfer(at(next))), "no more");
    return;
  }
}

void Readings::read_with_reference() {
  const std::string reference = generator_.some_reference();
  const auto& all = books_.transfers_with(reference);
  const std::int64_t after =
      all.empty() || dice_.chance(50) ? 0 : books_.transfer(dice_.of(all)).id;
  const auto limit = static_cast<std::size_t>(dice_.pick(1, 8));
  const auto actual = ledger_.transfers_by_reference(reference, TransferId{after}, limit);
  const auto what = "transfers with reference " + reference + " after " + std::to_string(after);
  agree(what, "ok", outcome_of(actual));
  std::vector<std::int64_t> expected;
  for (const std::int64_t number : all) {
    if (books_.transfer(number).id > after && expected.size() < limit) expected.push_back(number);
  }
  agree(what + ", count", std::ssize(expected), std::ssize(*actual));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    compare_recorded(what, expected[i], (*actual)[i].receipt);
    agree(what, books_.fate(expected[i]).status, naive_status((*actual)[i].state.status));
  }
  if (!expected.empty()) coverage_.count("transfers with a reference");
}

void Readings::resolve() {
  const bool used = dice_.chance(90);
  const std::string key = used ? generator_.some_key() : "a key that nobody uses";
  const Answer expected = books_.resolve(key);
  const auto actual = ledger_.resolve(key);
  const auto what = "resolve " + key;
  agree(what, expected.result, outcome_of(actual));
  if (expected.result == "key_not_found") return coverage_.count("resolved an unknown key");
  if (expected.result == "key_reused") return coverage_.count("resolved an account's key");
  agree(what + ", replayed", 1, (actual ? actual->replayed : actual.error().replayed) ? 1 : 0);
  coverage_.count(actual ? "resolved a transfer's key" : "resolved a decline");
  if (actual) compare_recorded(what, expected.number, *actual);
}

void Readings::read_refused() {
  const AccountId account{generator_.some_account()};
  StatementQuery statement{.account = account};
  TransferQuery transfers{.account = account};
  if (dice_.chance(50)) {
    statement.limit = transfers.limit = dice_.chance(50) ? 0 : kMaxPage + 1;
  } else {
    statement.cursor = transfers.cursor = -dice_.pick(1, 100);
  }
  agree("a statement's page", "invalid_page", outcome_of(ledger_.statement(statement)));
  agree("a page of transfers", "invalid_page", outcome_of(ledger_.transfers(transfers)));
  coverage_.count("page refused");
}

void Readings::read_everything() {
  for (const auto& [id, account] : books_.accounts()) {
    read_account(id);
    for (const Order order : {Order::oldest_first, Order::newest_first}) {
      Walk walk;
      walk.query = {.account = AccountId{id}, .order = order, .limit = kMaxPage};
      walk.position = order == Order::oldest_first ? 0 : books_.entries(id).size();
      while (read_page(walk))
        continue;
    }
    compare_transfers({.account = AccountId{id}, .limit = kMaxPage}, &books_.transfers_of(id), 20);
  }
  constexpr std::int64_t kMostById = 1000;
  const std::int64_t stride = std::max<std::int64_t>(1, books_.transfer_count() / kMostById);
  for (std::int64_t number = 1; number <= books_.transfer_count(); number += stride)
    read_transfer(number);
  if (!alone_) return;
  compare_transfers({.limit = kMaxPage}, nullptr, 1'000'000);
  read_accounts(0, books_.accounts().size() + 1);
}

}  // namespace ledger::model
