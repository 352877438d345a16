// The random numbers of generators. Not those of fluxion::random, which are under test.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

namespace fluxion::testing {

/// Words of 64 bits from a seed: SplitMix64 (Steele, Lea, Flood 2014).
class Words {
 public:
  explicit Words(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  /// In [0, n), for n > 0; the bias of the remainder does not matter here.
  std::uint64_t below(std::uint64_t n) { return next() % n; }
  /// Whole, from lo to hi, both inclusive.
  std::int64_t between(std::int64_t lo, std::int64_t hi) {
    const auto n = static_cast<std::uint64_t>(hi) - static_cast<std::uint64_t>(lo) + 1;
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(lo) + (n == 0 ? next() : below(n)));
  }
  /// In [0, 1).
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  /// Standard normal, by Box and Muller.
  double normal() { return std::sqrt(-2 * std::log(1 - unit())) * std::cos(2 * std::numbers::pi * unit()); }

 private:
  std::uint64_t state_;
};

}  // namespace fluxion::testing
