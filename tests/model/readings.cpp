#include "model/readings.h"

#include <algorithm>

#include "model/translate.h"

namespace ledger::model {

namespace {

std::string as_text(const std::string& text) { return text; }
std::string number_text(std::int64_t number) { return std::to_string(number); }

std::size_t first_at_or_after(const std::vector<Entry>& entries, Time time) {
  const auto found =
      std::lower_bound(entries.begin(), entries.end(), time,
                       [](const Entry& entry, Time wanted) { return entry.recorded_at < wanted; });
  return static_cast<std::size_t>(found - entries.begin());
}

std::size_t count_until(const std::vector<Entry>& entries, Time time) {
  const auto found =
      std::upper_bound(entries.begin(), entries.end(), time,
                       [](Time wanted, const Entry& entry) { return wanted < entry.recorded_at; });
  return static_cast<std::size_t>(found - entries.begin());
}

/// The part of the entries that a query asks for.
std::pair<std::size_t, std::size_t> range(const std::vector<Entry>& entries,
                                          const StatementQuery& query) {
  const std::size_t low =
      query.from ? first_at_or_after(entries, naive_time(*query.from)) : std::size_t{0};
  const std::size_t high =
      query.to ? first_at_or_after(entries, naive_time(*query.to)) : entries.size();
  return {low, std::max(low, high)};
}

}  // namespace

void agree(const std::string& what, const std::string& expected, const std::string& actual) {
  agree(what, expected, actual, as_text);
}

void agree(const std::string& what, std::int64_t expected, std::int64_t actual) {
  agree(what, expected, actual, number_text);
}

Readings::Readings(Ledger& ledger, const NaiveLedger& books, Generator& generator, Dice& dice,
                   Coverage& coverage, bool alone)
    : ledger_(ledger),
      books_(books),
      generator_(generator),
      dice_(dice),
      coverage_(coverage),
      alone_(alone),
      reads_{{Read::account, 2},      {Read::accounts, 1},  {Read::by_reference, 1},
             {Read::statement, 8},    {Read::balance, 3},   {Read::transfer, 6},
             {Read::transfers_of, 4}, {Read::transfers, 2}, {Read::with_reference, 1},
             {Read::totals, 3},       {Read::resolve, 3},   {Read::refused, 1}} {}

void Readings::read(Time now, std::int64_t step) {
  switch (reads_.draw(dice_)) {
    case Read::account:
      return read_account(generator_.some_account());
    case Read::accounts:
      if (alone_) read_accounts(dice_.pick(0, 40), static_cast<std::size_t>(dice_.pick(1, 30)));
      return;
    case Read::by_reference:
      return read_by_reference();
    case Read::statement:
      return read_statement(now, step);
    case Read::balance: {
      const std::int64_t id = generator_.some_account();
      return read_balance(id, time_to_ask_for(id, now));
    }
    case Read::transfer: {
      const std::int64_t number =
          dice_.chance(20) ? generator_.some_open_hold(now) : generator_.some_transfer();
      return number != 0 && dice_.chance(80) ? read_transfer(number) : read_no_transfer();
    }
    case Read::transfers_of:
      return read_transfers(true, now);
    case Read::transfers:
      return read_transfers(!alone_, now);
    case Read::with_reference:
      return read_with_reference();
    case Read::totals:
      if (alone_) read_totals();
      return;
    case Read::resolve:
      return resolve();
    case Read::refused:
      return read_refused();
  }
}

// --- accounts

void Readings::read_account(std::int64_t id) {
  const Account* expected = books_.account(id);
  const auto actual = ledger_.account(AccountId{id});
  const auto what = "account " + std::to_string(id);
  agree(what, expected != nullptr ? "ok" : "account_not_found", outcome_of(actual));
  if (expected == nullptr) return;
  agree(what, *expected, naive_account(*actual),
        [](const Account& account) { return show(account); });
}

void Readings::read_accounts(std::int64_t after, std::size_t limit) {
  const auto actual = ledger_.accounts(AccountId{after}, limit);
  agree("accounts", "ok", outcome_of(actual));
  auto expected = books_.accounts().upper_bound(after);
  for (const auto& account : *actual) {
    if (expected == books_.accounts().end()) throw Disagreement("accounts", "no more", "one more");
    agree("accounts after " + std::to_string(after), expected->second, naive_account(account),
          [](const Account& shown) { return show(shown); });
    ++expected;
  }
  if (actual->size() < limit && expected != books_.accounts().end()) {
    throw Disagreement("accounts", "one more", "no more");
  }
  if (actual->size() > limit) throw Disagreement("accounts", "the limit", "more");
  coverage_.count("accounts page");
}

void Readings::read_by_reference() {
  const Account* of = books_.account(generator_.some_account());
  const std::string reference =
      of != nullptr && !of->reference.empty() ? of->reference : generator_.some_reference();
  const Account* expected = books_.account_by_reference(reference);
  const auto actual = ledger_.account_by_reference(reference);
  const auto what = "account with reference " + reference;
  agree(what, expected != nullptr ? "ok" : "account_not_found", outcome_of(actual));
  if (expected == nullptr) return;
  agree(what, *expected, naive_account(*actual),
        [](const Account& account) { return show(account); });
  coverage_.count("account by reference");
}

void Readings::read_totals() {
  const auto totals = books_.totals();
  const auto fits = [](Wide number) { return number >= INT64_MIN && number <= INT64_MAX; };
  const bool all_fit = std::all_of(totals.begin(), totals.end(), [&](const auto& each) {
    const Totals& total = each.second;
    return fits(total.positive) && fits(total.negative) && fits(total.held) && fits(total.incoming);
  });
  const auto actual = ledger_.trial_balance();
  agree("trial balance", all_fit ? "ok" : "balance_overflow", outcome_of(actual));
  coverage_.count(all_fit ? "trial balance" : "trial balance that overflows");
  if (!all_fit) return;
  const auto text = [](const std::string& code, auto accounts, auto positive, auto negative,
                       auto held, auto incoming) {
    std::string line = code;
    for (const auto number :
         {static_cast<std::int64_t>(accounts), static_cast<std::int64_t>(positive),
          static_cast<std::int64_t>(negative), static_cast<std::int64_t>(held),
          static_cast<std::int64_t>(incoming)}) {
      line += ' ' + std::to_string(number);
    }
    return line + '\n';
  };
  std::string expected_text;
  std::string actual_text;
  for (const auto& [code, total] : totals) {
    expected_text +=
        text(code, total.accounts, total.positive, total.negative, total.held, total.incoming);
  }
  for (const CurrencyTotals& total : *actual) {
    actual_text += text(std::string(total.currency.code()), total.accounts, total.positive,
                        total.negative, total.held, total.incoming);
  }
  agree("trial balance", expected_text, actual_text);
}

// --- statements and balances in time

std::optional<Timestamp> Readings::some_time(Time now) {
  if (dice_.chance(50) || books_.transfer_count() == 0) return std::nullopt;
  if (dice_.chance(10)) return real_time(now + dice_.pick(0, 1000));
  if (dice_.chance(5)) return dice_.chance(50) ? Timestamp::min() : Timestamp::max();
  const std::int64_t number = generator_.some_transfer();
  return real_time(books_.transfer(number).recorded_at + dice_.pick(0, 1));
}

void Readings::read_statement(Time now, std::int64_t step) {
  if (walk_) {
    if (step != walk_->step) coverage_.count("statement page read after more was written");
    walk_->step = step;
    // Not to the end of a long one: there is more to read.
    if (!read_page(*walk_) || dice_.chance(25)) walk_.reset();
    return;
  }
  Walk walk;
  walk.step = step;
  begin_walk(walk, now);
  if (!books_.account(to_int(walk.query.account))) {
    return agree("statement", "account_not_found", outcome_of(ledger_.statement(walk.query)));
  }
  for (auto pages = dice_.pick(1, 4); pages > 0; --pages) {
    if (!read_page(walk)) return;
  }
  walk_ = walk;
}

void Readings::begin_walk(Walk& walk, Time now) {
  const std::int64_t id = generator_.some_account();
  StatementQuery& query = walk.query;
  query.account = AccountId{id};
  query.order = dice_.chance(50) ? Order::newest_first : Order::oldest_first;
  query.from = some_time(now);
  query.to = some_time(now);
  const auto [low, high] = range(books_.entries(id), query);
  query.limit =
      static_cast<std::size_t>(dice_.chance(70) ? dice_.pick(1, 20) : dice_.pick(1, 1000));
  // Just up to the last entry: no page may follow.
  if (dice_.chance(35) && high > low && high - low <= kMaxPage) query.limit = high - low;
  walk.position = query.order == Order::oldest_first ? low : high;
}

bool Readings::read_page(Walk& walk) {
  const std::int64_t id = to_int(walk.query.account);
  const auto& entries = books_.entries(id);
  const auto [low, high] = range(entries, walk.query);
  const bool oldest_first = walk.query.order == Order::oldest_first;
  const std::size_t left = oldest_first ? high - walk.position : walk.position - low;
  const std::size_t count = std::min(walk.query.limit, left);
  const auto what = "statement of " + std::to_string(id) + (oldest_first ? " oldest" : " newest") +
                    " first, limit " + std::to_string(walk.query.limit) + " cursor " +
                    std::to_string(walk.query.cursor) + ", entry " + std::to_string(walk.position);
  const auto page = ledger_.statement(walk.query);
  agree(what, "ok", outcome_of(page));
  agree(what + ", count", static_cast<std::int64_t>(count), std::ssize(page->entries));
  agree(what, books_.account(id)->currency, std::string(page->currency.code()));
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t place = oldest_first ? walk.position + i : walk.position - 1 - i;
    compare_entry(what, id, place, page->entries[i]);
  }
  walk.position = oldest_first ? walk.position + count : walk.position - count;
  const bool last = count == left;
  agree(what + ", is the last page", last ? "yes" : "no", page->next == 0 ? "yes" : "no");
  note_page(walk, count, last);
  walk.query.cursor = page->next;
  walk.several = true;
  return !last;
}

