// reduce_window_sum, reduce_window_max, reduce_window_min.
#include "lax/windows.hpp"

#include <fluxion/extend/lower.hpp>

#include <algorithm>
#include <complex>
#include <limits>

#include "base/visit_dtype.hpp"
#include "core/node.hpp"
#include "lax/lines.hpp"
#include "lax/rules.hpp"
#include "lax/widen.hpp"

namespace fluxion::lax {

// Printed as jax prints tuples of tuples.
std::string show(const PadList& pads) {
  std::string s = "(";
  for (std::size_t i = 0; i < pads.size(); ++i) s += text(i == 0 ? "" : ", ", "(", pads[i].first, ", ", pads[i].second, ")");
  return s + (pads.size() == 1 ? ",)" : ")");
}
std::size_t hash_value(const PadList& pads) {
  std::size_t h = pads.size();
  for (const auto& [low, high] : pads) h = fluxion::hash_value(Dims{static_cast<std::int64_t>(h), low, high});
  return h;
}

Pads padtype_to_pads(const Shape& shape, const Dims& window, const Dims& strides, std::string_view padding) {
  const bool lower = padding == "SAME_LOWER";
  if (!lower && padding != "SAME" && padding != "VALID")
    throw ValueError(text("padtype_to_pads: padding must be \"SAME\", \"SAME_LOWER\" or \"VALID\", got \"", padding,
                          "\"; or give a pair of numbers per axis"));
  if (window.size() != shape.size() || strides.size() != shape.size())
    throw ValueError(text("padtype_to_pads: window and strides must have one entry per axis, got ", window, " and ", strides,
                          " for shape ", shape, "; 1 leaves an axis as it is"));
  Pads pads;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    const auto wanted = strides[d] < 1 ? 0 : (shape[d] + strides[d] - 1) / strides[d];
    const auto missing = padding == "VALID" ? 0 : std::max<std::int64_t>(0, (wanted - 1) * strides[d] + window[d] - shape[d]);
    const auto low = lower ? missing - missing / 2 : missing / 2;
    pads.emplace_back(low, missing - low);
  }
  return pads;
}

Pads WindowPadding::resolved(const Shape& shape, const Dims& window, const Dims& strides) const {
  return name_.empty() ? pads_ : padtype_to_pads(shape, window, strides, name_);
}

WindowParams resolved(std::string_view op, const Window& w, const Array& x) {
  require_value(op, x);
  const auto rank = x.shape().size();
  const auto filled = [&](const Dims& d) { return d.empty() ? Dims(rank, 1) : d; };
  WindowParams p{w.dimensions, filled(w.strides), {}, filled(w.base_dilation), filled(w.window_dilation)};
  if (p.window_dimensions.size() != rank || p.window_strides.size() != rank || p.base_dilation.size() != rank ||
      p.window_dilation.size() != rank)
    throw ValueError(text(op, ": a window must have one entry per axis, got dimensions ", w.dimensions, ", strides ", p.window_strides,
                          ", dilations ", p.base_dilation, " and ", p.window_dilation, " for ", x.aval(), "; 1 leaves an axis as it is"));
  Shape base, spread;
  for (std::size_t d = 0; d < rank; ++d) {
    base.push_back(dilated(x.shape()[d], p.base_dilation[d]));
    spread.push_back(dilated(p.window_dimensions[d], p.window_dilation[d]));
  }
  p.padding = w.padding.resolved(base, spread, p.window_strides);
  check_window(op, x.aval(), p);
  return p;
}

void check_window(std::string_view op, const Aval& x, const WindowParams& p) {
  const auto rank = x.shape.size();
  if (p.padding.size() != rank)
    throw ValueError(text(op, ": padding must be one pair per axis, got ", show(p.padding), " for ", x, "; (0, 0) pads nothing"));
  for (std::size_t d = 0; d < rank; ++d) {
    if (p.window_dimensions[d] < 1 || p.window_strides[d] < 1 || p.base_dilation[d] < 1 || p.window_dilation[d] < 1)
      throw ValueError(text(op, ": window extents, strides and dilations must be at least 1, got ", p.window_dimensions, ", ",
                            p.window_strides, ", ", p.base_dilation, " and ", p.window_dilation, " for ", x,
                            "; 1 leaves an axis as it is"));
    if (dilated(x.shape[d], p.base_dilation[d]) + p.padding[d].first + p.padding[d].second < 0)
      throw ValueError(text(op, ": padding must leave a size of at least 0, got ", show(p.padding), " for ", x, "; cut off less"));
  }
}

