// check_grads and its kin as users call them, over ordinary functions: all pass, and something was decided by each law.
#include <catch2/catch.hpp>

#include <complex>

#include <fluxion/fluxion.hpp>
#include <fluxion/testing.hpp>
#include <fluxion/testing/program.hpp>

namespace fx = fluxion;
using fx::Array;
using namespace fx::testing;

namespace {

struct Layer {
  Array w, b;
  fx::Static<int> power;
};
struct Net {
  std::vector<Layer> layers;
};

const Array kKey = fx::random::key(7);

Tally tally_of(const Report& report, const std::string& beginning) {
  Tally sum;
  for (const auto& l : report.laws)
    if (l.law.starts_with(beginning)) sum += l.tally;
  return sum;
}

// It passes, numbers were compared with the reference, and all could be decided.
template <class F, class A>
void decides_all(const F& f, const A& args, CheckOptions options = {}) {
  options.key = kKey;
  const Report report = report_grads(f, args, options);
  INFO(report);
  CHECK(report.passed());
  CHECK(tally_of(report, "jvp equals differences").agree > 0);
  CHECK((!options.reverse || tally_of(report, "vjp satisfies the inner-product identity").agree > 0));
  CHECK(report.total().undecidable() == 0);
  CHECK(report.total().disagree == 0);
}

Array above_half(const Array& x) { return fx::exp(x) + 0.5; }

}  // namespace

BOOST_HANA_ADAPT_STRUCT(Layer, w, b, power);
BOOST_HANA_ADAPT_STRUCT(Net, layers);

TEST_CASE("elementwise functions, sums and products") {
  const Array x = fx::random::normal(fx::random::key(0), {3, 2});
  decides_all([](const Array& v) { return fx::sin(v) * fx::tanh(v); }, x);
  decides_all([](const Array& v) { return fx::log(above_half(v)) / fx::sqrt(above_half(v)); }, x);
  decides_all([](const Array& v) { return fx::sum(v * v, 0); }, x);
  decides_all([](const Array& v, const Array& w) { return fx::matmul(v, w); }, std::tuple(x, x.T()));
  decides_all([](const Array& v) { return fx::nn::softmax(v); }, x);
  decides_all([](const Array& v) { return fx::linalg::inv(fx::matmul(v.T(), v) + fx::eye(2)); }, x);
}

TEST_CASE("numbers, scalars and arguments that are not differentiated") {
  decides_all([](const Array& v) { return v * v; }, 3.0);
  decides_all([](const Array& v, const Array& i) { return fx::take(v, i) * i; },
              std::tuple(fx::arange(4.0), fx::array({3L, 0L, 3L})));
  decides_all([](const Array& v, const Array& m) { return fx::where(m, v, 2.0 * v); },
              std::tuple(fx::arange(3.0), fx::array({true, false, true})));
  const auto power = [](const Array& v, int n) { return fx::lax::integer_pow(v, n); };
  CHECK(report_grads(power, std::tuple(fx::arange(3.0) + 1.0, 3), fx::static_argnums<1>, {.key = kKey}).passed());
}

TEST_CASE("trees of arguments and of results") {
  const auto layer = [](int seed, int power) {
    return Layer{fx::random::normal(fx::random::key(seed), {2, 2}), fx::arange(2.0), power};
  };
  const auto apply = [](const Net& net, const Array& x) {
    std::vector<Array> all{x};
    for (const auto& l : net.layers)
      all.push_back(fx::lax::integer_pow(fx::tanh(fx::matmul(all.back(), l.w) + l.b), int(l.power)));
    return all;
  };
  decides_all(apply, std::tuple(Net{{layer(1, 1), layer(2, 2)}}, fx::arange(2.0) + 0.3), {.directions = 8});
}

TEST_CASE("complex numbers") {
  const Array z = fx::array<std::complex<double>>({{1.0, 2.0}, {-0.5, 0.3}});
  decides_all([](const Array& v) { return v * v * fx::exp(v); }, z);
  decides_all([](const Array& v) { return fx::abs(v) + fx::real(v * v); }, z);
  decides_all([](const Array& v) { return fx::conj(v) * v; }, z);
}

TEST_CASE("narrow dtypes are held against float64") {
  const auto f = [](const Array& v) { return fx::log1p(fx::exp(v)) * v; };
  for (const auto t : {fx::float32, fx::float16, fx::bfloat16}) {
    const Report report = report_grads(f, (fx::arange(3.0) + 0.5).astype(t), {.key = kKey});
    INFO(report);
    CHECK(report.passed());
    CHECK(tally_of(report, "jvp in its own precision equals float64").agree > 0);
  }
}

