// tree::ravel: a tree as one flat array, and back.
#pragma once

#include <utility>
#include <vector>

#include <fluxion/manipulation.hpp>
#include <fluxion/tree.hpp>

namespace fluxion::detail {
/// Consecutive pieces of x, which has that dtype, with these avals.
Arrays unraveled(const Array& x, const std::vector<Aval>& avals, DType dtype);
/// float64[0]
Array empty_vector();
}  // namespace fluxion::detail

namespace fluxion::tree {

/// Turns a flat array into the tree from whose ravel it comes.
template <TreeLike T>
class Unravel {
 public:
  Unravel(TreeDef def, std::vector<Aval> avals, DType dtype) : def_(std::move(def)), avals_(std::move(avals)), dtype_(dtype) {}
  /// Throws ValueError unless x has rank 1 and as many elements as the tree, TypeError unless it has the dtype of its ravel.
  traced_t<T> operator()(const Array& x) const { return unflatten<T>(def_, detail::unraveled(x, avals_, dtype_)); }

 private:
  TreeDef def_;
  std::vector<Aval> avals_;
  DType dtype_;
};

/// {all leaves flattened and joined, a function that undoes it}. Leaves are promoted to one dtype and get their
/// own back. Source: jax.flatten_util.ravel_pytree.
template <TreeLike T>
std::pair<Array, Unravel<T>> ravel(const T& t) {
  Flattened f = flatten(t);
  std::vector<Aval> avals;
  avals.reserve(f.leaves.size());
  for (Array& x : f.leaves) {
    avals.push_back(x.aval());
    x = x.reshape({x.size()});
  }
  Array flat = f.leaves.empty() ? detail::empty_vector() : concatenate(f.leaves);
  const DType dtype = flat.dtype();
  return {std::move(flat), Unravel<T>(std::move(f.structure), std::move(avals), dtype)};
}

}  // namespace fluxion::tree
