// Values that leave the transformation they belong to, handles that were moved from, sizes that do not fit.
#include <catch2/catch.hpp>

#include <fluxion/fluxion.hpp>

namespace fluxion::test {

namespace {

Array leaked_from_grad() {
  Array leak;
  grad([&](const Array& a) {
    leak = a * 2;
    return a;
  })(1.0);
  return leak;
}

}  // namespace

TEST_CASE("a tracer that outlived its transformation shows nothing, wherever it is used") {
  const auto leak = leaked_from_grad();
  CHECK_THROWS_AS(static_cast<bool>(leak), UnexpectedTracerError);
  CHECK_THROWS_AS(leak.item<double>(), UnexpectedTracerError);
  CHECK_THROWS_AS(leak + 1.0, UnexpectedTracerError);
  CHECK_THROWS_AS(grad([&](const Array&) { return leak; })(1.0), UnexpectedTracerError);
  CHECK_THROWS_AS(jvp([&](const Array&) { return leak; }, Array(1.0), Array(1.0)), UnexpectedTracerError);
  CHECK_THROWS_AS(vmap([&](const Array&) { return leak; })(ones({2})), UnexpectedTracerError);
  CHECK_THROWS_AS(jit([&](const Array&) { return leak; })(1.0), UnexpectedTracerError);
}

TEST_CASE("a transformed function that returns an empty handle is told so by name") {
  const auto nothing = [](const Array&) { return Array(); };
  CHECK_THROWS_WITH(grad(nothing)(1.0), Catch::StartsWith("grad: ") && Catch::Contains("empty handle"));
  CHECK_THROWS_WITH(vmap(nothing)(ones({2})), Catch::StartsWith("vmap: ") && Catch::Contains("empty handle"));
  CHECK_THROWS_WITH(jit(nothing)(1.0), Catch::StartsWith("jit: ") && Catch::Contains("empty handle"));
}

TEST_CASE("a moved-from handle is empty, after construction and after assignment") {
  Array a(1.0), b(2.0);
  Array c = std::move(a);
  CHECK(a.is_empty_handle());
  c = std::move(b);
  CHECK(b.is_empty_handle());
  CHECK(c.item<double>() == 2.0);
  Array& same = c;
  c = std::move(same);
  CHECK(c.item<double>() == 2.0);
}

TEST_CASE("shapes whose elements cannot be counted are refused") {
  const std::int64_t big = std::int64_t{1} << 32;
  CHECK_THROWS_AS(zeros({big, big}), ValueError);
  CHECK_THROWS_AS(lax::full({std::int64_t{1} << 61}, Array(1.0)), ValueError);
  CHECK_THROWS_AS(lax::reshape(zeros({0}), {big, big}), ValueError);
  CHECK_THROWS_AS(lax::iota(int64, {big, big}, 0), ValueError);
  const auto half = lax::full({std::int64_t{1} << 58}, scalar(1.0));
  const Array halves[] = {half, half};
  CHECK_THROWS_AS(lax::concatenate(halves, 0), ValueError);
  CHECK_THROWS_AS(vmap([&](const Array& x) { return lax::full({std::int64_t{1} << 58}, x); })(zeros({4})), ValueError);
}

TEST_CASE("wrapping a function in jit does not change the weakness of its gradient") {
  const auto square = [](const Array& x) { return x * x; };
  CHECK(grad(square)(3.0).weak_type());
  CHECK(grad(jit(square))(3.0).weak_type());
  CHECK(jit(grad(square))(3.0).weak_type());
  CHECK_FALSE(grad(square)(scalar(3.0)).weak_type());
  CHECK((scalar(1.0F) - grad(square)(3.0)).dtype() == float32);
}

TEST_CASE("debug_nans names the primitive inside nested jits") {
  const debug_nans guard;
  const auto inner = jit([](const Array& y) { return log(y) + 1.0; });
  CHECK_THROWS_WITH(jit([&](const Array& x) { return inner(x) * 2.0; })(-1.0), Catch::StartsWith("log: "));
  CHECK(jit([&](const Array& x) { return inner(x) * 2.0; })(1.0).item<double>() == 2.0);
}

}  // namespace fluxion::test
