// sort, top_k and searchsorted.
#include <algorithm>
#include <numeric>

#include <fluxion/lax/sorting.hpp>

#include "lax/case_parts.hpp"

namespace fluxion::test {

namespace {

constexpr DType kOrdered[] = {DType::float64, DType::float32, DType::float16, DType::bfloat16,
                              DType::int64,   DType::int32,   DType::int8,    DType::uint64,
                              DType::uint32,  DType::uint16,  DType::bool_};

std::size_t unsign(std::int64_t i) { return static_cast<std::size_t>(i); }

// -1, 0, 1: NaNs are equal and last, zeros are equal unless they are to be told apart.
int compared(const Number& a, const Number& b, DType t, bool zeros_apart = false) {
  if (is_complex(t)) {
    const auto by_real = compared(real(a.f), real(b.f), real_part(t));
    return by_real != 0 ? by_real : compared(real(a.im), real(b.im), real_part(t));
  }
  if (is_floating(t)) {
    if (std::isnan(a.f) || std::isnan(b.f)) return std::isnan(a.f) - std::isnan(b.f);
    if (zeros_apart && a.f == 0 && b.f == 0) return std::signbit(b.f) - std::signbit(a.f);
    return (a.f > b.f) - (a.f < b.f);
  }
  if (t == DType::uint64) {
    const auto x = static_cast<std::uint64_t>(a.i), y = static_cast<std::uint64_t>(b.i);
    return (x > y) - (x < y);
  }
  return (a.i > b.i) - (a.i < b.i);
}

/// Where the elements of each line along an axis stand.
std::vector<std::vector<std::size_t>> lines(const Shape& shape, std::int64_t axis) {
  Shape rest = shape;
  rest.erase(unsign(axis));
  std::vector<std::vector<std::size_t>> out(unsign(element_count(rest)));
  for_each_index(shape, [&](const Dims& at, std::size_t flat) {
    Dims others = at;
    others.erase(unsign(axis));
    out[flat_index(rest, others)].push_back(flat);
  });
  return out;
}

Reference sorted_by(std::size_t keys, std::int64_t axis) {
  return [=](const std::vector<Host>& in) -> std::vector<Host> {
    auto out = in;
    for (const auto& line : lines(in[0].shape, axis)) {
      auto order = line;
      std::stable_sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) {
        for (std::size_t k = 0; k < keys; ++k)
          if (const auto c = compared(in[k].v[i], in[k].v[j], in[k].dtype); c != 0) return c < 0;
        return false;
      });
      for (std::size_t k = 0; k < in.size(); ++k)
        for (std::size_t i = 0; i < line.size(); ++i) out[k].v[line[i]] = in[k].v[order[i]];
    }
    return out;
  };
}

// Numbers far enough apart that no small step changes their order.
std::vector<Number> shuffled_steps(std::int64_t n) {
  std::vector<Number> v;
  for (std::int64_t i = 0; i < n; ++i)
    v.push_back(real(0.05 * static_cast<double>((i * 7919 + 3) % std::max<std::int64_t>(n, 1)) - 1));
  return v;
}

Arg sortable(DType t, const Shape& s) {
  return is_floating(t)      ? Arg{t, s, 0, 0, shuffled_steps(element_count(s))}
         : t == DType::bool_ ? Arg{t, s}
                             : Arg{t, s, -40, 40};
}

std::vector<ErrorInput> without_order() {
  return {{[] { return Arrays{make(sample({DType::key_fry, {2}}, 1))}; }, {"key<fry>[2]"}}};
}

Case sort_case(std::int64_t axis, std::vector<Shape> shapes) {
  Case c{"sort/axis_" + std::to_string(axis), "sort", {}, {}, sorted_by(1, axis), 0, 0, {1}, {0}, {}};
  c.f = [=](const Arrays& a) -> Arrays { return {lax::sort(a[0], axis)}; };
  for (const auto& s : shapes)
    for (const auto t : kOrdered) c.signatures.push_back({{sortable(t, s)}});
  for (const auto t : {DType::complex128, DType::complex64}) {
    std::vector<Number> ties;
    for (int i = 0; i < 17; ++i) ties.push_back(complex_number({i % 3 - 1.0, 0.1 * (i * 5 % 17)}));
    for (const auto& s : shapes) c.signatures.push_back({{{t, s, 0, 0, ties}}, false});
  }
  if (axis == 0)
    for (const auto t : kFloats) c.signatures.push_back(edges(t, edge_values()));
  if (axis == 0) {
    c.errors = without_order();
    c.errors.push_back({[] { return Arrays{Array(1.0)}; }, {"dimension must be in [0, 0)", "f64[]"}});
  }
  return c;
}

// The first keys have many ties.
Case sort_several_case(const char* variant, std::size_t keys, std::int64_t axis, Shape shape,
                       std::vector<DType> dtypes) {
  Case c{std::string("sort/") + variant, "sort", {}, {}, sorted_by(keys, axis), 0, 0, {}, {}, {}};
  c.f = [=](const Arrays& a) -> Arrays { return lax::sort(a, axis, true, static_cast<std::int64_t>(keys)); };
  Signature s;
  for (std::size_t k = 0; k < dtypes.size(); ++k) {
    s.args.push_back({dtypes[k], shape, -2, 2});
    if (is_floating(dtypes[k]) && k < keys) s.args.back().values = shuffled_steps(element_count(shape));
    c.differentiable.push_back(dtypes[k] == DType::float64);  // float32 has too few digits for differences
    c.linear.push_back(0);
  }
  c.signatures = {s};
  return c;
}

