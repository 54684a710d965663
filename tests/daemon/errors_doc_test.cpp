// docs/reference/errors.md and the code say the same of every error, in both directions.
#include <doctest/doctest.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http_status.h"
#include "ledger/error.h"

namespace ledgerd {
namespace {

using ledger::ErrorCode;

/// A row of the table, as it is written.
struct Row {
  std::string name;
  std::string outcome;
  std::string status;
};

std::string trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" `");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" `") - begin + 1));
}

/// "| a | `b` |" has the cells "a" and "b".
std::vector<std::string> cells_of(std::string_view line) {
  std::vector<std::string> cells;
  for (auto begin = line.find('|'); begin != std::string_view::npos;) {
    const auto end = line.find('|', begin + 1);
    if (end != std::string_view::npos) {
      cells.push_back(trimmed(line.substr(begin + 1, end - begin - 1)));
    }
    begin = end;
  }
  return cells;
}

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

/// The rows that start with a number, by that number, in the order of the page.
std::vector<std::pair<int, Row>> documented() {
  std::ifstream page(LEDGER_ERRORS_PAGE);
  REQUIRE(page);
  std::vector<std::pair<int, Row>> rows;
  for (std::string line; std::getline(page, line);) {
    const auto cells = cells_of(line);
    if (cells.empty() || !is_number(cells.front())) continue;
    CAPTURE(line);
    REQUIRE(cells.size() == 6);
    CHECK(!cells[4].empty());
    CHECK(!cells[5].empty());
    rows.emplace_back(std::stoi(cells[0]), Row{cells[1], cells[2], cells[3]});
  }
  return rows;
}

TEST_CASE("every documented error code is in the code, with the same name, outcome and status") {
  const auto rows = documented();
  CHECK(!rows.empty());
  for (const auto& [written, row] : rows) {
    const int number = written;  // a binding cannot be captured
    CAPTURE(number);
    const auto code = static_cast<ErrorCode>(number);
    CHECK(row.name == ledger::name(code));
    CHECK(row.outcome == ledger::name(ledger::outcome(code)));
    CHECK(row.status == std::to_string(http_status(code)));
  }
}

TEST_CASE("every error code is documented once, in the order of the numbers") {
  const auto rows = documented();
  std::size_t row = 0;
  for (std::uint16_t number = 1; number < 1000; ++number) {
    if (ledger::name(static_cast<ErrorCode>(number)) == "unknown") continue;
    CAPTURE(number);
    REQUIRE(row < rows.size());
    CHECK(rows[row++].first == number);
  }
  CHECK(row == rows.size());
}

}  // namespace
}  // namespace ledgerd
