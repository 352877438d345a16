#include <algorithm>
#include <cstdlib>
#include <regex>
#include <sstream>

#include <catch2/catch.hpp>

#include <fluxion/extend.hpp>
#include <fluxion/fluxion.hpp>
#include <fluxion/linalg.hpp>
#include <fluxion/testing.hpp>
#include <fluxion/testing/program.hpp>

#include "testing/explain.hpp"
#include "testing/faulty_primitives.hpp"

namespace fx = fluxion;
using fx::Array;
using fx::Arrays;

namespace {

using namespace faulty;

Array bad_mul(const Array& a, const Array& b) { return bound<MulWrongInB>({a, b}); }

// --- what is looked at ---------------------------------------------------------------------------------------------

using fx::testing::Check;
using fx::testing::CheckOptions;
using fx::testing::Explanation;
using fx::testing::Subject;

constexpr fx::testing::ExplainLimits kPatient{60, 60, 20000};

struct Outcome {
  Explanation e;
  std::string screen;
};

Outcome explained(Check check, const fx::testing::FlatFn& f, const Arrays& args, CheckOptions options = {}) {
  options.key = fx::random::key(1);
  const Subject subject{f, args, std::vector<std::string>(args.size(), "arg")};
  const auto findings = fx::testing::examine(check, subject, options);
  REQUIRE(findings.failed());
  auto found = fx::testing::explain_by(&fx::testing::examine, check, subject, findings, options, kPatient);
  REQUIRE(found.size() == 1);
  const fx::testing::Report report{"check_grads", findings.laws, "fx::random::key(1)", "the derivative is wrong",
                                   found};
  return {found[0], fx::testing::to_string(report)};
}

void check_screen(const std::string& screen) {
  std::istringstream lines(screen);
  std::string line;
  std::size_t n = 0;
  for (; std::getline(lines, line); ++n) {
    INFO(line);
    CHECK(line.size() <= 124);  // some characters are of two bytes
  }
  INFO(screen);
  CHECK(n <= 30);

}

/// Thirty operations, the eleventh of which is `op`.
Array long_program(const Array& x, const std::function<Array(const Array&, const Array&)>& op) {
  Array y = x, z = fx::cos(x);
  for (int i = 0; i < 5; ++i) {
    y = fx::tanh(y + z);
    z = fx::sin(z + y);
  }
  y = op(y, z);
  for (int i = 0; i < 5; ++i) {
    z = z - fx::sin(y);
    y = y * z;
  }
  return fx::sum(y);
}

}  // namespace

TEST_CASE("explain: the wrong argument of a product is found in a program of thirty equations") {
  const auto r = explained(Check::grads, [](const Arrays& in) { return Arrays{long_program(in[0], bad_mul)}; },
                           {fx::array({0.3, -1.234, 2.71})});
  CHECK(r.e.primitive == "mul_wrong_in_b");
  CHECK(r.e.rule == "jvp of argument 1");
  CHECK(r.e.to_one_rule);
  CHECK(r.e.jaxpr == "{ lambda ; a:f64[] b:f64[]. let c:f64[] = mul_wrong_in_b a b in (c,) }");
  CHECK(r.e.point == std::vector<std::string>{"a = 1.0", "b = 1.0"});
  CHECK(r.e.direction == "da = 0.0, db = 1.0");
  check_screen(r.screen);
}