Case sort_errors() {
  Case c{"sort/refusals", "sort", {}, {}, sorted_by(1, 0), 0, 0, {0, 0}, {0, 0}, {}};
  c.f = [](const Arrays& a) -> Arrays { return lax::sort(a, 0, true, a[0].dtype() == DType::int32 ? 3 : 1); };
  c.signatures = {{{{DType::int64, {5}, -9, 9}, {DType::bool_, {5}}}}};
  c.errors = {{[] { return Arrays{array({1.0, 2.0}), array({1.0})}; }, {"one shape", "f64[2]", "f64[1]"}},
              {[] { return Arrays{array({1, 2}), array({1, 2})}; }, {"num_keys must be in [1, 2]", "got 3"}}};
  return c;
}

Case top_k_case(std::int64_t k, std::int64_t axis, std::vector<Shape> shapes) {
  Case c{"top_k/" + std::to_string(k) + "_axis_" + std::to_string(axis), "top_k", {}, {}, {}, 0, 0, {1}, {0}, {}};
  c.f = [=](const Arrays& a) -> Arrays {
    auto [values, indices] = lax::top_k(a[0], k, axis);
    return {values, indices};
  };
  c.reference = [=](const std::vector<Host>& in) -> std::vector<Host> {
    Shape s = in[0].shape;
    s[unsign(axis)] = k;
    Host values{in[0].dtype, s, std::vector<Number>(unsign(element_count(s)))}, indices{DType::int32, s, values.v};
    const auto from = lines(in[0].shape, axis), to = lines(s, axis);
    for (std::size_t r = 0; r < from.size() && k > 0; ++r) {
      std::vector<std::size_t> order(from[r].size());
      std::iota(order.begin(), order.end(), std::size_t{0});
      std::stable_sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) {
        return compared(in[0].v[from[r][i]], in[0].v[from[r][j]], in[0].dtype, true) > 0;
      });
      for (std::size_t i = 0; i < unsign(k); ++i) {
        values.v[to[r][i]] = in[0].v[from[r][order[i]]];
        indices.v[to[r][i]] = whole(static_cast<std::int64_t>(order[i]));
      }
    }
    return {values, indices};
  };
  for (const auto& s : shapes)
    for (const auto t : kOrdered) c.signatures.push_back({{sortable(t, s)}});
  if (axis == 0)
    for (const auto t : kFloats) c.signatures.push_back(edges(t, edge_values()));
  c.errors = without_order();
  c.errors.push_back({[axis] { return Arrays{zeros(Shape(unsign(axis) + 1, 1))}; },
                      {"k must be in [0, 1]", "got " + std::to_string(k)}});
  return c;
}

Case search_case(lax::Side side, Shape sorted, Shape queries) {
  const bool right = side == lax::Side::right;
  Case c{std::string("searchsorted/") + (right ? "right_" : "left_") + std::to_string(queries.size()),
         "searchsorted",
         {},
         {},
         {},
         0,
         0,
         {0, 0},
         {0, 0},
         {}};
  c.f = [=](const Arrays& a) -> Arrays { return {lax::searchsorted(lax::sort(a[0]), a[1], side)}; };
  c.reference = [=](const std::vector<Host>& in) -> std::vector<Host> {
    Host out{DType::int32, in[1].shape, {}};
    const auto n = unsign(in[0].shape.back()), m = unsign(in[1].shape.back());
    for (std::size_t j = 0; j < in[1].v.size(); ++j) {
      std::int64_t before = 0;
      for (std::size_t i = 0; i < n; ++i) {
        const auto o = compared(in[0].v[j / m * n + i], in[1].v[j], in[0].dtype);
        before += o < 0 || (right && o == 0);
      }
      out.v.push_back(whole(before));
    }
    return {out};
  };
  for (const auto t : kOrdered) c.signatures.push_back({{{t, sorted, -3, 3}, {t, queries, -4, 4}}});
  const Shape n{static_cast<std::int64_t>(edge_values().size())};
  if (queries.size() == 1)
    for (const auto t : kFloats)
      c.signatures.push_back({{{t, n, 0, 0, edge_values()}, {t, n, 0, 0, edge_values()}}, false});
  c.errors = {{[] { return Arrays{array({1.0, 2.0}), array({1, 2})}; }, {"sorted's dtype", "f64[2]", "i32[2]"}},
              {[] { return Arrays{array({1.0, 2.0}), array({{1.0, 2.0}})}; }, {"leading axes", "f64[1,2]"}}};
  return c;
}

}  // namespace

void add_sorting_cases(std::vector<Case>& to) {
  to.push_back(sort_case(0, {{1}, {2}, {17}, {600}, {5, 3}, {0}, {0, 2}}));
  to.push_back(sort_case(1, {{2, 3, 4}, {3, 9}, {2, 0}}));
  to.push_back(
      sort_several_case("key_and_values", 1, 0, {13}, {DType::int32, DType::float64, DType::float32, DType::key_fry}));
  to.push_back(sort_several_case("many_elements", 1, 0, {700}, {DType::uint32, DType::int64, DType::bool_}));
  to.push_back(sort_several_case("floating_key", 1, 1, {3, 5}, {DType::float64, DType::float64}));
  to.push_back(sort_several_case("two_keys", 2, 1, {2, 9, 2}, {DType::bool_, DType::int64, DType::float64}));
  to.push_back(sort_several_case("three_keys", 3, 0, {40},
                                 {DType::int32, DType::bool_, DType::uint64, DType::float32, DType::float64}));
  to.push_back(sort_errors());
  to.push_back(top_k_case(3, 0, {{3}, {17}, {5, 3}}));
  to.push_back(top_k_case(2, 1, {{2, 3, 4}, {3, 9}}));
  for (const auto side : {lax::Side::left, lax::Side::right}) {
    to.push_back(search_case(side, {11}, {7}));
    to.push_back(search_case(side, {2, 6}, {2, 5}));
  }
}

}  // namespace fluxion::test
