// x.at(...): what each update computes, its options, and its derivatives.
#include <catch2/catch.hpp>

#include <fluxion/indexing.hpp>

#include "numpy/shown.hpp"
#include "support/host.hpp"

namespace fluxion {
using test::message_of;
using test::refuses;
using test::shown;

namespace {

Array x5() { return array({1.0, 2.0, 3.0, 4.0, 5.0}); }

/// The derivative of f at x in the direction t by differences of fourth order.
double slope(const std::function<Array(const Array&)>& f, const Array& x, const Array& t) {
  const auto at = [&](double h) { return f(x + h * t).item<double>(); };
  const double h = 1e-3;
  return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
}

void check_gradient(const std::function<Array(const Array&)>& f, const Array& x) {
  const auto t = lax::cos(arange(static_cast<double>(x.size()))).reshape(x.shape());
  const auto want = slope(f, x, t);
  CHECK(sum(grad(f)(x) * t).item<double>() == Approx(want).epsilon(1e-9));
  CHECK(sum(grad(jit(f))(x) * t).item<double>() == Approx(want).epsilon(1e-9));
}

}  // namespace

TEST_CASE("every update applies every index, in row-major order of the indices") {
  const auto x = x5();
  const auto i = array({1, 3, 1});
  const auto v = array({10.0, 20.0, 4.0});
  CHECK(shown(x.at(i).set(v)) == "f64[5] [1. 4. 3. 20. 5.]");
  CHECK(shown(x.at(i).add(v)) == "f64[5] [1. 16. 3. 24. 5.]");
  CHECK(shown(x.at(i).subtract(v)) == "f64[5] [1. -12. 3. -16. 5.]");
  CHECK(shown(x.at(i).multiply(v)) == "f64[5] [1. 80. 3. 80. 5.]");
  CHECK(shown(x.at(i).divide(v)) == "f64[5] [1. 0.05 3. 0.2 5. ]");
  CHECK(shown(x.at(i).power(array({2.0, 3.0, 2.0}))) == "f64[5] [1. 16. 3. 64. 5.]");
  CHECK(shown(x.at(i).min(v - 10)) == "f64[5] [1. -6. 3. 4. 5.]");
  CHECK(shown(x.at(i).max(v)) == "f64[5] [1. 10. 3. 20. 5.]");
  CHECK(shown(x.at(i).apply([](const Array& y) { return y * 10; })) == "f64[5] [1. 200. 3. 40. 5.]");
  CHECK(shown(x.at(i).get()) == "f64[3] [2. 4. 2.]");
}

TEST_CASE("every update of a static place") {
  const auto x = x5();
  const auto at = x.at(range(1, none, 2));
  CHECK(shown(at.get()) == "f64[2] [2. 4.]");
  CHECK(shown(at.set(array({7.0, 8.0}))) == "f64[5] [1. 7. 3. 8. 5.]");
  CHECK(shown(at.subtract(1)) == "f64[5] [1. 1. 3. 3. 5.]");
  CHECK(shown(at.multiply(3)) == "f64[5] [1. 6. 3. 12. 5.]");
  CHECK(shown(at.divide(4)) == "f64[5] [1. 0.5 3. 1. 5. ]");
  CHECK(shown(at.power(2)) == "f64[5] [1. 4. 3. 16. 5.]");
  CHECK(shown(at.min(3)) == "f64[5] [1. 2. 3. 3. 5.]");
  CHECK(shown(at.max(3)) == "f64[5] [1. 3. 3. 4. 5.]");
  CHECK(shown(at.apply([](const Array& y) { return -y; })) == "f64[5] [1. -2. 3. -4. 5.]");
  CHECK(shown(array({0.0, -0.0}).at(0).subtract(1.0)) == "f64[2] [-1. -0.]");
}

TEST_CASE("every update is the same jitted, and mapped over array, indices and values") {
  using Update = Array (IndexUpdate::*)(const Array&, const IndexOptions&) const;
  const Update updates[] = {&IndexUpdate::set,    &IndexUpdate::add,   &IndexUpdate::subtract, &IndexUpdate::multiply,
                            &IndexUpdate::divide, &IndexUpdate::power, &IndexUpdate::min,      &IndexUpdate::max};
  const auto x = stack({x5(), -x5(), x5() * x5()});
  const auto i = array({{4, 0, 4}, {1, 1, 1}, {-1, 9, 2}});
  const auto v = array({{0.5, 2.0, 3.0}, {1.0, -2.0, 3.0}, {2.0, 2.0, 2.0}});
  for (const auto u : updates) {
    const auto f = [u](const Array& a, const Array& k, const Array& w) { return (a.at(k).*u)(w, {}); };
    const auto mapped = vmap(f)(x, i, v);
    CHECK_FALSE(test::difference(jit(vmap(f))(x, i, v), mapped));
    for (int k = 0; k < 3; ++k) {
      CHECK_FALSE(test::difference(mapped[k], f(x[k], i[k], v[k])));
      CHECK_FALSE(test::difference(vmap(f, {.in_axes = {none, 0, none}})(x[0], i, v[0])[k], f(x[0], i[k], v[0])));
      CHECK_FALSE(test::difference(vmap(f, {.in_axes = {none, none, 0}})(x[0], i[0], v)[k], f(x[0], i[0], v[k])));
    }
  }
}

TEST_CASE("gradients of updates, by the array and by the values") {
  const auto i = array({1, 3, 1}), distinct = array({4, 0, 2});
  const auto v = array({0.5, 1.5, 2.5}), weights = array({1.0, -2.0, 3.0, -4.0, 5.0});
  const auto loss = [weights](const Array& y) { return sum(y * y * weights); };
  check_gradient([&](const Array& x) { return loss(x * sum(x[i] * x[i])); }, x5());
  check_gradient([&](const Array& x) { return loss(x.at(i).set(v)); }, x5());
  check_gradient([&](const Array& w) { return loss(x5().at(i).set(w)); }, v);
  check_gradient([&](const Array& x) { return loss(x.at(i).set(x(range(0, 3)))); }, x5());
  check_gradient([&](const Array& w) { return loss(x5().at(i).add(w)); }, v);
  check_gradient([&](const Array& w) { return loss(x5().at(i).subtract(w)); }, v);
  check_gradient([&](const Array& x) { return loss(x.at(i).multiply(v)); }, x5());
  check_gradient([&](const Array& w) { return loss(x5().at(distinct).multiply(w, {.unique_indices = true})); }, v);
  check_gradient([&](const Array& w) { return loss(x5().at(distinct).divide(w, {.unique_indices = true})); }, v);
  check_gradient([&](const Array& w) { return loss(x5().at(distinct).power(w, {.unique_indices = true})); }, v);
  check_gradient([&, large = x5() > 2.5](const Array& w) { return loss(x5().at(large).multiply(w)); }, v);
  check_gradient([&](const Array& w) { return loss(x5().at(2).multiply(w)); }, v[0]);
  check_gradient([&](const Array& x) { return loss(x.at(i).min(v)); }, x5());
  check_gradient([&](const Array& w) { return loss(x5().at(i).max(2 * w)); }, v);
  check_gradient([&](const Array& x) { return loss(x.at(i).apply([](const Array& y) { return lax::sin(y); })); }, x5());
}

TEST_CASE("an extremum that several attain shares its derivative equally") {
  const auto f = [](const Array& x, const Array& v) { return x.at(array({0, 0, 1})).max(v); };
  const auto x = array({2.0, 1.0, 3.0}), v = array({2.0, 2.0, 0.0});
  const auto [y, pullback] = vjp(f, x, v);
  CHECK(shown(y) == "f64[3] [2. 1. 3.]");
  const auto [gx, gv] = pullback(array({3.0, 3.0, 3.0}));
  CHECK(shown(gx) == "f64[3] [1. 3. 3.]");
  CHECK(shown(gv) == "f64[3] [1. 1. 0.]");
}

TEST_CASE("of a place that is set twice only the last value is differentiated") {
  const auto f = [](const Array& v) { return sum(zeros({2}).at(array({1, 1, 1})).set(v) * array({5.0, 7.0})); };
  CHECK(shown(grad(f)(array({1.0, 2.0, 3.0}))) == "f64[3] [0. 0. 7.]");
  CHECK(shown(jit(grad(f))(array({1.0, 2.0, 3.0}))) == "f64[3] [0. 0. 7.]");
}

TEST_CASE("derivatives at indices outside are those of what was computed") {
  const auto x = x5();
  const auto i = array({2, 9});
  CHECK(shown(grad([&](const Array& y) { return sum(y[i]); })(x)) == "f64[5] [0. 0. 1. 0. 1.]");
  CHECK(shown(grad([&](const Array& y) { return sum(y.at(i).get({.fill_value = 0})); })(x)) ==
        "f64[5] [0. 0. 1. 0. 0.]");
  CHECK(shown(grad([&](const Array& v) { return sum(x.at(i).add(v)); })(array({1.0, 1.0}))) == "f64[2] [1. 0.]");
}

TEST_CASE("dtypes: values are cast, weakness stays, and quotients of integers are floats") {
  CHECK(shown(array({1, 2, 3}).at(array({0, 2})).set(array({7.9, -1.5}))) == "i32[3] [7 2 -1]");
  CHECK(shown(array({1, 2, 3}).at(array({0, 0})).multiply(3)) == "i32[3] [9 2 3]");
  CHECK(shown(array({1, 2}).at(array({1})).divide(4)) == "f32[2] [1. 0.5]");
  CHECK(shown(array({true, false}).at(array({1, 1})).add(array({true, false}))) == "bool[2] [True True]");
  CHECK(shown(array({true, true}).at(array({1})).multiply(array({false}))) == "bool[2] [True False]");
  CHECK(full({2}, 1.5).at(array({0})).set(2.5).weak_type());
  CHECK(full({2}, 1.5).at(0).set(2.5).weak_type());
  CHECK(shown(array({5u, 7u}).at(array({0})).subtract(6)) == "u32[2] [4294967295 7]");
}

TEST_CASE("apply counts how often an element is indexed, under jit too") {
  const auto f = [](const Array& x, const Array& i) { return x.at(i).apply([](const Array& y) { return 2 * y + 1; }); };
  const auto i = array({0, 2, 0, 0, 9});
  CHECK(shown(f(arange(3.0), i)) == "f64[3] [7. 1. 5.]");
  CHECK(shown(jit(f)(arange(3.0), i)) == "f64[3] [7. 1. 5.]");
  CHECK(shown(vmap(f)(stack({arange(3.0), ones({3})}), stack({i, i * 0}))) == "f64[2,3] [[7. 1. 5.] [63. 1. 1.]]");
  CHECK(refuses<ValueError>([&] { (void)arange(3.0).at(i).apply([](const Array& y) { return sum(y); }); }));
}

TEST_CASE("updates that are refused") {
  const auto keys = random::split(random::key(0), 3);
  const auto i = array({0});
  CHECK(message_of<TypeError>([&] { (void)keys.at(i).multiply(2); }) ==
        "at.multiply: keys have no arithmetic, got i64[] for key<fry>[3]; replace keys with at(...).set");
  CHECK(refuses<TypeError>([&] { (void)keys.at(i).set(1); }));
  CHECK(refuses<TypeError>([&] { (void)x5().at(i).set(random::key(0)); }));
  CHECK(refuses<TypeError>([&] { (void)array({true}).at(i).subtract(true); }));
  CHECK(message_of<UnsupportedError>([&] { grad([&](const Array& v) { return sum(x5().at(i).multiply(v)); })(2.0); }) ==
        "scatter_mul: unique indices are required for a derivative by the updates, got unique_indices=False; say "
        "{.unique_indices = true} if no element is updated twice");
}

TEST_CASE("a loop reads and writes elements at its counter") {
  const auto cumulative = [](const Array& x) {
    return fori_loop(
        1, x.size(), [&](const Array& i, const Array& y) { return y.at(i).add(y[i - 1]); }, x);
  };
  CHECK(shown(cumulative(x5())) == "f64[5] [1. 3. 6. 10. 15.]");
  CHECK(shown(jit(cumulative)(x5())) == "f64[5] [1. 3. 6. 10. 15.]");
  CHECK(shown(grad([&](const Array& x) { return sum(cumulative(x)); })(x5())) == "f64[5] [5. 4. 3. 2. 1.]");
  CHECK(shown(vmap(cumulative)(stack({x5(), x5() * 2}))) == "f64[2,5] [[1. 3. 6. 10. 15.] [2. 6. 12. 20. 30.]]");
}

}  // namespace fluxion
