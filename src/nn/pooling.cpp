#include <fluxion/nn/pooling.hpp>

#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"

namespace fluxion::nn {

namespace {

// The window over all axes of x: extents of 1 for batch and features.
lax::Window whole_window(const char* op, const Array& x, const Dims& window, const PoolOptions& options) {
  const auto spatial = window.size(), rank = x.shape().size();
  if (rank < spatial + 1)
    throw ValueError(text(op, ": operands must be [batch..., spatial..., features], got ", x.aval(),
                          " for a window of ", window, "; add axes with fx::expand_dims"));
  if (!options.strides.empty() && options.strides.size() != spatial)
    throw ValueError(text(op, ": strides must have one entry per axis of the window, got ", options.strides, " for ",
                          window, "; add or remove entries"));
  Dims extents(rank, 1), strides(rank, 1), covered;
  for (std::size_t i = 0; i < spatial; ++i) {
    const auto axis = rank - 1 - spatial + i;
    covered.push_back(x.shape()[axis]);
    extents[axis] = window[i];
    if (!options.strides.empty()) strides[axis] = options.strides[i];
    if (extents[axis] < 1 || strides[axis] < 1)
      throw ValueError(text(op, ": window and strides must be positive, got ", window, " and ", options.strides,
                            "; 1 changes nothing"));
  }
  Dims steps(strides.data() + (rank - 1 - spatial), spatial);
  const auto inner = options.padding.resolved(covered, window, steps);
  if (inner.size() != spatial)
    throw ValueError(text(op, ": padding must have one {low, high} per axis of the window, got ", inner.size(), " for ",
                          window, "; add or remove entries"));
  lax::Pads pads(rank, {0, 0});
  for (std::size_t i = 0; i < spatial; ++i) pads[rank - 1 - spatial + i] = inner[i];
  return {.dimensions = extents, .strides = strides, .padding = pads};
}

}  // namespace

Array max_pool(const Array& x, const Dims& window, const PoolOptions& options) {
  return lax::reduce_window_max(x, whole_window("max_pool", x, window, options));
}

Array min_pool(const Array& x, const Dims& window, const PoolOptions& options) {
  return lax::reduce_window_min(x, whole_window("min_pool", x, window, options));
}

Array avg_pool(const Array& x, const Dims& window, const PoolOptions& options, bool count_include_pad) {
  const auto f = promote_inexact(x);
  const auto w = whole_window("avg_pool", f, window, options);
  const auto total = lax::reduce_window_sum(f, w);
  if (count_include_pad) return total / literal(f, static_cast<double>(element_count(window)));
  // The same for each image and feature: counted once.
  auto one = Shape(f.shape());
  for (std::size_t i = 0; i < one.size(); ++i)
    if (i + 1 + window.size() < one.size() || i + 1 == one.size()) one[i] = 1;
  return total / lax::reduce_window_sum(lax::full(one, make_scalar(f.dtype(), 1.0)), w);
}

}  // namespace fluxion::nn
