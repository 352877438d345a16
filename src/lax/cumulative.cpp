// Cumulative operations along an axis: cumsum, cumprod, cummax, cummin, cumlogsumexp.
#include <fluxion/detail/flat_control.hpp>
#include <fluxion/extend/lower.hpp>
#include <fluxion/lax/reductions.hpp>

#include <cmath>
#include <complex>
#include <limits>

#include "base/visit_dtype.hpp"
#include "core/host_kernels.hpp"
#include "core/node.hpp"
#include "lax/lines.hpp"
#include "lax/readable.hpp"
#include "lax/rules.hpp"
#include "lax/widen.hpp"

namespace fluxion::lax {

namespace {

struct CumParams {
  BOOST_HANA_DEFINE_STRUCT(CumParams, (std::int64_t, axis), (bool, reverse));
};

// --- evaluation -----------------------------------------------------------

template <class T> inline constexpr bool is_complex_type = false;
template <class R> inline constexpr bool is_complex_type<std::complex<R>> = true;

struct Add {
  template <class T> static T call(T a, T b) {
    if constexpr (std::integral<T>)
      return static_cast<T>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
    else return a + b;
  }
};
// Complex products are written out: the library's operator looks for infinities.
struct Mul {
  template <class T> static T call(T a, T b) {
    if constexpr (std::integral<T>)
      return static_cast<T>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
    else if constexpr (is_complex_type<T>)
      return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
    else return a * b;
  }
};
// NaN stays; +0 is above -0.
struct Max {
  template <class T> static T call(T a, T b) {
    if constexpr (std::is_floating_point_v<T>) {
      if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<T>::quiet_NaN();
      if (a == b) return std::signbit(a) ? b : a;
    }
    return a < b ? b : a;
  }
};
struct Min {
  template <class T> static T call(T a, T b) {
    if constexpr (std::is_floating_point_v<T>) {
      if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<T>::quiet_NaN();
      if (a == b) return std::signbit(a) ? a : b;
    }
    return b < a ? b : a;
  }
};

/// Each element combined with the result before it, which stays in a register.
template <class Op, class T>
void accumulate_line(const T* in, T* out, std::size_t n, bool reverse) {
  const auto last = n - 1;
  T sum = in[reverse ? last : 0];
  out[reverse ? last : 0] = sum;
  for (std::size_t k = 1; k < n; ++k) {
    const auto at = reverse ? last - k : k;
    out[at] = sum = Op::call(sum, in[at]);
  }
}

/// The same for neighbours across the axis side by side, so that memory is read in order.
template <class Op, class T>
void accumulate(const T* in, T* out, const Lines& l, bool reverse) {
  if (l.n == 0) return;
  const auto inner = l.inner, block = l.n * inner;
  for (std::size_t o = 0; o < l.outer; ++o, in += block, out += block) {
    if (inner == 1) {
      accumulate_line<Op>(in, out, l.n, reverse);
      continue;
    }
    for (std::size_t k = 0; k < l.n; ++k) {
      const auto at = (reverse ? l.n - 1 - k : k) * inner;
      if (k == 0) {
        for (std::size_t c = 0; c < inner; ++c) out[at + c] = in[at + c];
        continue;
      }
      const T* before = out + (reverse ? at + inner : at - inner);
      for (std::size_t c = 0; c < inner; ++c) out[at + c] = Op::call(before[c], in[at + c]);
    }
  }
}

/// The greatest so far and the sum of exp(x - greatest), in double.
struct LogSum {
  double most = -std::numeric_limits<double>::infinity(), sum = 0;
  double add(double x) {
    if (std::isnan(x)) sum = x;
    else if (std::isinf(x)) {
      if (x > 0) most = x;
    } else if (x > most) {
      sum = sum * std::exp(most - x) + 1;
      most = x;
    } else {
      sum += std::exp(x - most);
    }
    return std::isnan(sum) ? sum : std::isinf(most) ? most : most + std::log(sum);
  }
};

template <class T>
void accumulate_logs(const T* in, T* out, const Lines& l, bool reverse) {
  for (std::size_t o = 0; o < l.outer; ++o)
    for (std::size_t c = 0; c < l.inner; ++c) {
      LogSum state;
      for (std::size_t k = 0; k < l.n; ++k) {
        const auto at = (o * l.n + (reverse ? l.n - 1 - k : k)) * l.inner + c;
        out[at] = static_cast<T>(state.add(in[at]));
      }
    }
}

enum class Kind : std::uint8_t { sum, prod, max, min, log };

template <class T>
void run(Kind kind, const HostOperand& x, const HostResult& y, const Lines& l, bool reverse) {
  const auto* in = x.elements<T>().data();
  auto* out = y.elements<T>().data();
  if constexpr (!std::same_as<T, bool>) {
    if (kind == Kind::sum) return accumulate<Add>(in, out, l, reverse);
    if (kind == Kind::prod) return accumulate<Mul>(in, out, l, reverse);
  }
  if constexpr (!is_complex_type<T>) {
    if (kind == Kind::max) return accumulate<Max>(in, out, l, reverse);
    if (kind == Kind::min) return accumulate<Min>(in, out, l, reverse);
  }
  if constexpr (std::is_floating_point_v<T>)
    if (kind == Kind::log) return accumulate_logs(in, out, l, reverse);
}

// --- rules -----------------------------------------------------------

template <class Self, Kind kind>
struct Cumulative {
  using Params = CumParams;
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    const auto& x = in[0];
    const bool ordered = kind == Kind::max || kind == Kind::min;
    const bool takes = is_floating(x.dtype) || (kind != Kind::log && is_integer(x.dtype)) ||
                       (is_complex(x.dtype) && (kind == Kind::sum || kind == Kind::prod)) ||
                       (ordered && x.dtype == DType::bool_);
    if (!takes)
      throw TypeError(text(Self::name, ": the operand must ",
                           kind == Kind::log ? "be floating"
                           : ordered         ? "have an order"
                                             : "be a number",
                           ", got ", x, "; convert with astype"));
    check_axes(Self::name, "axis", {p.axis}, x);
    return {x};
  }
  static constexpr no_transpose transpose{"not linear"};
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    return {{bind_one<Self>(args.operands, {p.axis + 1, p.reverse})}, {1}};
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return {widened(b, in[0], [&](auto x) {
      const auto aval = avals_of(b, {&x, 1})[0];
      if (kind == Kind::sum && sums_prefixes(aval.dtype))
        return b.host_call({&x, 1}, {{aval.dtype, aval.shape}}, cumulative_sum_function(p.axis, p.reverse), Effect::none)[0];
      return lower_to_host(b, {&x, 1}, {&aval, 1}, std::string(Self::name), [p](auto operands, auto results) {
        const auto& from = operands[0];
        visit_dtype(from.dtype(),
                    [&]<class T>() { run<T>(kind, from, results[0], Lines(from.shape(), p.axis), p.reverse); });
      })[0];
    })};
  }
};