Shape windows_shape(const Shape& x, const WindowParams& p) {
  Shape out;
  for (std::size_t d = 0; d < x.size(); ++d) {
    const auto room = dilated(x[d], p.base_dilation[d]) + p.padding[d].first + p.padding[d].second -
                      dilated(p.window_dimensions[d], p.window_dilation[d]);
    out.push_back(room < 0 ? 0 : room / p.window_strides[d] + 1);
  }
  return out;
}

WindowParams batched(WindowParams p) {
  for (auto* d : {&p.window_dimensions, &p.window_strides, &p.base_dilation, &p.window_dilation}) d->insert(0, 1);
  p.padding.insert(p.padding.begin(), {0, 0});
  return p;
}

AxisWindows::AxisWindows(std::int64_t extent, const WindowParams& p, std::size_t axis)
    : width_(static_cast<std::size_t>(p.window_dimensions[axis])) {
  const auto room = dilated(extent, p.base_dilation[axis]) + p.padding[axis].first + p.padding[axis].second -
                    dilated(p.window_dimensions[axis], p.window_dilation[axis]);
  count_ = room < 0 ? 0 : static_cast<std::size_t>(room / p.window_strides[axis] + 1);
  for (std::size_t j = 0; j < count_; ++j)
    for (std::size_t k = 0; k < width_; ++k) {
      const auto place = static_cast<std::int64_t>(j) * p.window_strides[axis] + static_cast<std::int64_t>(k) * p.window_dilation[axis] -
                         p.padding[axis].first;
      const auto i = place / p.base_dilation[axis];
      at_.push_back(place < 0 || place % p.base_dilation[axis] != 0 || i >= extent ? -1 : i);
    }
}

std::vector<AxisWindows> axis_windows(const Shape& shape, const WindowParams& p) {
  std::vector<AxisWindows> axes;
  for (std::size_t d = 0; d < shape.size(); ++d) axes.emplace_back(shape[d], p, d);
  return axes;
}

namespace {

// --- evaluation: one axis after the other, since sums and extrema over a box are those of sums and extrema -----------------

enum class Kind : std::uint8_t { sum, max, min };

template <class T> inline constexpr bool is_complex_type = false;
template <class R> inline constexpr bool is_complex_type<std::complex<R>> = true;

template <Kind kind, class T>
T identity() {
  using L = std::numeric_limits<T>;
  if constexpr (kind == Kind::sum) return T(0);
  else if constexpr (kind == Kind::max) return L::has_infinity ? T(-L::infinity()) : L::lowest();
  else return L::has_infinity ? L::infinity() : L::max();
}

// NaN stays; +0 is above -0.
template <Kind kind, class T>
T combine(T a, T b) {
  if constexpr (kind == Kind::sum) {
    if constexpr (std::integral<T>) return static_cast<T>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
    else return a + b;
  } else {
    if constexpr (std::is_floating_point_v<T>) {
      if (a != a || b != b) return std::numeric_limits<T>::quiet_NaN();
      if (a == b) return std::signbit(a) == (kind == Kind::max) ? b : a;
    }
    return (kind == Kind::max ? a < b : b < a) ? b : a;
  }
}

template <Kind kind, class T>
void combine_axis(const T* in, T* out, const Lines& l, const AxisWindows& w) {
  for (std::size_t o = 0; o < l.outer; ++o, in += l.n * l.inner)
    for (std::size_t j = 0; j < w.count(); ++j, out += l.inner) {
      for (std::size_t c = 0; c < l.inner; ++c) out[c] = identity<kind, T>();
      for (std::size_t k = 0; k < w.width(); ++k) {
        const auto i = w.at(j, k);
        if (i < 0) continue;
        const T* from = in + static_cast<std::size_t>(i) * l.inner;
        for (std::size_t c = 0; c < l.inner; ++c) out[c] = combine<kind>(out[c], from[c]);
      }
    }
}

template <Kind kind, class T>
void combine_windows(const HostOperand& x, const HostResult& y, const WindowParams& p) {
  std::vector<T> from(x.elements<T>().begin(), x.elements<T>().end()), to;
  Shape shape = x.shape();
  for (std::size_t d = shape.size(); d-- > 0;) {
    if (p.window_dimensions[d] == 1 && p.window_strides[d] == 1 && p.base_dilation[d] == 1 && p.padding[d] == Pads::value_type{0, 0})
      continue;
    const AxisWindows w(shape[d], p, d);
    const Lines l(shape, static_cast<std::int64_t>(d));
    shape[d] = static_cast<std::int64_t>(w.count());
    to.resize(static_cast<std::size_t>(element_count(shape)));
    combine_axis<kind>(from.data(), to.data(), l, w);
    from.swap(to);
  }
  std::copy(from.begin(), from.end(), y.elements<T>().begin());
}

// --- rules --------------------------------------------------------------------------------------------------------------------

template <class Self, Kind kind>
struct WindowReduction {
  using Params = WindowParams;
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    const auto& x = in[0];
    check_supported(Self::name, x);
    if (!is_integer(x.dtype) && !is_floating(x.dtype) && !(is_complex(x.dtype) && kind == Kind::sum))
      throw TypeError(text(Self::name, ": the operand must ", kind == Kind::sum ? "be a number" : "have an order", ", got ", x,
                           "; convert with astype"));
    check_window(Self::name, x, p);
    return {sized(Self::name, {windows_shape(x.shape, p), x.dtype, x.weak})};
  }
  static BatchOut batch(const BatchArgs& args, const Params& p) { return {{bind_one<Self>(args.operands, batched(p))}, {1}}; }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return {widened(b, in[0], [&](auto x) {
      Aval result = avals_of(b, {&x, 1})[0];
      result.shape = windows_shape(result.shape, p);
      return lower_to_host(b, {&x, 1}, {&result, 1}, std::string(Self::name), [p](auto operands, auto results) {
        visit_dtype(operands[0].dtype(), [&]<class T>() {
          if constexpr (!std::same_as<T, bool> && (kind == Kind::sum || !is_complex_type<T>))
            combine_windows<kind, T>(operands[0], results[0], p);
        });
      })[0];
    })};
  }
};

