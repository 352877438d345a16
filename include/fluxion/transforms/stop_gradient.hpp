// stop_gradient of a tree.
#pragma once

#include <type_traits>

#include <fluxion/elementwise.hpp>
#include <fluxion/tree.hpp>

namespace fluxion {

/// The same tree with derivative zero; integer leaves pass. Source: jax.lax.stop_gradient.
template <TreeLike T> requires(!std::is_same_v<T, Array> && !Scalar<T>)
traced_t<T> stop_gradient(const T& t) {
  return tree::map([](const Array& x) { return stop_gradient(x); }, t);
}

}  // namespace fluxion
