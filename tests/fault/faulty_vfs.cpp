#include "fault/faulty_vfs.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <new>

namespace ledger::testing {

/// SQLite's callbacks. https://www.sqlite.org/c3ref/io_methods.html
struct FaultyVfsCalls {
  struct File {
    sqlite3_file base;
    FaultyVfs* vfs;
    FaultyVfs::DiskFile* disk;
    sqlite3_file* real;
  };

  static File* cast(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
  static FaultyVfs* cast(sqlite3_vfs* vfs) { return static_cast<FaultyVfs*>(vfs->pAppData); }

  static int close(sqlite3_file* file) {
    sqlite3_file* real = cast(file)->real;
    return real->pMethods->xClose(real);
  }

  static int read(sqlite3_file* file, void* data, int size, sqlite3_int64 offset) {
    if (cast(file)->vfs->fails()) {
      std::memset(data, 0, static_cast<std::size_t>(size));
      return SQLITE_IOERR_READ;
    }
    sqlite3_file* real = cast(file)->real;
    return real->pMethods->xRead(real, data, size, offset);
  }

  static int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
    File& self = *cast(file);
    sqlite3_int64 before = 0;
    if (const int result = self.real->pMethods->xFileSize(self.real, &before);
        result != SQLITE_OK) {
      return result;
    }
    const bool fail = self.vfs->fails(offset + size > before);
    const FaultPlan& plan = self.vfs->plan_;
    if (fail && plan.effect == Effect::none) {
      return plan.disk_full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    }
    const int written = fail && plan.effect == Effect::half ? size / 2 : size;
    const int result = self.real->pMethods->xWrite(self.real, data, written, offset);
    if (result != SQLITE_OK) return result;
    const char* bytes = static_cast<const char*>(data);
    self.disk->unsynced.push_back(
        {false, static_cast<std::size_t>(offset), {bytes, bytes + written}});
    if (fail) return plan.disk_full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    return SQLITE_OK;
  }

  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    File& self = *cast(file);
    const bool fail = self.vfs->fails();
    if (fail && self.vfs->plan_.effect != Effect::full) return SQLITE_IOERR_TRUNCATE;
    const int result = self.real->pMethods->xTruncate(self.real, size);
    if (result != SQLITE_OK) return result;
    self.disk->unsynced.push_back({true, static_cast<std::size_t>(size), {}});
    return fail ? SQLITE_IOERR_TRUNCATE : SQLITE_OK;
  }

  static int sync(sqlite3_file* file, int /*flags*/) {
    File& self = *cast(file);
    const bool fail = self.vfs->fails();
    if (fail && self.vfs->plan_.effect == Effect::none) {
      self.disk->unsynced.clear();
      return SQLITE_IOERR_FSYNC;
    }
    if (fail && self.vfs->plan_.effect == Effect::half) {
      auto& unsynced = self.disk->unsynced;
      const auto half = static_cast<std::ptrdiff_t>(unsynced.size() / 2);
      unsynced.erase(unsynced.begin() + half, unsynced.end());
      self.vfs->sync(*self.disk);
      return SQLITE_IOERR_FSYNC;
    }
    // The real disk is never synced: the machine is not what fails here, and this is faster.
    if (!self.vfs->plan_.lying_sync) self.vfs->sync(*self.disk);
    return fail ? SQLITE_IOERR_FSYNC : SQLITE_OK;
  }

