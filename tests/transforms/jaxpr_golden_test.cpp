// Jaxprs print as jax prints them. The expected texts are those of jax's own tests and documentation, with
// 64-bit types where Fluxion's defaults are.
#include <catch2/catch.hpp>

#include <fluxion/lax.hpp>
#include <fluxion/numpy.hpp>
#include <fluxion/transforms.hpp>

#include "support/text.hpp"

namespace fluxion::test {

namespace {

const Array one_float = array({1.0F});

std::string text(const ClosedJaxpr& j) { return str(j); }

}  // namespace

TEST_CASE("a short jaxpr is one line") {
  CHECK(text(make_jaxpr([](const Array& x) { return sin(cos(x)); })(3.0)) ==
        "{ lambda ; a:f64[]. let b:f64[] = cos a; c:f64[] = sin b in (c,) }");
}

TEST_CASE("the jaxpr of a gradient shows forward values, then the backward pass") {
  const auto f = [](const Array& x) { return sin(cos(x)); };
  CHECK(text(make_jaxpr(grad(f))(3.0)) == R"({ lambda ; a:f64[]. let
    b:f64[] = cos a
    c:f64[] = sin a
    _:f64[] = sin b
    d:f64[] = cos b
    e:f64[] = mul 1.0:f64[] d
    f:f64[] = neg e
    g:f64[] = mul f c
  in (g,) })");
}

TEST_CASE("captured arrays come before the semicolon, results may be literals and inputs") {
  const auto zero = zeros<float>({1});
  const auto f = [zero](const Array& x) { return std::tuple{x, scalar(1.0F), zero}; };
  CHECK(text(make_jaxpr(f)(scalar(0.0F))) == "{ lambda a:f32[1]; b:f32[]. let  in (b, 1.0:f32[], a) }");
}

TEST_CASE("a jaxpr that occurs twice is printed once, under its name") {
  const auto f = jit([](const Array& x) { return power(x, 2); });
  const auto g = jit([f](const Array& x) {
    const auto a = f(x), b = f(x);  // C++ does not say which operand of + is computed first
    return a + b;
  });
  CHECK(text(make_jaxpr(g)(one_float)) == R"(let lambda = { lambda ; a:f32[1]. let b:f32[1] = integer_pow[y=2] a in (b,) } in
{ lambda ; c:f32[1]. let
    d:f32[1] = jit[
      name=<lambda>
      jaxpr={ lambda ; c:f32[1]. let
          e:f32[1] = jit[name=<lambda> jaxpr=lambda] c
          f:f32[1] = jit[name=<lambda> jaxpr=lambda] c
          d:f32[1] = add e f
        in (d,) }
    ] c
  in (d,) })");
}

TEST_CASE("shared jaxprs within shared jaxprs") {
  const auto inner = jit([](const Array& x) { return x + 1.0; }, {.name = "inner_fn"});
  const auto twice = [](const auto& f) {
    return [f](const Array& x) {
      const auto a = f(x), b = f(x);
      return a + b;
    };
  };
  const auto outer = jit(twice(inner), {.name = "outer_fn"});
  CHECK(text(make_jaxpr(twice(outer))(one_float)) ==
        R"(let outer_fn = { lambda ; a:f32[1]. let
    b:f32[1] = jit[name=inner_fn jaxpr=inner_fn] a
    c:f32[1] = jit[name=inner_fn jaxpr=inner_fn] a
    d:f32[1] = add b c
  in (d,) } in
let inner_fn = { lambda ; e:f32[1]. let f:f32[1] = add e 1.0:f32[] in (f,) } in
{ lambda ; g:f32[1]. let
    h:f32[1] = jit[name=outer_fn jaxpr=outer_fn] g
    i:f32[1] = jit[name=outer_fn jaxpr=outer_fn] g
    j:f32[1] = add h i
  in (j,) })");
}

TEST_CASE("a jit that returns its argument") {
  const auto f = [](const Array& y) { return y + jit([](const Array& a, const Array&) { return a; })(y, y); };
  CHECK(text(make_jaxpr(f)(one_float)) == R"({ lambda ; a:f32[1]. let
    b:f32[1] = jit[
      name=<lambda>
      jaxpr={ lambda ; a:f32[1] c:f32[1]. let  in (a,) }
    ] a a
    d:f32[1] = add a b
  in (d,) })");
}

TEST_CASE("a literal operand of a jit") {
  const auto f = [](const Array& x) { return jit([](const Array& a, const Array& b) { return a * b; })(x, scalar(1.0F)); };
  CHECK(text(make_jaxpr(f)(one_float)) == R"({ lambda ; a:f32[1]. let
    b:f32[1] = jit[
      name=<lambda>
      jaxpr={ lambda ; a:f32[1] c:f32[]. let b:f32[1] = mul a c in (b,) }
    ] a 1.0:f32[]
  in (b,) })");
}

