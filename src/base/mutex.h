// Mutexes that clang's thread-safety analysis can check. std::mutex carries no annotations under
// libstdc++, so it is wrapped here, once.
// https://clang.llvm.org/docs/ThreadSafetyAnalysis.html
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define LEDGER_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define LEDGER_THREAD_ANNOTATION(x)
#endif

#define LEDGER_CAPABILITY(x) LEDGER_THREAD_ANNOTATION(capability(x))
#define LEDGER_SCOPED_CAPABILITY LEDGER_THREAD_ANNOTATION(scoped_lockable)
#define LEDGER_GUARDED_BY(x) LEDGER_THREAD_ANNOTATION(guarded_by(x))
#define LEDGER_PT_GUARDED_BY(x) LEDGER_THREAD_ANNOTATION(pt_guarded_by(x))
#define LEDGER_REQUIRES(...) LEDGER_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define LEDGER_EXCLUDES(...) LEDGER_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
#define LEDGER_ACQUIRE(...) LEDGER_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define LEDGER_RELEASE(...) LEDGER_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define LEDGER_TRY_ACQUIRE(...) LEDGER_THREAD_ANNOTATION(try_acquire_capability(__VA_ARGS__))

namespace ledger::base {

class CondVar;

/// A std::mutex that the analysis knows.
class LEDGER_CAPABILITY("mutex") Mutex {
 public:
  void lock() LEDGER_ACQUIRE() { mutex_.lock(); }
  void unlock() LEDGER_RELEASE() { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

/// Holds a Mutex for a scope. unlock() and lock() let a scope give it up for a while.
class LEDGER_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) LEDGER_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() LEDGER_RELEASE() {
    if (held_) mutex_.unlock();
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void lock() LEDGER_ACQUIRE() {
    mutex_.lock();
    held_ = true;
  }
  void unlock() LEDGER_RELEASE() {
    held_ = false;
    mutex_.unlock();
  }

 private:
  Mutex& mutex_;
  bool held_ = true;
};

/// A condition variable for Mutex. Callers wait in a loop on their condition: the analysis cannot
/// see into a predicate.
class CondVar {
 public:
  void wait(Mutex& mutex) LEDGER_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }

  /// Returns after `timeout`, a notification, or for no reason at all.
  void wait_for(Mutex& mutex, std::chrono::nanoseconds timeout) LEDGER_REQUIRES(mutex) {
    // So that now + timeout stays in range, however far off the deadline is.
    constexpr std::chrono::nanoseconds kLongest = std::chrono::hours(1);
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait_until(lock, std::chrono::steady_clock::now() + std::min(timeout, kLongest));
    lock.release();
  }

  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace ledger::base
