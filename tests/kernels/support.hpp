// What the kernel tests share: every instruction set of this machine, awkward values, equality to the bit.
#pragma once

#include <catch2/catch.hpp>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include "kernels/isa.hpp"

namespace kernel_tests {

using namespace fluxion;
using ir::Op;
using kernels::Kernel;
using kernels::Table;

inline std::vector<const Table*> tables() {
  std::vector<const Table*> found;
  for (const auto name : kernels::isa_names)
    if (const Table* t = kernels::table_for(name)) found.push_back(t);
  return found;
}

/// Equal to the bit, where all NaNs are one value.
template <class T>
bool same(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    if (std::isnan(a) && std::isnan(b)) return true;
  return std::memcmp(&a, &b, sizeof(T)) == 0;
}

/// Bools are stored as bytes, and a dtype is asked for by its C++ type.
template <class T>
constexpr DType dtype() {
  if constexpr (std::is_same_v<T, std::uint8_t>)
    return DType::bool_;
  else
    return dtype_of<T>;
}

/// Special values, extremes and ordinary numbers of all magnitudes, shuffled.
template <class T>
std::vector<T> awkward_values(std::size_t n, unsigned seed) {
  std::mt19937_64 random(seed);
  std::vector<T> v;
  using L = std::numeric_limits<T>;
  if constexpr (std::is_same_v<T, std::uint8_t>) {
    for (std::size_t i = 0; i < n; ++i) v.push_back(random() & 1);
    return v;
  } else if constexpr (std::is_floating_point_v<T>) {
    for (T x : {T(0),
                T(0.5),
                T(1),
                T(2),
                T(3),
                T(0.25),
                T(88.7),
                T(89),
                T(103),
                T(709.5),
                T(746),
                T(22),
                L::max(),
                L::min(),
                L::denorm_min(),
                T(L::min() / 3),
                L::infinity(),
                L::quiet_NaN(),
                T(1e6),
                T(8e5),
                T(1e30),
                L::epsilon(),
                T(1 - L::epsilon()),
                T(1 + L::epsilon()),
                T(0.7853982),
                T(1e-3)}) {
      v.push_back(x);
      v.push_back(-x);
    }
    std::uniform_real_distribution<double> unit(-1, 1), exponent(-30, 30);
    while (v.size() < n) v.push_back(T(v.size() % 2 ? unit(random) * 8 : unit(random) * std::exp(exponent(random))));
  } else {
    for (T x : {T(0), T(1), T(-1), T(2), T(-2), L::min(), L::max(), T(L::min() + 1), T(31), T(32), T(33), T(63),
                T(64), T(65)})
      v.push_back(x);
    while (v.size() < n) v.push_back(T(v.size() % 3 ? random() : random() % 100));
  }
  v.resize(n);
  std::shuffle(v.begin(), v.end(), random);
  return v;
}

/// Applies a kernel to whole vectors; an operand of one element stays one element.
template <class Out, class... In>
std::vector<Out> apply(Kernel kernel, std::size_t n, const std::vector<In>&... in) {
  std::vector<Out> out(n);
  void* args[] = {out.data(), const_cast<In*>(in.data())...};
  kernel(args, n);
  return out;
}

template <class T>
std::string shown(T x) {
  if constexpr (std::is_floating_point_v<T>) {
    char text[64];
    std::snprintf(text, sizeof text, "%a (%.9g)", double(x), double(x));
    return text;
  } else {
    return std::to_string(x);
  }
}

inline std::string label(const Table& t, Op op) { return std::string(t.isa) + " " + std::string(ir::name(op)); }

}  // namespace kernel_tests