void Readings::note_page(const Walk& walk, std::size_t entries, bool last) {
  coverage_.count(walk.query.order == Order::oldest_first ? "statement oldest first"
                                                          : "statement newest first");
  if (walk.query.from || walk.query.to) coverage_.count("statement within a time");
  if (entries == 0) coverage_.count("statement without entries");
  if (last && entries == walk.query.limit) {
    coverage_.count("statement page that ends exactly at the last entry");
  }
  if (walk.several) coverage_.count("statement over several pages");
}

void Readings::compare_entry(const std::string& what, std::int64_t account, std::size_t place,
                             const StatementEntry& actual) const {
  const Entry& expected = books_.entries(account)[place];
  const Entry read{.number = books_.number_of(to_int(actual.transfer)),
                   .kind = naive_kind(actual.kind),
                   .other = actual.other ? to_int(*actual.other) : 0,
                   .change = actual.change,
                   .balance = actual.balance,
                   .held = actual.held,
                   .incoming = actual.incoming,
                   .recorded_at = naive_time(actual.recorded_at)};
  agree(what, expected, read, [](const Entry& entry) { return show(entry); });
  agree(what + ", version", static_cast<std::int64_t>(place) + 1, actual.version);
  const Recorded none;
  const Recorded& of = expected.number == 0 ? none : books_.transfer(expected.number);
  agree(what + ", refers to", of.refers_to.value_or(0),
        actual.refers_to ? to_int(*actual.refers_to) : 0);
  if (!(of.details == naive_details(actual.details))) {
    throw Disagreement(what + ", details", show(of), actual.details.metadata);
  }
}