TEST_CASE("explain: held programs are looked into") {
  const auto in_jit = [](const Array& x) {
    return fx::jit([](const Array& v) { return long_program(v, bad_mul); })(x);
  };
  const auto in_scan = [](const Array& x) {
    const auto step = [](const Array& c, const Array& v) { return std::pair(fx::sin(bad_mul(c, v)) + c, c * v); };
    return fx::scan(step, fx::sum(x), x).first;
  };
  const auto in_branch = [](const Array& x) {
    return fx::cond(fx::sum(x) > 0.0, [](const Array& v) { return fx::sum(fx::sin(v)); },
                    [](const Array& v) { return fx::sum(bad_mul(fx::cos(v), v)); }, -x);
  };
  const auto in_other_branch = [&](const Array& x) { return in_branch(-x); };
  const auto in_while = [](const Array& x) {
    return fx::while_loop([](const Array& c) { return fx::sum(c) < 10.0; },
                          [](const Array& c) { return bad_mul(c, c + 1.5); }, fx::sum(x));
  };
  const auto in_fori = [](const Array& x) {
    return fx::fori_loop(0, 3, [](const Array&, const Array& c) { return fx::sin(bad_mul(c, c)); }, fx::sum(x));
  };
  const auto in_checkpoint = [](const Array& x) {
    return fx::checkpoint([](const Array& v) { return fx::sum(bad_mul(fx::cos(v), v)); })(x);
  };
  const std::pair<const char*, std::function<Array(const Array&)>> cases[] = {
      {"jit", in_jit},     {"scan", in_scan}, {"cond", in_other_branch},
      {"while", in_while}, {"fori", in_fori}, {"checkpoint", in_checkpoint}};
  for (const auto& [name, f] : cases) {
    INFO(name);
    const auto r = explained(Check::grads, [&f = f](const Arrays& in) { return Arrays{f(in[0])}; },
                             {fx::array({0.3, -0.25, 0.71})}, {.order = 1});
    CHECK(r.e.primitive == "mul_wrong_in_b");
    CHECK(r.e.rule == "jvp of argument 1");
    CHECK(r.e.jaxpr == "{ lambda ; a:f64[] b:f64[]. let c:f64[] = mul_wrong_in_b a b in (c,) }");
    check_screen(r.screen);
  }
}

/// sum(exp(op(x cos x)))
template <class Op>
auto chain(const Op& op) {
  return [op](const Arrays& in) { return Arrays{fx::sum(fx::exp(op(Arrays{fx::cos(in[0]) * in[0]})))}; };
}

TEST_CASE("explain: an operation that expects symmetric matrices is not blamed for others") {
  const auto f = [](const Arrays& in) {
    const Array a = fx::dot(in[0], in[0].T()) + 2.0 * fx::eye(3);
    const Array c = fx::linalg::cholesky(a);
    return Arrays{fx::sum(bad_mul(c, fx::exp(c)))};
  };
  const auto r = explained(Check::grads, f, {fx::linspace(-1.0, 1.5, 9).reshape({3, 3})}, {.order = 1});
  CHECK(r.e.primitive == "mul_wrong_in_b");
  CHECK(r.e.rule == "jvp of argument 1");
}

TEST_CASE("explain: a wrong transpose is named") {
  const auto r = explained(Check::grads, chain(&bound<WrongTranspose>), {fx::array({0.3, -1.25, 2.71})});
  CHECK(r.e.primitive == "wrong_transpose");
  CHECK(r.e.rule == "transpose");
  CHECK(r.e.jaxpr == "{ lambda ; a:f64[]. let b:f64[] = wrong_transpose a in (b,) }");
  check_screen(r.screen);
}

TEST_CASE("explain: wrong batching rules and lowerings are named, also where derivatives are checked") {
  const Array x = fx::array({0.3, -1.25, 2.71});
  const auto b = explained(Check::vmap, chain(&bound<WrongBatch>), {x});
  CHECK(b.e.primitive == "wrong_batch");
  CHECK(b.e.rule == "batch");
  const auto bg = explained(Check::grads, chain(&bound<WrongBatch>), {x});
  CHECK(bg.e.primitive == "wrong_batch");
  CHECK(bg.e.rule == "batch");
  const auto l = explained(Check::jit, chain(&bound<WrongLowering>), {x});
  CHECK(l.e.primitive == "wrong_lowering");
  CHECK(l.e.rule == "lowering");
  // A branch is compiled where it is taken, and not where both are computed: so mapping shows what compiling spoils.
  const auto taken = [](const Arrays& in) {
    return Arrays{fx::cond(fx::sum(in[0]) > 0.0, [](const Array& v) { return bound<WrongLowering>({fx::cos(v)}); },
                           [](const Array& v) { return fx::sin(v); }, in[0])};
  };
  const auto lv = explained(Check::vmap, taken, {x});
  CHECK(lv.e.primitive == "wrong_lowering");
  CHECK(lv.e.rule == "lowering");
  for (const auto* r : {&b, &bg, &l, &lv}) {
    CHECK(r->e.to_one_rule);
    check_screen(r->screen);
  }
}

