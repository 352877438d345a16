// The functions that users call, which all bind one primitive; layouts by name and padding by rule.
#include <algorithm>

#include <fluxion/creation.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/manipulation.hpp>

#include "lax/convolution.hpp"
#include "lax/promote.hpp"
#include "lax/rules.hpp"

namespace fluxion::lax {

ConvPadding::ConvPadding(std::string_view name) : by_type_(true) {
  if (name == "SAME")
    type_ = PadType::same;
  else if (name == "SAME_LOWER")
    type_ = PadType::same_lower;
  else if (name == "VALID")
    type_ = PadType::valid;
  else
    throw ValueError(
        text("padding: the name must be SAME, SAME_LOWER or VALID, got ", name, "; or give {{low, high}, ...}"));
}

std::vector<PadAmounts> ConvPadding::over(const Dims& extents, const Dims& window, const Dims& strides) const {
  if (!by_type_) return amounts_;
  std::vector<PadAmounts> out;
  for (std::size_t i = 0; i < extents.size(); ++i) {
    if (type_ == PadType::valid) {
      out.push_back({});
      continue;
    }
    const auto places = (extents[i] + strides[i] - 1) / strides[i];
    const auto added = std::max<std::int64_t>((places - 1) * strides[i] + window[i] - extents[i], 0);
    const auto less = added / 2, more = added - less;
    out.push_back(type_ == PadType::same ? PadAmounts{less, more} : PadAmounts{more, less});
  }
  return out;
}

namespace {

constexpr const char* kConv = "conv_general_dilated";

// The axes that `names` gives to the letters of `order`.
Dims axes_of(const std::string& names, const std::string& order) {
  Dims out;
  for (const char c : order) {
    const auto at = names.find(c);
    if (at == std::string::npos || names.find(c, at + 1) != std::string::npos)
      throw ValueError(
          text(kConv, ": dimension_numbers must name the axes ", order, " once each, got ", names,
               "; N, C and O, I are batch and features, the other letters must be the same for all three arrays"));
    out.push_back(static_cast<std::int64_t>(at));
  }
  return out;
}

Array to_preferred(const Array& x, std::optional<DType> preferred) {
  if (!preferred || *preferred == x.dtype()) return x;
  const auto kind = [](DType t) { return is_complex(t) ? 2 : is_floating(t) ? 1 : 0; };
  if (is_key(x.dtype()) || is_key(*preferred) || kind(*preferred) < kind(x.dtype()) ||
      itemsize(*preferred) < itemsize(x.dtype()) ||
      (is_integer(x.dtype()) && is_unsigned_integer(x.dtype()) != is_unsigned_integer(*preferred) &&
       is_integer(*preferred)))
    throw TypeError(text(kConv,
                         ": preferred_element_type must not be narrower than the operands or of another kind, got ",
                         *preferred, " for ", x.aval(), "; convert the result with astype"));
  return convert_element_type(x, *preferred);
}

Dims ones_if_empty(const Dims& d, std::int64_t rank) {
  return d.empty() && rank > 2 ? Dims(static_cast<std::size_t>(rank - 2), 1) : d;
}

void require_equal_ranks(const Array& lhs, const Array& rhs) {
  if (lhs.ndim() != rhs.ndim() || lhs.ndim() < 2)
    throw ValueError(text(kConv, ": operands must have equal ranks of at least 2, got ", lhs.aval(), " and ",
                          rhs.aval(),
                          "; a batch or feature axis of extent 1 may be missing: add it with fx::expand_dims"));
}

}  // namespace

ConvDimensionNumbers ConvLayout::numbers(std::int64_t rank) const {
  if (kind_ == Kind::numbers) return numbers_;
  if (kind_ == Kind::none) {
    const auto all = iota_dims(0, rank);
    return {all, all, all};
  }
  for (const auto& s : names_)
    if (static_cast<std::int64_t>(s.size()) != rank)
      throw ValueError(text(kConv, ": dimension_numbers must have one letter per axis, got ", names_[0], ", ",
                            names_[1], " and ", names_[2], " for operands of rank ", rank, "; add or remove letters"));
  std::string spatial;  // in the order of the weights, as jax
  for (const char c : names_[1])
    if (c != 'O' && c != 'I') spatial += c;
  return {axes_of(names_[0], "NC" + spatial), axes_of(names_[1], "OI" + spatial), axes_of(names_[2], "NC" + spatial)};
}

ConvDimensionNumbers conv_dimension_numbers(const Shape& lhs, const Shape& rhs, const ConvLayout& layout) {
  if (lhs.size() != rhs.size() || lhs.size() < 2)
    throw ValueError(text("conv_dimension_numbers: shapes must have equal ranks of at least 2, got ", lhs, " and ", rhs,
                          "; add axes of extent 1"));
  return layout.numbers(static_cast<std::int64_t>(lhs.size()));
}

Array conv_general_dilated(const Array& lhs, const Array& rhs, const Dims& window_strides, const ConvPadding& padding,
                           const ConvOptions& options) {
  const auto x = to_preferred(lhs, options.preferred_element_type),
             w = to_preferred(rhs, options.preferred_element_type);
  require_equal_ranks(x, w);
  const auto rank = x.ndim();
  const auto spatial_rank = static_cast<std::size_t>(rank) - 2;
  ConvParams p{options.batch_group_count,
               options.dimension_numbers.numbers(rank),
               options.feature_group_count,
               ones_if_empty(options.lhs_dilation, rank),
               padding.amounts(),
               ones_if_empty(options.rhs_dilation, rank),
               window_strides};
  const bool shaped =
      p.window_strides.size() == spatial_rank && p.rhs_dilation.size() == spatial_rank;  // else the primitive says so
  if (padding.by_type()) {
    if (std::any_of(p.lhs_dilation.begin(), p.lhs_dilation.end(), [](auto n) { return n != 1; }))
      throw ValueError(text(kConv, ": padding by name is ambiguous for a dilated lhs, got lhs_dilation ",
                            p.lhs_dilation, "; give the amounts, or use conv_transpose"));
    p.padding.assign(spatial_rank, {});
    const auto positive = [](const Dims& d) { return std::all_of(d.begin(), d.end(), [](auto n) { return n > 0; }); };
    const auto& d = p.dimension_numbers;
    const auto fits = [&](const Dims& spec) {
      return static_cast<std::int64_t>(spec.size()) == rank &&
             std::all_of(spec.begin(), spec.end(), [&](auto a) { return a >= 0 && a < rank; });
    };
    if (shaped && positive(p.window_strides) && positive(p.rhs_dilation) && fits(d.lhs_spec) && fits(d.rhs_spec))
      p.padding = padding.over(picked(x.shape(), spatial(d.lhs_spec)),
                               dilated(picked(w.shape(), spatial(d.rhs_spec)), p.rhs_dilation), p.window_strides);
  }
  return bind_conv(x, w, p);
}

Array conv(const Array& lhs, const Array& rhs, const Dims& window_strides, const ConvPadding& padding,
           std::optional<DType> preferred_element_type) {
  return conv_general_dilated(lhs, rhs, window_strides, padding, {.preferred_element_type = preferred_element_type});
}

Array conv_with_general_padding(const Array& lhs, const Array& rhs, const Dims& window_strides,
                                const ConvPadding& padding, const Dims& lhs_dilation, const Dims& rhs_dilation,
                                std::optional<DType> preferred_element_type) {
  return conv_general_dilated(
      lhs, rhs, window_strides, padding,
      {.lhs_dilation = lhs_dilation, .rhs_dilation = rhs_dilation, .preferred_element_type = preferred_element_type});
}

namespace {

ConvLayout features_last(std::int64_t rank) {
  switch (rank) {
    case 2: return {"NC", "IO", "NC"};
    case 3: return {"NHC", "HIO", "NHC"};
    case 4: return {"NHWC", "HWIO", "NHWC"};
    case 5: return {"NHWDC", "HWDIO", "NHWDC"};
    default:
      throw ValueError(text("conv_transpose: above 3 spatial axes there is no default layout, got rank ", rank,
                            "; give dimension_numbers"));
  }
}

// What the gradient of a convolution with this window, stride and rule would be padded by.
PadAmounts transposed_padding(std::int64_t window, std::int64_t stride, PadType type) {
  if (type == PadType::valid) return {window - 1, stride - 1 + std::max<std::int64_t>(window - stride, 0)};
  const auto sum = window + stride - 2, low = stride > window - 1 ? window - 1 : (sum + 1) / 2;
  return {low, sum - low};
}

}  // namespace

Array conv_transpose(const Array& lhs, const Array& rhs, const Dims& strides, const ConvPadding& padding,
                     const ConvTransposeOptions& options) {
  require_equal_ranks(lhs, rhs);
  const auto rank = lhs.ndim();
  const auto layout = options.dimension_numbers.is_default() ? features_last(rank) : options.dimension_numbers;
  const auto d = layout.numbers(rank);
  const auto dilation = ones_if_empty(options.rhs_dilation, rank);
  if (static_cast<std::int64_t>(strides.size()) != rank - 2 || static_cast<std::int64_t>(dilation.size()) != rank - 2)
    throw ValueError(text("conv_transpose: strides and rhs_dilation must have one entry per spatial axis, got ",
                          strides, " and ", dilation, " for ", lhs.aval(), "; add or remove entries"));
  const auto window = dilated(picked(rhs.shape(), spatial(d.rhs_spec)), dilation);
  auto pads = padding.amounts();
  if (padding.by_type()) {
    if (padding.type() == PadType::same_lower)
      throw ValueError("conv_transpose: padding must be SAME, VALID or amounts, got SAME_LOWER; give the amounts");
    for (std::size_t i = 0; i < window.size(); ++i)
      pads.push_back(transposed_padding(window[i], strides[i], padding.type()));
  }
  auto weights = rhs;
  if (options.transpose_kernel) {
    if (rank > 2) weights = rev(weights, spatial(d.rhs_spec));
    weights = swapaxes(weights, d.rhs_spec[0], d.rhs_spec[1]);
  }
  return conv_general_dilated(lhs, weights, Dims(static_cast<std::size_t>(rank - 2), 1), pads,
                              {.lhs_dilation = strides,
                               .rhs_dilation = dilation,
                               .dimension_numbers = layout,
                               .preferred_element_type = options.preferred_element_type});
}

// A convolution, channel by channel, with windows that are 1 in one place each.
Array conv_general_dilated_patches(const Array& lhs, const Dims& filter_shape, const Dims& window_strides,
                                   const ConvPadding& padding, const ConvOptions& options) {
  constexpr const char* op = "conv_general_dilated_patches";
  if (!is_floating(lhs.dtype()))
    throw TypeError(text(op, ": a floating operand is required, got ", lhs.aval(), "; convert with astype"));
  if (static_cast<std::int64_t>(filter_shape.size()) != lhs.ndim() - 2)
    throw ValueError(text(op, ": filter_shape must have one extent per spatial axis, got ", filter_shape, " for ",
                          lhs.aval(), "; add or remove extents"));
  if (options.feature_group_count != 1 || options.batch_group_count != 1)
    throw ValueError(text(op, ": there are no groups here, got feature_group_count ", options.feature_group_count,
                          " and batch_group_count ", options.batch_group_count, "; leave them out"));
  const auto d = options.dimension_numbers.numbers(lhs.ndim());
  const auto n = element_count(filter_shape), channels = lhs.shape(d.lhs_spec[1]);
  Shape one{n, 1}, all{channels * n, 1};
  for (auto k : filter_shape) {
    one.push_back(k);
    all.push_back(k);
  }
  auto repeated = one;
  repeated.insert(0, channels);
  const auto diagonal = eq(iota(int64, {n, n}, 0), iota(int64, {n, n}, 1));
  const auto windows = lax::reshape(convert_element_type(diagonal, lhs.dtype()), one);
  const auto weights = lax::reshape(broadcast_in_dim(windows, repeated, iota_dims(1, lhs.ndim() + 1)), all);
  auto o = options;
  o.dimension_numbers = d;
  o.feature_group_count = channels;
  return conv_general_dilated(lhs, lax::transpose(weights, inverse(d.rhs_spec)), window_strides, padding, o);
}

Array conv_general_dilated_local(const Array& lhs, const Array& rhs, const Dims& window_strides,
                                 const ConvPadding& padding, const Dims& filter_shape, const ConvOptions& options) {
  constexpr const char* op = "conv_general_dilated_local";
  if (rhs.ndim() != lhs.ndim())
    throw ValueError(text(op, ": operands must have equal ranks, got ", lhs.aval(), " and ", rhs.aval(),
                          "; the weights are [O, C * prod(filter_shape), places...]"));
  const auto d = options.dimension_numbers.numbers(lhs.ndim());
  const auto patches = conv_general_dilated_patches(lhs, filter_shape, window_strides, padding, options);
  const auto natural = lax::transpose(patches, d.out_spec), weights = lax::transpose(rhs, d.rhs_spec);
  const auto places = iota_dims(2, lhs.ndim());
  if (lhs.dtype() != rhs.dtype() || natural.shape(1) != weights.shape(1) ||
      picked(natural.shape(), places) != picked(weights.shape(), places))
    throw ValueError(text(op, ": the weights must be [O, ", natural.shape(1), ", places...] with places ",
                          picked(natural.shape(), places), " and of dtype ", lhs.dtype(), ", got ", rhs.aval(),
                          " with ", show(d), "; check filter_shape and dimension_numbers"));
  // [places..., N, O], to [N, O, places...], to the layout of the result.
  auto product = dot_general(natural, weights, {{1}, {1}, places, places});
  const auto n = static_cast<std::int64_t>(places.size());
  Dims order{n, n + 1};
  for (std::int64_t i = 0; i < n; ++i) order.push_back(i);
  return lax::transpose(lax::transpose(product, order), inverse(d.out_spec));
}

}  // namespace fluxion::lax
