// Cumulative operations, windows, and the reductions by product and bits.
#include <algorithm>

#include <fluxion/lax/reductions.hpp>

#include "lax/case_parts.hpp"

namespace fluxion::test {

namespace {

std::size_t unsign(std::int64_t i) { return static_cast<std::size_t>(i); }

std::vector<Number> shuffled_steps(std::int64_t n) {
  std::vector<Number> v;
  for (std::int64_t i = 0; i < n; ++i)
    v.push_back(real(0.05 * static_cast<double>((i * 7919 + 3) % std::max<std::int64_t>(n, 1)) - 1));
  return v;
}

bool whole_less(std::int64_t a, std::int64_t b, DType t) {
  return t == DType::uint64 ? static_cast<std::uint64_t>(a) < static_cast<std::uint64_t>(b) : a < b;
}

// A fold of two, in the dtype.
using Fold = Number (*)(const Number&, const Number&, DType);

// The halves are computed in float32.
double in_dtype(double v, DType t) {
  return real_part(t) == DType::float32 || is_half(t) ? static_cast<float>(v) : v;
}
Number sum_of(const Number& a, const Number& b, DType t) {
  return {in_dtype(a.f + b.f, t),
          wrapped(static_cast<std::int64_t>(static_cast<std::uint64_t>(a.i) + static_cast<std::uint64_t>(b.i)), t),
          in_dtype(a.im + b.im, t)};
}
Number product_of(const Number& a, const Number& b, DType t) {
  const auto times = [&](double x, double y) { return in_dtype(x * y, t); };
  if (is_complex(t))
    return {in_dtype(times(a.f, b.f) - times(a.im, b.im), t), 0, in_dtype(times(a.f, b.im) + times(a.im, b.f), t)};
  return {in_dtype(a.f * b.f, t),
          wrapped(static_cast<std::int64_t>(static_cast<std::uint64_t>(a.i) * static_cast<std::uint64_t>(b.i)), t)};
}
Number greater_of(const Number& a, const Number& b, DType t) {
  const auto f = std::isnan(a.f) || std::isnan(b.f) ? kNaN
                 : a.f == b.f                       ? (std::signbit(a.f) ? b.f : a.f)
                                                    : std::max(a.f, b.f);
  return {f, whole_less(a.i, b.i, t) ? b.i : a.i};
}
Number smaller_of(const Number& a, const Number& b, DType t) {
  const auto f = std::isnan(a.f) || std::isnan(b.f) ? kNaN
                 : a.f == b.f                       ? (std::signbit(a.f) ? a.f : b.f)
                                                    : std::min(a.f, b.f);
  return {f, whole_less(b.i, a.i, t) ? b.i : a.i};
}
Number log_sum_of(const Number& a, const Number& b, DType) {
  if (std::isnan(a.f) || std::isnan(b.f)) return real(kNaN);
  const auto m = std::max(a.f, b.f);
  return real(std::isinf(m) ? m : static_cast<double>(m + std::log(std::exp(static_cast<long double>(a.f - m)) +
                                                                       std::exp(static_cast<long double>(b.f - m)))));
}
Number both_of(const Number& a, const Number& b, DType) { return whole(a.i & b.i); }
Number either_of(const Number& a, const Number& b, DType) { return whole(a.i | b.i); }
Number odd_of(const Number& a, const Number& b, DType) { return whole(a.i ^ b.i); }

struct Family {
  const char* name;
  Array (*f)(const Array&, std::int64_t, bool);
  Fold fold;
  bool integers, bools, steps, complex;
  double ulps64, ulps32;
};

std::vector<DType> accepted(const Family& k) {
  std::vector<DType> out{DType::float32, DType::float64, DType::float16, DType::bfloat16};
  if (k.complex) out.insert(out.end(), {DType::complex64, DType::complex128});
  if (k.integers)
    out.insert(out.end(), {DType::int32, DType::int64, DType::uint32, DType::uint64, DType::int8, DType::uint16});
  if (k.bools) out.push_back(DType::bool_);
  return out;
}

bool sums_in_blocks(const Family& k, DType t) {
  return std::string(k.name) == "cumsum" && (t == DType::float32 || t == DType::float64);
}

// Prefix sums along the last axis as docs/sorting-and-windows.md defines them: blocks of 64 bytes, in each of which sums of 1, 2, 4 ...
// elements are added to those that come after them; then the sum of the blocks before.
void sum_in_blocks(const std::vector<Number*>& x, DType t) {
  const std::size_t block = t == DType::float32 ? 16 : 8;
  double before = 0;
  for (std::size_t first = 0; first < x.size(); first += block) {
    std::vector<double> v(block);
    for (std::size_t i = 0; i < block && first + i < x.size(); ++i) v[i] = x[first + i]->f;
    for (std::size_t step = 1; step < block; step *= 2)
      for (std::size_t i = block; i-- > step;) v[i] = in_dtype(v[i] + v[i - step], t);
    for (std::size_t i = 0; i < block && first + i < x.size(); ++i)
      x[first + i]->f = first == 0 ? v[i] : in_dtype(v[i] + before, t);
    before = first == 0 ? v[block - 1] : in_dtype(before + v[block - 1], t);
  }
}

Case cumulative_case(const Family& k, std::int64_t axis, bool reverse, std::vector<Shape> shapes) {
  Case c{std::string(k.name) + (reverse ? "/reverse_axis_" : "/axis_") + std::to_string(axis),
         k.name,
         {},
         {},
         {},
         k.ulps64,
         k.ulps32,
         {1},
         {0},
         {}};
  c.f = [=](const Arrays& a) -> Arrays { return {k.f(a[0], axis, reverse)}; };
  c.reference = [=](const std::vector<Host>& in) -> std::vector<Host> {
    auto out = in[0];
    std::int64_t inner = 1;
    for (std::size_t d = unsign(axis) + 1; d < out.shape.size(); ++d) inner *= out.shape[d];
    const auto n = out.shape[unsign(axis)];
    if (inner == 1 && sums_in_blocks(k, out.dtype)) {
      for (std::int64_t line = 0; n > 0 && line < static_cast<std::int64_t>(out.v.size()) / n; ++line) {
        std::vector<Number*> elements;
        for (std::int64_t i = 0; i < n; ++i) elements.push_back(&out.v[unsign((line / inner * n + i) * inner + line % inner)]);
        if (reverse) std::reverse(elements.begin(), elements.end());
        sum_in_blocks(elements, out.dtype);
      }
      return {out};
    }
    const auto size = static_cast<std::int64_t>(out.v.size());
    for (std::int64_t i = 0; i < size; ++i) {
      const auto e = reverse ? size - 1 - i : i, at = e / inner % n;
      if (at == (reverse ? n - 1 : 0)) continue;
      out.v[unsign(e)] = k.fold(out.v[unsign(reverse ? e + inner : e - inner)], out.v[unsign(e)], out.dtype);
    }
    return {out};
  };
  for (const auto& s : shapes)
    for (const auto t : accepted(k)) {
      if (is_inexact(t))
        c.signatures.push_back(
            {{{t, s, 0.5, 1.5, k.steps ? shuffled_steps(element_count(s)) : std::vector<Number>{}}}});
      else c.signatures.push_back({{{t, s, t == DType::bool_ ? 0.0 : -9, t == DType::bool_ ? 1.0 : 9}}});
    }
  if (k.steps && axis == 0)
    for (const auto t : kFloats)
      c.signatures.push_back(edges(t, {real(0.0), real(-0.0), real(3), real(-kInf), real(kInf), real(kNaN), real(1)}));
  c.linear = {static_cast<char>(std::string(k.name) == "cumsum")};
  c.errors = refused_dtypes(accepted(k), 1);
  if (axis == 0) c.errors.push_back({[] { return Arrays{Array(1.0)}; }, {"axis must be in [0, 0)", "f64[]"}});
  return c;
}

// --- reductions -----------------------------------------------------------

struct Bits {
  const char* name;
  Array (*f)(const Array&, const Dims&);
  Fold fold;
  Number identity;
  bool floats;
};

Case reduction_case(const Bits& k, const char* variant, Dims axes, std::vector<Shape> shapes) {
  Case c{std::string(k.name) + "/" + variant, k.name, {}, {}, {}, 30, 30, {static_cast<char>(k.floats)}, {0}, {}};
  c.f = [=](const Arrays& a) -> Arrays { return {k.f(a[0], axes)}; };
  c.reference = [=](const std::vector<Host>& in) -> std::vector<Host> {
    const auto is_reduced = [&](std::size_t d) {
      return std::find(axes.begin(), axes.end(), static_cast<std::int64_t>(d)) != axes.end();
    };
    Host out{in[0].dtype, {}, {}};
    for (std::size_t d = 0; d < in[0].shape.size(); ++d)
      if (!is_reduced(d)) out.shape.push_back(in[0].shape[d]);
    auto identity = k.identity;
    identity.i = out.dtype == DType::bool_ ? identity.i & 1 : wrapped(identity.i, out.dtype);
    out.v.assign(unsign(element_count(out.shape)), identity);
    std::vector<std::complex<long double>> products(out.v.size(), 1);
    for_each_index(in[0].shape, [&](const Dims& at, std::size_t flat) {
      Dims kept;
      for (std::size_t d = 0; d < at.size(); ++d)
        if (!is_reduced(d)) kept.push_back(at[d]);
      auto& to = out.v[flat_index(out.shape, kept)];
      products[flat_index(out.shape, kept)] *= std::complex<long double>(in[0].v[flat].f, in[0].v[flat].im);
      to = k.fold(to, in[0].v[flat], DType::float64);
      to.i = out.dtype == DType::bool_ ? to.i & 1 : wrapped(to.i, out.dtype);
    });
    if (k.floats)
      for (std::size_t i = 0; i < products.size(); ++i)
        out.v[i] = {static_cast<double>(products[i].real()), out.v[i].i, static_cast<double>(products[i].imag())};
    return {out};
  };
  for (const auto& s : shapes) {
    for (const auto t : kIntegers) c.signatures.push_back({{{t, s, -9, 9}}});
    for (const auto t : {DType::int8, DType::uint16}) c.signatures.push_back({{{t, s, -9, 9}}});
    if (!k.floats) c.signatures.push_back({{{DType::bool_, s}}});
    // Every one of n products rounds, in whatever order; and differences of long ones have too few digits.
    const bool is_long = element_count(s) > 200;
    if (k.floats)
      for (const auto t :
           {DType::float64, DType::float32, DType::bfloat16, DType::float16, DType::complex64, DType::complex128})
        if (!is_complex(t) || !is_long)  // which would overflow
          c.signatures.push_back({{{t, s, is_long ? 0.99 : 0.8, is_long ? 1.01 : 1.25}}, !is_long});
  }
  std::vector<DType> takes{DType::int32, DType::int64, DType::uint32, DType::uint64};
  if (k.floats) takes.insert(takes.end(), {DType::float32, DType::float64});
  else takes.push_back(DType::bool_);
  c.errors = refused_dtypes(takes, 1);
  c.errors.push_back({[] { return Arrays{zeros({2}, DType::int64)}; }, {"axes must be in [0, 1)", "i64[2]"}});
  if (axes == Dims{0}) c.errors.pop_back();
  return c;
}

void add_reductions(std::vector<Case>& to, const Bits& k) {
  to.push_back(reduction_case(k, "vector", {0}, {{1}, {7}, {9}, {26}, {600}}));
  to.push_back(reduction_case(k, "rows", {1}, {{3, 5}, {2, 17}, {3, 600}, {0, 3}}));
  to.push_back(reduction_case(k, "columns", {0}, {{3, 5}, {17, 9}, {300, 3}}));
  to.push_back(reduction_case(k, "outer_and_inner", {0, 2}, {{2, 3, 4}, {9, 1, 17}}));
  to.push_back(reduction_case(k, "of_nothing", {1}, {{2, 0}}));
}

Case argmin_case(std::int64_t axis, std::vector<Shape> shapes) {
  Case c{"argmin/axis_" + std::to_string(axis), "argmin", {}, {}, {}, 0, 0, {0}, {0}, {}};
  c.f = [=](const Arrays& a) -> Arrays { return {lax::argmin(a[0], axis)}; };
  c.reference = [=](const std::vector<Host>& in) -> std::vector<Host> {
    Host out{DType::int32, in[0].shape, {}};
    out.shape.erase(unsign(axis));
    std::vector<Number> best(unsign(element_count(out.shape)));
    out.v.assign(best.size(), whole(-1));
    for_each_index(in[0].shape, [&](const Dims& at, std::size_t flat) {
      Dims kept = at;
      kept.erase(unsign(axis));
      const auto o = flat_index(out.shape, kept);
      const auto& n = in[0].v[flat];
      const bool less = is_floating(in[0].dtype) ? !std::isnan(best[o].f) && (std::isnan(n.f) || n.f < best[o].f)
                                                 : whole_less(n.i, best[o].i, in[0].dtype);
      if (out.v[o].i >= 0 && !less) return;
      best[o] = n;
      out.v[o] = whole(at[unsign(axis)]);
    });
    return {out};
  };
  for (const auto& s : shapes) {
    for (const auto t : kFloats) c.signatures.push_back({{{t, s}}});
    for (const auto t : kIntegers) c.signatures.push_back({{{t, s, -3, 3}}});
    c.signatures.push_back({{{DType::bool_, s}}});
  }
  if (axis == 0) c.signatures.push_back(edges(DType::float64, edge_values()));
  c.errors = refused_dtypes(
      {DType::bool_, DType::float32, DType::float64, DType::int32, DType::int64, DType::uint32, DType::uint64}, 1);
  Shape empty(unsign(axis) + 1, 2);
  empty[unsign(axis)] = 0;
  c.errors.push_back({[empty] { return Arrays{zeros(empty)}; }, {"must not be empty"}});
  return c;
}

// --- windows -----------------------------------------------------------

struct WindowCase {
  const char* variant;
  Shape shape;
  Dims dimensions, strides;
  lax::Pads padding;
  Dims base, dilation;
  lax::Window window() const { return {dimensions, strides, padding, base, dilation}; }
};

const WindowCase kWindows[] = {
    {"vector", {9}, {3}, {1}, {{0, 0}}, {1}, {1}},
    {"strided", {11}, {3}, {2}, {{1, 2}}, {1}, {1}},
    {"images", {2, 5, 6}, {1, 2, 3}, {1, 2, 1}, {{0, 0}, {0, 1}, {1, 1}}, {1, 1, 1}, {1, 1, 1}},
    {"dilated_window", {10, 3}, {3, 1}, {1, 1}, {{2, 0}, {0, 0}}, {1, 1}, {2, 1}},
    {"dilated_base", {4, 5}, {2, 3}, {1, 2}, {{1, 1}, {0, 2}}, {2, 3}, {1, 1}},
    {"cropped", {9}, {2}, {3}, {{-1, -2}}, {1}, {1}},
};

/// Calls visit(window, element) for each element of x in each window.
void for_each_place(const WindowCase& w, Shape& out, const std::function<void(std::size_t, std::size_t)>& visit) {
  out = {};
  for (std::size_t d = 0; d < w.shape.size(); ++d) {
    const auto room = (w.shape[d] - 1) * w.base[d] + 1 + w.padding[d].first + w.padding[d].second -
                      ((w.dimensions[d] - 1) * w.dilation[d] + 1);
    out.push_back(room < 0 ? 0 : room / w.strides[d] + 1);
  }
  for_each_index(out, [&](const Dims& j, std::size_t window) {
    for_each_index(w.dimensions, [&](const Dims& k, std::size_t) {
      Dims at;
      for (std::size_t d = 0; d < j.size(); ++d) {
        const auto place = j[d] * w.strides[d] + k[d] * w.dilation[d] - w.padding[d].first;
        if (place < 0 || place % w.base[d] != 0 || place / w.base[d] >= w.shape[d]) return;
        at.push_back(place / w.base[d]);
      }
      visit(window, flat_index(w.shape, at));
    });
  });
}

Number lowest(DType t) { return {-kInf, t == DType::int32 ? INT32_MIN : t == DType::int64 ? INT64_MIN : 0}; }
Number highest(DType t) {
  return {kInf, t == DType::int32 ? INT32_MAX : t == DType::uint32 ? 0xffffffff : t == DType::uint64 ? -1 : INT64_MAX};
}

Case window_case(const char* name, Array (*f)(const Array&, const lax::Window&), Fold fold, const WindowCase& w) {
  const bool sum = std::string(name) == "reduce_window_sum", max = std::string(name) == "reduce_window_max";
  Case c{std::string(name) + "/" + w.variant, name, {}, {}, {}, 3, 3, {1}, {static_cast<char>(sum)}, {}};
  c.f = [=](const Arrays& a) -> Arrays { return {f(a[0], w.window())}; };
  c.reference = [=](const std::vector<Host>& in) -> std::vector<Host> {
    Host out{in[0].dtype, {}, {}};
    for_each_place(w, out.shape, [](std::size_t, std::size_t) {});
    out.v.assign(unsign(element_count(out.shape)), sum ? Number{} : max ? lowest(out.dtype) : highest(out.dtype));
    Shape same;
    for_each_place(w, same,
                   [&](std::size_t to, std::size_t from) { out.v[to] = fold(out.v[to], in[0].v[from], out.dtype); });
    return {out};
  };
  for (const auto t : kFloats)
    c.signatures.push_back(
        {{{t, w.shape, 0.5, 1.5, sum ? std::vector<Number>{} : shuffled_steps(element_count(w.shape))}}});
  for (const auto t : kIntegers) c.signatures.push_back({{{t, w.shape, -9, 9}}});
  const auto shape = w.shape;
  c.errors =
      refused_dtypes({DType::float32, DType::float64, DType::int32, DType::int64, DType::uint32, DType::uint64}, 1);
  if (shape.size() != 1) c.errors.clear();
  c.errors.push_back({[shape] {
                        auto longer = shape;
                        longer.push_back(2);
                        return Arrays{zeros(longer)};
                      }, {"one entry per axis"}});
  return c;
}

Case choice_case(bool gathers, lax::Choose choose, const WindowCase& w) {
  const char* name = gathers ? "select_and_gather_add" : "select_and_scatter_add";
  Case c{std::string(name) + (choose == lax::Choose::ge ? "/ge_" : "/le_") + w.variant,
         name,
         {},
         {},
         {},
         3,
         3,
         {1, 0},
         {1, 0},
         {}};
  const auto f = gathers ? lax::select_and_gather_add : lax::select_and_scatter_add;
  c.f = [=](const Arrays& a) -> Arrays { return {f(a[0], a[1], choose, w.window())}; };
  Shape windows;
  for_each_place(w, windows, [](std::size_t, std::size_t) {});
  c.reference = [=](const std::vector<Host>& in) -> std::vector<Host> {
    std::vector<std::int64_t> chosen(unsign(element_count(windows)), -1);
    Shape same;
    for_each_place(w, same, [&](std::size_t j, std::size_t from) {
      const auto better = [&](std::size_t old) {
        const auto &v = in[1].v[from], &best = in[1].v[old];
        if (!is_floating(in[1].dtype))
          return choose == lax::Choose::ge ? whole_less(best.i, v.i, in[1].dtype)
                                           : whole_less(v.i, best.i, in[1].dtype);
        return choose == lax::Choose::ge ? v.f > best.f : v.f < best.f;
      };
      if (chosen[j] < 0 || better(unsign(chosen[j]))) chosen[j] = static_cast<std::int64_t>(from);
    });
    Host out{in[0].dtype, gathers ? windows : w.shape, {}};
    out.v.resize(unsign(element_count(out.shape)));
    for (std::size_t j = 0; j < chosen.size(); ++j) {
      if (chosen[j] < 0) continue;
      auto& to = out.v[gathers ? j : unsign(chosen[j])];
      to = sum_of(to, in[0].v[gathers ? unsign(chosen[j]) : j], out.dtype);
    }
    return {out};
  };
  const auto source = gathers ? w.shape : windows;
  for (const auto t : kFloats)
    c.signatures.push_back({{{t, source, 0.5, 1.5}, {t, w.shape, 0, 0, shuffled_steps(element_count(w.shape))}}});
  for (const auto t : kIntegers) c.signatures.push_back({{{t, source, -9, 9}, {t, w.shape, -3, 3}}});
  const auto shape = w.shape;
  c.errors = {{[=] {
                 return Arrays{zeros(source, DType::int64), zeros(shape)};
               },
               {"source must be f64", "i64["}},
              {[=] {
                 return Arrays{zeros(source, DType::bool_), zeros(shape, DType::bool_)};
               },
               {"real numbers", "bool["}}};
  return c;
}

}  // namespace

void add_cumulative_cases(std::vector<Case>& to) {
  const Family families[] = {{"cumsum", lax::cumsum, sum_of, true, false, false, true, 0, 0},
                             {"cumprod", lax::cumprod, product_of, true, false, false, true, 0, 0},
                             {"cummax", lax::cummax, greater_of, true, true, true, false, 0, 0},
                             {"cummin", lax::cummin, smaller_of, true, true, true, false, 0, 0},
                             {"cumlogsumexp", lax::cumlogsumexp, log_sum_of, false, false, false, false, 4, 4}};
  for (const auto& k : families) {
    to.push_back(cumulative_case(k, 0, false, {{1}, {2}, {7}, {17}, {5, 3}, {0}}));
    to.push_back(cumulative_case(k, 1, false, {{2, 3, 4}, {3, 9}, {2, 0}}));
    to.push_back(cumulative_case(k, 1, true, {{2, 5, 2}, {3, 8}}));
  }
  add_reductions(to, {"reduce_prod", lax::reduce_prod, product_of, {1, 1}, true});
  add_reductions(to, {"reduce_and", lax::reduce_and, both_of, whole(-1), false});
  add_reductions(to, {"reduce_or", lax::reduce_or, either_of, whole(0), false});
  add_reductions(to, {"reduce_xor", lax::reduce_xor, odd_of, whole(0), false});
  to.push_back(argmin_case(0, {{1}, {17}, {5, 3}}));
  to.push_back(argmin_case(1, {{2, 3, 4}, {3, 9}, {0, 2}}));
  for (const auto& w : kWindows) {
    to.push_back(window_case("reduce_window_sum", lax::reduce_window_sum, sum_of, w));
    to.push_back(window_case("reduce_window_max", lax::reduce_window_max, greater_of, w));
    to.push_back(window_case("reduce_window_min", lax::reduce_window_min, smaller_of, w));
    for (const auto choose : {lax::Choose::ge, lax::Choose::le})
      for (const bool gathers : {true, false}) to.push_back(choice_case(gathers, choose, w));
  }
}

}  // namespace fluxion::test