TEST_CASE("explain: derivatives of rules are looked at above the first order") {
  const auto wrong =
      explained(Check::grads, [](const Arrays& in) { return Arrays{fx::sum(bound<WrongSecond>({fx::exp(in[0])}))}; },
                {fx::array({0.3, -1.25})});
  CHECK(wrong.e.primitive == "frozen_cos");
  CHECK(wrong.e.rule == "jvp of argument 0");
  check_screen(wrong.screen);
  const auto uses =
      explained(Check::grads, [](const Arrays& in) { return Arrays{fx::sum(bound<UsesWrongMul>({fx::sin(in[0])}))}; },
                {fx::array({0.3, -1.25})});
  CHECK(uses.e.primitive == "mul_wrong_in_b");
  CHECK(uses.e.rule == "jvp of argument 1");
  check_screen(uses.screen);
}

TEST_CASE("explain: what is wrong only for large arrays or in one dtype keeps what it needs") {
  const auto large = explained(
      Check::grads, [](const Arrays& in) { return Arrays{fx::sum(fx::cos(bound<WrongIfLarge>({fx::sin(in[0])})))}; },
      {fx::linspace(-1.0, 1.0, 300)}, {.order = 1});
  CHECK(large.e.primitive == "wrong_if_large");
  CHECK(large.e.jaxpr == "{ lambda ; a:f64[65]. let b:f64[65] = wrong_if_large a in (b,) }");
  CHECK(large.e.point == std::vector<std::string>{"a = [1. 1. ... 1. 1.]"});
  check_screen(large.screen);
  const auto narrow = explained(
      Check::grads, [](const Arrays& in) { return Arrays{fx::sum(bound<WrongInFloat32>({fx::sin(in[0])}))}; },
      {fx::array<float>({0.3F, 1.2F})}, {.order = 1});
  CHECK(narrow.e.primitive == "wrong_in_float32");
  CHECK(narrow.e.rule == "jvp of argument 0, float32 only");
  CHECK(narrow.e.jaxpr == "{ lambda ; a:f32[]. let b:f32[] = wrong_in_float32 a in (b,) }");
  check_screen(narrow.screen);
}

TEST_CASE("explain: custom rules are named by their function") {
  const auto softplus = fx::custom_vjp([](const Array& x) { return fx::log1p(fx::exp(x)); },
                                       [](const Array& x) { return std::pair(fx::log1p(fx::exp(x)), x); },
                                       [](const Array& x, const Array& ct) { return ct / (1.0 + fx::exp(x)); });
  const auto f = [&](const Arrays& in) { return Arrays{fx::sum(fx::sin(softplus(2.0 * in[0])) * in[0])}; };
  const auto v = explained(Check::grads, f, {fx::array({0.3, -1.25, 2.5})});
  CHECK(v.e.primitive == "custom_vjp of <lambda>");
  CHECK(v.e.rule == "fwd or bwd of custom_vjp");
  CHECK(v.e.to_one_rule);
  CHECK(v.screen.find("suspect: custom_vjp of <lambda>, fwd or bwd\n") != std::string::npos);
  check_screen(v.screen);

  const auto logistic = [](const Array& x) { return 1.0 / (1.0 + fx::exp(-x)); };
  const auto squash = fx::custom_jvp(logistic, [&](const auto& x, const auto& dx) {
    return std::pair(logistic(std::get<0>(x)), logistic(std::get<0>(x)) * std::get<0>(dx));
  });
  const auto g = [&](const Arrays& in) { return Arrays{fx::sum(fx::exp(squash(fx::sin(in[0]))))}; };
  const auto j = explained(Check::grads, g, {fx::array({0.3, -1.25, 2.5})});
  CHECK(j.e.primitive == "custom_jvp of <lambda>");
  CHECK(j.e.rule == "jvp rule of custom_jvp");
  check_screen(j.screen);
}