struct ReduceWindowSum : WindowReduction<ReduceWindowSum, Kind::sum> {
  static constexpr std::string_view name = "reduce_window_sum";
  static constexpr Linear jvp = linear;
  // The sum over the windows that an element is in: windows over the spread-out cotangent, steps and gaps exchanged.
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    const auto& ct = args.cotangents[0];
    const auto& in = args.operands[0].aval.shape;
    if (ct.size() == 0) return {ops::zeros_like_aval(args.operands[0].aval)};
    std::vector<Padding> config;
    for (std::size_t d = 0; d < in.size(); ++d) {
      const auto base = dilated(in[d], p.base_dilation[d]), window = dilated(p.window_dimensions[d], p.window_dilation[d]);
      const auto low = window - p.padding[d].first - 1;
      config.push_back({low, base + window - 1 - dilated(ct.shape()[d], p.window_strides[d]) - low, p.window_strides[d] - 1});
    }
    const auto spread = pad(ct, make_scalar(ct.dtype(), 0.0), config);
    const Dims ones(in.size(), 1);
    return {bind_one<ReduceWindowSum>({&spread, 1}, {p.window_dimensions, p.base_dilation, PadList(in.size()), ones, p.window_dilation})};
  }
};

/// The tangent of an extremum is that of the element which the window chooses.
template <class Self, Kind kind, Choose choice>
struct WindowExtremum : WindowReduction<Self, kind> {
  using Params = WindowParams;
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const Window w{p.window_dimensions, p.window_strides, p.padding, p.base_dilation, p.window_dilation};
    return {{bind_one<Self>(args.primals, p)}, {select_and_gather_add(args.tangents[0], args.primals[0], choice, w)}};
  }
  static constexpr no_transpose transpose{"not linear"};
};
struct ReduceWindowMax : WindowExtremum<ReduceWindowMax, Kind::max, Choose::ge> {
  static constexpr std::string_view name = "reduce_window_max";
};
struct ReduceWindowMin : WindowExtremum<ReduceWindowMin, Kind::min, Choose::le> {
  static constexpr std::string_view name = "reduce_window_min";
};

template <class P>
Array over_windows(const Array& x, const Window& w) { return bind_one<P>({&x, 1}, resolved(P::name, w, x)); }

}  // namespace

