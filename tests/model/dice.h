// Chance, from a seed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <random>
#include <utility>
#include <vector>

namespace ledger::model {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}

  std::int64_t pick(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }
  bool chance(int percent) { return pick(1, 100) <= percent; }
  /// A place in a list. REQUIRES: size > 0.
  std::size_t place(std::size_t size) {
    return static_cast<std::size_t>(pick(0, static_cast<std::int64_t>(size) - 1));
  }
  template <class T>
  const T& of(const std::vector<T>& list) {
    return list[place(list.size())];
  }
  template <class T>
  void shuffle(std::vector<T>& list) {
    std::shuffle(list.begin(), list.end(), random_);
  }

 private:
  std::mt19937_64 random_;
};

/// Cards in random order, each as often as its weight before any comes again: what is rare comes,
/// too, whatever the seed.
template <class T>
class Deck {
 public:
  Deck(std::initializer_list<std::pair<T, int>> weights) {
    for (const auto& [card, times] : weights)
      all_.insert(all_.end(), static_cast<std::size_t>(times), card);
  }

  T draw(Dice& dice) {
    if (left_.empty()) {
      left_ = all_;
      dice.shuffle(left_);
    }
    const T card = left_.back();
    left_.pop_back();
    return card;
  }

 private:
  std::vector<T> all_;
  std::vector<T> left_;
};

}  // namespace ledger::model