TEST_CASE("explain: custom rules in loops, and beside keys and integers") {
  const auto cube = fx::custom_jvp([](const Array& x) { return x * x * x; }, [](const auto& x, const auto& dx) {
    const Array v = std::get<0>(x);
    return std::pair(v * v * v, 2.0 * v * v * std::get<0>(dx));
  });
  const auto f = [&](const Arrays& in) {
    const Array mask = fx::random::bernoulli(in[0], 0.5, fx::Shape{3});
    const auto step = [&](const Array& c, const Array& v) { return std::pair(fx::sin(cube(c) + v), c); };
    return Arrays{fx::sum(fx::scan(step, fx::sum(in[1]), fx::where(mask, in[1], 0.25)).second) *
                  in[2].astype(fx::float64)};
  };
  const auto r =
      explained(Check::grads, f, {fx::random::key(5), fx::array({0.3, -0.75, 0.5}), fx::scalar<std::int64_t>(3)});
  CHECK(r.e.primitive == "custom_jvp of <lambda>");
  CHECK(r.e.rule == "jvp rule of custom_jvp");
  CHECK(r.e.point == std::vector<std::string>{"a = 1.0"});
  CHECK(r.e.expected.substr(0, 3) == "3.0");
  CHECK(r.e.got == "2.0");
  check_screen(r.screen);

  const auto g = [](const Arrays& in) {
    return Arrays{fx::sum(fx::random::normal(in[0], {4}) * bad_mul(in[1], fx::exp(in[1])))};
  };
  const auto b = explained(Check::grads, g, {fx::random::key(5), fx::array({0.3, -0.75, 0.5, 1.0})}, {.order = 1});
  CHECK(b.e.primitive == "mul_wrong_in_b");
  CHECK(b.e.rule == "jvp of argument 1");
  check_screen(b.screen);
}

TEST_CASE("explain: without a fault that stays in the program there is no explanation") {
  int calls = 0;
  const auto impure = [&](const Arrays& in) { return Arrays{in[0] * static_cast<double>(++calls)}; };
  const Subject subject{impure, {fx::array({1.0, 2.0})}, {"x"}};
  fx::testing::Findings findings;
  findings.add({.law = "the same results twice", .what = "result 0"});
  CHECK(fx::testing::explain_by(&fx::testing::examine, Check::grads, subject, findings, {.order = 1}).empty());
}

/// What `names` says of the primitives of a program decides whether it fails.
fx::testing::Examine fails_with(const std::vector<std::string>& names) {
  return [names](Check, const Subject& s, const CheckOptions&) {
    const auto text = fx::to_string(*fx::testing::program_of(s.f, s.args).jaxpr);
    fx::testing::Findings found;
    if (std::all_of(names.begin(), names.end(),
                    [&](const auto& n) { return text.find(" = " + n + " ") != std::string::npos; }))
      found.add({.law = "some law", .what = "result 0"});
    return found;
  };
}

TEST_CASE("explain: where no equation fails alone, the program is cut to those that fail together") {
  const auto f = [](const Arrays& in) {
    Array y = fx::jit([](const Array& v) { return fx::tanh(fx::sin(v) + 1.0); })(in[0]);
    for (int i = 0; i < 6; ++i) y = fx::exp(y * in[1]) - y;
    return Arrays{fx::sum(fx::log(fx::abs(y) + 1.0)), fx::cos(y)};
  };
  const Subject subject{f, {fx::array({0.3, -1.25, 2.71}), fx::scalar(0.1)}, {"x", "y"}};
  const auto explain = [&](const std::vector<std::string>& names) {
    const auto examine = fails_with(names);
    const auto found =
        fx::testing::explain_by(examine, Check::jit, subject, examine(Check::jit, subject, {}), {}, kPatient);
    REQUIRE(found.size() == 1);
    CHECK(!found[0].to_one_rule);
    return found[0];
  };
  CHECK(explain({"tanh", "sin"}).jaxpr ==
        "{ lambda ; a:f64[] b:f64[]. let c:f64[] = sin a; d:f64[] = tanh b in (d, c) }");
  const auto apart = explain({"sin", "log"});
  CHECK(apart.primitive == "sin, log");
  CHECK(apart.rule == "lowering");
}

TEST_CASE("explain: a fault that needs one value twice, and functions that look at values") {
  const auto twice = explained(Check::grads, [](const Arrays& in) {
    const Array y = fx::sin(in[0]);
    return Arrays{fx::sum(bound<WrongForSquares>({y, y}) + fx::exp(y))};
  }, {fx::array({0.3, -1.25})}, {.order = 1});
  CHECK(twice.e.primitive == "wrong_for_squares");
  CHECK(twice.e.jaxpr == "{ lambda ; a:f64[]. let b:f64[] = wrong_for_squares a a in (b,) }");
  const auto looks = explained(Check::grads, [](const Arrays& in) {
    return Arrays{in[0].item<double>() > 0 ? bad_mul(fx::exp(in[0]), in[0]) : in[0]};
  }, {fx::scalar(0.7)}, {.order = 1});
  CHECK(looks.e.primitive == "mul_wrong_in_b");
  CHECK(looks.e.rule == "jvp of argument 1");
}

