// Reductions, argmax and contractions.
#include "lax/case_parts.hpp"

#include <algorithm>

namespace fluxion::test {

namespace {

bool contains(const Dims& axes, std::size_t d) {
  return std::find(axes.begin(), axes.end(), static_cast<std::int64_t>(d)) != axes.end();
}

// The elements that each result element folds, in row-major order.
struct Groups {
  Shape shape;
  std::vector<std::vector<Number>> members;
};
Groups grouped(const Host& x, const Dims& axes) {
  Groups g;
  for (std::size_t d = 0; d < x.shape.size(); ++d)
    if (!contains(axes, d)) g.shape.push_back(x.shape[d]);
  g.members.resize(static_cast<std::size_t>(element_count(g.shape)));
  for_each_index(x.shape, [&](const Dims& at, std::size_t flat) {
    Dims kept;
    for (std::size_t d = 0; d < at.size(); ++d)
      if (!contains(axes, d)) kept.push_back(at[d]);
    g.members[flat_index(g.shape, kept)].push_back(x.v[flat]);
  });
  return g;
}

using Fold = Number (*)(const std::vector<Number>&, DType);

Number sum_of(const std::vector<Number>& xs, DType) {
  long double real_sum = 0;
  std::uint64_t whole_sum = 0;
  for (const auto& x : xs) {
    real_sum += x.f;
    whole_sum += static_cast<std::uint64_t>(x.i);
  }
  return {static_cast<double>(real_sum), static_cast<std::int64_t>(whole_sum)};
}

bool whole_less(std::int64_t a, std::int64_t b, DType t) {
  return t == DType::uint64 ? static_cast<std::uint64_t>(a) < static_cast<std::uint64_t>(b) : a < b;
}

Number lowest(DType t) {
  switch (t) {
    case DType::int32: return {-kInf, INT32_MIN};
    case DType::int64: return {-kInf, INT64_MIN};
    default: return {-kInf, 0};
  }
}
Number highest(DType t) {
  switch (t) {
    case DType::int32: return {kInf, INT32_MAX};
    case DType::uint32: return {kInf, 0xffffffff};
    case DType::uint64: return {kInf, -1};
    case DType::bool_: return {kInf, 1};
    default: return {kInf, INT64_MAX};
  }
}

// NaN if any is; 0 is above -0.
Number max_of(const std::vector<Number>& xs, DType t) {
  auto m = lowest(t);
  for (const auto& x : xs) {
    if (whole_less(m.i, x.i, t)) m.i = x.i;
    if (std::isnan(m.f)) continue;
    if (std::isnan(x.f) || x.f > m.f || (x.f == m.f && !std::signbit(x.f))) m.f = x.f;
  }
  return m;
}
Number min_of(const std::vector<Number>& xs, DType t) {
  auto m = highest(t);
  for (const auto& x : xs) {
    if (whole_less(x.i, m.i, t)) m.i = x.i;
    if (std::isnan(m.f)) continue;
    if (std::isnan(x.f) || x.f < m.f || (x.f == m.f && std::signbit(x.f))) m.f = x.f;
  }
  return m;
}

// Numbers far enough apart that no small step changes which is the greatest.
std::vector<Number> shuffled_steps(std::int64_t n) {
  std::vector<Number> v;
  for (std::int64_t i = 0; i < n; ++i) v.push_back(real(0.05 * static_cast<double>((i * 7919 + 3) % n) - 1));
  return v;
}

Case reduce_case(const std::string& name, const char* variant, Array (*f)(const Array&, const Dims&), Fold fold, Dims axes,
                 std::vector<Shape> shapes) {
  Case c{name + "/" + variant, name, {}, {}, {}, 0, 0, {1}, {0}, {}};
  c.f = [=](const Arrays& a) -> Arrays { return {f(a[0], axes)}; };
  c.reference = [=](const std::vector<Host>& in) -> std::vector<Host> {
    const auto g = grouped(in[0], axes);
    Host out{in[0].dtype, g.shape, {}};
    for (const auto& m : g.members) out.v.push_back(fold(m, out.dtype));
    for (auto& n : out.v) n.i = wrapped(n.i, out.dtype);
    return {out};
  };
  const bool sum = name == "reduce_sum";
  for (const auto& s : shapes) {
    for (const auto t : kFloats)
      c.signatures.push_back({{{t, s, 0.5, 1.5, sum ? std::vector<Number>{} : shuffled_steps(element_count(s))}}});
    for (const auto t : kIntegers) c.signatures.push_back({{{t, s, -9, 9}}});
    if (!sum) c.signatures.push_back({{{DType::bool_, s}}});
  }
  std::vector<DType> accepted{DType::float32, DType::float64, DType::int32, DType::int64, DType::uint32, DType::uint64};
  if (!sum) accepted.push_back(DType::bool_);
  c.errors = refused_dtypes(accepted, 1);
  c.errors.push_back({[] { return Arrays{Array(1.0)}; }, {"axes must be in [0, 0)", "f64[]"}});
  c.ulps64 = c.ulps32 = sum ? 3 : 0.5;  // of an extremum: zeros of either sign count as equal
  if (sum) c.linear = {1};
  return c;
}

void add_reductions(std::vector<Case>& to, const std::string& name, Array (*f)(const Array&, const Dims&), Fold fold) {
  to.push_back(reduce_case(name, "vector", f, fold, {0}, {{1}, {7}, {8}, {9}, {26}, {50}, {600}, {1500}}));
  to.push_back(reduce_case(name, "rows", f, fold, {1}, {{3, 5}, {2, 17}, {3, 600}, {0, 3}}));
  to.push_back(reduce_case(name, "columns", f, fold, {0}, {{3, 5}, {17, 9}, {600, 3}, {1, 4}}));
  to.push_back(reduce_case(name, "outer_and_inner", f, fold, {0, 2}, {{2, 3, 4}, {9, 1, 17}}));
  to.push_back(reduce_case(name, "middle", f, fold, {1}, {{2, 3, 4}, {2, 30, 9}}));
  to.push_back(reduce_case(name, "everything", f, fold, {0, 1, 2}, {{2, 3, 4}, {5, 1, 30}}));
  to.push_back(reduce_case(name, "of_nothing", f, fold, {1}, {{2, 0}}));
  to.back().differentiable = {static_cast<char>(name == "reduce_sum")};  // the extremum of nothing has no derivative
  auto special = reduce_case(name, "special_values", f, fold, {1}, {});
  const auto& e = edge_values();
  std::vector<Number> pairs;
  for (const auto& a : e)
    for (const auto& b : e) {
      pairs.push_back(a);
      pairs.push_back(b);
    }
  for (const auto t : kFloats)
    special.signatures.push_back({{{t, {static_cast<std::int64_t>(e.size() * e.size()), 2}, 0, 0, pairs}}, false});
  special.differentiable = special.linear = {0};
  to.push_back(special);
}

Number argmax_of(const std::vector<Number>& xs, DType t) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < xs.size(); ++i) {
    if (std::isnan(xs[best].f)) break;
    const bool better = is_floating(t) ? std::isnan(xs[i].f) || xs[i].f > xs[best].f : whole_less(xs[best].i, xs[i].i, t);
    if (better) best = i;
  }
  return whole(static_cast<std::int64_t>(best));
}