  static int file_size(sqlite3_file* file, sqlite3_int64* size) {
    sqlite3_file* real = cast(file)->real;
    return real->pMethods->xFileSize(real, size);
  }
  static int lock(sqlite3_file* file, int level) {
    sqlite3_file* real = cast(file)->real;
    return real->pMethods->xLock(real, level);
  }
  static int unlock(sqlite3_file* file, int level) {
    sqlite3_file* real = cast(file)->real;
    return real->pMethods->xUnlock(real, level);
  }
  static int check_reserved_lock(sqlite3_file* file, int* locked) {
    sqlite3_file* real = cast(file)->real;
    return real->pMethods->xCheckReservedLock(real, locked);
  }
  static int file_control(sqlite3_file* file, int operation, void* argument) {
    // A checkpoint every few pages instead of what the store asks for, so that a small workload has
    // some.
    if (operation == SQLITE_FCNTL_PRAGMA) {
      const char* name = static_cast<char**>(argument)[1];
      if (std::strcmp(name, "wal_autocheckpoint") == 0) return SQLITE_OK;
    }
    sqlite3_file* real = cast(file)->real;
    return real->pMethods->xFileControl(real, operation, argument);
  }
  static int sector_size(sqlite3_file* file) {
    sqlite3_file* real = cast(file)->real;
    return real->pMethods->xSectorSize(real);
  }
  static int device_characteristics(sqlite3_file* file) {
    sqlite3_file* real = cast(file)->real;
    return real->pMethods->xDeviceCharacteristics(real);
  }

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags,
                  int* out_flags) {
    // Version 1: no shared memory and no mapped pages, neither of which the store may need.
    static const sqlite3_io_methods kMethods = {1,
                                                close,
                                                read,
                                                write,
                                                truncate,
                                                sync,
                                                file_size,
                                                lock,
                                                unlock,
                                                check_reserved_lock,
                                                file_control,
                                                sector_size,
                                                device_characteristics,
                                                nullptr,
                                                nullptr,
                                                nullptr,
                                                nullptr,
                                                nullptr,
                                                nullptr};
    FaultyVfs& self = *cast(vfs);
    File* opened = new (file) File{};
    opened->real = reinterpret_cast<sqlite3_file*>(opened + 1);
    opened->vfs = &self;
    if (self.fails()) return SQLITE_CANTOPEN;

    Bytes before;
    bool existed = false;
    if (name != nullptr) {
      std::ifstream content(name, std::ios::binary);
      existed = content.is_open();
      before.assign(std::istreambuf_iterator<char>(content), {});
    }
    const int result = self.real_->xOpen(self.real_, name, opened->real, flags, out_flags);
    if (result != SQLITE_OK) return result;
    opened->base.pMethods = &kMethods;
    if (name == nullptr) {
      opened->disk = &self.files_.emplace_back();
      return SQLITE_OK;
    }
    auto& known = self.names_[name];
    if (known == nullptr) {
      known = &self.files_.emplace_back();
      known->synced = std::move(before);
      known->new_journal = !existed && (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL)) != 0;
      if (existed) self.synced_names_[name] = known;
    }
    opened->disk = known;
    return SQLITE_OK;
  }

  static int remove(sqlite3_vfs* vfs, const char* name, int sync_folder) {
    FaultyVfs& self = *cast(vfs);
    const bool fail = self.fails();
    if (fail && self.plan_.effect != Effect::full) return SQLITE_IOERR_DELETE;
    const int result = self.real_->xDelete(self.real_, name, 0);
    if (result != SQLITE_OK) return result;
    self.names_.erase(name);
    if (sync_folder != 0 && !self.plan_.lying_sync) self.sync_folder();
    return fail ? SQLITE_IOERR_DELETE : SQLITE_OK;
  }

  static int access(sqlite3_vfs* vfs, const char* name, int flags, int* answer) {
    sqlite3_vfs* real = cast(vfs)->real_;
    return real->xAccess(real, name, flags, answer);
  }
  static int full_path(sqlite3_vfs* vfs, const char* name, int size, char* out) {
    sqlite3_vfs* real = cast(vfs)->real_;
    return real->xFullPathname(real, name, size, out);
  }

 private:
  using Bytes = FaultyVfs::Bytes;
};

namespace {

/// Runs on every new connection; the shim keeps the store from setting another value.
int checkpoint_often(sqlite3* database, char**, const void*) {
  return sqlite3_wal_autocheckpoint(database, 12);
}

void set_checkpoint_often(bool on) {
  const auto entry = reinterpret_cast<void (*)()>(checkpoint_often);
  if (on) {
    sqlite3_auto_extension(entry);
  } else {
    sqlite3_cancel_auto_extension(entry);
  }
}

}  // namespace

