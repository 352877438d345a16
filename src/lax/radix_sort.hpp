// Stable sorts of items by unsigned keys: digit by digit, the least significant first.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>

#include "base/buffer.hpp"

namespace fluxion::lax {

/// A key and where it came from.
template <class U>
struct Keyed {
  U key;
  std::uint32_t from;
};
template <class U> U key_of(U v) { return v; }
template <class U> U key_of(const Keyed<U>& v) { return v.key; }

/// Room for n items, not initialised: fresh pages would cost more than the sort.
template <class T>
class Items {
 public:
  explicit Items(std::size_t n) : bytes_(n * sizeof(T)), data_(static_cast<T*>(allocate_raw(bytes_))) {}
  ~Items() { free_raw(data_, bytes_); }
  Items(const Items&) = delete;
  T* data() const { return data_; }

 private:
  std::size_t bytes_;
  T* data_;
};

/// Sorts n items; both arrays hold as many, and one of them the result.
template <class U, class T>
class RadixSort {
 public:
  RadixSort(T* items, T* spare) : items_(items), spare_(spare) {}

  /// Where the result is.
  T* sorted(std::size_t n) {
    if (n < pays_from && sizeof(U) > 1) {
      by_comparison(items_, items_ + n);
      return items_;
    }
    if constexpr (sizeof(U) <= 4) {
      return by_digits(items_, spare_, n, 0, key_bits);
    } else {
      // The upper half mostly decides; where it does not, neighbours are put in order by the lower half.
      T* const first = by_digits(items_, spare_, n, low_bits, key_bits);
      T* const other = first == items_ ? spare_ : items_;
      for (std::size_t begin = 0; begin < n;) {
        std::size_t end = begin + 1;
        while (end < n && (key_of(first[end]) >> low_bits) == (key_of(first[begin]) >> low_bits)) ++end;
        if (end - begin > 1) order_equals(first + begin, other + begin, end - begin);
        begin = end;
      }
      return first;
    }
  }

 private:
  static constexpr std::size_t pays_from = 512;         // elements; measured
  static constexpr std::size_t wide_pays_from = 16384;  // then digits of 11 bits instead of 8
  static constexpr unsigned key_bits = 8 * sizeof(U), low_bits = 31, most_digits = 4, widest = 11;

  static bool less(const T& a, const T& b) { return key_of(a) < key_of(b); }
  static void by_comparison(T* begin, T* end) {
    if constexpr (std::is_same_v<T, U>) {
      std::sort(begin, end);
    } else if (end - begin <= 32) {
      for (T* i = begin; i != end; ++i) {
        const T item = *i;
        T* to = i;
        for (; to != begin && less(item, to[-1]); --to) *to = to[-1];
        *to = item;
      }
    } else {
      std::stable_sort(begin, end, &less);
    }
  }
  static void order_equals(T* items, T* spare, std::size_t n) {
    if (n < pays_from) return by_comparison(items, items + n);
    if (const T* const result = by_digits(items, spare, n, 0, low_bits); result != items)
      std::memcpy(static_cast<void*>(items), result, n * sizeof(T));
  }

  /// By the bits [low, high) of the keys. Digits in which all agree are passed over.
  static T* by_digits(T* from, T* to, std::size_t n, unsigned low, unsigned high) {
    return n < wide_pays_from || high - low <= 16 ? by_digits_of<8>(from, to, n, low, high)
                                                  : by_digits_of<widest>(from, to, n, low, high);
  }
  template <unsigned width>
  static T* by_digits_of(T* from, T* to, std::size_t n, unsigned low, unsigned high) {
    constexpr U mask = static_cast<U>((1U << width) - 1);
    const U used = high == key_bits ? std::numeric_limits<U>::max() : static_cast<U>((U(1) << high) - 1);
    const unsigned digits = (high - low + width - 1) / width;
    std::array<std::array<std::uint32_t, 1U << width>, most_digits + 1> counts;
    for (unsigned d = 0; d < digits; ++d) counts[d].fill(0);
    const auto digit = [&](const T& item, unsigned d) {
      return static_cast<std::size_t>(static_cast<U>((key_of(item) & used) >> (low + d * width)) & mask);
    };
    const auto count = [&]<unsigned... d>(std::integer_sequence<unsigned, d...>) {
      for (std::size_t i = 0; i < n; ++i) (++counts[d][digit(from[i], d)], ...);
    };
    switch (digits) {
      case 1: count(std::make_integer_sequence<unsigned, 1>{}); break;
      case 2: count(std::make_integer_sequence<unsigned, 2>{}); break;
      case 3: count(std::make_integer_sequence<unsigned, 3>{}); break;
      case 4: count(std::make_integer_sequence<unsigned, 4>{}); break;
      default: count(std::make_integer_sequence<unsigned, 5>{});
    }
    for (unsigned d = 0; d < digits; ++d) {
      auto& places = counts[d];
      if (places[digit(from[0], d)] == n) continue;
      std::uint32_t at = 0;
      for (auto& c : places) at += std::exchange(c, at);
      for (std::size_t i = 0; i < n; ++i) to[places[digit(from[i], d)]++] = from[i];
      std::swap(from, to);
    }
    return from;
  }

  T *items_, *spare_;
};

}  // namespace fluxion::lax
