// An order and its payment in one Postgres transaction: both are there, or neither is.
//
//   example_joined_transaction postgres://user:password@host/database
#include <ledger/ledger.h>
#include <ledger/postgres_transaction.h>

#include <libpq-fe.h>

#include <cstdio>
#include <memory>
#include <string_view>

namespace {

using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;

/// Whether `sql` ended with this command tag. COMMIT of a failed transaction says ROLLBACK.
bool run(PGconn* connection, const char* sql, std::string_view tag) {
  const Answer answer(PQexec(connection, sql), PQclear);
  return PQcmdStatus(answer.get()) == tag;
}

int fail(const char* message) {
  std::fprintf(stderr, "%s\n", message);
  return 1;
}

/// Buys once, however often it is called.
int buy(PGconn* connection, ledger::AccountId customer, ledger::AccountId shop,
        ledger::Amount price) {
  if (!run(connection, "BEGIN", "BEGIN")) return fail(PQerrorMessage(connection));
  auto ledger = ledger::PostgresTransaction::join(connection);
  if (!ledger) return fail(ledger.error().message().c_str());

  const auto paid = ledger->transfer("order-42", customer, shop, price);
  if (paid && paid->replayed) {  // an earlier run has committed both
    std::puts("order 42 was paid before");
    return run(connection, "ROLLBACK", "ROLLBACK") ? 0 : 1;
  }
  const bool both = paid && run(connection, "INSERT INTO orders VALUES (42)", "INSERT 0 1");
  if (!run(connection, both ? "COMMIT" : "ROLLBACK", both ? "COMMIT" : "ROLLBACK")) {
    return fail("the COMMIT failed or its reply was lost: run this again, with the same key");
  }
  std::puts(both ? "order 42 is there, and paid" : "neither order nor payment");
  return both ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return fail("usage: example_joined_transaction postgres://…");
  const auto usd = *ledger::Currency::iso("USD");
  auto bank = ledger::Ledger::open({.store = argv[1]});
  if (!bank) return fail(bank.error().message().c_str());
  const auto ada =
      bank->create_account({.key = "ada", .currency = usd, .min_balance = std::nullopt});
  const auto shop = bank->create_account({.key = "shop", .currency = usd});
  if (!ada || !shop) return fail("cannot open the accounts");

  const Connection connection(PQconnectdb(argv[1]), PQfinish);
  if (!run(connection.get(), "CREATE TABLE IF NOT EXISTS orders (id bigint PRIMARY KEY)",
           "CREATE TABLE")) {
    return fail(PQerrorMessage(connection.get()));
  }
  return buy(connection.get(), ada->account.id, shop->account.id,
             *ledger::Amount::parse("19.99", usd));
}
