// The SQLite store on a disk that fails at every call, one after the other.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "fault/faulty_vfs.h"
#include "fault/store_workload.h"
#include "ledger/sqlite_store.h"
#include "support/seed.h"
#include "support/temp_folder.h"

namespace ledger {
namespace {

namespace fs = std::filesystem;
using testing::Effect;
using testing::FaultPlan;
using testing::FaultyVfs;
using testing::Promises;
using testing::StoreWorkload;
using testing::Survivors;

testing::OpenStore opener(const std::string& folder) {
  return [path = folder + "/ledger.db"] { return open_sqlite_store({path}); };
}

void empty(const std::string& folder) {
  fs::remove_all(folder);
  fs::create_directory(folder);
}

/// What a moment left behind, and what had been promised by then.
struct Remains {
  std::string folder;
  Promises promises;
};

/// The folders of one run: the ledger's, and those of its remains.
class Scene {
 public:
  void clear() {
    empty(live());
    for (const Remains& remains : remains_)
      fs::remove_all(remains.folder);
    remains_.clear();
  }
  [[nodiscard]] std::string live() const { return folder_.file("live"); }

  /// The process is killed now: the files stay as they are.
  void kill(const Promises& promises) { fs::copy(live(), add(promises)); }
  /// The machine loses power now.
  void lose_power(const FaultyVfs& vfs, const Promises& promises, Survivors survivors,
                  std::uint64_t seed) {
    vfs.save_after_power_loss(live(), add(promises), survivors, seed);
  }

  [[nodiscard]] std::vector<std::string> problems() const {
    std::vector<std::string> all;
    for (const Remains& remains : remains_) {
      for (const auto& problem : find_problems(opener(remains.folder), remains.promises)) {
        all.push_back(fs::path(remains.folder).filename().string() + ": " + problem);
      }
    }
    return all;
  }

 private:
  std::string add(const Promises& promises) {
    std::string folder = folder_.file("remains-" + std::to_string(remains_.size()));
    empty(folder);
    remains_.push_back({folder, promises});
    return folder;
  }