Case argmax_case(std::int64_t axis, DType index, std::vector<Shape> shapes) {
  Case c{"argmax/" + std::string(short_name(index)) + "_axis_" + std::to_string(axis), "argmax", {}, {}, {}, 0, 0, {0}, {0}, {}};
  c.f = [=](const Arrays& a) -> Arrays { return {lax::argmax(a[0], axis, index)}; };
  c.reference = [=](const std::vector<Host>& in) -> std::vector<Host> {
    const auto g = grouped(in[0], {axis});
    Host out{index, g.shape, {}};
    for (const auto& m : g.members) out.v.push_back(argmax_of(m, in[0].dtype));
    return {out};
  };
  for (const auto& s : shapes) {
    for (const auto t : kFloats) c.signatures.push_back({{{t, s}}});
    for (const auto t : kIntegers) c.signatures.push_back({{{t, s, -3, 3}}});  // few values: many ties
    c.signatures.push_back({{{DType::bool_, s}}});
  }
  auto ties = edge_values();
  ties.insert(ties.begin(), real(2));
  Shape special(static_cast<std::size_t>(axis) + 1, 2);
  special[static_cast<std::size_t>(axis)] = 13;
  c.signatures.push_back({{{DType::float64, special, 0, 0, ties}}, false});
  c.errors = refused_dtypes({DType::bool_, DType::float32, DType::float64, DType::int32, DType::int64, DType::uint32, DType::uint64}, 1);
  Shape empty = special;
  empty[static_cast<std::size_t>(axis)] = 0;
  c.errors.push_back({[empty] { return Arrays{zeros(empty)}; }, {"must not be empty"}});
  return c;
}

struct Contraction {
  const char* variant;
  Shape lhs, rhs;
  lax::DotDims dims;
};

Shape picked(const Shape& s, const Dims& axes) {
  Shape out;
  for (auto d : axes) out.push_back(s[static_cast<std::size_t>(d)]);
  return out;
}
Dims free_axes(const Shape& s, const Dims& contract, const Dims& batch) {
  Dims out;
  for (std::size_t d = 0; d < s.size(); ++d)
    if (!contains(contract, d) && !contains(batch, d)) out.push_back(static_cast<std::int64_t>(d));
  return out;
}
void place(Dims& at, const Dims& axes, std::span<const std::int64_t> from) {
  for (std::size_t i = 0; i < axes.size(); ++i) at[static_cast<std::size_t>(axes[i])] = from[i];
}

