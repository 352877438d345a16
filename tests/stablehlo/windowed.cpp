// Gather, scatter, dynamic slices, windows and convolutions.
#include <cctype>

#include <fluxion/lax.hpp>

#include "stablehlo/evaluate.hpp"

namespace fluxion::test::stablehlo {

namespace {

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

Array gather(const Op& op, const Arrays& x) {
  return lax::gather(x[0], with_index_vector(op, x[1]),
                     {.offset_dims = op.list("offset_dims"),
                      .collapsed_slice_dims = op.list("collapsed_slice_dims"),
                      .start_index_map = op.list("start_index_map")},
                     op.list("slice_sizes"), {.mode = lax::GatherScatterMode::clip});
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

lax::Window window_of(const Op& op) {
  lax::Window w{.dimensions = op.list("window_dimensions"),
                .strides = op.list("window_strides"),
                .base_dilation = op.list("base_dilations"),
                .window_dilation = op.list("window_dilations")};
  lax::Pads pads(w.dimensions.size(), {0, 0});
  const auto flat = op.list("padding");
  for (std::size_t i = 0; i < flat.size() / 2; ++i) pads[i] = {flat[2 * i], flat[2 * i + 1]};
  w.padding = pads;
  return w;
}

Arrays reduce_window(const Op& op, const Arrays& x, const Scope& scope) {
  if (x.size() == 4) {  // values, and what stands beside those that are chosen
    const bool greatest = op.regions[0].body[0].words.at(0) == "GE";
    const auto w = window_of(op);
    return {greatest ? lax::reduce_window_max(x[0], w) : lax::reduce_window_min(x[0], w),
            lax::select_and_gather_add(x[1], x[0], greatest ? lax::Choose::ge : lax::Choose::le, w)};
  }
  const auto computation = [&](const Array& a, const Array& b) { return call(op.regions[0], scope, {a, b})[0]; };
  return {lax::reduce_window(x[0], x[1], computation, window_of(op))};
}

Array select_and_scatter(const Op& op, const Arrays& x) {
  const auto& direction = op.regions[0].body[0].words.at(0);
  if (fold_of(op.regions[1]) != "add") throw NotTranscribed("select_and_scatter with another function than add");
  const auto y = lax::select_and_scatter_add(x[1], x[0], direction == "GE" ? lax::Choose::ge : lax::Choose::le, window_of(op));
  return lax::add(y, x[2]);
}

/// "[b, 0, 1, f]": where the two letters stand, then the spatial axes in order.
Dims axes_of(std::string_view list, char first, char second) {
  std::map<char, std::int64_t> at;
  std::int64_t axis = 0;
  for (const char c : list)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) at[c] = axis++;
  Dims axes{at.at(first), at.at(second)};
  for (char c = '0'; at.contains(c); ++c) axes.push_back(at.at(c));
  return axes;
}

Array convolution(const Op& op, const Arrays& x) {
  const std::string_view names = op.texts.at("dim_numbers");
  const auto cross = names.find('x'), arrow = names.find("->");
  lax::ConvOptions options{.lhs_dilation = op.list("lhs_dilate"), .rhs_dilation = op.list("rhs_dilate")};
  options.dimension_numbers = lax::ConvDimensionNumbers{axes_of(names.substr(0, cross), 'b', 'f'),
                                                        axes_of(names.substr(cross, arrow - cross).substr(1), 'o', 'i'),
                                                        axes_of(names.substr(arrow), 'b', 'f')};
  options.feature_group_count = op.number("feature_group_count", 1);
  options.batch_group_count = op.number("batch_group_count", 1);
  const auto spatial = x[0].shape().size() - 2;
  std::vector<lax::PadAmounts> pads(spatial);
  const auto flat = op.list("pad");
  for (std::size_t i = 0; i < flat.size() / 2; ++i) pads[i] = {flat[2 * i], flat[2 * i + 1]};
  return lax::conv_general_dilated(x[0], x[1], op.list("stride", std::vector<std::int64_t>(spatial, 1)), pads, options);
}

}  // namespace

std::optional<Arrays> windowed(const Op& op, const Arrays& x, const Scope& scope) {
  if (op.name == "gather") return Arrays{gather(op, x)};
  if (op.name == "scatter") return Arrays{scatter(op, x)};
  if (op.name == "dynamic_slice") return Arrays{lax::dynamic_slice(x[0], indices_after(x, 1), op.list("sizes"))};
  if (op.name == "dynamic_update_slice") return Arrays{lax::dynamic_update_slice(x[0], x[1], indices_after(x, 2))};
  if (op.name == "reduce_window") return reduce_window(op, x, scope);
  if (op.name == "select_and_scatter") return Arrays{select_and_scatter(op, x)};
  if (op.name == "convolution") return Arrays{convolution(op, x)};
  return {};
}

}  // namespace fluxion::test::stablehlo
