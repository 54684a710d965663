// A disk that fails on order, below SQLite. https://www.sqlite.org/vfs.html
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace ledger::testing {

/// What a failing call does before it reports its failure.
enum class Effect { none, half, full };

/// Counts every call that reaches the disk (open, read, write, truncate, sync, delete), and fails
/// one or all from one on.
struct FaultPlan {
  std::int64_t fail_at = 0;  ///< 1: the first call; 0: none
  bool from_then_on = false;
  /// A failed sync without effect is final, as on Linux: the pages count as clean and are lost.
  Effect effect = Effect::none;
  /// Only writes that grow a file fail, with SQLITE_FULL, and those from `fail_at` on.
  bool disk_full = false;
  bool lying_sync = false;  ///< syncs succeed and do nothing
};

/// What of the unsynced writes, truncations, new and deleted names a power loss leaves.
enum class Survivors { none, all, some };

/// While it lives, this is SQLite's default VFS: a shim over the one before. Real files are what
/// the page cache holds: they survive the death of a process. A model beside them knows what would
/// survive a power loss. Used by one thread at a time.
class FaultyVfs {
 public:
  FaultyVfs();
  ~FaultyVfs();
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;

  /// Starts counting from one. `at_fault` is called just before the first failing call.
  void arm(FaultPlan plan, std::function<void()> at_fault = {});
  void disarm() { arm({}); }
  [[nodiscard]] std::int64_t calls() const noexcept { return calls_; }
  [[nodiscard]] bool has_failed() const noexcept { return has_failed_; }

  /// Forgets all files. They are taken to be on disk as they are when they are next opened.
  void forget();

  /// Writes what a machine would find under `folder` after a power loss now, to `target`. Some of
  /// what was not synced survives by `seed`: whole, or in sectors of 512 bytes.
  void save_after_power_loss(const std::string& folder, const std::string& target,
                             Survivors survivors, std::uint64_t seed) const;

 private:
  friend struct FaultyVfsCalls;

  using Bytes = std::vector<char>;
  struct Change {
    bool truncation = false;
    std::size_t offset = 0;  ///< or the new size
    Bytes data{};
  };
  struct DiskFile {
    Bytes synced{};
    std::vector<Change> unsynced{};
    bool new_journal = false;  ///< its first sync also syncs the folder, as the unix VFS does
  };

  /// Counts a call. True: it must fail. `on_full_disk`: it grows a file.
  bool fails(bool on_full_disk = false);
  void sync(DiskFile& file);
  void sync_folder() { synced_names_ = names_; }
  static void apply(const Change& change, Bytes& bytes);
  static void apply_some(const Change& change, Bytes& bytes, std::mt19937_64& random);

  sqlite3_vfs* real_;
  sqlite3_vfs shim_{};
  FaultPlan plan_;
  std::function<void()> at_fault_;
  std::int64_t calls_ = 0;
  bool has_failed_ = false;

  std::deque<DiskFile> files_;  // never shrinks while files are open
  std::map<std::string, DiskFile*> names_;
  std::map<std::string, DiskFile*> synced_names_;
};

}  // namespace ledger::testing