struct CumSum : Cumulative<CumSum, Kind::sum> {
  static constexpr std::string_view name = "cumsum";
  static constexpr Linear jvp = linear;
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    return {bind_one<CumSum>(args.cotangents, {p.axis, !p.reverse})};
  }
};

/// How the tangent of a combination of two follows: (x, tx), (y, ty) -> (x op y, tangent).
using Combine = Arrays (*)(const Arrays&);

// The tangents of prefixes by a parallel scan over pairs of value and tangent, as jax differentiates it.
template <class Self>
JvpOut scanned_jvp(const JvpArgs& args, const CumParams& p, Combine combine) {
  const auto scanned = detail::associative_scan_flat(combine, {args.primals[0], args.tangents[0]}, {p.reverse, p.axis},
                                                     [](std::size_t) { return std::string(); });
  return {{bind_one<Self>(args.primals, p)}, {scanned[1]}};
}

struct CumProd : Cumulative<CumProd, Kind::prod> {
  static constexpr std::string_view name = "cumprod";
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    return scanned_jvp<CumProd>(args, p, [](const Arrays& a) -> Arrays {
      return {mul(a[0], a[2]), add(mul(a[1], a[2]), mul(a[0], a[3]))};
    });
  }
};

// Of two that tie, each gives half of its tangent.
Array shared(const Array& t, const Array& x, const Array& z, const Array& y) {
  const auto number = [&](double v) { return lax::full(x.shape(), make_scalar(x.dtype(), v)); };
  return mul(t, div(select_n(eq(x, z), number(0), number(1)), select_n(eq(y, z), number(1), number(2))));
}
template <Array (*op)(const Array&, const Array&)>
Arrays choose(const Arrays& a) {
  const auto z = op(a[0], a[2]);
  return {z, add(shared(a[1], a[0], z, a[2]), shared(a[3], a[2], z, a[0]))};
}

