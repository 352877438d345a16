// The derivative of a product with something repeated along its rows multiplies it once, not once per row.
#include <catch2/catch.hpp>

#include <sstream>

#include <fluxion/fluxion.hpp>

namespace fluxion {
namespace {

Array waves(Shape shape) {
  std::int64_t n = 1;
  for (const auto extent : shape) n *= extent;
  return sin(reshape(arange(n).astype(float64), shape));
}
std::vector<double> numbers(const Array& x) { return ravel(x).to_vector<double>(); }
template <class F, class... A>
std::string shown(const F& f, const A&... args) {
  return (std::ostringstream() << make_jaxpr(f)(args...)).str();
}

}  // namespace

TEST_CASE("cotangents of rows are summed before they are multiplied") {
  const Array x = waves({7, 3}), m = waves({3}), q = waves({3, 2});
  const auto centred = [&](const Array& at) { return sum(square(dot(x - at, q))); };
  const auto text = shown(grad(centred), m);
  CHECK(text.find("f64[1,3] = dot_general") != std::string::npos);
  CHECK(text.find("f64[7,3] = dot_general") == std::string::npos);
  const Array expected = -2.0 * sum(dot(dot(x - m, q), q.T()), 0);
  const auto got = numbers(grad(centred)(m)), wanted = numbers(expected);
  for (std::size_t i = 0; i < got.size(); ++i) CHECK(got[i] == Approx(wanted[i]).epsilon(1e-12));
  CHECK(numbers(jit(grad(centred))(m)) == got);
}

TEST_CASE("what is repeated along contracted or batch axes is multiplied as it is") {
  const Array m = waves({3}), q = waves({4, 3, 2});
  const auto batched = [&](const Array& at) { return sum(sin(matmul(broadcast_to(at, {4, 5, 3}), q))); };
  const auto contracted = [&](const Array& at) {
    return sum(sin(dot(broadcast_to(expand_dims(at, 1), {3, 4}), waves({4, 2}))));
  };
  for (std::size_t i = 0; i < 3; ++i) {
    std::vector<double> step(3, 0.0);
    step[i] = 1e-6;
    const Array h = array(step);
    const auto slope = [&](const auto& f) { return ((f(m + h) - f(m - h)) / 2e-6).template item<double>(); };
    CHECK(numbers(grad(batched)(m))[i] == Approx(slope(batched)).margin(1e-7));
    CHECK(numbers(grad(contracted)(m))[i] == Approx(slope(contracted)).margin(1e-7));
  }
  CHECK(numbers(jit(grad(batched))(m)) == numbers(grad(batched)(m)));
  CHECK(numbers(jit(grad(contracted))(m)) == numbers(grad(contracted)(m)));
}

}  // namespace fluxion
