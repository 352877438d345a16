#include <catch2/catch.hpp>
#include <fluxion/vectorize.hpp>

#include "numpy/shown.hpp"

namespace fluxion {
using test::message_of;
using test::refuses;
using test::shown;

TEST_CASE("vectorize maps over the axes in front of those of the signature") {
  const auto product =
      vectorize([](const Array& a, const Array& b) { return dot(a, b); }, {.signature = "(n),(n)->()"});
  const auto a = arange(6.0).reshape({2, 3}), b = ones({4, 1, 3});
  CHECK(product(a, b).shape() == Shape{4, 2});
  CHECK(shown(product(a, array({1.0, 0.0, 2.0}))) == "f64[2] [4. 13.]");
  CHECK(product(ones({1, 3}), ones({1, 1, 3})).shape() == Shape{1, 1});
  const auto times = vectorize([](const Array& m, const Array& v) { return dot(m, v); },
                               {.signature = "(m, n), (n) -> (m)"});
  CHECK(times(ones({5, 2, 3}), ones({3})).shape() == Shape{5, 2});
  const auto two =
      vectorize([](const Array& v) { return std::pair(sum(v), v * 2); }, {.signature = "(n)->(),(n)"});
  const auto [s, d] = two(ones({4, 3}));
  CHECK(s.shape() == Shape{4});
  CHECK(d.shape() == Shape{4, 3});
  const auto scalars = vectorize([](const Array& x, const Array& y) {
    return cond(
        x < y, [&] { return x; }, [&] { return y * 10; });
  });
  CHECK(shown(scalars(array({{1.0}, {5.0}}), array({2.0, 3.0}))) == "f64[2,2] [[1. 1.] [20. 30.]]");
  const auto power = vectorize([](const Array& x, int n) { return fluxion::power(x, n); }, excluded<1>);
  CHECK(shown(power(array({1.0, 2.0}), 3)) == "f64[2] [1. 8.]");
  const auto g = jit(grad([&](const Array& x) { return sum(product(x, b)); }));
  CHECK(shown(g(a)) == "f64[2,3] [[4. 4. 4.] [4. 4. 4.]]");
  CHECK(shown(vmap(product)(a, a)) == "f64[2] [5. 50.]");
}

TEST_CASE("vectorize explains what does not fit its signature") {
  const auto id = [](const Array& x) { return x; };
  CHECK(message_of<ValueError>([&] { vectorize(id, {.signature = "(n)"}); }) ==
        "vectorize: the signature must be lists of names in parentheses, arguments and results with `->` "
        "between, got \"(n)\" (one "
        "`->` is required); write it like \"(m,n),(n)->(m)\"");
  for (const char* bad :
       {"n->()", "(n->()", "(n)(m)->()", "(n,)->()", "(n!)->()", "(n)->", "(n)->()->()", "(n),->()"}) {
    INFO(bad);
    CHECK(refuses<ValueError>([&] { vectorize(id, {.signature = bad}); }));
  }
  const auto f =
      vectorize([](const Array& a, const Array& b) { return dot(a, b); }, {.signature = "(n),(n)->()"});
  CHECK(message_of<ValueError>([&] { f(ones({3}), ones({4})); }) ==
        "vectorize: axes of one name must have one size, got 3 and 4 for n in argument 1 of shape (4,) for "
        "signature "
        "\"(n),(n)->()\"; axes do not broadcast there");
  CHECK(message_of<ValueError>([&] { f(ones({3}), 1.0); }) ==
        "vectorize: argument 1 needs rank 1 or more, got shape () for signature \"(n),(n)->()\"; add axes, "
        "or change the signature");
  CHECK(refuses<ValueError>([&] { f(ones({2, 3}), ones({4, 3})); }));
  CHECK(message_of<ValueError>([&] { vectorize(id, {.signature = "(n),(n)->(n)"})(ones({3})); }) ==
        "vectorize: 2 arguments are required, got 1 for signature \"(n),(n)->(n)\"; name one list for each");
  CHECK(
      message_of<ValueError>([&] { vectorize(id, {.signature = "(n)->()"})(ones({3})); }) ==
      "vectorize: result 0 must have rank 0, got shape (3,) for signature \"(n)->()\"; change the signature");
  CHECK(message_of<ValueError>([&] { vectorize(id, {.signature = "(n)->(n),(n)"})(ones({3})); }) ==
        "vectorize: 2 results are required, got 1 for signature \"(n)->(n),(n)\"; return a tuple of as many "
        "arrays");
}

TEST_CASE("functions along axes") {
  const auto x = arange(6.0).reshape({2, 3});
  CHECK(shown(apply_along_axis([](const Array& v) { return v[0] + v[-1]; }, 0, x)) == "f64[3] [3. 5. 7.]");
  CHECK(shown(apply_along_axis([](const Array& v) { return flip(v); }, 1, x)) ==
        "f64[2,3] [[2. 1. 0.] [5. 4. 3.]]");
  CHECK(apply_along_axis([](const Array& v) { return outer(v, v); }, 1, zeros({4, 3, 5})).shape() ==
        Shape{4, 3, 3, 5});
  CHECK(shown(apply_over_axes([](const Array& a, std::int64_t axis) { return sum(a, axis); },
                              arange(24).reshape({2, 3, 4}), {0, 2})) == "i64[1,3,1] [[[60] [92] [124]]]");
  CHECK(shown(apply_over_axes([](const Array& a, std::int64_t axis) { return flip(a, axis); }, x, 1)) ==
        "f64[2,3] [[2. 1. 0.] [5. 4. 3.]]");
  CHECK(message_of<ValueError>(
            [&] { apply_over_axes([](const Array& a, std::int64_t) { return sum(a); }, x, 0); }) ==
        "apply_over_axes: the function must keep the axis or reduce it, got shape () from (2, 3) along axis "
        "0; apply_along_axis takes "
        "functions of vectors");
  CHECK(refuses<ValueError>([&] { apply_along_axis([](const Array& v) { return v; }, 2, x); }));
}

}  // namespace fluxion