struct CumMax : Cumulative<CumMax, Kind::max> {
  static constexpr std::string_view name = "cummax";
  static JvpOut jvp(const JvpArgs& args, const Params& p) { return scanned_jvp<CumMax>(args, p, choose<lax::max>); }
};
struct CumMin : Cumulative<CumMin, Kind::min> {
  static constexpr std::string_view name = "cummin";
  static JvpOut jvp(const JvpArgs& args, const Params& p) { return scanned_jvp<CumMin>(args, p, choose<lax::min>); }
};

struct CumLogSumExp : Cumulative<CumLogSumExp, Kind::log> {
  static constexpr std::string_view name = "cumlogsumexp";
  // z = log(e^x + e^y), and the tangents weighted by e^(x - z) and e^(y - z). The greater one is taken out as a
  // constant, so that z has no kink where both are equal; infinite ones are not.
  static Arrays combined(const Arrays& a) {
    const auto &x = a[0], &y = a[2];
    const auto number = [&](double v) { return lax::full(x.shape(), make_scalar(x.dtype(), v)); };
    const auto inf = number(std::numeric_limits<double>::infinity()), zero = number(0);
    const auto most = max(x, y);
    const auto m = stop_gradient(select_n(eq(abs(most), inf), most, zero));
    const auto z = add(m, log(add(exp(sub(x, m)), exp(sub(y, m)))));
    const auto weight = [&](const Array& v) {
      const auto all_or_nothing = select_n(eq(v, inf), neg(inf), zero);
      return exp(select_n(eq(abs(z), inf), sub(v, z), all_or_nothing));
    };
    return {z, add(mul(a[1], weight(x)), mul(a[3], weight(y)))};
  }
  static JvpOut jvp(const JvpArgs& args, const Params& p) { return scanned_jvp<CumLogSumExp>(args, p, &combined); }
};

template <class P>
Array along(const Array& x, std::int64_t axis, bool reverse) {
  return bind_one<P>({&x, 1}, {axis, reverse});
}

}  // namespace

Array cumsum(const Array& x, std::int64_t axis, bool reverse) { return along<CumSum>(x, axis, reverse); }
Array cumprod(const Array& x, std::int64_t axis, bool reverse) { return along<CumProd>(x, axis, reverse); }
Array cummax(const Array& x, std::int64_t axis, bool reverse) { return along<CumMax>(x, axis, reverse); }
Array cummin(const Array& x, std::int64_t axis, bool reverse) { return along<CumMin>(x, axis, reverse); }
Array cumlogsumexp(const Array& x, std::int64_t axis, bool reverse) { return along<CumLogSumExp>(x, axis, reverse); }

void list_cumulatives(Readables& to) {
  to.insert(to.end(), {readable<CumSum>(1), readable<CumProd>(1), readable<CumMax>(1), readable<CumMin>(1),
                       readable<CumLogSumExp>(1)});
}

}  // namespace fluxion::lax