Array reduce_window_sum(const Array& x, const Window& window) { return over_windows<ReduceWindowSum>(x, window); }
Array reduce_window_max(const Array& x, const Window& window) { return over_windows<ReduceWindowMax>(x, window); }
Array reduce_window_min(const Array& x, const Window& window) { return over_windows<ReduceWindowMin>(x, window); }
#include "lax/windows.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/node.hpp"

namespace fluxion::lax {

namespace {

std::size_t unsign(std::int64_t i) { return static_cast<std::size_t>(i); }
std::int64_t rank(const Shape& s) { return static_cast<std::int64_t>(s.size()); }

std::size_t hash_all(std::initializer_list<const Dims*> lists) {
  std::size_t h = 0;
  for (const auto* d : lists) h = hash_combine(h, fluxion::hash_value(*d));
  return h;
}

template <class T>
FillValue filled_with(DType dtype, T value) {
  FillValue f{true, dtype};
  std::memcpy(f.bits.data(), &value, sizeof value);
  return f;
}

}  // namespace

// --- parameters -----------------------------------------------------------------------------------------------------

std::string show(const FillValue& v) {
  if (!v.given) return "None";
  if (is_key(v.dtype)) return text("key(", std::to_integer<int>(v.bits[0]), "...)");
  return text(make_scalar(v.dtype, false, v.bits.data()));
}
std::size_t hash_value(const FillValue& v) {
  std::uint64_t words[2];
  std::memcpy(words, v.bits.data(), sizeof words);
  return hash_combine(hash_combine(words[0], words[1]), static_cast<std::size_t>(v.dtype) * 2 + v.given);
}

std::string show(GatherScatterMode m) {
  switch (m) {
    case GatherScatterMode::clip: return "GatherScatterMode.CLIP";
    case GatherScatterMode::fill_or_drop: return "GatherScatterMode.FILL_OR_DROP";
    case GatherScatterMode::promise_in_bounds: break;
  }
  return "GatherScatterMode.PROMISE_IN_BOUNDS";
}
std::size_t hash_value(GatherScatterMode m) { return static_cast<std::size_t>(m); }

std::string show(const GatherDimensionNumbers& d) {
  return text("GatherDimensionNumbers(offset_dims=", d.offset_dims, ", collapsed_slice_dims=", d.collapsed_slice_dims,
              ", start_index_map=", d.start_index_map, ", operand_batching_dims=", d.operand_batching_dims,
              ", start_indices_batching_dims=", d.start_indices_batching_dims, ")");
}
std::size_t hash_value(const GatherDimensionNumbers& d) {
  return hash_all({&d.offset_dims, &d.collapsed_slice_dims, &d.start_index_map, &d.operand_batching_dims,
                   &d.start_indices_batching_dims});
}
std::string show(const ScatterDimensionNumbers& d) {
  return text("ScatterDimensionNumbers(update_window_dims=", d.update_window_dims,
              ", inserted_window_dims=", d.inserted_window_dims,
              ", scatter_dims_to_operand_dims=", d.scatter_dims_to_operand_dims,
              ", operand_batching_dims=", d.operand_batching_dims,
              ", scatter_indices_batching_dims=", d.scatter_indices_batching_dims, ")");
}
std::size_t hash_value(const ScatterDimensionNumbers& d) { return hash_value(as_gather(d)); }

FillValue default_fill(DType dtype) {
  FillValue f{true, dtype};
  switch (dtype) {
    case DType::bool_: return filled_with(dtype, true);
    case DType::int8: return filled_with(dtype, std::numeric_limits<std::int8_t>::min());
    case DType::int16: return filled_with(dtype, std::numeric_limits<std::int16_t>::min());
    case DType::int32: return filled_with(dtype, std::numeric_limits<std::int32_t>::min());
    case DType::int64: return filled_with(dtype, std::numeric_limits<std::int64_t>::min());
    case DType::bfloat16: return filled_with(dtype, std::uint16_t{0x7fc0});
    case DType::float16: return filled_with(dtype, std::uint16_t{0x7e00});
    case DType::float32: return filled_with(dtype, std::numeric_limits<float>::quiet_NaN());
    case DType::float64: return filled_with(dtype, std::numeric_limits<double>::quiet_NaN());
    case DType::complex64: return filled_with(dtype, std::complex<float>(std::numeric_limits<float>::quiet_NaN(), 0));
    case DType::complex128: return filled_with(dtype, std::complex<double>(std::numeric_limits<double>::quiet_NaN(), 0));
    default: f.bits.fill(std::byte{0xff}); return f;  // unsigned integers, and the words of keys
  }
}

// --- dimension numbers ------------------------------------------------------------------------------------------------

GatherDimensionNumbers as_gather(const ScatterDimensionNumbers& d) {
  return {d.update_window_dims, d.inserted_window_dims, d.scatter_dims_to_operand_dims, d.operand_batching_dims,
          d.scatter_indices_batching_dims};
}
ScatterDimensionNumbers as_scatter(const GatherDimensionNumbers& d) {
  return {d.offset_dims, d.collapsed_slice_dims, d.start_index_map, d.operand_batching_dims, d.start_indices_batching_dims};
}

Dims window_sizes(const Aval& x, const Aval& updates, const ScatterDimensionNumbers& d) {
  Dims sizes(x.shape.size(), 1);
  for (auto axis : d.operand_batching_dims) sizes[unsign(axis)] = std::min<std::int64_t>(1, x.shape[unsign(axis)]);
  std::size_t next = 0;
  for (auto axis : remaining(x.ndim(), d.inserted_window_dims, d.operand_batching_dims))
    sizes[unsign(axis)] = updates.shape[unsign(d.update_window_dims[next++])];
  return sizes;
}

GatherDimensionNumbers with_lanes(GatherDimensionNumbers d, bool operand, bool indices) {
  d.offset_dims = shifted(d.offset_dims);
  if (operand) {
    d.collapsed_slice_dims = shifted(d.collapsed_slice_dims);
    d.start_index_map = shifted(d.start_index_map);
    d.operand_batching_dims = shifted(d.operand_batching_dims);
    if (!indices) d.offset_dims.insert(0, 0);  // the lanes are part of the window
  }
  if (indices) d.start_indices_batching_dims = shifted(d.start_indices_batching_dims);
  if (operand && indices) {
    d.operand_batching_dims.insert(0, 0);
    d.start_indices_batching_dims.insert(0, 0);
  }
  return d;
}

// --- checks -----------------------------------------------------------------------------------------------------------

namespace {

/// What gather and scatter call the same things.
struct Names {
  const char *offset, *collapsed, *map, *indices_batching;
};
constexpr Names kGather{"offset_dims", "collapsed_slice_dims", "start_index_map", "start_indices_batching_dims"};
constexpr Names kScatter{"update_window_dims", "inserted_window_dims", "scatter_dims_to_operand_dims",
                         "scatter_indices_batching_dims"};

struct Check {
  std::string_view op;
  const Names& names;
  const Aval &x, &indices;
  const GatherDimensionNumbers& d;

