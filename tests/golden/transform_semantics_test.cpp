// What jax defines for transformations and control flow in the corners. Texts and values are those of jax's tests
// and documentation; where the types there are 32 bits, the inputs say so.
//
// What jax shows and Fluxion does not, for these reasons: known and unknown halves of a partial evaluation (there is
// none: reverse mode linearizes directly); lowered text as StableHLO (as_text lists Fluxion's own programs); the
// precision of products in 16 bits, derivatives of complex functions, of cholesky and of sinc (no such dtypes or
// functions yet); functions have no names in C++, so jaxprs say <lambda> where jax says f.
#include <catch2/catch.hpp>

#include <cmath>

#include <fluxion/fluxion.hpp>

#include "support/text.hpp"

namespace fluxion::test {

namespace {

double value(const Array& x) { return x.item<double>(); }
template <class J>
std::string text(const J& j) { return str(j); }
void same(const Array& a, const Array& b) {
  INFO(a << "\nagainst\n" << b);
  CHECK(static_cast<bool>(array_equal(a, b)));
}

}  // namespace

TEST_CASE("cond prints its branches with false first, an int32 index, and what both capture once") {
  const auto f = [](const Array& x) {
    const Array p = x >= 0.F, a = x + 1.F, b = x + 2.F;
    return cond(
        p, [&](const Array& t, const Array&) { return t + x; }, [&](const Array&, const Array& u) { return u - x; }, a, b);
  };
  CHECK(text(make_jaxpr(f)(scalar(0.0F))) == R"({ lambda ; a:f32[]. let
    b:bool[] = ge a 0.0:f32[]
    c:f32[] = add a 1.0:f32[]
    d:f32[] = add a 2.0:f32[]
    e:i32[] = convert_element_type[new_dtype=int32 weak_type=False] b
    f:f32[] = cond[
      branches=(
        { lambda ; g:f32[] h:f32[] i:f32[]. let j:f32[] = sub i g in (j,) }
        { lambda ; k:f32[] l:f32[] m:f32[]. let n:f32[] = add l k in (n,) }
      )
    ] e a c d
  in (f,) })");
  CHECK(value(f(scalar(1.0F))) == 3);
  CHECK(value(f(scalar(-1.0F))) == 2);
}

TEST_CASE("hessian-shaped results: out_shape + in_shape") {
  const auto f = [](const Array& x) { return outer(x, x); };
  const auto x = array({1.0, 2.0, 3.0});
  CHECK(jacfwd(f)(x).shape() == Shape{3, 3, 3});
  CHECK(jacrev(f)(x).shape() == Shape{3, 3, 3});
  CHECK(hessian(f)(x).shape() == Shape{3, 3, 3, 3});
  same(jacfwd(f)(x), jacrev(f)(x));
}

TEST_CASE("the auxiliary result is handed on beside value and gradient") {
  const auto f = [](const Array& x) { return std::pair(x * x, x + 1.0); };
  const auto [both, slope] = value_and_grad(f, has_aux)(3.0);
  CHECK(value(both.first) == 9);
  CHECK(value(both.second) == 4);
  CHECK(value(slope) == 6);
  const auto [g, aux] = grad(f, has_aux)(3.0);
  CHECK(value(g) == 6);
  CHECK(value(aux) == 4);
}

TEST_CASE("a loop of no trips returns what it was given") {
  const auto body = [](const Array&, const Array& v) { return v * 2.0; };
  for (const int upper : {3, 0, -5}) CHECK(value(fori_loop(3, upper, body, 1.5)) == 1.5);
  for (const int upper : {3, 0, -5}) CHECK(value(fori_loop(Array(3), Array(upper), body, 1.5)) == 1.5);
  CHECK(value(grad([&](const Array& x) { return fori_loop(3, 3, body, x); })(1.5)) == 1);
}

TEST_CASE("bodies are traced once, even if they never run") {
  int traces = 0;
  const auto body = [&](const Array& v) { return ++traces, v; };
  while_loop([](const Array& v) { return v < 0.0; }, body, 1.0);
  CHECK(traces == 1);
  traces = 0;
  scan([&](const Array& c, const Array& x) { return ++traces, std::pair(c, x); }, 0.0, zeros({0}));
  CHECK(traces == 1);
}

TEST_CASE("a weak initial carry follows what the body makes of it") {
  const auto total = scan([](const Array& c, const Array& x) { return std::pair(c + x, c); }, 0, ones<float>({3}));
  CHECK(total.first.dtype() == float32);
  CHECK(total.second.dtype() == float32);
  const auto grown = while_loop([](const Array& v) { return v < 3; }, [](const Array& v) { return v + scalar(1.0F); }, 0);
  CHECK(grown.dtype() == float32);
}

TEST_CASE("a scan from the back stacks in the order of its elements") {
  const auto step = [](const Array& c, const Array& x) { return std::pair(c + x, c + x); };
  const auto [last, ys] = scan(step, 0, arange(4), {.reverse = true});
  CHECK(off(ys, {4}, {6, 6, 5, 3}) == "");
  CHECK(value(last) == 6);
}