TEST_CASE("loops and branches") {
  const auto scan = [](const Array& v) {
    return fx::scan([](const Array& c, const Array& x) { return std::pair(fx::sin(c + x), c * x); },
                    Array(0.5), v)
        .second;
  };
  decides_all(scan, fx::arange(4.0) / 3, {.directions = 8});
  const auto newton = [](const Array& a) {
    return fx::fori_loop(0, 4, [&](const Array&, const Array& x) { return 0.5 * (x + a / x); }, a);
  };
  decides_all(newton, 2.0, {.directions = 8});
  const auto branch = [](const Array& v) {
    return fx::cond(v > 1.0, [](const Array& x) { return x * x; }, [](const Array& x) { return fx::exp(x); }, v);
  };
  decides_all(branch, 0.5, {.directions = 8});
  decides_all(branch, 2.0, {.directions = 8});
}

TEST_CASE("orders and modes are those asked for") {
  const auto f = [](const Array& v) { return fx::sin(v) * v; };
  const auto has_order = [](const Report& r, const std::string& order) {
    for (const auto& l : r.laws)
      if (l.law.find("order " + order) != std::string::npos) return true;
    return false;
  };
  const Report third = report_grads(f, 0.7, {.order = 3, .directions = 2, .key = kKey});
  INFO(third);
  CHECK(third.passed());
  CHECK(has_order(third, "3"));
  CHECK(!has_order(report_grads(f, 0.7, {.key = kKey}), "3"));
  CHECK(!has_order(report_grads(f, 0.7, {.order = 1, .key = kKey}), "2"));
  const Report forward = report_grads(f, 0.7, {.reverse = false, .key = kKey});
  CHECK(forward.passed());
  CHECK(tally_of(forward, "vjp satisfies").decided() == 0);
  const Report reverse = report_grads(f, 0.7, {.forward = false, .key = kKey});
  CHECK(reverse.passed());
  CHECK(tally_of(reverse, "vjp satisfies").agree > 0);
  const Report bare = report_grads(f, 0.7, {.key = kKey, .laws = false});
  CHECK(bare.passed());
  CHECK(tally_of(bare, "jit").decided() + tally_of(bare, "vmap").decided() == 0);
}

TEST_CASE("the same key gives the same report, and a report without one prints its own") {
  const auto wrong = fx::custom_jvp([](const Array& x) { return fx::sin(x); }, [](const auto& p, const auto& t) {
    return std::pair(fx::sin(std::get<0>(p)), -fx::cos(std::get<0>(p)) * std::get<0>(t));
  });
  const Array x = fx::arange(3.0);
  const Report first = report_grads(wrong, x, {.key = kKey}), again = report_grads(wrong, x, {.key = kKey});
  CHECK(!first.passed());
  CHECK(to_string(first) == to_string(again));
  CHECK(first.key.empty());
  const Report fresh = report_grads(wrong, x);
  CHECK_THAT(fresh.key, Catch::StartsWith("fx::random::key("));
  CHECK_THAT(to_string(fresh), Catch::EndsWith("the same directions again: .key = " + fresh.key));
}

TEST_CASE("slack multiplies tolerances") {
  const auto slightly = fx::custom_jvp([](const Array& x) { return fx::sin(x); }, [](const auto& p, const auto& t) {
    return std::pair(fx::sin(std::get<0>(p)), (1 + 1e-11) * fx::cos(std::get<0>(p)) * std::get<0>(t));
  });
  const CheckOptions options{.order = 1, .key = kKey, .explain = false};
  CHECK(!report_grads(slightly, 0.7, options).passed());
  auto generous = options;
  generous.slack = 1e6;
  CHECK(report_grads(slightly, 0.7, generous).passed());
}

TEST_CASE("each check finds what it is for, alone") {
  const auto f = [](const Array& x) { return fx::cumsum(fx::sin(x)); };
  const Array x = fx::arange(4.0);
  CHECK(check_vmap(f, x, {.key = kKey}).total().agree > 0);
  CHECK(check_jit(f, x, {.key = kKey}).total().agree > 0);
  CHECK(check_pure(f, x, {.key = kKey}).total().agree > 0);
  CHECK(check_all(f, x, {.key = kKey}).total().agree > check_grads(f, x, {.key = kKey}).total().agree);
  CHECK(check_transpose([](const Array& v) { return 2.0 * fx::cumsum(v); }, x, {.key = kKey}).total().agree > 0);
  CHECK(!report_transpose(f, x, {.key = kKey}).passed());
  double n = 0;
  const auto counts = [&n](const Array& v) { return v * ++n; };
  CHECK(!report_pure(counts, x, {.key = kKey}).passed());
}

TEST_CASE("programs with callbacks in float32 are held to its rounding") {
  const auto cube = fx::custom_jvp(
      [](const Array& x) {
        return fx::pure_callback([](const Array& v) { return v * v * v; },
                                 fx::ShapeDtypeStruct{x.shape(), x.dtype()}, x);
      },
      [](const auto& p, const auto& t) {
        const auto& [x] = p;
        return std::pair(x * x * x, 3.0 * x * x * std::get<0>(t));
      });
  for (int seed = 0; seed < 20; ++seed) {
    const Array x = fx::random::normal(fx::random::key(seed), {2}, fx::float32);
    const Report report = report_grads(cube, x, {.directions = 4, .key = fx::random::key(seed)});
    INFO(report);
    CHECK(report.passed());
  }
}
