// Arrays of any dtype as plain numbers.
#pragma once

#include <cstdint>
#include <vector>

#include <fluxion/array.hpp>

namespace fluxion::testing {

/// `re` and `im` of floating and complex dtypes; `whole` of all others, unsigned ones as their bits.
struct Element {
  double re = 0, im = 0;
  std::int64_t whole = 0;
  friend bool operator==(const Element&, const Element&) = default;
};

/// The elements of a concrete array, row after row; keys as their 64 bits.
std::vector<Element> elements_of(const Array& x);
/// Rounded or wrapped to the dtype, which has values (no keys).
Array array_of(const std::vector<Element>& elements, DType dtype, const Shape& shape);

}  // namespace fluxion::testing
