// What the matchers accept, and what they say about what they do not.
#include <catch2/catch.hpp>

#include <limits>

#include <fluxion/fluxion.hpp>
#include <fluxion/testing/catch2.hpp>

namespace {

namespace fx = fluxion;
using fx::Array;
using namespace fx::testing;

struct Params {
  Array w, b;
};

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

// What a failed assertion would say of its matcher.
template <class T, class Matcher>
std::string complaint(const T& got, const Matcher& matcher) {
  if (matcher.match(got)) return "";
  return matcher.toString();
}

// 2 x where x^2 should have it: the wrong derivative.
const auto square_wrongly = fx::custom_jvp([](const Array& x) { return x * x; },
                                           [](const std::tuple<Array>& p, const std::tuple<Array>& t) {
                                             const Array x = std::get<0>(p);
                                             return std::pair(x * x, 3.0 * x * std::get<0>(t));
                                           });

}  // namespace

BOOST_HANA_ADAPT_STRUCT(Params, w, b);

TEST_CASE("is_close_to compares element by element") {
  const Array x = fx::array({1.0, 2.0, 3.0});
  CHECK_THAT(x, is_close_to(x + 1e-12));
  CHECK_THAT(x, is_close_to(x + 0.5, {.atol = 0.5}));
  CHECK_THAT(fx::array({kNaN, kInf, -0.0}), is_close_to(fx::array({kNaN, kInf, 0.0})));
  CHECK_THAT(2.0, is_close_to(2.0));
  CHECK(complaint(x, is_close_to(fx::array({1.0, 2.5, 3.0}))) ==
        "is close to f64[3] [1.  2.5 3. ]\n1 of 3 elements differs:\n  [1] is 2, expected 2.5 (off by 0.5)");
  CHECK(complaint(fx::array({kNaN}), is_close_to(fx::array({kNaN}), {.equal_nan = false})) ==
        "is close to f64[1] [nan]\n1 of 1 element differs:\n  [0] is nan, expected nan");
  CHECK(complaint(kInf, is_close_to(-kInf)) ==
        "is close to f64[] -inf\n1 of 1 element differs:\n  the array is inf, expected -inf");
  CHECK(complaint(x, is_close_to(fx::array({1.0F, 2.0F}))) ==
        "is close to f32[2] [1. 2.]\nthe array is f64[3], expected f32[2]");
  CHECK(complaint(fx::array({1L, 2L}), is_close_to(fx::array({1L, 3L}))) ==
        "is close to i64[2] [1 3]\n1 of 2 elements differs:\n  [1] is 2, expected 3 (off by 1)");
}

TEST_CASE("of many elements the first and the worst are shown") {
  const Array want = fx::zeros({2, 4});
  const auto text = complaint(fx::arange(8.0).reshape({2, 4}), is_close_to(want));
  CHECK_THAT(text, Catch::Contains("7 of 8 elements differ:\n  [0,1] is 1, expected 0 (off by 1)"));
  CHECK_THAT(text, Catch::EndsWith("\n  ... and worst: [1,3] is 7, expected 0 (off by 7)"));
}

TEST_CASE("equals_bits tells zeros apart and counts all NaNs as one") {
  CHECK_THAT(fx::array({kNaN, 1.0}), equals_bits(fx::array({-kNaN, 1.0})));
  CHECK(complaint(fx::array({0.0}), equals_bits(fx::array({-0.0}))) ==
        "equals to the bit f64[1] [-0.]\n1 of 1 element differs in bits:\n  [0] is 0, expected -0");
  CHECK(complaint(fx::scalar(1.0 + 1e-15), equals_bits(fx::scalar(1.0))) != "");
  CHECK_THAT(fx::random::key(3), equals_bits(fx::random::key(3)));
  CHECK(complaint(fx::random::key(3), equals_bits(fx::random::key(4))) ==
        "equals to the bit key<fry>[] [0 4]\n1 of 1 element differs in bits:\n  the array is 3, expected 4");
  const Array z = fx::lax::complex(fx::scalar(1.0), fx::scalar(-2.0));
  CHECK(complaint(z, equals_bits(z + 1.0)) ==
        "equals to the bit c128[] (2-2j)\n1 of 1 element differs in bits:\n  the array is 1-2j, expected "
        "2-2j (off by 1)");
}

TEST_CASE("trees are compared leaf by leaf") {
  const Params p{fx::ones({2}), fx::scalar(3.0)};
  CHECK_THAT(p, equals_bits(p));
  CHECK_THAT(p, is_close_to(Params{p.w + 1e-12, p.b}));
  CHECK(complaint(p, is_close_to(Params{p.w, fx::scalar(4.0)})) ==
        "is close to \n.w = f64[2] [1. 1.]\n.b = f64[] 4.0\n1 of 1 element of .b differs:\n  .b is 3, "
        "expected 4 (off by 1)");
  CHECK(complaint(p, equals_bits(Params{p.w, Array()})) ==
        "equals to the bit \n.w = f64[2] [1. 1.]\n.b = (empty handle)\n.b is f64[], expected an empty handle");
  CHECK_THAT(complaint(std::vector<Array>{1.0}, is_close_to(std::vector<Array>{1.0, 2.0})),
             Catch::EndsWith("the tree is [*], expected [*, *]"));
  CHECK(Catch::Detail::stringify(p) == "\n.w = f64[2] [1. 1.]\n.b = f64[] 3.0");
  CHECK(Catch::Detail::stringify(p.b) == "f64[] 3.0");
}

TEST_CASE("functions are matched by what the checks find") {
  const Array x = fx::array({0.3, 0.8});
  const auto f = [](const Array& v, const Params& p) { return fx::sum(fx::sin(v) * p.w) + p.b; };
  const Params p{fx::ones({2}), fx::scalar(3.0)};
  CHECK_THAT(f, has_correct_grads(x, p));
  CHECK_THAT(f, has_correct_grads(x, p).with({.order = 1, .key = fx::random::key(3)}));
  CHECK_THAT(f, has_correct_jit(x, p));
  CHECK_THAT(f, has_correct_vmap(x, p));
  CHECK_THAT(f, is_pure(x, p));
  CHECK_THAT([](const Array& v) { return 3.0 * v; }, has_correct_transpose(x));
  CHECK_THAT(report_grads(f, std::tuple(x, p)), passes());
  const auto text = complaint(square_wrongly, has_correct_grads(x));
  CHECK_THAT(text, Catch::StartsWith("has correct gradients:\ncheck_grads: failed"));
  const auto report = report_grads(square_wrongly, x);
  CHECK_FALSE(passes().match(report));
  CHECK_THAT(Catch::Detail::stringify(report), Catch::StartsWith("check_grads: failed"));
}
