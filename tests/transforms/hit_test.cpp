// A jitted call whose program is known allocates its results and nothing else.
#include "transforms/typed_support.hpp"

#include "base/buffer.hpp"
#include "support/allocations.hpp"

namespace {

struct Leaves {
  fluxion::Array a, b, c, d, e, f;
};

}  // namespace
BOOST_HANA_ADAPT_STRUCT(Leaves, a, b, c, d, e, f);

namespace fluxion::test {

namespace {

/// Allocations of either kind in one call of f that is not the first.
template <class F>
std::uint64_t allocations(const F& f) {
  f();
  f();
  const auto before = heap_allocations() + system_allocations();
  f();
  return heap_allocations() + system_allocations() - before;
}

}  // namespace

TEST_CASE("a hit allocates as much for a long program of many arguments as for a result alone") {
  const Array x(1.5);
  const auto one = jit([](const Array& v) { return v + 1.0; });
  const auto alone = allocations([&] { one(x); });
  CHECK(alone >= 1);
  CHECK(alone <= 2);

  const auto of_struct = jit([](const Leaves& v) { return v.a * v.b + sin(v.c) * v.d - v.e / v.f; });
  const Leaves leaves{x, x, x, x, x, x};
  CHECK(allocations([&] { of_struct(leaves); }) == alone);

  const auto slope = jit(grad([](const Array& v) { return sin(v) * exp(v) + tanh(v); }));
  CHECK(allocations([&] { slope(x); }) == alone);

  const auto looped = jit([](const Array& v) {
    return fori_loop(0, 100, [](const Array&, const Array& s) { return cos(s); }, v);
  });
  CHECK(allocations([&] { looped(x); }) == alone);
}

TEST_CASE("a hit allocates in proportion to its results") {
  const Array x = arange(8.0);
  const auto results = [&](int n) {
    const auto f = jit([n](const Array& v) {
      std::vector<Array> all;
      for (int i = 0; i < n; ++i) all.push_back(v * (i + 2.0));
      return all;
    });
    return allocations([&] { f(x); });
  };
  for (const std::uint64_t n : {2, 4, 10}) {
    CHECK(results(static_cast<int>(n)) >= n);
    CHECK(results(static_cast<int>(n)) <= n + 2);  // and the vectors that hold them
  }
}

}  // namespace fluxion::test