TEST_CASE("explain: one kind of equation is not looked at as often as it occurs") {
  int asked = 0;
  const fx::testing::Examine counting = [&](Check check, const Subject& s, const CheckOptions& o) {
    ++asked;
    return fx::testing::examine(check, s, o);
  };
  const auto f = [](const Arrays& in) {
    Array y = in[0];
    for (int i = 0; i < 500; ++i) y = fx::sin(y + in[0]);
    return Arrays{bad_mul(y, y)};
  };
  const Subject subject{f, {fx::scalar(0.3)}, {"x"}};
  const CheckOptions options{.order = 1, .directions = 4, .key = fx::random::key(1)};
  const auto found = fx::testing::explain_by(counting, Check::grads, subject,
                                             fx::testing::examine(Check::grads, subject, options), options);
  REQUIRE(found.size() == 1);
  CHECK(found[0].primitive == "mul_wrong_in_b");
  CHECK(asked < 60);
}

TEST_CASE("explain: arrays print as C++ that makes them again") {
#define FLUXION_SAME(...) CHECK(fx::testing::cpp_text(__VA_ARGS__) == #__VA_ARGS__)
  FLUXION_SAME(fx::scalar(2.0));
  FLUXION_SAME(fx::scalar(2.0f));
  FLUXION_SAME(fx::scalar(true));
  FLUXION_SAME(fx::scalar<std::int64_t>(-3));
  FLUXION_SAME(fx::scalar(0.25).astype(fx::float16));
  FLUXION_SAME(fx::scalar(std::complex<double>(1.0, -2.5)));
  FLUXION_SAME(fx::array({1.0, -0.5, 1e-20}));
  FLUXION_SAME(fx::array({1.0f, 0.1f}));
  FLUXION_SAME(fx::array({{1.0, 2.0}, {3.0, 4.0}}));
  FLUXION_SAME(fx::array({1.0, 2.0}).reshape({1, 2}));
  FLUXION_SAME(fx::array<std::int64_t>({1, 2, 4, 8}).reshape({2, 2}));
  FLUXION_SAME(fx::array({1.0, fx::inf, -fx::inf, fx::nan}));
  FLUXION_SAME(fx::array({1.0, 2.5}).astype(fx::bfloat16));
  FLUXION_SAME(fx::zeros({0, 3}, fx::float32));
  FLUXION_SAME(fx::ones({65}));
  FLUXION_SAME(fx::zeros({2, 3}, fx::int32));
  FLUXION_SAME(fx::full({65}, 0.5, fx::float64));
  FLUXION_SAME(fx::random::wrap_key_data(fx::array<std::uint32_t>({0, 7})));
#undef FLUXION_SAME
}

TEST_CASE("explain: a program read from text can be called, transformed and checked") {
  const auto p = fx::testing::program(
      "{ lambda a:f64[]; b:f64[3]. let c:f64[3] = mul a b d:f64[] = reduce_sum[axes=(0,)] c in (d,) }",
      {.consts = {fx::scalar(2.0)}});
  const Array x = fx::array({1.0, 2.0, 3.0});
  CHECK(p(x)[0].item<double>() == 12.0);
  CHECK(p(Arrays{x})[0].item<double>() == 12.0);
  CHECK(fx::array_equal(fx::grad([&](const Array& v) { return p(v)[0]; })(x), fx::full({3}, 2.0)).item<bool>());
  CHECK_THROWS_AS(p(fx::scalar(1.0)), fx::ValueError);
}