  testing::TempFolder folder_;
  std::vector<Remains> remains_;
};

void expect_none(const std::vector<std::string>& problems, std::int64_t call) {
  std::string list;
  for (const std::string& problem : problems)
    list += "\n  " + problem;
  CHECK_MESSAGE(problems.empty(), "fault at call " << call << ":" << list);
}

/// 1: every call is failed. The sanitizers, which are slow, look at every few only.
std::int64_t stride() { return testing::test_count("LEDGER_TEST_FAULT_STRIDE", 1); }

/// What all runs of a sweep came to, so that the test can tell that it tested something.
struct Sweep {
  std::int64_t runs = 0;
  testing::WorkloadCounts counts{};
};

/// Fails call 1, 2, 3 …, or as stride() has it, until a run passes without a fault.
Sweep fail_every_call(FaultPlan plan) {
  Sweep sweep;
  FaultyVfs vfs;
  Scene scene;
  for (bool failed = true; failed; ++sweep.runs) {
    scene.clear();
    vfs.forget();
    plan.fail_at = 1 + sweep.runs * stride();
    StoreWorkload workload(opener(scene.live()));
    vfs.arm(plan);
    const auto seed = static_cast<std::uint64_t>(plan.fail_at);
    workload.on_settled([&, times = 0]() mutable {
      if (++times > 2) return;  // a full disk settles over and over
      scene.kill(workload.promises());
      scene.lose_power(vfs, workload.promises(), Survivors::none, seed);
      scene.lose_power(vfs, workload.promises(), Survivors::all, seed);
      scene.lose_power(vfs, workload.promises(), Survivors::some, seed);
    });
    workload.run();
    workload.on_settled({});
    failed = vfs.has_failed();
    // A full disk can be read, and what is on it settled.
    if (plan.disk_full) CHECK(workload.counts().settled == workload.counts().in_doubt);
    // The process ends with the disk still failing; the next one finds what it left in the cache.
    if (plan.from_then_on) workload.close();
    vfs.disarm();

    scene.kill(workload.promises());
    scene.lose_power(vfs, workload.promises(), Survivors::none, seed);
    scene.lose_power(vfs, workload.promises(), Survivors::some, seed);
    workload.resolve();
    scene.lose_power(vfs, workload.promises(), Survivors::none, seed);
    scene.lose_power(vfs, workload.promises(), Survivors::some, seed + 1);
    workload.close();
    scene.kill(workload.promises());
    scene.lose_power(vfs, workload.promises(), Survivors::none, seed);

    expect_none(workload.problems(), plan.fail_at);
    expect_none(scene.problems(), plan.fail_at);
    sweep.counts.acknowledged += workload.counts().acknowledged;
    sweep.counts.refused += workload.counts().refused;
    sweep.counts.in_doubt += workload.counts().in_doubt;
    sweep.counts.settled += workload.counts().settled;
  }
  CHECK(plan.fail_at > 100);
  CHECK(sweep.counts.acknowledged > sweep.runs);
  CHECK(sweep.counts.settled > 0);
  MESSAGE("runs " << sweep.runs << ", acknowledged " << sweep.counts.acknowledged << ", refused "
                  << sweep.counts.refused << ", in doubt " << sweep.counts.in_doubt << ", settled "
                  << sweep.counts.settled);
  return sweep;
}

TEST_CASE("sqlite: any call fails once, without effect") {
  CHECK(fail_every_call({}).counts.in_doubt > 10 / stride());
}

TEST_CASE("sqlite: any call fails once, half done") { fail_every_call({.effect = Effect::half}); }

TEST_CASE("sqlite: any call fails once, after its effect") {
  fail_every_call({.effect = Effect::full});
}

TEST_CASE("sqlite: the disk fails for good at any call") {
  fail_every_call({.from_then_on = true});
}

TEST_CASE("sqlite: every call reports a failure from one on, though it works") {
  fail_every_call({.from_then_on = true, .effect = Effect::full});
}

TEST_CASE("sqlite: the disk is full from any write on") {
  CHECK(fail_every_call({.disk_full = true}).counts.in_doubt > 10 / stride());
}

TEST_CASE("sqlite: the disk becomes full within any write") {
  CHECK(fail_every_call({.effect = Effect::half, .disk_full = true}).counts.in_doubt >
        10 / stride());
}

/// So little memory that pages go to the WAL before the COMMIT, and are read again.
struct TightMemory {
  TightMemory() { sqlite3_soft_heap_limit64(1); }
  ~TightMemory() { sqlite3_soft_heap_limit64(0); }
};

TEST_CASE("sqlite: any call fails once without effect, and pages are spilled and read again") {
  const TightMemory tight;
  // Refused: what fails before the COMMIT has written nothing, and says so.
  CHECK(fail_every_call({}).counts.refused > 10 / stride());
}

TEST_CASE("sqlite: any call fails once half done, and pages are spilled and read again") {
  const TightMemory tight;
  CHECK(fail_every_call({.effect = Effect::half}).counts.refused > 10 / stride());
}

TEST_CASE("sqlite: a process or machine dies at any call") {
  FaultyVfs vfs;
  Scene scene;
  bool failed = true;
  for (std::int64_t call = 1; failed; call += stride()) {
    scene.clear();
    vfs.forget();
    StoreWorkload workload(opener(scene.live()));
    vfs.arm({.fail_at = call, .from_then_on = true}, [&] {
      scene.kill(workload.promises());
      scene.lose_power(vfs, workload.promises(), Survivors::none, 0);
      scene.lose_power(vfs, workload.promises(), Survivors::all, 0);
      for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        scene.lose_power(vfs, workload.promises(), Survivors::some,
                         static_cast<std::uint64_t>(call) * 10 + seed);
      }
    });
    workload.run([&] { return vfs.has_failed(); });
    failed = vfs.has_failed();
    vfs.disarm();
    workload.close();
    expect_none(scene.problems(), call);
  }
}

TEST_CASE("sqlite: the checker notices a disk that lies about syncs") {
  FaultyVfs vfs;
  Scene scene;
  scene.clear();
  StoreWorkload workload(opener(scene.live()));
  vfs.arm({.lying_sync = true});
  workload.run();
  REQUIRE(workload.counts().acknowledged > 5);
  scene.lose_power(vfs, workload.promises(), Survivors::none, 0);
  workload.close();
  CHECK_FALSE(scene.problems().empty());
}

}  // namespace
}  // namespace ledger
