// A file of schema version 1 that is opened on a disk that fails at every call, one after the
// other.
#include <doctest/doctest.h>

#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fault/faulty_vfs.h"
#include "ledger/sqlite_store.h"
#include "support/seed.h"
#include "support/sqlite_version_1.h"
#include "support/temp_folder.h"

namespace ledger {
namespace {

namespace fs = std::filesystem;
using testing::FaultPlan;
using testing::FaultyVfs;
using testing::Survivors;
using testing::Version1;

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

Result<std::unique_ptr<Store>> open(const std::string& folder) {
  return open_sqlite_store({folder + "/ledger.db"});
}

void empty(const std::string& folder) {
  fs::remove_all(folder);
  fs::create_directory(folder);
}

void expect_whole(Store& store, const Version1& file) {
  const auto rows = store.read_journal(1, kAll);
  REQUIRE_MESSAGE(rows.has_value(), rows.error().message());
  CHECK(*rows == file.rows);
  const auto accounts = store.read_accounts(AccountId{0}, kAll);
  REQUIRE_MESSAGE(accounts.has_value(), accounts.error().message());
  CHECK(*accounts == file.accounts);
}

/// Migrates again and again, each time with the next call failing, until none fails. What is left
/// of the file, at the fault and afterwards, can be opened and is whole.
void fail_every_call(FaultPlan plan) {
  const testing::TempFolder folder;
  const std::string live = folder.file("live");
  FaultyVfs vfs;
  bool failed = true;
  std::int64_t refused = 0;
  const std::int64_t stride = testing::test_count("LEDGER_TEST_FAULT_STRIDE", 1);
  // The first call is the one that opens the file, and makes it known to the model of the disk.
  for (plan.fail_at = 2; failed; plan.fail_at += stride) {
    CAPTURE(plan.fail_at);
    empty(live);
    const Version1 file = testing::write_sqlite_version_1(live + "/ledger.db");
    vfs.forget();  // it was there all along
    std::vector<std::string> remains;
    const auto add = [&] {
      remains.push_back(folder.file("remains-" + std::to_string(remains.size())));
      empty(remains.back());
      return remains.back();
    };
    const auto keep_remains = [&] {
      fs::copy(live, add());
      for (const Survivors survivors : {Survivors::none, Survivors::all, Survivors::some}) {
        vfs.save_after_power_loss(live, add(), survivors, static_cast<std::uint64_t>(plan.fail_at));
      }
    };
    vfs.arm(plan, keep_remains);
    auto store = open(live);
    failed = vfs.has_failed();
    vfs.disarm();
    if (!store) ++refused;
    keep_remains();
    if (!store) store = open(live);
    REQUIRE_MESSAGE(store.has_value(), store.error().message());
    expect_whole(**store, file);
    store->reset();

    for (const std::string& remaining : remains) {
      CAPTURE(remaining);
      auto reopened = open(remaining);
      REQUIRE_MESSAGE(reopened.has_value(), reopened.error().message());
      expect_whole(**reopened, file);
      reopened->reset();
      fs::remove_all(remaining);
    }
  }
  CHECK(refused > 20 / stride);
  MESSAGE("calls " << plan.fail_at << ", refused " << refused);
}

TEST_CASE("sqlite migration: any call fails once") { fail_every_call({}); }

TEST_CASE("sqlite migration: any call fails once, half done") {
  fail_every_call({.effect = testing::Effect::half});
}

TEST_CASE("sqlite migration: the disk fails for good, or the machine dies, at any call") {
  fail_every_call({.from_then_on = true});
}

}  // namespace
}  // namespace ledger
