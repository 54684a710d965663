// Opens accounts, and changes one that nobody else has changed in between.
#include <ledger/ledger.h>

#include <cstdio>

int main() {
  const auto usd = *ledger::Currency::iso("USD");
  auto bank = ledger::Ledger::open({.store = "memory:"});
  if (!bank) return std::puts(bank.error().message().c_str()), 1;

  // Money enters and leaves through an account without a floor.
  auto world = bank->create_account({.key = "world", .currency = usd, .min_balance = std::nullopt});
  auto ada = bank->create_account({.key = "ada",
                                   .currency = usd,
                                   .min_balance = -50'00,
                                   .reference = "customer-ada",
                                   .metadata = R"({"tier":"gold"})"});
  if (!world || !ada) return std::puts("cannot open the accounts"), 1;

  const auto found = bank->account_by_reference("customer-ada");
  if (!found) return std::puts(found.error().message().c_str()), 1;
  const auto frozen = bank->update_account({.key = "freeze-ada",
                                            .account = found->id,
                                            .status = ledger::AccountStatus::frozen,
                                            .expected_version = found->version});
  if (!frozen) return std::puts(frozen.error().message().c_str()), 1;

  const auto deposit =
      bank->transfer("deposit-1", world->account.id, ada->account.id, {100'00, usd});
  if (deposit) return std::puts("money moved into a frozen account"), 1;
  std::printf("Ada is at version %lld; a deposit: %s\n",
              static_cast<long long>(frozen->account.version), deposit.error().message().c_str());
  return 0;
}
