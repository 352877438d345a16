#include <catch2/catch.hpp>
#include <fluxion/padding.hpp>
#include <rapidcheck.h>

#include "numpy/shown.hpp"

namespace fluxion {
using test::message_of;
using test::refuses;
using test::shown;

TEST_CASE("pad does what NumPy's examples say") {
  const auto x = array({1, 2, 3, 4, 5});
  CHECK(shown(pad(x, {2, 3}, "constant", {.constant_values = array({4, 6})})) ==
        "i32[10] [4 4 1 2 3 4 5 6 6 6]");
  CHECK(shown(pad(x, {2, 3}, "edge")) == "i32[10] [1 1 1 2 3 4 5 5 5 5]");
  CHECK(shown(pad(x, {2, 3}, "linear_ramp", {.end_values = array({5, -4})})) ==
        "i32[10] [5 3 1 2 3 4 5 2 -1 -4]");
  CHECK(shown(pad(x, 2, "maximum")) == "i32[9] [5 5 1 2 3 4 5 5 5]");
  CHECK(shown(pad(x, 2, "median")) == "i32[9] [3 3 1 2 3 4 5 3 3]");
  CHECK(shown(pad(x, 2, "mean")) == "i32[9] [3 3 1 2 3 4 5 3 3]");
  const auto a = array({{1, 2}, {3, 4}});
  CHECK(shown(pad(a, {{3, 2}, {2, 3}}, "minimum")) ==
        "i32[7,7] [[1 1 1 2 1 1 1] [1 1 1 2 1 1 1] [1 1 1 2 1 1 1] [1 1 1 2 1 1 1] [3 3 3 4 3 3 3] [1 1 1 2 "
        "1 1 1] [1 1 1 2 1 1 1]]");
  CHECK(shown(pad(x, {2, 3}, "reflect")) == "i32[10] [3 2 1 2 3 4 5 4 3 2]");
  CHECK(shown(pad(x, {2, 3}, "reflect", {.reflect_type = "odd"})) == "i32[10] [-1 0 1 2 3 4 5 6 7 8]");
  CHECK(shown(pad(x, {2, 3}, "symmetric")) == "i32[10] [2 1 1 2 3 4 5 5 4 3]");
  CHECK(shown(pad(x, {2, 3}, "symmetric", {.reflect_type = "odd"})) == "i32[10] [0 1 1 2 3 4 5 5 6 7]");
  CHECK(shown(pad(x, {2, 3}, "wrap")) == "i32[10] [4 5 1 2 3 4 5 1 2 3]");
  CHECK(shown(pad(array({1, 2}), 1, "empty")) == "i32[4] [0 1 2 0]");
  CHECK(shown(pad(x, 2, "maximum", {.stat_length = {{2, 3}}})) == "i32[9] [2 2 1 2 3 4 5 5 5]");
  CHECK(shown(pad(array({1.0, 2.0, 4.0}), 1, "mean", {.stat_length = {{2, 2}}})) ==
        "f64[5] [1.5 1. 2. 4. 3. ]");
  CHECK(shown(pad(array({0, 1, 2, 3}), 1, "mean")) == "i32[6] [2 0 1 2 3 2]");
  CHECK(shown(pad(a, {{1, 0}, {0, 1}}, "constant", {.constant_values = array({{7, 0}, {0, 9}})})) ==
        "i32[3,3] [[7 7 9] [1 2 9] [3 4 9]]");
  const auto marked = pad(arange(6).reshape({2, 3}), 2, [](const Array& v, PadPair w, std::int64_t) {
    const auto i = arange(v.size());
    return where((i < w.before) | (i >= v.size() - w.after), 10, v);
  });
  CHECK(shown(marked) ==
        "i64[6,7] [[10 10 10 10 10 10 10] [10 10 10 10 10 10 10] [10 10 0 1 2 10 10] [10 10 3 4 5 10 10] [10 "
        "10 10 10 10 10 10] "
        "[10 10 10 10 10 10 10]]");
}

TEST_CASE("edges that are moved follow a rule of indices") {
  const bool holds = rc::check([] {
    const auto n = *rc::gen::inRange<std::int64_t>(1, 6);
    const auto before = *rc::gen::inRange<std::int64_t>(0, 13),
               after = *rc::gen::inRange<std::int64_t>(0, 13);
    const auto x = arange(n);
    const auto mod = [](std::int64_t a, std::int64_t b) { return ((a % b) + b) % b; };
    const auto reflect = [&](std::int64_t i) {
      if (n == 1) return std::int64_t{0};
      const auto k = mod(i, 2 * n - 2);
      return k < n ? k : 2 * n - 2 - k;
    };
    const auto symmetric = [&](std::int64_t i) {
      const auto k = mod(i, 2 * n);
      return k < n ? k : 2 * n - 1 - k;
    };
    std::vector<std::int64_t> edge, wrap, mirror, double_mirror;
    for (auto i = -before; i < n + after; ++i) {
      edge.push_back(std::min(std::max<std::int64_t>(i, 0), n - 1));
      wrap.push_back(mod(i, n));
      mirror.push_back(reflect(i));
      double_mirror.push_back(symmetric(i));
    }
    const PadWidth w{before, after};
    RC_ASSERT(pad(x, w, "edge").to_vector<std::int64_t>() == edge);
    RC_ASSERT(pad(x, w, "wrap").to_vector<std::int64_t>() == wrap);
    RC_ASSERT(pad(x, w, "reflect").to_vector<std::int64_t>() == mirror);
    RC_ASSERT(pad(x, w, "symmetric").to_vector<std::int64_t>() == double_mirror);
    // A line goes on as a line when it is mirrored at its ends' values.
    const auto line = pad(x, w, "reflect", {.reflect_type = "odd"}).to_vector<std::int64_t>();
    if (n > 1) RC_ASSERT(line == arange(-before, n + after).to_vector<std::int64_t>());
  });
  CHECK(holds);
}

TEST_CASE("padding is differentiable and maps") {
  for (const char* mode :
       {"constant", "edge", "linear_ramp", "maximum", "mean", "median", "minimum", "reflect", "symmetric", "wrap"}) {
    INFO(mode);
    const auto f = [mode](const Array& x) { return pad(x, {{1, 2}, {2, 1}}, mode); };
    const auto x = array({{1.0, 4.0, 2.0}, {3.0, 0.5, 7.0}});
    const auto batch = stack({x, 2 * x + 1});
    CHECK(shown(vmap(f)(batch)[1]) == shown(f(2 * x + 1)));
    CHECK(shown(jit(f)(x)) == shown(f(x)));
    const auto w = sin(arange(30.0)).reshape({5, 6});
    const auto g = grad([&](const Array& x) { return sum(f(x) * w); })(x);
    const auto [y, dy] = jvp(f, std::tuple(x), std::tuple(cos(x)));
    CHECK(sum(dy * w).item<double>() == Approx(sum(g * cos(x)).item<double>()));
    CHECK(sum(f(x + 1e-6 * cos(x)) * w).item<double>() - sum(y * w).item<double>() ==
          Approx(1e-6 * sum(g * cos(x)).item<double>()).epsilon(1e-3));
  }
}

TEST_CASE("what cannot be padded is named") {
  const auto x = zeros({2, 3});
  CHECK(message_of<ValueError>([&] { pad(x, -1); }) ==
        "pad: the widths must be at least 0, got (-1, -1); crop by indexing with ranges");
  CHECK(message_of<ValueError>([&] {
          pad(x, {{1, 1}, {1, 1}, {1, 1}});
        }) ==
        "pad: the widths must be one pair for all axes or one for each, got 3 for shape (2, 3); write "
        "{before, after} or "
        "{{before, after}, ...}");
  CHECK(message_of<ValueError>([&] { pad(x, 1, "mirror"); }).find("pad: the mode must be constant, edge, ") ==
        0);
  CHECK(message_of<ValueError>([&] { pad(x, 1, "edge", {.constant_values = 1}); }) ==
        "pad: mode \"edge\" takes no constant_values, got one; leave it out, or pick the mode that has it");
  CHECK(refuses<ValueError>([&] { pad(x, 1, "edge", {.end_values = 1}); }));
  CHECK(refuses<ValueError>([&] { pad(x, 1, "constant", {.stat_length = {{1, 1}}}); }));
  CHECK(refuses<ValueError>([&] { pad(x, 1, "wrap", {.reflect_type = "odd"}); }));
  CHECK(message_of<ValueError>([&] { pad(x, 1, "reflect", {.reflect_type = "both"}); }) ==
        "pad: reflect_type must be \"even\" or \"odd\", got \"both\"; \"even\" is the default");
  CHECK(message_of<ValueError>([&] { pad(zeros({0}), 1, "edge"); }) ==
        "pad: mode \"edge\" needs an element along each axis that it pads, got shape (0,); use mode "
        "\"constant\" or \"empty\"");
  CHECK(refuses<ValueError>([&] { pad(x, 1, "mean", {.stat_length = {{0, 1}}}); }));
  CHECK(message_of<ValueError>([&] { pad(x, 1, "constant", {.constant_values = zeros({3})}); }) ==
        "pad: constant_values must be a scalar, (before, after), or one such pair per axis, got shape (3,) "
        "for shape (2, 3); "
        "their shape must broadcast to (rank, 2)");
  CHECK(refuses<ValueError>([&] { pad(x, INT64_MAX); }));
}

}  // namespace fluxion