  void axes(const char* what, const Dims& list, std::int64_t limit, bool sorted) const {
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (list[i] < 0 || list[i] >= limit)
        throw ValueError(text(op, ": ", what, " must be in [0, ", limit, "), got ", list, " for ", x, " and indices ", indices,
                              "; fx::take and x[...] find the numbers themselves"));
      for (std::size_t j = 0; j < i; ++j)
        if (list[i] == list[j] || (sorted && list[i] < list[j]))
          throw ValueError(text(op, ": ", what, " must be ", sorted ? "sorted and " : "", "without repetitions, got ", list,
                                "; name each axis once"));
    }
  }
  void disjoint(const char* a, const Dims& one, const char* b, const Dims& other) const {
    for (auto axis : one)
      if (contains(other, axis))
        throw ValueError(text(op, ": ", a, " and ", b, " must have no axis in common, got ", one, " and ", other,
                              "; an axis is one or the other"));
  }
  void numbers() const {
    if (!is_integer(indices.dtype))
      throw TypeError(text(op, ": indices must be integers, got ", indices, "; convert them with astype(fx::int64)"));
    if (indices.shape.empty())
      throw ValueError(text(op, ": indices need a last axis that holds the index vector, got ", indices, "; reshape them to {1}"));
    if (rank(d.start_index_map) != indices.shape.back())
      throw ValueError(text(op, ": ", names.map, " must have one axis per component of an index vector, got ", d.start_index_map,
                            " for indices ", indices, "; the last axis of the indices holds the vector"));
    axes(names.collapsed, d.collapsed_slice_dims, x.ndim(), true);
    axes("operand_batching_dims", d.operand_batching_dims, x.ndim(), true);
    axes(names.map, d.start_index_map, x.ndim(), false);
    axes(names.indices_batching, d.start_indices_batching_dims, indices.ndim() - 1, false);
    disjoint(names.collapsed, d.collapsed_slice_dims, "operand_batching_dims", d.operand_batching_dims);
    disjoint(names.map, d.start_index_map, "operand_batching_dims", d.operand_batching_dims);
    if (d.operand_batching_dims.size() != d.start_indices_batching_dims.size())
      throw ValueError(text(op, ": operand_batching_dims and ", names.indices_batching, " must be of one length, got ",
                            d.operand_batching_dims, " and ", d.start_indices_batching_dims, "; they are pairs"));
    for (std::size_t k = 0; k < d.operand_batching_dims.size(); ++k)
      if (x.shape[unsign(d.operand_batching_dims[k])] != indices.shape[unsign(d.start_indices_batching_dims[k])])
        throw ValueError(text(op, ": shared axes must have equal sizes, got axis ", d.operand_batching_dims[k], " of ", x,
                              " and axis ", d.start_indices_batching_dims[k], " of indices ", indices, "; broadcast one of them"));
    const auto kept = x.ndim() - rank(d.collapsed_slice_dims) - rank(d.operand_batching_dims);
    if (rank(d.offset_dims) != kept)
      throw ValueError(text(op, ": ", names.offset, " must have one axis for each of the ", kept, " that a window keeps, got ",
                            d.offset_dims, " for ", x, "; the others are in ", names.collapsed, " or operand_batching_dims"));
    axes(names.offset, d.offset_dims, kept + indices.ndim() - 1, true);
  }
  void sizes(const char* what, const Dims& sizes) const {
    if (sizes.size() != x.shape.size())
      throw ValueError(text(op, ": slice_sizes must have one entry per axis, got ", sizes, " for ", x, "; the extent takes all of it"));
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const auto axis = static_cast<std::int64_t>(i);
      if (sizes[i] < 0 || sizes[i] > x.shape[i])
        throw ValueError(text(op, ": ", what, " must be between 0 and the extent, got ", sizes, " for ", x, "; windows lie inside"));
      if (sizes[i] > 1 && (contains(d.collapsed_slice_dims, axis) || contains(d.operand_batching_dims, axis)))
        throw ValueError(text(op, ": axes that are left out must have window size 1, got ", sizes, " with axis ", axis, " in ",
                              names.collapsed, " or operand_batching_dims; keep the axis"));
    }
  }
};

}  // namespace

