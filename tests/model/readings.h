// Reads from the real ledger, compared with what the naive one says.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "ledger/ledger.h"
#include "model/coverage.h"
#include "model/generator.h"

namespace ledger::model {

/// The real ledger and the naive one do not agree.
class Disagreement : public std::runtime_error {
 public:
  Disagreement(const std::string& what, const std::string& expected, const std::string& actual)
      : std::runtime_error(what + "\n  expected: " + expected + "\n  actual:   " + actual) {}
  Disagreement(const Disagreement& other, const std::string& context)
      : std::runtime_error(other.what() + ("\n" + context)) {}
};

/// Throws a Disagreement where there is one.
template <class T, class Show>
void agree(const std::string& what, const T& expected, const T& actual, Show&& show) {
  if (!(expected == actual)) throw Disagreement(what, show(expected), show(actual));
}
void agree(const std::string& what, const std::string& expected, const std::string& actual);
void agree(const std::string& what, std::int64_t expected, std::int64_t actual);

/// "ok", or the name of the failure.
template <class T>
std::string outcome_of(const Result<T>& result) {
  return result ? "ok" : std::string(name(result.error().code));
}

class Readings {
 public:
  Readings(Ledger& ledger, const NaiveLedger& books, Generator& generator, Dice& dice,
           Coverage& coverage, bool alone);

  /// One read, chosen by chance. `step`: rises whenever something may have been written.
  void read(Time now, std::int64_t step);

  /// Every account with its whole statement, every transfer in its order, and some by their ids.
  void read_everything();

 private:
  enum class Read {
    account,
    accounts,
    by_reference,
    statement,
    balance,
    transfer,
    transfers_of,
    transfers,
    with_reference,
    totals,
    resolve,
    refused
  };
  /// A statement that is read page by page.
  struct Walk {
    StatementQuery query{};
    std::size_t position = 0;  ///< how many entries are before (newest first: left)
    std::int64_t step = 0;
    bool several = false;
  };

  void read_account(std::int64_t id);
  void read_accounts(std::int64_t after, std::size_t limit);
  void read_by_reference();
  void read_statement(Time now, std::int64_t step);
  void begin_walk(Walk& walk, Time now);
  /// Reads the next page. False: that was the last one.
  bool read_page(Walk& walk);
  void compare_entry(const std::string& what, std::int64_t account, std::size_t place,
                     const StatementEntry& actual) const;
  void note_page(const Walk& walk, std::size_t entries, bool last);
  void read_balance(std::int64_t id, Time time);
  Time time_to_ask_for(std::int64_t id, Time now);
  void read_transfer(std::int64_t number);
  void read_no_transfer();
  void read_transfers(bool of_account, Time now);
  /// Reads so many pages, at most, of the transfers among `all` (nullptr: all there are).
  void compare_transfers(TransferQuery query, const std::vector<std::int64_t>* all, int pages);
  void read_with_reference();
  void read_totals();
  void resolve();
  void read_refused();
  void compare_recorded(const std::string& what, std::int64_t number, const Receipt& actual) const;
  [[nodiscard]] std::optional<Timestamp> some_time(Time now);

  Ledger& ledger_;
  const NaiveLedger& books_;
  Generator& generator_;
  Dice& dice_;
  Coverage& coverage_;
  bool alone_;
  Deck<Read> reads_;
  std::optional<Walk> walk_;  // that goes on later
};

}  // namespace ledger::model
