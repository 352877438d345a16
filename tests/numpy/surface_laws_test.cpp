// Every composed function under the transformations: jit and vmap give the bits that calls give, and derivatives are
// those of differences.
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "numpy/surface_headers.hpp"
#include "support/text.hpp"

namespace fluxion {
using test::differs;

namespace {

struct Row {
  const char* name;
  std::function<Array(const Array&)> f;  // of f64[3,4]
};

Array joined(const Arrays& xs) {
  Arrays flat;
  for (const auto& x : xs) flat.push_back(ravel(x));
  return concatenate(flat);
}

const std::vector<Row>& rows() {
  static const std::vector<Row> all = {
      {"append", [](const Array& x) { return append(x, 2 * x, 0); }},
      {"apply_along_axis", [](const Array& x) { return apply_along_axis([](const Array& v) { return outer(v, v); }, 0, x); }},
      {"apply_over_axes", [](const Array& x) { return apply_over_axes([](const Array& a, std::int64_t i) { return sum(a * a, i); }, x, 1); }},
      {"array_split", [](const Array& x) { return joined(array_split(x, 3, 1)); }},
      {"block", [](const Array& x) { return block({{x, x}, {2 * x, x * x}}); }},
      {"broadcast_arrays", [](const Array& x) { return joined(broadcast_arrays({x, x[0]})); }},
      {"column_stack", [](const Array& x) { return column_stack({x[0], x[1]}); }},
      {"convolve", [](const Array& x) { return convolve(x[0], x[{1, range(0, 3)}], "same"); }},
      {"convolve full", [](const Array& x) { return convolve(x[0], ravel(x)); }},
      {"correlate", [](const Array& x) { return correlate(ravel(x), x[1]); }},
      {"corrcoef", [](const Array& x) { return corrcoef(x); }},
      {"cov", [](const Array& x) { return cov(x, {.aweights = array({1.0, 2.0, 0.5, 1.0})}); }},
      {"cov rowvar", [](const Array& x) { return cov(x, {.y = x * x, .rowvar = false}); }},
      {"diag", [](const Array& x) { return diag(x[0], -1); }},
      {"diagflat", [](const Array& x) { return diagflat(x, 2); }},
      {"diagonal", [](const Array& x) { return diagonal(x, 1); }},
      {"diff", [](const Array& x) { return diff(x, {.n = 2, .prepend = 1.0}); }},
      {"dstack", [](const Array& x) { return dstack({x, x * x}); }},
      {"ediff1d", [](const Array& x) { return ediff1d(x, {.to_end = 3.0}); }},
      {"einsum", [](const Array& x) { return einsum("ij,kj,il->kl", {x, x, x}); }},
      {"fliplr", fliplr},
      {"flipud", flipud},
      {"geomspace", [](const Array& x) { return geomspace(x, x + 10, 4, {.axis = 1}); }},
      {"gradient", [](const Array& x) { return joined(gradient(x)); }},
      {"gradient uneven", [](const Array& x) { return gradient(x, array({0.0, 1.0, 1.5, 4.0}), 1); }},
      {"hsplit", [](const Array& x) { return hsplit(x, 2)[1]; }},
      {"interp", [](const Array& x) { return interp(x, array({0.0, 1.0, 2.0, 3.0}), x[0]); }},
      {"interp period", [](const Array& x) { return interp(x, array({2.5, 0.2, 1.0}), x[{0, range(0, 3)}], {.period = 2.9}); }},
      {"kaiser", [](const Array& x) { return kaiser(6, x[{0, 0}]); }},
      {"linspace", [](const Array& x) { return linspace(x, x * x, 3, {.axis = -1}); }},
      {"logspace", [](const Array& x) { return logspace(x, x + 1, 3, {.base = 2.0}); }},
      {"matrix_transpose", matrix_transpose},
      {"matvec", [](const Array& x) { return matvec(x, x[1]); }},
      {"meshgrid", [](const Array& x) { return joined(meshgrid({x[0], x[1]})); }},
      {"pad constant", [](const Array& x) { return pad(x, 1, "constant", {.constant_values = x[{0, 0}]}); }},
      {"pad linear_ramp", [](const Array& x) { return pad(x, {{2, 3}, {1, 1}}, "linear_ramp", {.end_values = x[{0, range(0, 2)}]}); }},
      {"pad mean", [](const Array& x) { return pad(x, 2, "mean", {.stat_length = {{1, 2}}}); }},
      {"pad median", [](const Array& x) { return pad(x, 1, "median"); }},
      {"pad reflect odd", [](const Array& x) { return pad(x, {{3, 1}, {0, 5}}, "reflect", {.reflect_type = "odd"}); }},
      {"pad wrap", [](const Array& x) { return pad(x, 5, "wrap"); }},
      {"pad function", [](const Array& x) { return pad(x, 1, [](const Array& v, PadPair, std::int64_t) { return v * v; }); }},
      {"poly", [](const Array& x) { return poly(x[0]); }},
      {"polyadd", [](const Array& x) { return polyadd(x[0], ravel(x)); }},
      {"polyder", [](const Array& x) { return polyder(x[0], 2); }},
      {"polydiv", [](const Array& x) { return joined({polydiv(ravel(x), x[0]).first, polydiv(ravel(x), x[0]).second}); }},
      {"polyfit", [](const Array& x) { return polyfit(x[0], x[1], 2); }},
      {"polyint", [](const Array& x) { return polyint(x[0], 2, x[{1, range(0, 2)}]); }},
      {"polymul", [](const Array& x) { return polymul(x[0], x[1]); }},
      {"polyval", [](const Array& x) { return polyval(x[0], x); }},
      {"polyval loop", [](const Array& x) { return polyval(x[0], x, 2); }},
      {"repeat", [](const Array& x) { return repeat(x, array({1, 0, 3}), 0); }},
      {"repeat traced", [](const Array& x) { return repeat(x, astype(x[{range(), 0}] * 0 + 2, int64), 0, {.total_repeat_length = 5}); }},
      {"resize", [](const Array& x) { return resize(x, {5, 3}); }},
      {"roll", [](const Array& x) { return roll(x, {1, -2}, {0, 1}); }},
      {"roll traced", [](const Array& x) { return roll(x, astype(x[{0, 0}] * 0 + 3, int64), 1); }},
      {"rollaxis", [](const Array& x) { return rollaxis(x, 1); }},
      {"rot90", [](const Array& x) { return rot90(x, 3); }},
      {"tensordot", [](const Array& x) { return tensordot(x, x, {1}, {1}); }},
      {"trace", [](const Array& x) { return trace(outer(x[0], x[1]), 1); }},
      {"trapezoid", [](const Array& x) { return trapezoid(x * x, {.x = x}); }},
      {"tril", [](const Array& x) { return tril(x, -1) + triu(x, 1); }},
      {"ufunc.accumulate", [](const Array& x) { return frompyfunc([](const Array& a, const Array& b) { return a * b; }, 2).accumulate(x, 1); }},
      {"ufunc.reduce", [](const Array& x) { return frompyfunc([](const Array& a, const Array& b) { return a - b; }, 2).reduce(x, none); }},
      {"unstack", [](const Array& x) { return unstack(x, 1)[2]; }},
      {"unwrap", [](const Array& x) { return unwrap(3 * x, {.axis = 0}); }},
      {"vander", [](const Array& x) { return vander(x[1], 3); }},
      {"vecdot", [](const Array& x) { return vecdot(x, x[0]); }},
      {"vecmat", [](const Array& x) { return vecmat(x[{range(), 0}], x); }},
      {"vectorize", [](const Array& x) { return vectorize([](const Array& a, const Array& b) { return dot(a, b) * a; }, {.signature = "(n),(n)->(n)"})(x, x[1]); }},
  };
  return all;
}

Array sample(int k) {
  return (1.5 + sin(arange(12.0) * 1.7 + k) + 0.1 * arange(12.0)).reshape({3, 4});
}

}  // namespace

TEST_CASE("jit and vmap give the bits that calls give") {
  for (const auto& row : rows()) {
    INFO(row.name);
    const auto x = sample(0), y = sample(1);
    const auto fx = row.f(x);
    CHECK(differs(jit(row.f)(x), fx) == "");
    const auto both = vmap(row.f)(stack({x, y}));
    CHECK(differs(both[0], fx, test::Tolerance::close(1e-13, 1e-13)) == "");
    CHECK(differs(both[1], row.f(y), test::Tolerance::close(1e-13, 1e-13)) == "");
    CHECK(differs(jit(vmap(row.f))(stack({x, y})), both) == "");
  }
}

TEST_CASE("derivatives are those of differences, in both modes") {
  for (const auto& row : rows()) {
    INFO(row.name);
    const auto x = sample(0), t = cos(arange(12.0)).reshape({3, 4});
    const auto [y, dy] = jvp(row.f, std::tuple(x), std::tuple(t));
    const double h = 1e-6;
    const auto difference = (row.f(x + h * t) - row.f(x - h * t)) / (2 * h);
    CHECK(differs(dy, difference, test::Tolerance::close(1e-6, 1e-6)) == "");
    const auto ct = sin(1 + arange(static_cast<double>(y.size()))).reshape(y.shape());
    const auto g = grad([&](const Array& x) { return sum(row.f(x) * ct); })(x);
    CHECK(sum(g * t).item<double>() == Approx(sum(ct * dy).item<double>()).epsilon(1e-9).margin(1e-9));
    const auto second = grad([&](const Array& x) { return sum(jvp(row.f, std::tuple(x), std::tuple(t)).second * ct); });
    CHECK(bool(all(isfinite(jit(second)(x)))));
  }
}

}  // namespace fluxion