Windows gather_windows(std::string_view op, const Aval& x, const Aval& indices, const GatherDimensionNumbers& d,
                       const Dims& slice_sizes) {
  const Check check{op, kGather, x, indices, d};
  check.numbers();
  check.sizes("slice_sizes", slice_sizes);
  Windows w{x.shape, indices.shape, {}, slice_sizes, d};
  const auto kept = remaining(x.ndim(), d.collapsed_slice_dims, d.operand_batching_dims);
  std::size_t next_kept = 0, next_index = 0;
  for (std::int64_t r = 0; r < rank(kept) + indices.ndim() - 1; ++r)
    w.other.push_back(contains(d.offset_dims, r) ? slice_sizes[unsign(kept[next_kept++])] : indices.shape[next_index++]);
  return w;
}

Windows scatter_windows(std::string_view op, const Aval& x, const Aval& indices, const Aval& updates,
                        const ScatterDimensionNumbers& s) {
  const auto d = as_gather(s);
  const Check check{op, kScatter, x, indices, d};
  check.numbers();
  const auto want = rank(d.offset_dims) + indices.ndim() - 1;
  if (updates.ndim() != want)
    throw ValueError(text(op, ": updates must have ", want, " axes, those of a window and those of the indices but the last, got ",
                          updates, " for ", x, " and indices ", indices, "; broadcast or reshape them"));
  const auto sizes = window_sizes(x, updates, s);
  check.sizes("windows of updates", sizes);
  auto w = gather_windows(op, x, indices, d, sizes);
  if (w.other != updates.shape)
    throw ValueError(text(op, ": updates must have shape ", w.other, " for ", x, " and indices ", indices, ", got ", updates,
                          "; broadcast them"));
  return w;
}

}  // namespace fluxion::lax