// The definition: batch axes, then lhs's free ones, then rhs's; sums of products over the contracted ones.
Reference contracted(lax::DotDims d) {
  return [d](const std::vector<Host>& in) -> std::vector<Host> {
    const auto &x = in[0], &y = in[1];
    const auto fx = free_axes(x.shape, d.lhs_contract, d.lhs_batch), fy = free_axes(y.shape, d.rhs_contract, d.rhs_batch);
    Host out{x.dtype, {}, {}};
    for (const auto& s : {picked(x.shape, d.lhs_batch), picked(x.shape, fx), picked(y.shape, fy)})
      for (auto n : s) out.shape.push_back(n);
    for_each_index(out.shape, [&](const Dims& at, std::size_t) {
      const std::span<const std::int64_t> o(at.data(), at.size());
      Dims ix(x.shape.size(), 0), iy(y.shape.size(), 0);
      const auto nb = d.lhs_batch.size();
      place(ix, d.lhs_batch, o);
      place(iy, d.rhs_batch, o);
      place(ix, fx, o.subspan(nb));
      place(iy, fy, o.subspan(nb + fx.size()));
      long double sum = 0;
      std::uint64_t wholes = 0;
      for_each_index(picked(x.shape, d.lhs_contract), [&](const Dims& k, std::size_t) {
        place(ix, d.lhs_contract, {k.data(), k.size()});
        place(iy, d.rhs_contract, {k.data(), k.size()});
        const auto &a = x.v[flat_index(x.shape, ix)], &b = y.v[flat_index(y.shape, iy)];
        sum += static_cast<long double>(a.f) * b.f;
        wholes += static_cast<std::uint64_t>(a.i) * static_cast<std::uint64_t>(b.i);
      });
      out.v.push_back({static_cast<double>(sum), wrapped(static_cast<std::int64_t>(wholes), out.dtype)});
    });
    return {out};
  };
}

Case dot_case(const Contraction& k) {
  Case c{std::string("dot_general/") + k.variant, "dot_general", {}, {}, contracted(k.dims), 8, 8, {1, 1}, {1, 1}, {}};
  c.f = [d = k.dims](const Arrays& a) -> Arrays { return {lax::dot_general(a[0], a[1], d)}; };
  for (const auto t : kFloats) c.signatures.push_back({{{t, k.lhs, 0.5, 1.5}, {t, k.rhs, 0.5, 1.5}}});
  for (const auto t : kIntegers) c.signatures.push_back({{{t, k.lhs, -9, 9}, {t, k.rhs, -9, 9}}});
  const auto lhs = k.lhs, rhs = k.rhs;
  const auto pair = [=](DType a, Shape x, DType b, Shape y) {
    return [=] { return Arrays{make(sample({a, x, 1, 1}, 1)), make(sample({b, y, 1, 1}, 1))}; };
  };
  c.errors.push_back({pair(DType::float64, lhs, DType::float32, rhs), {"equal dtypes", "astype"}});
  c.errors.push_back({pair(DType::bool_, lhs, DType::bool_, rhs), {"must be numbers", "bool"}});
  Shape longer = lhs;
  for (auto& n : longer) n += 3;
  c.errors.push_back({pair(DType::float64, longer, DType::float64, rhs), {"equal extent"}});
  return c;
}

const Contraction kContractions[] = {
    {"matrix_matrix", {3, 4}, {4, 5}, {{1}, {0}, {}, {}}},
    {"large", {40, 50}, {50, 33}, {{1}, {0}, {}, {}}},
    {"transposed_operands", {4, 3}, {5, 4}, {{0}, {1}, {}, {}}},
    {"matrix_vector", {9, 7}, {7}, {{1}, {0}, {}, {}}},
    {"vector_vector", {17}, {17}, {{0}, {0}, {}, {}}},
    {"batched", {2, 3, 4}, {2, 4, 5}, {{2}, {1}, {0}, {0}}},
    {"batch_axes_last", {3, 4, 2}, {4, 5, 2}, {{1}, {0}, {2}, {2}}},
    {"two_contracted_axes_crossed", {2, 3, 4}, {4, 5, 3}, {{1, 2}, {2, 0}, {}, {}}},
    {"two_batch_axes_crossed", {2, 3, 4}, {3, 4, 2}, {{2}, {1}, {0, 1}, {2, 0}}},
    {"over_nothing", {3, 0}, {0, 2}, {{1}, {0}, {}, {}}},
};

}  // namespace

void add_reduction_cases(std::vector<Case>& to) {
  add_reductions(to, "reduce_sum", lax::reduce_sum, sum_of);
  add_reductions(to, "reduce_max", lax::reduce_max, max_of);
  add_reductions(to, "reduce_min", lax::reduce_min, min_of);
  for (const auto index : {DType::int32, DType::int64}) {
    to.push_back(argmax_case(0, index, {{1}, {17}, {5, 3}}));
    to.push_back(argmax_case(1, index, {{2, 3, 4}, {3, 9}, {0, 2}}));
  }
  for (const auto& k : kContractions) to.push_back(dot_case(k));
}

}  // namespace fluxion::test
