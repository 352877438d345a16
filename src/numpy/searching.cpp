// Elements found by truth: nonzero and its kin; and picking by masks.
#include <fluxion/sorting.hpp>

#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/manipulation.hpp>
#include <fluxion/reductions.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "core/trace.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"
#include "lax/rows.hpp"
#include "numpy/axes.hpp"
#include "numpy/selecting.hpp"

namespace fluxion {

Array positions(std::int64_t n) { return lax::iota(int64, {n}, 0); }

void require_concrete(const char* op, const Array& x, const std::optional<std::int64_t>& size) {
  require_value(op, x);
  if (size) {
    if (*size < 0) throw ValueError(text(op, ": size must not be negative, got ", *size, "; 0 asks for none"));
    return;
  }
  if (concrete_primal(x) == nullptr)
    throw ConcretizationError(text(op, ": how many results there are depends on values, which must be concrete, got ",
                                   describe(x), "; say how many with {.size = n}"));
}

std::int64_t counted(const char* op, const Array& mask, const std::optional<std::int64_t>& size) {
  require_concrete(op, mask, size);
  return size ? *size : sum(mask).item<std::int64_t>();
}

Array pick(const Array& x, const Array& indices) {
  auto shape = x.shape();
  shape[0] = indices.size();
  if (indices.size() == 0 || x.shape(0) == 0) return lax::full(shape, make_scalar(x.dtype(), 0.0));
  return lax::take_rows(x, convert_strong(indices, int64));
}

Array compressed(const char* op, const Array& x, const Array& mask, std::int64_t size, const Array& fill) {
  const auto n = mask.size();
  const auto at = lax::true_positions(mask, size);
  if (size == 0) return pick(x, at);
  const auto found = at < Array(n);
  const auto first = at[range(0, 1)];
  const auto taken = pick(x, where(found, at, first));
  auto instead = fill.is_empty_handle() ? lax::full(taken.shape(), make_scalar(x.dtype(), 0.0))
                                        : broadcast_to_shape(op, convert_strong(fill, x.dtype()), taken.shape());
  const auto keep = lax::broadcast_in_dim(fill.is_empty_handle() ? first < Array(n) : found, taken.shape(), {0});
  return lax::select_n(keep, instead, taken);
}

Arrays nonzero(const Array& x, const NonzeroOptions& options) {
  require_value("nonzero", x);
  if (x.ndim() == 0)
    throw ValueError(text("nonzero: an axis is required, got ", x.aval(), "; reshape it to {1}"));
  require_concrete("nonzero", x, options.size);
  const auto mask = ravel(x.dtype() == bool_ ? x : x != 0);
  const auto size = counted("nonzero", mask, options.size);
  const auto at = lax::true_positions(mask, size);
  const auto found = at < Array(mask.size());
  const auto fill =
      options.fill_value.is_empty_handle() ? scalar<std::int64_t>(0) : convert_strong(options.fill_value, int64);
  Arrays out;
  std::int64_t stride = mask.size();
  for (const auto extent : x.shape()) {
    stride = extent == 0 ? 1 : stride / extent;
    const auto along = extent == 0 || stride == 0 ? at : lax::rem(lax::div(at, scalar(stride)), scalar(extent));
    out.push_back(where(found, along, broadcast_to_shape("nonzero", fill, at.shape())));
  }
  return out;
}

Array argwhere(const Array& x, const NonzeroOptions& options) {
  require_value("argwhere", x);
  if (x.ndim() > 0) return stack(nonzero(x, options), 1);
  const auto found = nonzero(lax::reshape(x, {1}), options);
  return lax::full({found[0].size(), 0}, scalar<std::int64_t>(0));
}

Array flatnonzero(const Array& x, const NonzeroOptions& options) {
  require_value("flatnonzero", x);
  return nonzero(ravel(x), options)[0];
}

}  // namespace fluxion
