// reduce_window_sum, reduce_window_max, reduce_window_min.
#include "lax/readable.hpp"
#include "lax/windows.hpp"

#include <fluxion/extend/lower.hpp>

#include <algorithm>
#include <complex>
#include <limits>

#include "base/visit_dtype.hpp"
#include "core/node.hpp"
#include "lax/lines.hpp"
#include "lax/readable.hpp"
#include "lax/rules.hpp"
#include "lax/widen.hpp"

namespace fluxion::lax {

// Printed as jax prints tuples of tuples.
std::string show(const PadList& pads) {
  std::string s = "(";
  for (std::size_t i = 0; i < pads.size(); ++i)
    s += text(i == 0 ? "" : ", ", "(", pads[i].first, ", ", pads[i].second, ")");
  return s + (pads.size() == 1 ? ",)" : ")");
}
PadList parse_value(ValueParser& p, ParseAs<PadList>) {
  PadList pads;
  parse_tuples(p, 2, [&](const Dims& c) { pads.emplace_back(c[0], c[1]); });
  return pads;
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
    throw ValueError(text("padtype_to_pads: window and strides must have one entry per axis, got ", window, " and ",
                          strides, " for shape ", shape, "; 1 leaves an axis as it is"));
  Pads pads;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    const auto wanted = strides[d] < 1 ? 0 : (shape[d] + strides[d] - 1) / strides[d];
    const auto missing =
        padding == "VALID" ? 0 : std::max<std::int64_t>(0, (wanted - 1) * strides[d] + window[d] - shape[d]);
    const auto low = lower ? missing - missing / 2 : missing / 2;
    pads.emplace_back(low, missing - low);
  }
  return pads;
}

Pads WindowPadding::resolved(const Shape& shape, const Dims& window, const Dims& strides) const {
  return name_.empty() ? pads_ : padtype_to_pads(shape, window, strides, name_);
}

static void check_lengths(std::string_view op, const Aval& x, const WindowParams& p) {
  const auto rank = x.shape.size();
  if (p.window_dimensions.size() != rank || p.window_strides.size() != rank || p.base_dilation.size() != rank ||
      p.window_dilation.size() != rank)
    throw ValueError(text(op, ": a window must have one entry per axis, got dimensions ", p.window_dimensions,
                          ", strides ", p.window_strides, ", dilations ", p.base_dilation, " and ", p.window_dilation,
                          " for ", x, "; 1 leaves an axis as it is"));
}

WindowParams resolved(std::string_view op, const Window& w, const Array& x) {
  require_value(op, x);
  const auto rank = x.shape().size();
  const auto filled = [&](const Dims& d) { return d.empty() ? Dims(rank, 1) : d; };
  WindowParams p{w.dimensions, filled(w.strides), {}, filled(w.base_dilation), filled(w.window_dilation)};
  check_lengths(op, x.aval(), p);
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
  check_lengths(op, x, p);
  if (p.padding.size() != rank)
    throw ValueError(
        text(op, ": padding must be one pair per axis, got ", show(p.padding), " for ", x, "; (0, 0) pads nothing"));
  for (std::size_t d = 0; d < rank; ++d) {
    if (p.window_dimensions[d] < 1 || p.window_strides[d] < 1 || p.base_dilation[d] < 1 || p.window_dilation[d] < 1)
      throw ValueError(text(op, ": window extents, strides and dilations must be at least 1, got ", p.window_dimensions,
                            ", ", p.window_strides, ", ", p.base_dilation, " and ", p.window_dilation, " for ", x,
                            "; 1 leaves an axis as it is"));
    if (dilated(x.shape[d], p.base_dilation[d]) + p.padding[d].first + p.padding[d].second < 0)
      throw ValueError(
          text(op, ": padding must leave a size of at least 0, got ", show(p.padding), " for ", x, "; cut off less"));
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
      const auto place = static_cast<std::int64_t>(j) * p.window_strides[axis] +
                         static_cast<std::int64_t>(k) * p.window_dilation[axis] - p.padding[axis].first;
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

// --- evaluation: one axis after the other, since sums and extrema over a box are those of sums and extrema ---

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
    if constexpr (std::integral<T>)
      return static_cast<T>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
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
    if (p.window_dimensions[d] == 1 && p.window_strides[d] == 1 && p.base_dilation[d] == 1 &&
        p.padding[d] == Pads::value_type{0, 0})
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

// --- rules -----------------------------------------------------------

template <class Self, Kind kind>
struct WindowReduction {
  using Params = WindowParams;
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    const auto& x = in[0];
    if (!is_integer(x.dtype) && !is_floating(x.dtype) && !(is_complex(x.dtype) && kind == Kind::sum))
      throw TypeError(text(Self::name, ": the operand must ", kind == Kind::sum ? "be a number" : "have an order",
                           ", got ", x, "; convert with astype"));
    check_window(Self::name, x, p);
    return {sized(Self::name, {windows_shape(x.shape, p), x.dtype, x.weak})};
  }
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    return {{bind_one<Self>(args.operands, batched(p))}, {1}};
  }
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
      const auto base = dilated(in[d], p.base_dilation[d]),
                 window = dilated(p.window_dimensions[d], p.window_dilation[d]);
      const auto low = window - p.padding[d].first - 1;
      config.push_back(
          {low, base + window - 1 - dilated(ct.shape()[d], p.window_strides[d]) - low, p.window_strides[d] - 1});
    }
    const auto spread = pad(ct, make_scalar(ct.dtype(), 0.0), config);
    const Dims ones(in.size(), 1);
    return {bind_one<ReduceWindowSum>(
        {&spread, 1}, {p.window_dimensions, p.base_dilation, PadList(in.size()), ones, p.window_dilation})};
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

void list_windows(Readables& to) {
  to.insert(to.end(), {readable<ReduceWindowSum>(1), readable<ReduceWindowMax>(1), readable<ReduceWindowMin>(1)});
}

}  // namespace fluxion::lax
