#include "transforms/composition_table.hpp"
#include "transforms/typed_support.hpp"

using namespace fluxion;
using namespace fluxion::test;
namespace cp = fluxion::checkpoint_policies;

namespace {

Array plain(const Array& x, const Array& y) {
  const Array a = checkpoint_name(sin(x * y), "a");
  return sum(checkpoint_name(exp(a), "b") * cos(a)) + y * tanh(sum(x));
}

/// What is kept of the function `c` for a vector, one per line.
template <class F, class... A>
std::string saved(const F& c, const A&... args) {
  std::ostringstream os;
  print_saved_residuals(os, c)(args...);
  return os.str();
}

const Array matrix = array({{1.0, 0.5}, {-0.25, 2.0}});
Array two_products(const Array& x) { return sum(sin(dot(matrix, sin(dot(matrix, x))))); }

}  // namespace

TEST_CASE("checkpoint changes no value and no derivative, under any composition") {
  const auto want = reverse_compositions(plain);
  const auto forward = forward_compositions(plain);
  // Up to the first derivative of the function alone, the computations are the same. Elsewhere cotangents meet: those
  // within the checkpointed function are summed before those from outside are added, which moves the last bit.
  const auto same = [](std::vector<CompositionRow> rows) {
    rows.resize(12);
    return rows;
  };
  REQUIRE(want[11].name == "jit of vmap of grad of jit");
  const auto holds = [&](const CheckpointOptions& options) {
    const auto got = reverse_compositions(checkpoint(plain, options));
    CHECK(differing(same(got), same(want), 0) == "");
    CHECK(differing(got, want, 1e-13) == "");
    CHECK(differing(forward_compositions(checkpoint(plain, options)), forward, 1e-13) == "");
  };
  holds({});
  holds({.policy = cp::everything_saveable});
  holds({.policy = cp::save_only_these_names("a"), .prevent_cse = false});
}

TEST_CASE("what a policy keeps, and where it comes from") {
  const auto f = [](const Array& x) { return sum(sin(sin(checkpoint_name(exp(checkpoint_name(cos(x), "a")), "b")))); };
  const auto x = arange(3.0);
  const auto with = [&](const CheckpointPolicy& p) { return saved(checkpoint(f, {.policy = p}), x); };
  const std::string all = "f64[3] from the output of sin\nf64[3] from the output of exp\nf64[3] from the output of cos\nf64[3] from the output of cos\n";
  CHECK(saved(f, x) == all);
  CHECK(saved(checkpoint(f), x) == "f64[3] from the argument arg0\n");
  CHECK(saved(remat(f), x) == saved(checkpoint(f), x));
  CHECK(with(cp::nothing_saveable) == "f64[3] from the argument arg0\n");
  CHECK(saved_residuals(checkpoint(f, {.policy = cp::everything_saveable}))(x).size() == 4);
  CHECK(with(cp::save_only_these_names("a")) == "f64[3] from the argument arg0\nf64[3] from the name a\n");
  CHECK(with(cp::save_only_these_names("a", "b")) == "f64[3] from the argument arg0\nf64[3] from the name a\nf64[3] from the name b\n");
  CHECK(with(cp::save_any_names_but_these("a")) == "f64[3] from the argument arg0\nf64[3] from the name b\n");
  CHECK(with(cp::save_only_these_names("unknown")) == "f64[3] from the argument arg0\n");
  CHECK(with(cp::dots_saveable) == "f64[3] from the argument arg0\n");
  CHECK(saved(checkpoint(jit(f), {.policy = cp::save_only_these_names("a")}), x) == with(cp::save_only_these_names("a")));
  CHECK(saved_residuals(checkpoint(f, {.policy = cp::save_anything_except_these_names("a")}))(x).size() == 4);
}

TEST_CASE("policies that keep matrix products") {
  const auto x = array({0.5, -1.0});
  const auto with = [&](const CheckpointPolicy& p) { return saved(checkpoint(two_products, {.policy = p}), x); };
  const std::string products = "f64[2,2] from a captured value\nf64[2] from the output of dot_general\nf64[2] from the output of dot_general\n";
  CHECK(with(cp::dots_saveable) == products);
  CHECK(with(cp::dots_with_no_batch_dims_saveable) == products);
  CHECK(with(cp::save_from_both_policies(cp::dots_saveable, cp::save_only_these_names("none"))) == products);
  CHECK(with(cp::nothing_saveable) == "f64[2,2] from a captured value\nf64[2] from the argument arg0\n");
  const auto batched = [](const Array& a) { return sum(sin(matmul(a, a))); };
  const auto cube = ones({2, 2, 2});
  CHECK(saved(checkpoint(batched, {.policy = cp::checkpoint_dots}), cube) ==
        "f64[2,2,2] from the argument arg0\nf64[2,2,2] from the output of dot_general\n");
  CHECK(saved(checkpoint(batched, {.policy = cp::checkpoint_dots_with_no_batch_dims}), cube) == "f64[2,2,2] from the argument arg0\n");
}