Time Readings::time_to_ask_for(std::int64_t id, Time now) {
  const auto& entries = books_.entries(id);
  if (!entries.empty() && dice_.chance(60)) {
    return dice_.of(entries).recorded_at - dice_.pick(0, 1);
  }
  if (dice_.chance(5)) return naive_time(dice_.chance(50) ? Timestamp::min() : Timestamp::max());
  return dice_.chance(50) ? now : dice_.pick(0, now);
}

void Readings::read_balance(std::int64_t id, Time time) {
  const auto actual = ledger_.balance_at(AccountId{id}, real_time(time));
  const auto what = "balance of " + std::to_string(id) + " at " + std::to_string(time);
  const Account* account = books_.account(id);
  agree(what, account != nullptr ? "ok" : "account_not_found", outcome_of(actual));
  if (account == nullptr) return;
  const auto& entries = books_.entries(id);
  const std::size_t count = count_until(entries, time);
  const Entry last = count == 0 ? Entry{} : entries[count - 1];
  agree(what + ", version", static_cast<std::int64_t>(count), actual->version);
  agree(what, last.balance, actual->balance);
  agree(what + ", held", last.held, actual->held);
  agree(what + ", incoming", last.incoming, actual->incoming);
  agree(what, account->currency, std::string(actual->currency.code()));
  coverage_.count(count == 0                 ? "balance before the first entry"
                  : last.recorded_at == time ? "balance at the time of an entry"
                                             : "balance after the last entry");
}

}  // namespace ledger::model
