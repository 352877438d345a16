// jit(f).trace(...).lower().compile(): each stage says what it is, and the compiled program is that of jit.
#include <array>
#include <thread>

#include "transforms/typed_support.hpp"

#include "base/buffer.hpp"
#include "support/allocations.hpp"
#include "support/text.hpp"

using namespace fluxion;
using namespace fluxion::test;

namespace {

Array affine(const Array& x, const Array& y) { return 2 * x + y; }
Array weighted(const Layer& p, const Array& x) { return tanh(dot(x, p.w)) + p.b; }
const Layer layer{array({0.5, -1.0, 2.0}), 0.25};
const Array rows = array({{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}});

/// Allocations of either kind while f runs.
template <class F>
std::uint64_t allocations(const F& f) {
  const auto before = heap_allocations() + system_allocations();
  f();
  return heap_allocations() + system_allocations() - before;
}

}  // namespace

TEST_CASE("the documentation's example of ahead-of-time compilation") {
  const auto traced = jit(affine).trace(3, 4);
  CHECK(text_of(traced.jaxpr()) == "{ lambda ; a:i64[] b:i64[]. let\n"
                                   "    c:i64[] = mul 2:i64[] a\n"
                                   "    d:i64[] = add c b\n"
                                   "  in (d,) }");
  CHECK(traced.out_info().aval() == Aval{{}, DType::int64, true});
  const auto lowered = traced.lower();
  CHECK(lowered.as_text() == "inputs %0:i64[] %1:i64[]\n"
                             "%2:i64[] = constant 0x0000000000000002\n"
                             "%3:i64[] = map.mul %2 %0\n"
                             "%4:i64[] = map.add %3 %1\n"
                             "outputs %4:i64[]\n");
  const auto compiled = lowered.compile();
  CHECK(compiled.cost_analysis().flops == 2.0);
  const Array ten = compiled(3, 4);
  CHECK(ten.item<int>() == 10);
  CHECK(ten.weak_type());
  CHECK_THAT(compiled.as_text(), Catch::Contains("map.mul") && Catch::Contains("arena of"));
}

TEST_CASE("a compiled program takes trees and gives what jit gives, to the bit") {
  const auto f = jit(weighted);
  const auto compiled = f.trace(layer, rows).lower().compile();
  CHECK(differs(compiled(layer, rows), f(layer, rows)).empty());
  CHECK(differs(compiled(layer, array({{1.0, 4.0}, {2.0, 5.0}, {3.0, 6.0}}).T()), f(layer, rows)).empty());
  const auto total = [](const Layer& p, const Array& x) { return fluxion::sum(weighted(p, x)); };
  const Layer slope = jit(grad(total)).trace(layer, rows).lower().compile()(layer, rows), want = jit(grad(total))(layer, rows);
  CHECK(differs(slope.w, want.w).empty());
  CHECK(differs(slope.b, want.b).empty());
}

TEST_CASE("shapes stand for arrays, static arguments are left out, and captured values are kept") {
  const Array scale = array({10.0, 20.0});
  const auto f = jit([scale](const Array& x, int n) { return n * x + scale; }, static_argnums<1>);
  const auto traced = f.trace(ShapeDtypeStruct{{2}, float64}, 3);
  CHECK(traced.out_info().shape() == Shape{2});
  const auto compiled = traced.lower().compile();
  CHECK(numbers(compiled(array({1.0, 2.0}))) == Numbers{13, 26});
  std::array<double, 2> y{};
  compiled.call_into({y}, {array({1.0, 2.0})});
  CHECK(y == std::array{13.0, 26.0});
}

TEST_CASE("a compiled program refuses other arguments and names the leaf") {
  const auto compiled = jit(weighted, {.name = "weighted"}).trace(layer, rows).lower().compile();
  CHECK(message<TypeError>([&] { compiled(Layer{array({1.0, 2.0}), 0.25}, rows); }) ==
        "compiled weighted: arg0.w must be f64[3], for which it was compiled, got f64[2]; convert it, compile for this type too, or "
        "call what fx::jit returns");
  CHECK_THAT(message<TypeError>([&] { compiled(layer, rows.astype(float32)); }), Catch::Contains("arg1 must be f64[2,3]") && Catch::Contains("got f32[2,3]"));
  CHECK_THAT(message<TypeError>([&] { compiled(Layer{layer.w, Array()}, rows); }), Catch::Contains("arg0.b must hold a value"));
  CHECK_THAT(message<ValueError>([&] { compiled(layer); }), Catch::Contains("compiled weighted: 2 arguments are required") && Catch::Contains("got 1"));
  CHECK_THAT(message<ValueError>([&] { compiled(layer.w, rows); }), Catch::Contains("compiled weighted: ") && Catch::Contains("arg0"));
  CHECK_THAT(message<TypeError>([&] { vmap([&](const Array& r) { return compiled(layer, r); })(stack({rows, rows})); }),
             Catch::Contains("arg1 must be concrete") && Catch::Contains("Traced<f64[2,3]> of vmap"));
  CHECK_NOTHROW(compiled(Layer{layer.w, fluxion::scalar(0.25)}, rows));  // weak types do not matter to a program
  CHECK_THAT(message<TypeError>([] {
               grad([](const Array& x) { return jit([x](const Array& y) { return x * y; }).trace(2.0).lower().compile()(2.0); })(1.0);
             }),
             Catch::Contains("compile: ") && Catch::Contains("captured"));
}