FaultyVfs::FaultyVfs() : real_(sqlite3_vfs_find(nullptr)) {
  shim_ = *real_;
  shim_.iVersion = 1;
  shim_.szOsFile = static_cast<int>(sizeof(FaultyVfsCalls::File)) + real_->szOsFile;
  shim_.pNext = nullptr;
  shim_.zName = "faulty";
  shim_.pAppData = this;
  shim_.xOpen = FaultyVfsCalls::open;
  shim_.xDelete = FaultyVfsCalls::remove;
  shim_.xAccess = FaultyVfsCalls::access;
  shim_.xFullPathname = FaultyVfsCalls::full_path;
  sqlite3_vfs_register(&shim_, 1);
  set_checkpoint_often(true);
}

FaultyVfs::~FaultyVfs() {
  set_checkpoint_often(false);
  sqlite3_vfs_unregister(&shim_);
  sqlite3_vfs_register(real_, 1);
}

void FaultyVfs::arm(FaultPlan plan, std::function<void()> at_fault) {
  plan_ = plan;
  at_fault_ = std::move(at_fault);
  calls_ = 0;
  has_failed_ = false;
}

void FaultyVfs::forget() {
  names_.clear();
  synced_names_.clear();
  files_.clear();
}

bool FaultyVfs::fails(bool on_full_disk) {
  ++calls_;
  if (plan_.fail_at == 0 || calls_ < plan_.fail_at) return false;
  if (plan_.disk_full) {
    if (!on_full_disk) return false;
  } else if (calls_ > plan_.fail_at && !plan_.from_then_on) {
    return false;
  }
  if (!has_failed_ && at_fault_) at_fault_();
  has_failed_ = true;
  return true;
}

void FaultyVfs::sync(DiskFile& file) {
  for (const Change& change : file.unsynced)
    apply(change, file.synced);
  file.unsynced.clear();
  if (file.new_journal) sync_folder();
  file.new_journal = false;
}

void FaultyVfs::apply(const Change& change, Bytes& bytes) {
  if (change.truncation) {
    bytes.resize(change.offset);
    return;
  }
  bytes.resize(std::max(bytes.size(), change.offset + change.data.size()));
  std::copy(change.data.begin(), change.data.end(),
            bytes.begin() + static_cast<std::ptrdiff_t>(change.offset));
}

void FaultyVfs::apply_some(const Change& change, Bytes& bytes, std::mt19937_64& random) {
  const auto fate = random() % 3;
  if (fate == 0) return;
  if (fate == 1 || change.truncation) return apply(change, bytes);
  constexpr std::size_t kSector = 512;
  for (std::size_t done = 0; done < change.data.size();) {
    const std::size_t offset = change.offset + done;
    const std::size_t size = std::min(kSector - offset % kSector, change.data.size() - done);
    const auto from = change.data.begin() + static_cast<std::ptrdiff_t>(done);
    if (random() % 2 == 0) {
      apply({false, offset, {from, from + static_cast<std::ptrdiff_t>(size)}}, bytes);
    }
    done += size;
  }
}

void FaultyVfs::save_after_power_loss(const std::string& folder, const std::string& target,
                                      Survivors survivors, std::uint64_t seed) const {
  std::mt19937_64 random(seed);
  auto names = survivors == Survivors::none ? synced_names_ : names_;
  if (survivors == Survivors::some) {
    for (const auto& [name, file] : synced_names_) {
      if (random() % 2 == 0) names[name] = file;
    }
    for (const auto& [name, file] : names_) {
      if (!synced_names_.contains(name) && random() % 2 == 0) names.erase(name);
    }
  }
  for (const auto& [name, file] : names) {
    if (!name.starts_with(folder + "/")) continue;
    Bytes bytes = file->synced;
    for (const Change& change : file->unsynced) {
      if (survivors == Survivors::all) apply(change, bytes);
      if (survivors == Survivors::some) apply_some(change, bytes, random);
    }
    std::ofstream out(target + name.substr(folder.size()), std::ios::binary | std::ios::trunc);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
}

}  // namespace ledger::testing