TEST_CASE("lanes that are done keep their values, and lanes that would not end end") {
  const auto halve = [](const Array& x) {
    return while_loop([](const Array& v) { return v > 1.0; }, [](const Array& v) { return v / 2.0; }, x);
  };
  const auto xs = array({0.5, 1e9, 3.0, -1.0});
  const auto got = vmap(halve)(xs);
  for (int i = 0; i < 4; ++i) same(got[i], halve(xs[i]));
}

TEST_CASE("a branch that is not taken leaves no NaN in the derivative, mapped or not") {
  const auto f = [](const Array& x) {
    return cond(x > 0, [](const Array& v) { return sqrt(v); }, [](const Array& v) { return v * 3.0; }, x);
  };
  CHECK(value(grad(f)(0.0)) == 3);
  const auto xs = array({0.0, 4.0, -1.0});
  CHECK(off(vmap(grad(f))(xs), {3}, {3, 0.25, 3}) == "");
  CHECK(off(grad([&](const Array& v) { return sum(vmap(f)(v)); })(xs), {3}, {3, 0.25, 3}) == "");
}

TEST_CASE("vmap of a sampler over keys equals the loop to the bit") {
  const auto keys = random::split(random::key(7), 5);
  const auto draw = [](const Array& k) { return random::normal(k, {3}); };
  const auto got = vmap(draw)(keys);
  for (int i = 0; i < 5; ++i) same(got[i], draw(keys[i]));
}

TEST_CASE("weak and strong scalars are different programs, equal ones are not traced again") {
  int traces = 0;
  const auto f = jit([&](const Array& x) { return ++traces, x * 2; });
  CHECK(f(1).weak_type());
  CHECK_FALSE(f(scalar<std::int64_t>(1)).weak_type());
  CHECK(traces == 2);
  f(2), f(scalar<std::int64_t>(5));
  CHECK(traces == 2);
  f(1.0), f(scalar(true));
  CHECK(traces == 4);
}

TEST_CASE("what a jitted function captured stays as it was when it was traced") {
  double captured = 2;
  const auto f = jit([&](const Array& x) { return x * captured; });
  CHECK(value(f(3.0)) == 6);
  captured = 5;
  CHECK(value(f(3.0)) == 6);
  clear_caches();
  CHECK(value(f(3.0)) == 15);
}

TEST_CASE("disable_jit runs loops and branches on concrete values, to the same bits") {
  std::vector<double> seen;
  const auto look = [&](const Array& x) {
    try {
      seen.push_back(x.item<double>());
    } catch (const ConcretizationError&) {  // traced once, for the types
    }
    return x;
  };
  const auto step = [&](const Array& c, const Array& x) { return std::pair(look(sin(c) + x), c); };
  const auto xs = array({1.0, 2.0, 3.0});
  const auto loop = [&](const Array& x) {
    const auto halved = while_loop([](const Array& v) { return v > 1.0; }, [&](const Array& v) { return look(v / 2.0); }, x);
    const auto grown = fori_loop(0, Array(2), [&](const Array& i, const Array& v) { return look(v + i); }, halved);
    const auto chosen = cond(grown > 0.0, [&](const Array& v) { return look(v * 3.0); }, [&](const Array& v) { return v; }, grown);
    const auto [last, ys] = scan(step, chosen, xs, {.reverse = true});
    return last + sum(ys);
  };
  const auto value = jit(loop)(5.0), slope = jit(grad(loop))(5.0);
  CHECK(seen.empty());
  const disable_jit guard;
  same(jit(loop)(5.0), value);
  CHECK(seen.size() == 3 + 2 + 1 + 3);
  CHECK(seen[0] == 2.5);
  seen.clear();
  CHECK(static_cast<bool>(allclose(grad(loop)(5.0), slope)));
  CHECK(seen.size() == 9);
  const auto mapped = vmap(loop)(array({5.0, 0.3}));
  same(mapped[0], value);
}

TEST_CASE("eval_shape computes nothing") {
  const auto f = [](const Array& x) { return dot(x, x.T()); };
  const auto s = eval_shape(f, zeros<float>({3, 5}));
  CHECK(s.shape() == Shape{3, 3});
  CHECK(s.dtype() == float32);
}

TEST_CASE("an equation whose result nobody uses is shown without a name") {
  CHECK_THAT(text(make_jaxpr([](const Array& x) { return sin(x), cos(x); })(1.0)), Catch::Contains("_:f64[] = sin a"));
}

TEST_CASE("log(1 + exp(x)) without a rule of its own has no derivative where exp overflows") {
  const auto naive = [](const Array& x) { return log(1.0F + exp(x)); };
  CHECK(std::isnan(value(grad(naive)(scalar(100.0F)))));
  CHECK(off(vmap(grad(naive))(arange(3.0)), {3}, {0.5, 0.7310585786300049, 0.8807970779778823}, 1e-15) == "");
}

}  // namespace fluxion::test