TEST_CASE("costs are counted over fused loops, trips and branches") {
  const auto cost = [](const auto& f, const auto&... args) { return jit(f).trace(args...).lower().compile().cost_analysis(); };
  const Array x = ones({1000});
  const auto elementwise = cost([](const Array& v) { return exp(v) * v + 1.0; }, x);
  CHECK(elementwise.flops == 2000);
  CHECK(elementwise.transcendentals == 1000);
  CHECK(elementwise.bytes_accessed == 16000);
  const auto summed = cost([](const Array& v) { return fluxion::sum(v * v); }, x);
  CHECK(summed.flops == 1999);
  CHECK(summed.bytes_accessed == 8008);
  CHECK(jit([](const Array& v) { return v + v; }).lower(x).cost_analysis().flops == 1000);
  const auto product = cost([](const Array& a, const Array& b) { return dot(a, b); }, ones({20, 30}), ones({30, 40}));
  CHECK(product.flops == 2.0 * 20 * 30 * 40);
  CHECK(product.bytes_accessed == 8.0 * (20 * 30 + 30 * 40 + 20 * 40));
  const auto body = [](const Array& c, None) { return std::pair(sin(c) * 2.0, None{}); };
  const auto loop = cost([&](const Array& v) { return scan(body, v, none, {.length = 7}).first; }, x);
  CHECK(loop.flops == 7000);
  CHECK(loop.transcendentals == 7000);
  CHECK(loop.dynamic_loops == 0);
  const auto endless = cost([](const Array& v) { return while_loop([](const Array& c) { return c[0] < 1.0; }, [](const Array& c) { return c * 2.0; }, v); }, x);
  CHECK(endless.flops == 1001);
  CHECK(endless.dynamic_loops == 1);
  CHECK(text_of(endless).find("1 loops of unknown length counted once") != std::string::npos);
  const auto branches = cost(
      [](const Array& p, const Array& v) {
        return cond(p, [](const Array& a) { return a * a * a * a; }, [](const Array& a) { return a + 1.0; }, v);
      }, Array(true), x);
  CHECK(branches.flops == 3000);
}

TEST_CASE("memory is counted: arguments, results, arena, and what is written over arguments") {
  const auto f = [](const Array& a, const Array& b) { return std::pair{dot(a, dot(b, a)), a * 2.0}; };
  const Array a = ones({64, 64}), b = ones({64, 64});
  const auto plain = jit(f).trace(a, b).lower().compile().memory_analysis();
  CHECK(plain.argument_size_in_bytes == 2 * 32768);
  CHECK(plain.output_size_in_bytes == 2 * 32768);
  CHECK(plain.temp_size_in_bytes >= 32768);
  CHECK(plain.temp_size_in_bytes < 2 * 32768);
  CHECK(plain.alias_size_in_bytes == 0);
  CHECK(plain.generated_code_size_in_bytes == 0);
  const auto donated = jit(f, donate_argnums<0>).trace(a, b).lower().compile().memory_analysis();
  CHECK(donated.alias_size_in_bytes == 32768);
  CHECK(jit([](const Array& v) { return v; }).trace(a).lower().compile().memory_analysis().alias_size_in_bytes == 32768);
}

TEST_CASE("call_into writes into the caller's memory and allocates nothing") {
  const auto f = [](const Layer& p, const Array& x) {
    const Array h = exp(dot(x, p.w)) + p.b;
    return std::pair{Layer{h * 2.0, fluxion::sum(h)}, x};
  };
  const auto compiled = jit(f).trace(layer, rows).lower().compile();
  const std::vector<double> w{0.5, -1.0, 2.0}, x{1, 2, 3, 4, 5, 6};
  const double b[] = {0.25};
  std::vector<double> h(2), same(6);
  std::array<double, 1> total{};
  CHECK(allocations([&] { compiled.call_into({h, total, same}, {w, b, x}); }) == 0);
  const auto [want, back] = f(layer, rows);
  CHECK(h == want.w.to_vector<double>());
  CHECK(total[0] == want.b.item<double>());
  CHECK(same == x);
  // Arrays are read where they are; results may be parts of something larger.
  std::vector<double> wide(10, -1.0);
  const auto all = std::span(wide);
  CHECK(allocations([&] { compiled.call_into({all.subspan(1, 2), all.subspan(3, 1), all.subspan(4, 6)}, {layer.w, layer.b, rows}); }) == 0);
  CHECK(wide[0] == -1.0);
  CHECK(wide[1] == h[0]);
  CHECK(wide[3] == total[0]);
  CHECK(wide[9] == 6.0);
}

