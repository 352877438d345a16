// Sorts of keys and of keys with where they came from, for every width and length at which another way is taken.
#include <catch2/catch.hpp>

#include <random>
#include <vector>

#include "lax/radix_sort.hpp"

namespace fluxion::lax {
namespace {

enum class Draw { any, few, low_bits, high_bits, sorted };

template <class U>
std::vector<U> keys(std::size_t n, Draw draw) {
  std::mt19937_64 random(n);
  std::vector<U> v(n);
  for (std::size_t i = 0; i < n; ++i) {
    const auto x = random();
    switch (draw) {
      case Draw::any: v[i] = static_cast<U>(x); break;
      case Draw::few: v[i] = static_cast<U>(x % 3 * 0x1234567); break;
      case Draw::low_bits: v[i] = static_cast<U>(x % 5000); break;
      case Draw::high_bits: v[i] = static_cast<U>(x << (8 * sizeof(U) - 8)); break;
      case Draw::sorted: v[i] = static_cast<U>(i * 7); break;
    }
  }
  return v;
}

template <class U>
void check() {
  for (const std::size_t n : {1U, 2U, 31U, 33U, 511U, 512U, 2000U, 16384U, 30000U})
    for (const auto draw : {Draw::any, Draw::few, Draw::low_bits, Draw::high_bits, Draw::sorted}) {
      const auto given = keys<U>(n, draw);
      auto plain = given, spare = given, want = given;
      std::sort(want.begin(), want.end());
      const U* const got = RadixSort<U, U>(plain.data(), spare.data()).sorted(n);
      CHECK(std::equal(want.begin(), want.end(), got));
      std::vector<Keyed<U>> items(n), other(n);
      for (std::size_t i = 0; i < n; ++i) items[i] = {given[i], static_cast<std::uint32_t>(i)};
      auto stable = items;
      std::stable_sort(stable.begin(), stable.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
      const auto* const ordered = RadixSort<U, Keyed<U>>(items.data(), other.data()).sorted(n);
      CHECK(std::equal(stable.begin(), stable.end(), ordered,
                       [](const auto& a, const auto& b) { return a.key == b.key && a.from == b.from; }));
    }
}

}  // namespace

TEST_CASE("keys of 8 bits are sorted stably") { check<std::uint8_t>(); }
TEST_CASE("keys of 16 bits are sorted stably") { check<std::uint16_t>(); }
TEST_CASE("keys of 32 bits are sorted stably") { check<std::uint32_t>(); }
TEST_CASE("keys of 64 bits are sorted stably") { check<std::uint64_t>(); }

}  // namespace fluxion::lax
