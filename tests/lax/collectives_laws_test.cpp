// Each collective against its computation over the stacked axis, in value and derivatives, under every transformation
// inside and outside the vmap that names the axis.
#include <catch2/catch.hpp>

#include <functional>

#include <fluxion/fluxion.hpp>

#include "support/text.hpp"

namespace fluxion::test {

namespace {

using Unary = std::function<Array(const Array&)>;

constexpr std::int64_t n = 4;

void near(const Array& a, const Array& b) {
  INFO(a << "\nagainst\n" << b);
  REQUIRE(a.shape() == b.shape());
  CHECK(static_cast<bool>(allclose(a, b)));
}
void same(const Array& a, const Array& b) {
  INFO(a << "\nagainst\n" << b);
  REQUIRE(a.shape() == b.shape());
  CHECK(static_cast<bool>(array_equal(a, b)));
}

/// A collective of one element [4,2,8], and what it means for the stack [4,4,2,8] of all.
struct Law {
  const char* name;
  Unary inside, stacked;
};

Array to_all(const Array& x) {
  Shape shape = x.shape();
  shape.insert(0, n);
  return broadcast_to(expand_dims(x, 0), shape);
}
Array of_each(const std::function<Array(std::int64_t)>& f) {
  Arrays out;
  for (std::int64_t i = 0; i < n; ++i) out.push_back(f(i));
  return stack(out);
}
/// Elements of x along an axis.
Array at(const Array& x, std::int64_t axis, std::int64_t i) { return moveaxis(x, axis, 0)[i]; }
Array block(const Array& x, std::int64_t axis, std::int64_t i) {
  const auto width = x.shape(axis) / n;
  return moveaxis(moveaxis(x, axis, 0)[range(i * width, (i + 1) * width)], 0, axis);
}
Array exchanged(const Array& x, const std::function<Array(const Array&, std::int64_t)>& piece,
                const std::function<Array(const Arrays&)>& join) {
  return of_each([&](std::int64_t i) {
    Arrays pieces;
    for (std::int64_t j = 0; j < n; ++j) pieces.push_back(piece(x[j], i));
    return join(pieces);
  });
}

const Permutation ring{{0, 1}, {1, 2}, {2, 3}, {3, 0}}, some{{3, 0}, {1, 2}};

std::vector<Law> laws() {
  const auto all_to_all_law = [](std::int64_t split, std::int64_t concat) {
    return Law{"all_to_all", [=](const Array& x) { return all_to_all(x, "i", split, concat); },
               [=](const Array& x) {
                 return exchanged(x, [=](const Array& e, std::int64_t i) { return at(e, split, i); },
                                  [=](const Arrays& pieces) { return stack(pieces, concat); });
               }};
  };
  return {
      {"psum", [](const Array& x) { return psum(x, "i"); }, [](const Array& x) { return to_all(sum(x, 0)); }},
      {"pmean", [](const Array& x) { return pmean(x, "i"); }, [](const Array& x) { return to_all(sum(x, 0) / 4); }},
      {"pmax", [](const Array& x) { return pmax(x, "i"); }, [](const Array& x) { return to_all(max(x, 0)); }},
      {"pmin", [](const Array& x) { return pmin(x, "i"); }, [](const Array& x) { return to_all(min(x, 0)); }},
      {"axis_index", [](const Array& x) { return x * axis_index("i"); },
       [](const Array& x) { return of_each([&](std::int64_t i) { return x[i] * static_cast<double>(i); }); }},
      {"all_gather", [](const Array& x) { return all_gather(x, "i"); }, [](const Array& x) { return to_all(x); }},
      {"all_gather along 2", [](const Array& x) { return all_gather(x, "i", {.axis = 2}); },
       [](const Array& x) { return to_all(moveaxis(x, 0, 2)); }},
      {"all_gather, tiled", [](const Array& x) { return all_gather(x, "i", {.axis = -1, .tiled = true}); },
       [](const Array& x) { return to_all(concatenate({x[0], x[1], x[2], x[3]}, -1)); }},
      {"ppermute", [](const Array& x) { return ppermute(x, "i", ring); }, [](const Array& x) { return roll(x, 1, 0); }},
      {"ppermute of some", [](const Array& x) { return ppermute(x, "i", some); },
       [](const Array& x) { return stack({x[3], 0.0 * x[1], x[1], 0.0 * x[2]}); }},
      {"psum_scatter", [](const Array& x) { return psum_scatter(x, "i"); }, [](const Array& x) { return sum(x, 0); }},
      {"psum_scatter, tiled", [](const Array& x) { return psum_scatter(x, "i", {.scatter_dimension = 2, .tiled = true}); },
       [](const Array& x) { return of_each([&](std::int64_t i) { return block(sum(x, 0), 2, i); }); }},
      all_to_all_law(0, 0), all_to_all_law(0, 1), all_to_all_law(0, 2),
      {"all_to_all backwards", [](const Array& x) { return all_to_all(moveaxis(x, 0, 2), "i", 2, 0); },
       [](const Array& x) { return swapaxes(x, 0, 1); }},
      {"all_to_all, tiled", [](const Array& x) { return all_to_all(x, "i", 2, 1, {.tiled = true}); },
       [](const Array& x) {
         return exchanged(x, [](const Array& e, std::int64_t i) { return block(e, 2, i); },
                          [](const Arrays& pieces) { return concatenate(pieces, 1); });
       }},
  };
}

Array samples() {
  const auto x = linspace(-1.5, 2.0, n * 4 * 2 * 8);
  return reshape(sin(x * 37.0) + 0.1 * x, {n, 4, 2, 8});
}

/// Something smooth around the collective, so that derivatives of all orders show.
Unary within(const Unary& f) {
  return [f](const Array& x) {
    const Array y = f(sin(x) * x);
    return y * y;
  };
}
Unary over(const Unary& f) { return vmap(f, {.axis_name = "i"}); }
Unary squared(const Unary& f) {
  return [f](const Array& x) { return sum(f(x) * 0.5); };
}

}  // namespace

TEST_CASE("a collective is what it says of the stacked axis") {
  const auto x = samples();
  for (const auto& law : laws()) {
    INFO(law.name);
    const auto f = within(law.inside), want = within(law.stacked);
    same(over(f)(x), want(x));
    same(jit(over(f))(x), want(x));
    same(over(jit(f))(x), want(x));
    same(jit(over(jit(f)))(x), want(x));
    const auto looped = [&](const Array& e) {
      return scan([&](const Array& c, None) { return std::pair(c, f(c)); }, e, none, {.length = 2}).second[1];
    };
    same(over(looped)(x), want(x));
    same(over([&](const Array& e) { return cond(true, f, f, e); })(x), want(x));
  }
}

TEST_CASE("collectives are differentiated as the computation over the stacked axis is") {
  const auto x = samples(), dx = cos(x);
  for (const auto& law : laws()) {
    INFO(law.name);
    const auto f = within(law.inside), whole = over(f), want = within(law.stacked);
    const auto tangent = jvp(want, x, dx).second, gradient = grad(squared(want))(x);
    near(jvp(whole, x, dx).second, tangent);
    const Unary pushed = [&](const Array& e) { return jvp(f, e, cos(e)).second; };
    near(over(pushed)(x), tangent);
    near(over(jit(pushed))(x), tangent);
    near(grad(squared(whole))(x), gradient);
    near(jit(grad(squared(jit(whole))))(x), gradient);
    // Inside, every element's result counts: the transpose of psum is psum.
    near(over(grad(squared(f)))(x), gradient);
    near(over(jit(grad(squared(jit(f)))))(x), gradient);
    const auto along = [&](const Unary& g) {
      return jvp([&](const Array& v) { return grad(squared(g))(v); }, x, dx).second;
    };
    near(along(whole), along(want));
    const Unary twice = [&](const Array& e) { return jvp([&](const Array& v) { return grad(squared(f))(v); }, e, cos(e)).second; };
    near(over(twice)(x), along(want));
  }
}

TEST_CASE("collectives leave axes of other vmaps alone, and take values that do not vary") {
  const auto x = samples();
  for (const auto& law : laws()) {
    INFO(law.name);
    const auto two = stack({x, 2.0 * x}, 1);  // the mapped axis, then another
    const auto both = vmap(over(law.inside), {.in_axes = 1})(two);
    same(vmap(vmap(law.inside), {.axis_name = "i"})(two), moveaxis(both, 0, 1));
    same(both, stack({law.stacked(x), law.stacked(2.0 * x)}));
    same(vmap(law.inside, {.in_axes = none, .axis_name = "i", .axis_size = n})(x[1]), law.stacked(to_all(x[1])));
  }
}

TEST_CASE("psum is over one name, several, or the inner of equal ones") {
  const auto x = arange(6.0).reshape({2, 3});
  const auto nested = [&](const AxisNames& names) {
    return vmap(vmap([&](const Array& e) { return psum(e, names); }, {.axis_name = "j"}), {.axis_name = "i"})(x);
  };
  same(nested("j"), array({{3.0, 3.0, 3.0}, {12.0, 12.0, 12.0}}));
  same(nested("i"), array({{3.0, 5.0, 7.0}, {3.0, 5.0, 7.0}}));
  same(nested({"i", "j"}), full({2, 3}, 15.0));
  same(nested({"j", "i"}), full({2, 3}, 15.0));
  const auto shadowed = [](const Array& e) { return vmap([](const Array& v) { return psum(v, "i"); }, {.axis_name = "i"})(e); };
  same(vmap(shadowed, {.axis_name = "i"})(x), array({{3.0, 3.0, 3.0}, {12.0, 12.0, 12.0}}));
  same(vmap(jit(shadowed), {.axis_name = "i"})(x), array({{3.0, 3.0, 3.0}, {12.0, 12.0, 12.0}}));
  const auto in_order = [](const Array& e) { return all_gather(e, {"i", "j"}) + 0.0 * axis_index({"i", "j"}); };
  same(vmap(vmap(in_order, {.axis_name = "j"}), {.axis_name = "i"})(x)[1][2], arange(6.0));
  const auto index = [](const Array& e) { return 0 * e + axis_index({"i", "j"}); };
  same(vmap(vmap(index, {.axis_name = "j"}), {.axis_name = "i"})(x), x);
}

TEST_CASE("the documentation's psum, and sizes that are known at once") {
  const auto f = [](const Array& row) { return psum(row, "i"); };
  const auto want = array({{12.0, 15.0, 18.0, 21.0}, {12.0, 15.0, 18.0, 21.0}, {12.0, 15.0, 18.0, 21.0}});
  same(vmap(f, {.axis_name = "i"})(arange(12.0).reshape({3, 4})), want);
  std::int64_t size = 0, sum_of_ones = 0;
  const auto sizes = jit(vmap(
      [&](const Array& x) {
        size = axis_size("i");
        sum_of_ones = psum(1, "i").item<std::int64_t>();
        return x * psum(2.5, "i");
      },
      {.axis_name = "i"}));
  same(sizes(array({1.0, 2.0, 3.0})), array({7.5, 15.0, 22.5}));
  CHECK(size == 3);
  CHECK(sum_of_ones == 3);
  same(vmap([](const Array& x) { return psum(x > 1.0, "i"); }, {.axis_name = "i"})(array({1.0, 2.0, 3.0})), array({2, 2, 2}).astype(int32));
  same(vmap([](const Array& x) { return pmax(x > 2.0, "i"); }, {.axis_name = "i"})(array({1.0, 2.0, 3.0})), array({true, true, true}));
}

TEST_CASE("trees are reduced leaf by leaf, in one equation where jax has one") {
  std::string printed;
  const auto f = [&](const Array& x, const Array& k) {
    const std::pair both{x, std::vector{2.0 * x, k}};
    printed = str(make_jaxpr([](const Array& a, const Array& b) { return psum(std::pair{a, b}, "i"); })(x, x));
    const auto total = psum(both, "i");
    return std::pair{total.first, total.second[0] + pmean(both, "i").second[0] + total.second[1]};
  };
  const auto [a, b] = vmap(f, {.axis_name = "i"})(array({1.0, 2.0}), array({1, 2}));
  same(a, array({3.0, 3.0}));
  same(b, array({12.0, 12.0}));
  CHECK(printed == "{ lambda ; a:f64[] b:f64[]. let\n"
                   "    c:f64[] d:f64[] = psum[axes=('i',) axis_index_groups=None] a b\n"
                   "  in (c, d) }");
  // An integer leaf beside one that is differentiated has no tangent.
  const auto mixed = [](const Array& x, const Array& k) {
    return grad([&](const Array& v) {
      const auto [s, m] = psum(std::pair{v * v, k}, "i");
      return s * m;
    })(x);
  };
  same(vmap(mixed, {.axis_name = "i"})(array({1.0, 2.0}), array({1, 2})), array({12.0, 24.0}));
}

TEST_CASE("collectives print as in jax") {
  const auto shown = [](const Unary& f) {
    std::string text;
    vmap([&](const Array& x) {
      text = str(make_jaxpr(f)(x));
      return x;
    }, {.axis_name = "i"})(zeros({4, 4}));
    return text.substr(text.find(" = ") + 3, text.find("\n  in") - text.find(" = ") - 3);
  };
  CHECK(shown([](const Array& x) { return pmax(x, "i"); }) == "pmax[axes=('i',) axis_index_groups=None] a");
  CHECK(shown([](const Array&) { return axis_index("i"); }).starts_with("axis_index[axis_name=i] in"));
  CHECK(shown([](const Array& x) { return ppermute(x, "i", some); }) == "ppermute[axis_name=('i',) perm=((3, 0), (1, 2))] a");
  CHECK_THAT(shown([](const Array& x) { return all_gather(x, "i"); }),
             Catch::Contains("all_gather_dimension=0") && Catch::Contains("axis_index_groups=None") &&
                 Catch::Contains("axis_name=('i',)") && Catch::Contains("axis_size=4") && Catch::Contains("tiled=False"));
}

TEST_CASE("a loop whose predicate differs along the axis keeps the lanes that are done, and sums over all") {
  // While any lane goes on, every lane takes part in the sum.
  const auto f = [](const Array& limit) {
    return while_loop([&](const Array& v) { return v < limit; }, [](const Array& v) { return v + psum(1.0 + 0.0 * v, "i"); }, 0.0);
  };
  same(vmap(f, {.axis_name = "i"})(array({1.0, 5.0, 9.0})), array({3.0, 6.0, 9.0}));
  same(jit(vmap(jit(f), {.axis_name = "i"}))(array({1.0, 5.0, 9.0})), array({3.0, 6.0, 9.0}));
  const auto g = [](const Array& x) {
    return cond(x > 1.5, [](const Array& v) { return psum(v, "i"); }, [](const Array& v) { return -v; }, x);
  };
  same(vmap(g, {.axis_name = "i"})(array({1.0, 2.0, 3.0})), array({-1.0, 6.0, 6.0}));
  // All agree when the predicate is a collective: the loop stays one loop.
  const auto together = [](const Array& x) {
    return while_loop([](const Array& v) { return pmax(v, "i") < 100.0; }, [](const Array& v) { return v * 2.0; }, x);
  };
  same(vmap(together, {.axis_name = "i"})(array({1.0, 3.0, 30.0})), array({4.0, 12.0, 120.0}));
  // No operand is mapped, and yet each element has its own result.
  const auto counted = [](const Array& x) {
    return x + scan([](const Array& c, None) { return std::pair(c + axis_index("i"), None{}); }, scalar<std::int32_t>(0), none,
                    {.length = 3}).first;
  };
  same(vmap(counted, {.axis_name = "i"})(zeros({3})), array({0.0, 3.0, 6.0}));
  same(vmap([](const Array& x) { return x + jit([] { return axis_index("i"); })(); }, {.axis_name = "i"})(zeros({3})),
       array({0.0, 1.0, 2.0}));
}

TEST_CASE("a program is traced anew for axes of another name or size") {
  int traced = 0;
  const auto f = jit([&](const Array& x) {
    ++traced;
    return x + static_cast<double>(axis_size("i"));
  });
  const auto over_size = [&](std::int64_t size) { return vmap(f, {.axis_name = "i"})(zeros({size})); };
  same(over_size(2), full({2}, 2.0));
  same(over_size(3), full({3}, 3.0));
  same(over_size(2), full({2}, 2.0));
  CHECK(traced == 2);
}

TEST_CASE("out_axes none with sum_match sums, and axis_size stands for what is not mapped") {
  same(vmap([](const Array& x) { return 2.0 * x; }, {.out_axes = none, .sum_match = true})(arange(3.0)), 6.0);
  same(vmap([](const Array& x) { return x * axis_index("i"); }, {.in_axes = none, .axis_name = "i", .axis_size = 3})(Array(2.0)),
       array({0.0, 2.0, 4.0}));
  CHECK(thrown<ValueError>([] { vmap([](const Array& x) { return x; }, {.axis_size = 4})(arange(3.0)); }) ==
        "vmap: mapped axes must have the size that axis_size says, got 3 for axis_size = 4; leave axis_size out where something "
        "is mapped");
  CHECK_THAT(thrown<ValueError>([] { vmap([](const Array& x) { return x; }, {.in_axes = none, .axis_size = -1})(Array(1.0)); }),
             Catch::Contains("axis_size must not be negative, got -1"));
}

TEST_CASE("collectives name what does not fit") {
  const auto x = samples();
  const auto inside = [&](const Unary& f) { return [&, f] { over(f)(x); }; };
  CHECK(thrown<ValueError>([] { psum(1.0, "i"); }) ==
        "psum: the axis must be one that a vmap around the call names, got 'i' with these in scope: none; give the vmap "
        "{.axis_name = \"i\"}");
  CHECK_THAT(thrown<ValueError>([&] {
               vmap(over([](const Array& e) { return psum(e, "k"); }), {.axis_name = "j"})(stack({x, x}));
             }),
             Catch::Contains("got 'k' with these in scope: 'i', 'j'"));
  CHECK_THAT(thrown<ValueError>([&] { vmap([](const Array& e) { return axis_index("") + e; })(x); }), Catch::Contains("got ''"));
  // What is left of a collective outside its axis is as unbound as one written there.
  std::function<Array(const Array&)> pullback;
  over([&](const Array& e) {
    pullback = vjp([](const Array& v) { return psum(v, "i"); }, e).second;
    return e;
  })(x);
  CHECK_THAT(thrown<ValueError>([&] { pullback(x[0]); }), Catch::Contains("psum: the axis must be one that a vmap around the call names"));
  CHECK_THAT(thrown<ValueError>(inside([](const Array& e) { return psum(e, {"i", "i"}); })), Catch::Contains("distinct, got ('i', 'i')"));
  CHECK_THAT(thrown<UnsupportedError>(inside([](const Array& e) { return psum_scatter(e, AxisNames{"i", "j"}); })),
             Catch::Contains("one axis name is required, got ('i', 'j')"));
  CHECK_THAT(thrown<ValueError>(inside([](const Array& e) { return psum_scatter(e, "i", {.scatter_dimension = 1}); })),
             Catch::Contains("must have the size of the axis, 4") && Catch::Contains("got 2 for f64[4,2,8]"));
  CHECK_THAT(thrown<ValueError>(inside([](const Array& e) { return psum_scatter(e, "i", {.scatter_dimension = 1, .tiled = true}); })),
             Catch::Contains("a multiple of the size of the axis, 4, got 2"));
  CHECK_THAT(thrown<ValueError>(inside([](const Array& e) { return all_to_all(e, "i", 1, 0); })), Catch::Contains("split_axis must have"));
  CHECK_THAT(thrown<ValueError>(inside([](const Array& e) { return all_to_all(e, "i", 0, 3); })), Catch::Contains("concat_axis must be in [-3, 3)"));
  CHECK_THAT(thrown<ValueError>(inside([](const Array& e) { return all_gather(e, "i", {.axis = 4}); })), Catch::Contains("axis must be in [-4, 4), got 4"));
  CHECK_THAT(thrown<ValueError>(inside([](const Array& e) { return ppermute(e, "i", {{0, 1}, {2, 1}}); })), Catch::Contains("got (2, 1) besides"));
  CHECK_THAT(thrown<ValueError>(inside([](const Array& e) { return ppermute(e, "i", {{0, 4}}); })), Catch::Contains("got (0, 4) out of range"));
  CHECK_THAT(thrown<TypeError>([] {
               vmap([](const Array& k) { return ppermute(k, "i", {{0, 1}}); }, {.axis_name = "i"})(random::split(random::key(0), 3));
             }),
             Catch::Contains("a dtype with a zero is required"));
  CHECK_THAT(thrown<TypeError>([] {
               vmap([](const Array& k) { return psum(k, "i"); }, {.axis_name = "i"})(random::split(random::key(0), 3));
             }),
             Catch::Contains("psum: the operand must be a number, got key<fry>[]"));
  CHECK_THAT(thrown<TypeError>(inside([](const Array& e) { return pmax(lax::complex(e, e), "i"); })),
             Catch::Contains("pmax: the operand must have an order, got c128"));
}

TEST_CASE("sums over a named axis take complex numbers") {
  const auto x = lax::complex(arange(4.0), 2.0 * arange(4.0) + 1.0);
  const auto over = [](const auto& f) { return vmap(f, {.axis_name = "i"}); };
  near(over([](const Array& e) { return psum(e, "i"); })(x), to_all(sum(x, 0)));
  const auto rows = lax::complex(arange(16.0).reshape({4, 4}), ones({4, 4}));
  near(over([](const Array& e) { return psum_scatter(e, "i"); })(rows), sum(rows, 0));
  // Linear, and its own transpose: each element is in every sum.
  const auto loss = [&](const Array& v) { return sum(real(over([](const Array& e) { return psum(e, "i"); })(v) * x)); };
  near(grad(loss)(x), to_all(sum(x, 0)));
}

}  // namespace fluxion::test