TEST_CASE("call_into needs no memory for loops and products, and runs on several threads at once") {
  const auto f = [](const Array& a, const Array& v) {
    return scan([&](const Array& c, None) { return std::pair(dot(a, c) / 10.0 + sin(c), None{}); }, v, none, {.length = 20}).first;
  };
  const Array a = reshape(sin(arange(900.0)), {30, 30}), v = arange(30.0);
  const auto compiled = jit(f).trace(a, v).lower().compile();
  const auto want = f(a, v).to_vector<double>();
  std::vector<double> y(30);
  compiled.call_into({y}, {a, v});  // this thread's registers
  CHECK(allocations([&] { compiled.call_into({y}, {a, v}); }) == 0);
  CHECK(y == want);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      std::vector<double> mine(30);
      for (int i = 0; i < 50; ++i) {
        compiled.call_into({mine}, {a, v});
        if (mine != want) ++wrong;
      }
    });
  for (auto& t : threads) t.join();
  CHECK(wrong == 0);
}

TEST_CASE("call_into runs gradients of loops whose length is not known") {
  const auto f = [](const Array& x) {
    return fluxion::sum(while_loop([](const Array& c) { return max(c) < 100.0; }, [](const Array& c) { return c * c + 1.0; }, x));
  };
  const Array x = array({1.5, 0.25});
  const auto compiled = jit(grad(f)).trace(x).lower().compile();
  std::vector<double> slope(2);
  for (int i = 0; i < 3; ++i) {
    compiled.call_into({slope}, {x});
    CHECK(slope == jit(grad(f))(x).to_vector<double>());
  }
}

TEST_CASE("call_into names the span that does not fit") {
  const auto compiled = jit(weighted, {.name = "weighted"}).trace(layer, rows).lower().compile();
  std::vector<double> y(2), three(3), one(1), six(6);
  std::vector<float> single(2);
  const auto refused = [&](std::initializer_list<MutableSpan> results, std::initializer_list<ConstSpan> args) {
    return message<ValueError>([&] { compiled.call_into(results, args); });
  };
  CHECK(refused({three}, {three, one, six}) ==
        "compiled weighted: result must be 2 elements of float64, for it is f64[2], got 3 of float64; give a span of that size and type");
  CHECK_THAT(refused({single}, {three, one, six}), Catch::Contains("result must be 2 elements of float64") && Catch::Contains("got 2 of float32"));
  CHECK_THAT(refused({y}, {three, one, three}), Catch::Contains("arg1 must be 6 elements of float64, for it is f64[2,3], got 3"));
  CHECK_THAT(refused({y}, {three, one}), Catch::Contains("call_into takes 1 results and 3 arguments, one span per leaf, got 1 and 2"));
  CHECK_THAT(refused({std::span(six).first(2)}, {three, one, six}), Catch::Contains("a result must not overlap an argument, got result in the memory of arg1"));
  const auto two = jit([](const Array& x) { return std::pair{x, x + 1.0}; }).trace(ones({2})).lower().compile();
  CHECK_THAT(message<ValueError>([&] { two.call_into({y, y}, {ones({2})}); }), Catch::Contains("results must not overlap, got result[0] and result[1]"));
  CHECK_THAT(message<ValueError>([&] { compiled.call_into({y}, {three, one, ones({3, 2}).T()}); }), Catch::Contains("arrays must be contiguous"));
  CHECK_THAT(message<TypeError>([&] { compiled.call_into({y}, {three, one, Array()}); }), Catch::Contains("empty handle"));
  vmap([&](const Array& r) {
    CHECK_THAT(message<TypeError>([&] { compiled.call_into({y}, {three, one, r}); }), Catch::Contains("must be concrete, got Traced<f64[2,3]> of vmap"));
    return r;
  })(stack({rows, rows}));
}

TEST_CASE("donation holds for compiled programs") {
  const auto f = [](const Array& p) { return p + 1.0; };
  const auto moved = jit(f).trace(ones({4096})).lower().compile();
  Array p = arange(4096.0);
  const auto* where = p.span<double>().data();
  p = moved(std::move(p));
  CHECK(p.span<double>().data() == where);
  const auto given = jit(f, donate_argnums<0>).trace(p).lower().compile();
  const Array q = given(p);
  CHECK(q.span<double>().data() == where);
  CHECK_THROWS_WITH(p + 1.0, Catch::Contains("donated"));
  CHECK_THROWS_WITH(given(p), Catch::Contains("donated"));
  const Array kept = arange(4096.0);
  moved(kept);
  CHECK(numbers(kept + 0.0) == numbers(arange(4096.0)));
}