TEST_CASE("one operand given three times keeps three names inside") {
  const auto f = [](const Array& x) { return jit([](const Array& a, const Array& b, const Array& c) { return a * b * c; })(x, x, x); };
  CHECK(text(make_jaxpr(f)(one_float)) == R"({ lambda ; a:f32[1]. let
    b:f32[1] = jit[
      name=<lambda>
      jaxpr={ lambda ; a:f32[1] c:f32[1] d:f32[1]. let
          e:f32[1] = mul a c
          b:f32[1] = mul e d
        in (b,) }
    ] a a a
  in (b,) })");
}

TEST_CASE("a literal result of a jit") {
  const auto f = [](const Array& x) { return jit([](const Array& a) { return std::pair{scalar<std::int32_t>(2), a}; })(x); };
  CHECK(text(make_jaxpr(f)(one_float)) == R"({ lambda ; a:f32[1]. let
    b:i32[] c:f32[1] = jit[
      name=<lambda>
      jaxpr={ lambda ; a:f32[1]. let  in (2:i32[], a) }
    ] a
  in (b, c) })");
}

TEST_CASE("a value that an inner jit captures becomes its leading operand") {
  const auto g = jit([](const Array& x, const Array& y) {
    return jit([&](const Array& z) { return z * y; }, {.name = "f"})(x);
  }, {.name = "g"});
  CHECK(text(make_jaxpr(g)(one_float, one_float)) == R"({ lambda ; a:f32[1] b:f32[1]. let
    c:f32[1] = jit[
      name=g
      jaxpr={ lambda ; a:f32[1] b:f32[1]. let
          c:f32[1] = jit[
            name=f
            jaxpr={ lambda ; b:f32[1] a:f32[1]. let c:f32[1] = mul a b in (c,) }
          ] b a
        in (c,) }
    ] a b
  in (c,) })");
}

TEST_CASE("integers stay weak literals") {
  CHECK(text(make_jaxpr([](const Array& x, const Array& y) { return 2 * x + y; })(3, 4)) == R"({ lambda ; a:i64[] b:i64[]. let
    c:i64[] = mul 2:i64[] a
    d:i64[] = add c b
  in (d,) })");
}

TEST_CASE("parameters print as jax's") {
  const auto x = ones({2, 3});
  CHECK_THAT(text(make_jaxpr([](const Array& a) { return dot(a, a.T()); })(x)),
             Catch::Contains("dot_general[dimension_numbers=(([1], [0]), ([], []))"));
  CHECK_THAT(text(make_jaxpr([](const Array& a) { return sum(a, {0, 1}); })(x)), Catch::Contains("reduce_sum[axes=(0, 1)]"));
  CHECK_THAT(text(make_jaxpr([](const Array& a) { return transpose(a); })(x)), Catch::Contains("transpose[permutation=(1, 0)] a"));
  CHECK_THAT(text(make_jaxpr([](const Array& a) { return a.astype(int32); })(x)),
             Catch::Contains("convert_element_type[new_dtype=int32 weak_type=False] a"));
  CHECK_THAT(text(make_jaxpr([](const Array& a) { return broadcast_to(a[0], {4, 3}); })(x)),
             Catch::Contains("broadcast_in_dim[broadcast_dimensions=(1,) shape=(4, 3)]"));
  CHECK_THAT(text(make_jaxpr([](const Array& a) { return lax::pad(a, Array(0.0), {{1, 2, 0}, {0, 0, 1}}); })(x)),
             Catch::Contains("pad[padding_config=((1, 2, 0), (0, 0, 1))] a 0.0:f64[]"));
  CHECK_THAT(text(make_jaxpr([](const Array& a) { return argmax(a, 1); })(x)), Catch::Contains("argmax[axes=(1,) index_dtype=int64] a"));
  CHECK_THAT(text(make_jaxpr([](const Array& a) { return where(a > 0, a, 0.0); })(x)), Catch::Contains("gt a 0.0:f64[]"));
}

TEST_CASE("names go from a to z, then aa") {
  const auto f = [](Array x) {
    for (int i = 0; i < 27; ++i) x = sin(x);
    return x;
  };
  const auto t = text(make_jaxpr(f)(1.0));
  CHECK_THAT(t, Catch::Contains("z:f64[] = sin y\n    aa:f64[] = sin z\n    ab:f64[] = sin aa"));
}

}  // namespace fluxion::test
