// Structs that the tests of the typed transformations share, and arrays as plain numbers.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <fluxion/fluxion.hpp>

namespace fluxion::test {

using Numbers = std::vector<double>;
inline Numbers numbers(const Array& x) { return x.astype(float64).to_vector<double>(); }

template <class T>
std::string text_of(const T& x) {
  std::ostringstream os;
  os << x;
  return os.str();
}

/// What `f` throws; a test that expects an E fails on any other.
template <class E, class F>
std::string message(const F& f) {
  try {
    f();
  } catch (const E& e) {
    return e.what();
  }
  return "nothing was thrown";
}

struct Layer {
  Array w, b;
};
struct Net {
  std::vector<Layer> layers;
  Array scale;
  Static<int> depth;
};

}  // namespace fluxion::test

BOOST_HANA_ADAPT_STRUCT(fluxion::test::Layer, w, b);
BOOST_HANA_ADAPT_STRUCT(fluxion::test::Net, layers, scale, depth);

namespace fluxion::test {

inline Net net() {
  return {{{array({1.0, 2.0}), 0.5}, {array({3.0}), 1.5}}, 2.0, 7};
}

}  // namespace fluxion::test