TEST_CASE("explain: the report of a failed check, whole") {
  const auto loss = [](const Array& w, const Array& x) {
    const Array y = bad_mul(x / w, 3.0 - w) + x;
    return fx::sum(y * y) / 3.0;
  };
  std::string report;
  try {
    fx::testing::check_grads(loss, std::tuple{fx::array({0.5, -1.25, 3.0}), fx::array({1.5, 2.0, 0.75})},
                             {.order = 1, .key = fx::random::key(3)});
  } catch (const fx::testing::CheckError& e) {
    report = e.what();
  }
  // Counts and estimates of error depend on the machine.
  const std::regex counts("[0-9]+ (agree|disagree|undecidable)"), errors("(\\+-|±|tolerance) [0-9][0-9.e+-]*");
  report = std::regex_replace(std::regex_replace(report, counts, "# $1"), errors, "$1 #");
  CHECK(report == R"(check_grads: failed, # agree, # disagree, # undecidable
jvp equals differences: tangent of result 0: expected 19.7405 +- #, got 21.4955 (tolerance #)
  jvp equals differences: # agree, # disagree, # undecidable
suspect: mul_wrong_in_b, jvp of argument 1
  program    { lambda ; a:f64[] b:f64[]. let c:f64[] = mul_wrong_in_b a b in (c,) }
  at         a = 3.0, b = 1.0
  direction  da = 0.0, db = 1.0
  law        jvp equals differences: tangent of result 0
  expected   3.0 ± #
  got        6.0
reproduce, with <fluxion/testing/program.hpp>:
  fx::testing::check_grads(
      fx::testing::program("{ lambda ; a:f64[] b:f64[]. let c:f64[] = mul_wrong_in_b a b in (c,) }",
          {.primitives = {fx::readable<faulty::MulWrongInB>(2)}}),
      std::tuple{fx::scalar(3.0), fx::scalar(1.0)}, {.order = 1, .key = fx::random::key(0)});)");
}

std::string without_blanks(std::string s) {
  std::erase_if(s, [](char c) { return c == ' ' || c == '\n'; });
  return s;
}

TEST_CASE("explain: the line that a report prints shows the fault again") {
  // Written here as it is printed, so that the compiler has read it.
#define FLUXION_SHOWS_AGAIN(...)                                                              \
  [](const std::string& printed) {                                                            \
    CHECK(without_blanks(printed) == without_blanks(#__VA_ARGS__ ";"));                         \
    CHECK_THROWS_AS((__VA_ARGS__), fx::testing::CheckError);                                  \
  }
  const auto mul = explained(Check::grads, [](const Arrays& in) { return Arrays{fx::sin(bad_mul(in[0], in[0]))}; },
                             {fx::scalar(0.3)});
  FLUXION_SHOWS_AGAIN(fx::testing::check_grads(
      fx::testing::program("{ lambda ; a:f64[] b:f64[]. let c:f64[] = mul_wrong_in_b a b in (c,) }",
                           {.primitives = {fx::readable<faulty::MulWrongInB>(2)}}),
      std::tuple{fx::scalar(1.0), fx::scalar(1.0)}, {.order = 1, .key = fx::random::key(0)}))
  (mul.e.reproduce);
  const auto large =
      explained(Check::grads, [](const Arrays& in) { return Arrays{fx::sum(bound<WrongIfLarge>({fx::sin(in[0])}))}; },
                {fx::linspace(-1.0, 1.0, 100)}, {.order = 1});
  FLUXION_SHOWS_AGAIN(fx::testing::check_grads(
      fx::testing::program("{ lambda ; a:f64[65]. let b:f64[65] = wrong_if_large a in (b,) }",
                           {.primitives = {fx::readable<faulty::WrongIfLarge>(1)}}),
      fx::ones({65}), {.order = 1, .key = fx::random::key(0)}))
  (large.e.reproduce);
  const Array w = fx::linspace(1.0, 2.0, 70);
  const auto constant = explained(Check::grads, [&](const Arrays& in) {
    return Arrays{fx::sum(bound<WrongBesideMany>({w, fx::sin(in[0])}))};
  }, {fx::linspace(-1.0, 1.0, 70)}, {.order = 1});
  FLUXION_SHOWS_AGAIN(fx::testing::check_grads(
      fx::testing::program("{ lambda a:f64[65]; b:f64[65]. let c:f64[65] = wrong_beside_many a b in (c,) }",
                           {.consts = {fx::ones({65})}, .primitives = {fx::readable<faulty::WrongBesideMany>(2)}}),
      fx::ones({65}), {.order = 1, .key = fx::random::key(0)}))
  (constant.e.reproduce);
#undef FLUXION_SHOWS_AGAIN
}
