// Which of a list of values are there: symbolic zeros are left out of programs, and put back in their places.
#pragma once

#include <span>
#include <vector>

#include <fluxion/array.hpp>

namespace fluxion {

using Mask = std::vector<char>;

/// Where `xs` holds values rather than symbolic zeros.
inline Mask present(ArraySpan xs) {
  Mask m;
  for (const auto& x : xs) m.push_back(!x.is_empty_handle());
  return m;
}

inline void append_present(Arrays& to, ArraySpan from) {
  for (const auto& x : from)
    if (!x.is_empty_handle()) to.push_back(x);
}

/// The values in their places, with symbolic zeros where the mask is 0.
inline Arrays spread(ArraySpan values, const Mask& mask) {
  Arrays out(mask.size());
  for (std::size_t i = 0, next = 0; i < mask.size(); ++i)
    if (mask[i]) out[i] = values[next++];
  return out;
}

inline Mask either(const Mask& a, const Mask& b) {
  Mask m = a;
  for (std::size_t i = 0; i < m.size(); ++i) m[i] = a[i] | b[i];
  return m;
}

inline std::size_t count(const Mask& m) {
  std::size_t n = 0;
  for (char c : m) n += c != 0;
  return n;
}

}  // namespace fluxion