TEST_CASE("in the body of a scan, checkpoint keeps only what enters each trip") {
  const auto body = [](const Array& c, const Array& x) {
    const Array h = tanh(c * x);
    return std::pair(sin(exp(h) * h) + c, none);
  };
  const auto loop = [](auto step) { return [step](const Array& c, const Array& xs) { return scan(step, c, xs).first; }; };
  const auto c = array({0.1, 0.2}), xs = arange(5.0);
  std::int64_t kept = 0, all = 0;
  for (const auto& r : saved_residuals(loop(checkpoint(body)))(c, xs)) kept += r.aval.size();
  for (const auto& r : saved_residuals(loop(body))(c, xs)) all += r.aval.size();
  CHECK(kept == 5 * 2 + 5);
  CHECK(all > 3 * kept);
  const auto gradient = [&](auto f) { return grad([f, &xs](const Array& v) { return sum(f(v, xs)); })(c); };
  CHECK(numbers(gradient(loop(body))) == numbers(gradient(loop(checkpoint(body)))));
  CHECK(numbers(gradient(jit(loop(body)))) == numbers(gradient(jit(loop(checkpoint(body))))));
}

TEST_CASE("what is computed again is not merged with what was computed before") {
  const auto f = [](const Array& x) { return sum(sin(sin(sin(x)))); };
  int applications = 0;
  const auto text = text_of(make_jaxpr(grad(checkpoint(f)))(arange(3.0)));
  for (auto at = text.find(" = sin "); at != std::string::npos; at = text.find(" = sin ", at + 1)) ++applications;
  CHECK(applications == 5);  // three forward; two again, for the cosines
  CHECK(numbers(jit(grad(checkpoint(f)))(arange(3.0))) == numbers(grad(f)(arange(3.0))));
  CHECK(text.find("differentiated=True") != std::string::npos);
}

TEST_CASE("checkpoint prints as in jax, and passes what is no array") {
  CHECK(text_of(make_jaxpr(checkpoint([](const Array& x) { return sin(x); }, {.policy = cp::save_only_these_names("a", "b")}))(1.0)) ==
        "{ lambda ; a:f64[]. let\n"
        "    b:f64[] = checkpoint[\n"
        "      differentiated=False\n"
        "      jaxpr={ lambda ; a:f64[]. let b:f64[] = sin a in (b,) }\n"
        "      policy=save_only_these_names(a, b)\n"
        "      prevent_cse=True\n"
        "    ] a\n"
        "  in (b,) }");
  CHECK(text_of(make_jaxpr([](const Array& x) { return checkpoint_name(x, "a"); })(1.0)) ==
        "{ lambda ; a:f64[]. let b:f64[] = name[name=a] a in (b,) }");
  const auto power_of = [](const Array& x, int n) {
    Array y = x;
    for (int i = 1; i < n; ++i) y = y * sin(x);
    return y;
  };
  CHECK(grad(checkpoint(power_of, static_argnums<1>))(0.5, 3).item<double>() == grad(power_of)(0.5, 3).item<double>());
  CHECK(message<TypeError>([] { checkpoint([](const Array& x) { return x; })(Array()); }) ==
        "checkpoint: every argument must hold a value, got an empty handle (default-constructed or moved-from) in arg0; assign it first");
  const auto two = [](const Layer& l) { return Layer{sin(l.w), l.b * l.b}; };
  const auto [out, pullback] = vjp(checkpoint(two), Layer{array({1.0, 2.0}), 3.0});
  CHECK(pullback(Layer{{}, 1.0}).b.item<double>() == 6);
}

TEST_CASE("checkpoint sees captured arrays and traced values, differentiated ones too") {
  const auto f = [](const Array& w) { return checkpoint([w](const Array& x) { return sum(sin(x * w) * matrix); })(w * 2); };
  const auto g = [](const Array& w) { return sum(sin(w * 2 * w) * matrix); };
  CHECK(grad(f)(0.7).item<double>() == Approx(grad(g)(0.7).item<double>()));
  CHECK(grad(grad(f))(0.7).item<double>() == Approx(grad(grad(g))(0.7).item<double>()));
  CHECK(jit(grad(jit(f)))(0.7).item<double>() == Approx(grad(g)(0.7).item<double>()));
  CHECK(numbers(vmap(grad(f))(arange(3.0)))[2] == Approx(grad(g)(2.0).item<double>()));
}
