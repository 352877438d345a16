// Collectives: communication between the elements of an axis that vmap maps, by the axis's name. Source: jax.lax.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

#include <fluxion/axis_names.hpp>
#include <fluxion/tree.hpp>

namespace fluxion {

/// The option axis_index_groups of jax.lax, which Fluxion does not have.
struct NoAxisIndexGroups {
  NoAxisIndexGroups() = default;
  NoAxisIndexGroups(None) {}  // NOLINT: implicit on purpose, as below
  template <class Groups = void>
  NoAxisIndexGroups(std::initializer_list<std::initializer_list<int>>) { refuse<Groups>(); }
  template <class Groups>
  NoAxisIndexGroups(const Groups&) { refuse<Groups>(); }

 private:
  template <class Groups>
  static void refuse() {
    static_assert(detail::never<Groups>, "fluxion: collectives have no axis_index_groups; split the mapped axis in two with "
                                         "reshape, map both with vmap, and name the one to work over");
  }
};

struct CollectiveOptions {
  NoAxisIndexGroups axis_index_groups = {};
};
struct AllGatherOptions {
  NoAxisIndexGroups axis_index_groups = {};
  /// Where the gathered axis goes in the result.
  std::int64_t axis = 0;
  /// Whether the elements are joined along an existing axis rather than stacked along a new one.
  bool tiled = false;
};
struct PsumScatterOptions {
  /// Which axis of the sum is dealt out.
  std::int64_t scatter_dimension = 0;
  NoAxisIndexGroups axis_index_groups = {};
  /// Whether each gets a block of that axis rather than one element of it.
  bool tiled = false;
};
struct AllToAllOptions {
  NoAxisIndexGroups axis_index_groups = {};
  /// Whether blocks are exchanged: split_axis is divided, and concat_axis multiplied, by the axis's size.
  bool tiled = false;
};
/// {source, destination} positions along the axis.
using Permutation = std::vector<std::pair<std::int64_t, std::int64_t>>;

namespace detail {
Arrays psum_flat(const Arrays& xs, const AxisNames& names);
Arrays pmean_flat(const Arrays& xs, const AxisNames& names);
Arrays pmax_flat(const Arrays& xs, const AxisNames& names);
Arrays pmin_flat(const Arrays& xs, const AxisNames& names);
Arrays all_gather_flat(const Arrays& xs, const AxisNames& names, const AllGatherOptions& options);
Arrays ppermute_flat(const Arrays& xs, const AxisNames& names, const Permutation& perm);
Arrays psum_scatter_flat(const Arrays& xs, const AxisNames& names, const PsumScatterOptions& options);
Arrays all_to_all_flat(const Arrays& xs, const AxisNames& names, std::int64_t split_axis, std::int64_t concat_axis,
                       const AllToAllOptions& options);

/// The tree of f's results for the leaves of x.
template <class T, class F>
traced_t<T> with_leaves(const T& x, const F& f) {
  const auto [leaves, structure] = tree::flatten(x);
  return build_tree<T>(structure, f(leaves));
}
}  // namespace detail

// All of these throw ValueError if no vmap around the call names the axis.

/// The sum over the named axes, the same for all their elements: result = sum_i x_i. A value that does not vary along
/// an axis counts as often as the axis has elements, so psum(1, "i") is the axis's size. Booleans count as int32.
/// Its transpose is psum of the cotangents. Source: jax.lax.psum.
template <TreeLike T>
traced_t<T> psum(const T& x, const AxisNames& axis_name, const CollectiveOptions& = {}) {
  return detail::with_leaves(x, [&](const Arrays& xs) { return detail::psum_flat(xs, axis_name); });
}
/// psum divided by the number of elements. Source: jax.lax.pmean.
template <TreeLike T>
traced_t<T> pmean(const T& x, const AxisNames& axis_name, const CollectiveOptions& = {}) {
  return detail::with_leaves(x, [&](const Arrays& xs) { return detail::pmean_flat(xs, axis_name); });
}
/// The elementwise maximum over the named axes. The derivative is shared equally by the elements that attain it.
/// Source: jax.lax.pmax.
template <TreeLike T>
traced_t<T> pmax(const T& x, const AxisNames& axis_name, const CollectiveOptions& = {}) {
  return detail::with_leaves(x, [&](const Arrays& xs) { return detail::pmax_flat(xs, axis_name); });
}
/// As pmax, the minimum. Source: jax.lax.pmin.
template <TreeLike T>
traced_t<T> pmin(const T& x, const AxisNames& axis_name, const CollectiveOptions& = {}) {
  return detail::with_leaves(x, [&](const Arrays& xs) { return detail::pmin_flat(xs, axis_name); });
}

/// The position of this element along the axis, an int32 scalar; for several names, in row-major order.
/// Source: jax.lax.axis_index.
Array axis_index(const AxisNames& axis_name);
/// The number of elements of the axis, or the product for several. Source: jax.lax.axis_size.
std::int64_t axis_size(const AxisNames& axis_name);

/// x of every element along a new axis, the same for all: result[i] = x_i. With {.tiled = true} they are joined
/// along the existing axis. Source: jax.lax.all_gather.
template <TreeLike T>
traced_t<T> all_gather(const T& x, const AxisNames& axis_name, const AllGatherOptions& options = {}) {
  return detail::with_leaves(x, [&](const Arrays& xs) { return detail::all_gather_flat(xs, axis_name, options); });
}
/// Sends x along: for each {source, destination} of perm, result_destination = x_source; who receives nothing gets
/// zeros. Throws ValueError unless sources and destinations are distinct positions. Source: jax.lax.ppermute.
template <TreeLike T>
traced_t<T> ppermute(const T& x, const AxisNames& axis_name, const Permutation& perm) {
  return detail::with_leaves(x, [&](const Arrays& xs) { return detail::ppermute_flat(xs, axis_name, perm); });
}
/// The sum over the axis, dealt out: result_i = (sum_j x_j)[i] along scatter_dimension, which goes; with
/// {.tiled = true} the i-th of equal blocks. Source: jax.lax.psum_scatter.
template <TreeLike T>
traced_t<T> psum_scatter(const T& x, const AxisNames& axis_name, const PsumScatterOptions& options = {}) {
  return detail::with_leaves(x, [&](const Arrays& xs) { return detail::psum_scatter_flat(xs, axis_name, options); });
}
/// Exchanges parts: result_i[j] = x_j[i], with i along split_axis of x, which goes, and j along the new concat_axis of
/// the result. With {.tiled = true} blocks are exchanged and no axis comes or goes. Source: jax.lax.all_to_all.
template <TreeLike T>
traced_t<T> all_to_all(const T& x, const AxisNames& axis_name, std::int64_t split_axis, std::int64_t concat_axis,
                       const AllToAllOptions& options = {}) {
  return detail::with_leaves(
      x, [&](const Arrays& xs) { return detail::all_to_all_flat(xs, axis_name, split_axis, concat_axis, options); });
}

}  // namespace fluxion
