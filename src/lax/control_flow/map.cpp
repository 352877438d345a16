// map and associative_scan: compositions of scan, vmap and slices.
#include <fluxion/detail/flat_control.hpp>

#include "base/text.hpp"
#include "lax/control_flow/control_flow.hpp"
#include "lax/rules.hpp"

namespace fluxion::detail {

namespace {

using lax::at_leaf;
using lax::joined;

/// x[first:limit:stride] along one axis.
Array sliced(const Array& x, std::int64_t axis, std::int64_t first, std::int64_t limit, std::int64_t stride = 1) {
  const auto d = static_cast<std::size_t>(axis);
  Dims start(x.shape().size(), 0), end = x.shape(), step(x.shape().size(), 1);
  start[d] = first;
  end[d] = limit;
  step[d] = stride;
  return lax::slice(x, start, end, step);
}

Array with_extents(const Array& x, Shape lead, std::size_t drop) {
  for (auto i = drop; i < x.shape().size(); ++i) lead.push_back(x.shape()[i]);
  return lax::reshape(x, lead);
}

}  // namespace

Arrays map_flat(const FlatFn& f, const Arrays& xs, const MapOptions& options, const LeafPath& xs_path) {
  const char* op = "map";
  const LeafPath no_carry = [](std::size_t) { return std::string(); };
  if (!options.batch_size) return scan_flat(op, f, {}, xs, {}, no_carry, xs_path);
  const auto b = *options.batch_size;
  if (b < 1)
    throw ValueError(text(op, ": batch_size must be at least 1, got ", b, "; leave it out to map one element at a time"));
  const auto n = lax::scan_length(op, xs, {}, xs_path), blocks = n / b, whole = blocks * b;
  const FlatFn mapped = [&](const Arrays& block) {
    return vmap_flat(f, block, FlatAxes(block.size(), 0), block[0].shape()[0], [](std::size_t k) { return FlatAxes(k, 0); });
  };
  Arrays blocked, rest;
  for (const auto& x : xs) {
    blocked.push_back(with_extents(sliced(x, 0, 0, whole), {blocks, b}, 1));
    rest.push_back(sliced(x, 0, whole, n));
  }
  auto ys = scan_flat(op, mapped, {}, blocked, {}, no_carry, xs_path);
  for (auto& y : ys) y = with_extents(y, {whole}, 2);
  if (whole == n) return ys;
  const auto last = mapped(rest);
  for (std::size_t i = 0; i < ys.size(); ++i) ys[i] = lax::concatenate(Arrays{ys[i], last[i]}, 0);
  return ys;
}

namespace {

/// Prefix combinations by odd-even reduction (Blelloch 1990): those of neighbouring pairs are the results at odd
/// places, one more combination with an element each gives those at even ones.
class PrefixScan {
 public:
  PrefixScan(const FlatFn& fn, const LeafPath& path, std::int64_t axis) : fn_(fn), path_(path), axis_(axis) {}

  Arrays operator()(const Arrays& elems) const {
    const auto n = extent(elems[0]);
    if (n < 2) return elems;
    const auto odd = (*this)(combined(every(elems, 0, n - 1, 2), every(elems, 1, n, 2)));
    const auto pairs = extent(odd[0]);
    auto even = every(elems, 0, 1);
    if (n > 2) {
      const auto rest = combined(n % 2 == 0 ? every(odd, 0, pairs - 1) : odd, every(elems, 2, n, 2));
      for (std::size_t i = 0; i < even.size(); ++i) even[i] = lax::concatenate(Arrays{even[i], rest[i]}, axis_);
    }
    for (std::size_t i = 0; i < even.size(); ++i) even[i] = interleaved(even[i], odd[i]);
    return even;
  }

 private:
  std::int64_t extent(const Array& x) const { return x.shape()[static_cast<std::size_t>(axis_)]; }
  Arrays every(const Arrays& xs, std::int64_t first, std::int64_t limit, std::int64_t stride = 1) const {
    Arrays out;
    for (const auto& x : xs) out.push_back(sliced(x, axis_, first, limit, stride));
    return out;
  }
  Arrays combined(const Arrays& a, const Arrays& b) const {
    auto out = fn_(joined({a, b}));
    std::string changed;
    for (std::size_t i = 0; i < out.size(); ++i)
      if (out[i].shape() != a[i].shape() || out[i].dtype() != a[i].dtype())
        changed += text(changed.empty() ? "" : ", ", out[i].aval(), " for ", a[i].aval(), at_leaf(path_, i));
    if (!changed.empty())
      throw TypeError(text("associative_scan: fn must return what it combines, got ", changed,
                           "; it is called with slices along the axis and works on them elementwise"));
    return out;
  }
  /// a[0], b[0], a[1], b[1], ...; a may have one more.
  Array interleaved(const Array& a, const Array& b) const {
    const auto d = static_cast<std::size_t>(axis_);
    const auto n = extent(b);
    Shape column = b.shape(), both = b.shape();
    column.insert(d + 1, 1);
    both[d] *= 2;
    const auto as = lax::reshape(sliced(a, axis_, 0, n), column), bs = lax::reshape(b, column);
    const auto pairs = lax::reshape(lax::concatenate(Arrays{as, bs}, axis_ + 1), both);
    return extent(a) == n ? pairs : lax::concatenate(Arrays{pairs, sliced(a, axis_, n, n + 1)}, axis_);
  }

  const FlatFn& fn_;
  const LeafPath& path_;
  std::int64_t axis_;
};

// A negative axis counts from the end of the first leaf, as in jax.
std::int64_t checked_axis(const Arrays& elems, std::int64_t axis, const LeafPath& path) {
  const char* op = "associative_scan";
  if (elems.empty())
    throw ValueError(text(op, ": elems must have an array to scan, got a tree without leaves; give it one"));
  const auto found = axis < 0 ? axis + elems[0].ndim() : axis;
  for (std::size_t i = 0; i < elems.size(); ++i)
    if (found < 0 || found >= elems[i].ndim())
      throw ValueError(text(op, ": axis must be one of each leaf, got ", axis, " for ", elems[found < 0 ? 0 : i].aval(),
                            at_leaf(path, i), "; stack the elements along it"));
  const auto extent = [&](std::size_t i) { return elems[i].shape()[static_cast<std::size_t>(found)]; };
  for (std::size_t i = 0; i < elems.size(); ++i)
    if (extent(i) != extent(0))
      throw ValueError(text(op, ": leaves must have one extent along the axis, got ", elems[0].aval(), at_leaf(path, 0), " and ",
                            elems[i].aval(), at_leaf(path, i), "; scan sequences of other lengths apart"));
  return found;
}

}  // namespace

Arrays associative_scan_flat(const FlatFn& fn, Arrays elems, const AssociativeScanOptions& options, const LeafPath& path) {
  const auto axis = checked_axis(elems, options.axis, path);
  const auto turned = [&](Arrays xs) {
    for (auto& x : xs) x = lax::rev(x, {axis});
    return xs;
  };
  const PrefixScan scanned(fn, path, axis);
  return options.reverse ? turned(scanned(turned(std::move(elems)))) : scanned(elems);
}

}  // namespace fluxion::detail
