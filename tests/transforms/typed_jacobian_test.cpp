#include "transforms/typed_support.hpp"

using namespace fluxion;
using namespace fluxion::test;

namespace {
Array f(const Array& x) { return x * x * array({1.0, 2.0}); }
Array bilinear(const Layer& p, const Array& x) { return p.w * x + p.b; }
const auto point = array({3.0, 4.0});
}  // namespace

TEST_CASE("jacfwd and jacrev agree") {
  CHECK(numbers(jacfwd(f)(point)) == Numbers{6, 0, 0, 16});
  CHECK(numbers(jacrev(f)(point)) == Numbers{6, 0, 0, 16});
  const auto outer = [](const Array& x) { return broadcast_to(x.reshape({2, 1}), {2, 3}); };
  CHECK(jacfwd(outer)(point).shape() == Shape{2, 3, 2});
  CHECK(numbers(jacfwd(outer)(point)) == numbers(jacrev(outer)(point)));
}

TEST_CASE("the Jacobian with respect to a tree has its type") {
  const Layer p{array({1.0, 2.0}), 0.5};
  for (const Layer& j : {jacfwd(bilinear)(p, point), jacrev(bilinear)(p, point)}) {
    CHECK(j.w.shape() == Shape{2, 2});
    CHECK(numbers(j.w) == Numbers{3, 0, 0, 4});
    CHECK(j.b.shape() == Shape{2});
    CHECK(numbers(j.b) == Numbers{1, 1});
  }
}

TEST_CASE("the Jacobian of a tree has its type") {
  const auto split = [](const Array& x) { return Layer{x * 2, fluxion::sum(x)}; };
  for (const Layer& j : {jacfwd(split)(point), jacrev(split)(point)}) {
    CHECK(numbers(j.w) == Numbers{2, 0, 0, 2});
    CHECK(numbers(j.b) == Numbers{1, 1});
    CHECK(j.b.shape() == Shape{2});
  }
}

TEST_CASE("several argnums give a tuple of Jacobians") {
  const auto product = [](const Array& x, const Array& y) { return x * y; };
  const auto [jx, jy] = jacrev(product, argnums<0, 1>)(point, array({5.0, 7.0}));
  CHECK(numbers(jx) == Numbers{5, 0, 0, 7});
  CHECK(numbers(jy) == Numbers{3, 0, 0, 4});
}

TEST_CASE("hessian is the second derivative") {
  const auto g = [](const Array& x) { return fluxion::sum(x * x * x); };
  CHECK(numbers(hessian(g)(point)) == Numbers{18, 0, 0, 24});
  CHECK(hessian(f)(point).shape() == Shape{2, 2, 2});
}

TEST_CASE("Jacobians need floating arguments and results") {
  CHECK_THAT(message<TypeError>([] { jacfwd(f)(array({1, 2})); }), Catch::Contains("jacfwd") && Catch::Contains("arg0"));
  CHECK_THAT(message<TypeError>([] { jacrev([](const Array& x) { return x > 0; })(point); }), Catch::Contains("got bool[2]"));
}
