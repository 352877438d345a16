// Programs whose decisions are kept: equal to the program at the point, and smooth with the derivatives that
// AD gives.
#include <catch2/catch.hpp>

#include <cmath>
#include <map>

#include <fluxion/fluxion.hpp>
#include <fluxion/lax/math.hpp>
#include <fluxion/lax/reductions.hpp>
#include <fluxion/lax/sorting.hpp>

#include "lax/laws.hpp"
#include "support/text.hpp"
#include "testing/frozen.hpp"
#include "testing/program.hpp"

namespace fluxion::test {

namespace {

using testing::Frozen;

DType wide(DType t) { return is_complex(t) ? DType::complex128 : DType::float64; }

// x + h t for those that have tangents.
Arrays displaced(const Arrays& args, const Arrays& tangents, double h) {
  Arrays at = args;
  for (std::size_t i = 0, k = 0; i < at.size(); ++i)
    if (is_inexact(at[i].dtype()))
      at[i] = at[i].astype(wide(at[i].dtype())) + h * tangents[k++].astype(wide(at[i].dtype()));
  return at;
}

// The slopes of the frozen program along a direction, by differences of fourth order.
Arrays slopes(const Frozen& f, const Arrays& args, const Arrays& tangents) {
  constexpr double h = 1e-3;
  const auto a = f(displaced(args, tangents, h)), b = f(displaced(args, tangents, -h));
  const auto c = f(displaced(args, tangents, 2 * h)), d = f(displaced(args, tangents, -2 * h));
  Arrays out;
  for (std::size_t k = 0; k < a.size(); ++k)
    if (is_inexact(a[k].dtype())) out.push_back((8.0 * (a[k] - b[k]) - (c[k] - d[k])) / (12 * h));
  return out;
}

Arrays inexact(const Arrays& xs) {
  Arrays out;
  for (const auto& x : xs)
    if (is_inexact(x.dtype())) out.push_back(x);
  return out;
}

Arrays tangents_of(const FlatFn& f, const Arrays& args, const Arrays& tangents) {
  const auto out = testing::jvp_of(f, testing::active_of(args))(joined(args, tangents));
  const auto n = inexact(out).size() / 2;
  return part(out, out.size() - n, n);
}

Frozen frozen(const FlatFn& f, const Arrays& args) { return Frozen(testing::program_of(f, args), args); }

// The first element that differs, where both are finite.
std::string difference_of(const Arrays& got, const Arrays& want, double tolerance) {
  if (got.size() != want.size()) return "the number of results";
  for (std::size_t k = 0; k < got.size(); ++k) {
    const auto g = read(got[k].astype(wide(got[k].dtype()))), w = read(want[k].astype(wide(want[k].dtype())));
    if (g.shape != w.shape) return "the shape of result " + std::to_string(k);
    double scale = 1;
    for (const auto& v : w.v)
      if (std::isfinite(v.f)) scale = std::max(scale, std::abs(complex_value(v)));
    for (std::size_t i = 0; i < g.v.size(); ++i) {
      const auto a = complex_value(g.v[i]), b = complex_value(w.v[i]);
      if (!std::isfinite(std::abs(a)) || !std::isfinite(std::abs(b)) || std::abs(a - b) <= tolerance * scale)
        continue;
      return "element " + std::to_string(i) + " of result " + std::to_string(k) + ": got " +
             std::to_string(g.v[i].f) + ", want " + std::to_string(w.v[i].f);
    }
  }
  return "";
}

// --- over the case table ---

// Samples; rounded to halves, so that they tie and stand at kinks.
Arrays sampled(const Case& c, const Signature& s, bool ties) {
  Arrays args;
  for (std::size_t i = 0; i < s.args.size(); ++i) {
    auto h = sample(s.args[i], seed_of(c.name, i));
    if (ties && is_inexact(h.dtype))
      for (auto& v : h.v) {
        v.f = std::nearbyint(v.f * 2) / 2;
        v.im = std::nearbyint(v.im);
      }
    args.push_back(make(h));
  }
  return args;
}

struct Allowed {
  double value, slope, second;
};

// What is wrong with the frozen f at args, to the second order.
std::string problem(const Case& c, const Signature& s, const Arrays& args, const Allowed& allowed) {
  const auto f = frozen(c.f, args);
  if (auto d = difference_of(inexact(f(args)), inexact(c.f(args)), allowed.value); !d.empty())
    return "value, " + d;
  for (std::size_t i = 0; i < s.args.size(); ++i)
    if (is_inexact(s.args[i].dtype) && !c.differentiable[i]) return "";
  const auto t = random_like_floating(inexact(args), 7);
  if (auto d = difference_of(slopes(f, args, t), tangents_of(c.f, args, t), allowed.slope); !d.empty())
    return "slope, " + d;
  const auto jvp = testing::jvp_of(c.f, testing::active_of(args));
  const auto both = joined(args, t);
  const auto u = random_like_floating(inexact(both), 8);
  const auto d = difference_of(slopes(frozen(jvp, both), both, u), tangents_of(jvp, both, u), allowed.second);
  return d.empty() ? d : "second slope, " + d;
}

bool has_keys(const Signature& s) {
  return std::any_of(s.args.begin(), s.args.end(), [](const Arg& a) { return is_key(a.dtype); });
}
bool is_of(const Signature& s, bool narrow) {
  bool any = false, small = false;
  for (const auto& a : s.args) {
    any = any || is_inexact(a.dtype);
    small = small || (is_inexact(a.dtype) && a.dtype != wide(a.dtype));
  }
  return any && small == narrow;
}

// Cases whose slopes are not AD's, with the reason.
const std::map<std::string, std::string> kDifferent{
    {"reduce_precision", "AD rounds tangents as values are; the frozen program rounds nothing"},
    {"eig/",
     "at rounded points eigenvalues come near to each other, where their second derivatives are infinite"},
};
bool differs(const Case& c) {
  return std::any_of(kDifferent.begin(), kDifferent.end(),
                     [&](const auto& d) { return c.name.starts_with(d.first); });
}

void over_all_cases(bool narrow, bool ties, const Allowed& allowed, int at_least) {
  int checked = 0;
  for (const auto& c : cases()) {
    if (differs(c)) continue;
    for (std::size_t k = 0; k < c.signatures.size(); ++k) {
      const auto& s = c.signatures[k];
      if (!s.smooth || has_keys(s) || !is_of(s, narrow) || (k % 3 != 0 && ties)) continue;
      ++checked;
      INFO(c.name << ", signature " << k << ": " << describe(s));
      CHECK(problem(c, s, sampled(c, s, ties), allowed) == "");
    }
  }
  CHECK(checked >= at_least);
}

}  // namespace

TEST_CASE("frozen primitives have the values and the first and second derivatives of the primitives") {
  over_all_cases(false, false, {1e-7, 1e-6, 1e-5}, 2000);  // values: conversions to float32 are not rounded
}
TEST_CASE("frozen primitives have AD's first and second derivatives at kinks") {
  over_all_cases(false, true, {1e-7, 1e-6, 1e-5}, 400);
}
TEST_CASE("frozen primitives of narrow dtypes go on in float64 with their decisions") {
  over_all_cases(true, false, {2e-2, 3e-2, 5e-2}, 2000);
  over_all_cases(true, true, {2e-2, 3e-2, 5e-2}, 500);
}

// --- kinks, one by one ---

namespace {

struct Slope {
  double ad, frozen;
  std::vector<std::string> kinks;
};
// Of a function of one vector, along ones.
Slope slope(Array (*f)(const Array&), const Array& x) {
  const FlatFn flat = [f](const Arrays& a) { return Arrays{sum(f(a[0]))}; };
  const Arrays at{x}, ones{ones_like(x)};
  const auto kept = frozen(flat, at);
  return {tangents_of(flat, at, ones)[0].astype(DType::float64).item<double>(),
          slopes(kept, at, ones)[0].item<double>(), kept.kinks()};
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a frozen program says which of its decisions were ties") {
  const auto x = array({-1.0, 0.0, 0.0, 2.0, 2.0});
  const auto kinks = [&](Array (*f)(const Array&)) {
    const auto s = slope(f, x);
    CHECK(s.frozen == Approx(s.ad));
    return s.kinks;
  };
  CHECK(kinks([](const Array& v) { return abs(v); }) == Texts{"abs: 2 of 5 elements are 0"});
  CHECK(kinks([](const Array& v) { return maximum(v, 0.0); }) == Texts{"max: 2 of 5 elements tie"});
  CHECK(kinks([](const Array& v) { return max(v); }) == Texts{"reduce_max: 2 of 5 elements tie"});
  CHECK(kinks([](const Array& v) { return nn::relu(v); }) == Texts{"le: 2 of 5 elements are equal"});
  CHECK(kinks([](const Array& v) { return sort(v) * arange(5.0); }) == Texts{"sort: 2 of 5 elements tie"});
  CHECK(kinks([](const Array& v) { return lax::cummax(v) * arange(5.0); }) ==
        Texts{"cummax: 2 of 5 elements tie"});
  CHECK(kinks([](const Array& v) { return floor(v) * v; }) == Texts{"floor: 5 of 5 elements are at a step"});
  CHECK(kinks([](const Array& v) { return fluxion::stop_gradient(v) * v; }) ==
        Texts{"stop_gradient: 5 of 5 elements are held"});
  CHECK(kinks([](const Array& v) { return lax::clamp(0.0, v, 2.0); }) ==
        Texts{"clamp: 4 of 5 elements are at a bound"});
  CHECK(kinks([](const Array& v) { return exp(sin(v)); }).empty());
}

TEST_CASE("an infinite slope shows in differences only") {
  const FlatFn f = [](const Arrays& a) { return Arrays{sqrt(a[0])}; };
  const Arrays zero{Array(0.0)};
  const auto kept = frozen(f, zero);
  CHECK(kept.kinks() == Texts{"sqrt: 1 of 1 elements have an infinite slope"});
  CHECK(kept(zero)[0].item<double>() == 0);
  CHECK(kept({Array(1e-3)})[0].item<double>() == kInf);
  CHECK(kept({Array(-1e-3)})[0].item<double>() == -kInf);
}

TEST_CASE("decisions are those of the program's own dtype") {
  // Equal in float32, not in float64.
  const Arrays at{array({0.1F + 0.2F, 0.3F})};
  const FlatFn f = [](const Arrays& a) { return Arrays{max(a[0] * Array(1.0F))}; };
  REQUIRE(at[0][0].item<float>() == at[0][1].item<float>());
  const auto kept = frozen(f, at);
  const auto moved = slopes(kept, at, {array({1.0F, 0.0F})});
  CHECK(moved[0].item<double>() == Approx(0.5));
  CHECK(moved[0].dtype() == DType::float64);
}

// --- programs ---

TEST_CASE("trip counts and branches are kept, forward and reverse") {
  const FlatFn halved = [](const Arrays& a) {
    return Arrays{while_loop([](const Array& x) { return sum(x * x) > 1.0; },
                             [](const Array& x) { return x * sin(x) * 0.7; }, a[0])};
  };
  const Arrays at{array({3.0, 2.0})}, t{array({1.0, -0.5})};
  const auto kept = frozen(halved, at);
  CHECK(difference_of(kept(at), halved(at), 1e-13) == "");
  CHECK(difference_of(slopes(kept, at, t), tangents_of(halved, at, t), 1e-9) == "");
  // The reverse mode of a loop records its trips.
  const auto back = testing::vjp_of(halved, {1});
  const auto with_cotangent = joined(at, {array({0.5, 2.0})});
  const auto again = frozen(back, with_cotangent);
  CHECK(difference_of(again(with_cotangent), back(with_cotangent), 1e-13) == "");
  const auto u = random_like_floating(with_cotangent, 3);
  CHECK(difference_of(slopes(again, with_cotangent, u), tangents_of(back, with_cotangent, u), 1e-9) == "");
}

namespace {

Array shrunk(const Array& x) {
  return while_loop([](const Array& v) { return v > 1.0; }, [](const Array& v) { return v * sin(v) * 0.5; },
                    x);
}

}  // namespace

TEST_CASE("trip counts of lanes are kept") {
  const FlatFn f = [](const Arrays& a) { return Arrays{vmap(shrunk)(a[0])}; };
  const auto back = testing::vjp_of(f, {1});
  const Arrays at{array({3.0, 2.0, 0.5}), array({1.0, -1.0, 2.0})},
      t{array({1.0, 0.5, 2.0}), array({0.0, 1.0, 1.0})};
  CHECK(difference_of(slopes(frozen(back, at), at, t), tangents_of(back, at, t), 1e-9) == "");
}

TEST_CASE("a stack of loops' records is not kept, and says so") {
  const FlatFn f = [](const Arrays& a) { return Arrays{vmap(grad(shrunk))(a[0])}; };
  const auto text = thrown<UnsupportedError>([&] { frozen(f, {array({3.0, 2.0})}); });
  INFO(text);
  CHECK(text.find("frozen: ") == 0);
  CHECK(text.find("vmap") != std::string::npos);
}

TEST_CASE("a program of too many operations is refused") {
  const FlatFn f = [](const Arrays& a) {
    return Arrays{fori_loop(
        0, 600000, [](const Array&, const Array& x) { return x * 1.0 + 0.0; }, a[0])};
  };
  CHECK(thrown<UnsupportedError>([&] {
          frozen(f, {Array(1.0)});
        }).find("frozen: at most 1000000 operations") == 0);
}

TEST_CASE("effects happen when decisions are made, and not again") {
  int calls = 0;
  const FlatFn f = [&](const Arrays& a) {
    debug::callback([&calls](const Array&) { ++calls; }, a[0]);
    return Arrays{a[0] * a[0]};
  };
  const Arrays at{Array(2.0)};
  const auto program = testing::program_of(f, at);
  calls = 0;
  const Frozen kept(program, at);
  CHECK(calls == 1);
  CHECK(kept({Array(3.0)})[0].item<double>() == 9);
  CHECK(calls == 1);
}

TEST_CASE("a solution moves with its matrix, whatever its factorisation holds") {
  const FlatFn f = [](const Arrays& a) { return Arrays{linalg::solve(a[0], a[1])}; };
  for (const auto t : {DType::float64, DType::float32}) {
    const Arrays at{array({{2.0, 1.0}, {-1.0, 3.0}}).astype(t), array({1.0, 2.0}).astype(t)};
    const auto u = random_like_floating(at, 5);
    CHECK(difference_of(slopes(frozen(f, at), at, u), tangents_of(f, at, u),
                        t == DType::float64 ? 1e-9 : 1e-5) == "");
  }
}

TEST_CASE("integers and random numbers stay as they were") {
  const FlatFn f = [](const Arrays& a) {
    return Arrays{random::normal(random::key(3), {4}) * a[0], a[1] + 1};
  };
  const Arrays at{array({1.0, 2.0, 3.0, 4.0}), Array(std::int64_t{5})};
  const auto kept = frozen(f, at);
  CHECK_FALSE(kept.at_kink());
  const auto out = kept({at[0] * 2.0, Array(std::int64_t{9})});
  CHECK(difference_of({out[0]}, {2.0 * f(at)[0]}, 1e-15) == "");
  CHECK(out[1].item<std::int64_t>() == 6);
}

}  // namespace fluxion::test
