// Random numbers for directions. They need no statistical quality, but must be the same everywhere for one key.
#pragma once

#include <cstdint>

namespace fluxion::testing {

/// Source: Steele, Lea and Flood, Fast splittable pseudorandom number generators, OOPSLA 2014 (SplitMix64).
class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : state_(seed) {}
  std::uint64_t word() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  /// In [0, 1).
  double unit() { return static_cast<double>(word() >> 11) * 0x1p-53; }
  /// In [-1, 1).
  double signed_unit() { return 2 * unit() - 1; }
  double sign() { return (word() >> 63) != 0 ? 1 : -1; }
  std::uint64_t below(std::uint64_t n) { return word() % n; }

 private:
  std::uint64_t state_;
};

}  // namespace fluxion::testing
