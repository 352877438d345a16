// Gather, scatter, dynamic slices, windows and convolutions.
#include <fluxion/lax.hpp>

#include "stablehlo/evaluate.hpp"

namespace fluxion::test::stablehlo {

namespace {

Array gather(const Op& op, const Arrays& x) {
  return lax::gather(x[0], x[1],
                     {.offset_dims = op.list("offset_dims"),
                      .collapsed_slice_dims = op.list("collapsed_slice_dims"),
                      .start_index_map = op.list("start_index_map")},
                     op.list("slice_sizes"), {.mode = lax::GatherScatterMode::clip});
}

/// lax looks for the index vector along the last axis: one of extent 1 is added where it is left out.
Array with_index_vector(const Op& op, const Array& indices) {
  const auto axis = op.number("index_vector_dim", 0);
  auto shape = indices.shape();
  if (axis == static_cast<std::int64_t>(shape.size())) {
    shape.push_back(1);
    return lax::reshape(indices, shape);
  }
  if (axis + 1 != static_cast<std::int64_t>(shape.size())) throw NotTranscribed("an index vector along an inner axis");
  return indices;
}

Array scatter(const Op& op, const Arrays& x) {
  const lax::ScatterDimensionNumbers dims{.update_window_dims = op.list("update_window_dims"),
                                          .inserted_window_dims = op.list("inserted_window_dims"),
                                          .scatter_dims_to_operand_dims = op.list("scatter_dims_to_operand_dims")};
  const auto indices = with_index_vector(op, x[1]);
  const auto how = fold_of(op.regions[0]);
  const lax::ScatterOptions options{.unique_indices = op.number("unique_indices", 0) != 0};
  if (how == "set") return lax::scatter(x[0], indices, x[2], dims, options);
  if (how == "add") return lax::scatter_add(x[0], indices, x[2], dims, options);
  if (how == "multiply") return lax::scatter_mul(x[0], indices, x[2], dims, options);
  if (how == "maximum") return lax::scatter_max(x[0], indices, x[2], dims, options);
  if (how == "minimum") return lax::scatter_min(x[0], indices, x[2], dims, options);
  throw NotTranscribed("scatter with " + how);
}

Arrays indices_after(const Arrays& x, std::size_t first) {
  return {x.begin() + static_cast<std::ptrdiff_t>(first), x.end()};
}

std::vector<std::pair<std::int64_t, std::int64_t>> pairs(const std::vector<std::int64_t>& flat, std::size_t n) {
  std::vector<std::pair<std::int64_t, std::int64_t>> list(n, {0, 0});
  for (std::size_t i = 0; i < flat.size() / 2; ++i) list[i] = {flat[2 * i], flat[2 * i + 1]};
  return list;
}

Array reduce_window(const Op& op, const Arrays& x) {
  const auto window = op.list("window_dimensions");
  const Dims ones(window.size(), 1);
  const auto strides = op.list("window_strides", ones);
  const auto padding = pairs(op.list("padding"), window.size());
  const auto base = op.list("base_dilations", ones), dilation = op.list("window_dilations", ones);
  const auto how = fold_of(op.regions[0]);
  return lax::reduce_window(x[0], x[1], how, window, strides, padding, base, dilation);
}

}  // namespace

std::optional<Arrays> windowed(const Op& op, const Arrays& x, const Scope&) {
  if (op.name == "gather") return Arrays{gather(op, x)};
  if (op.name == "scatter") return Arrays{scatter(op, x)};
  if (op.name == "dynamic_slice") return Arrays{lax::dynamic_slice(x[0], indices_after(x, 1), op.list("sizes"))};
  if (op.name == "dynamic_update_slice") return Arrays{lax::dynamic_update_slice(x[0], x[1], indices_after(x, 2))};
  if (op.name == "reduce_window") return Arrays{reduce_window(op, x)};
  if (op.name == "convolution") return Arrays{convolution(op, x)};
  return {};
}

}  // namespace fluxion::test::stablehlo
