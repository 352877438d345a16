// Values, messages and differences as text, so that a failed CHECK shows them.
#pragma once

#include <sstream>
#include <string>

#include "support/host.hpp"

namespace fluxion::test {

template <class T>
std::string str(const T& x) {
  std::ostringstream os;
  os << x;
  return os.str();
}

/// The first difference, or "".
inline std::string differs(const Array& got, const Array& want, Tolerance t = {}) { return difference(got, want, t).value_or(""); }
/// The same for expected numbers of a given shape: golden values.
inline std::string off(const Array& got, const Shape& shape, const std::vector<double>& want, double tolerance = 0) {
  Host h{got.dtype(), shape, {}};
  for (const double v : want) h.v.push_back({v, is_floating(got.dtype()) ? 0 : static_cast<std::int64_t>(v)});
  return difference(read(got), h, Tolerance::close(tolerance, tolerance)).value_or("");
}

/// What f throws if it is exactly an E, else what happened instead in brackets.
template <class E, class F>
std::string thrown(const F& f) {
  try {
    f();
  } catch (const std::exception& e) {
    return typeid(e) == typeid(E) ? std::string(e.what()) : str("[another type: ") + e.what() + "]";
  }
  return "[nothing was thrown]";
}

}  // namespace fluxion::test
