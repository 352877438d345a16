// Transformations of functions from arrays to arrays, in the form that laws combine: function in, function out.
#pragma once

#include <optional>

#include <fluxion/detail/flat.hpp>

namespace fluxion::test {

using detail::FlatFn;
using detail::FlatAxes;

std::vector<Aval> avals(const Arrays& xs);
inline Arrays joined(Arrays a, const Arrays& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
inline Arrays part(const Arrays& xs, std::size_t first, std::size_t count) {
  const auto begin = xs.begin() + static_cast<std::ptrdiff_t>(first);
  return {begin, begin + static_cast<std::ptrdiff_t>(count)};
}

/// f traced and run as a compiled program (bound as the jit primitive under another trace).
FlatFn jitted(FlatFn f);
/// (primals of the `active` arguments and all others, then one tangent per active argument)
/// -> results, then the tangents of the floating ones.
FlatFn jvp_of(FlatFn f, std::vector<char> active);
/// The same results by linearize: evaluate once, push the tangents through the recorded map.
FlatFn linearized_of(FlatFn f, std::vector<char> active);
/// (arguments, then one cotangent per floating result) -> results, then one cotangent per active argument.
FlatFn vjp_of(FlatFn f, std::vector<char> active);
/// f mapped over the given axes of its arguments; results are mapped along out_axis.
FlatFn vmapped(FlatFn f, FlatAxes in_axes, std::int64_t size, std::int64_t out_axis = 0);

/// The jaxpr of f for these arguments.
detail::ClosedJaxpr jaxpr_of(const FlatFn& f, const Arrays& args);
/// f's jaxpr, evaluated equation by equation.
Arrays interpreted(const FlatFn& f, const Arrays& args);

}  // namespace fluxion::test
