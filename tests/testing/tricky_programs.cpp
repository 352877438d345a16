// Loops, custom rules, dtypes, trees and arguments that are not differentiated.
#include "testing/tricky.hpp"

namespace fluxion::test {
namespace {

struct Layer {
  Array w, b;
  Static<int> repeats;
};

}  // namespace
}  // namespace fluxion::test
BOOST_HANA_ADAPT_STRUCT(fluxion::test::Layer, w, b, repeats);

namespace fluxion::test {
namespace {

using testing::CheckOptions;

Array lorenz(const Array& s) {
  const Array x = s[0], y = s[1], z = s[2];
  return stack({10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z});
}
Array runge_kutta(const Array& s, double h) {
  const Array a = lorenz(s), b = lorenz(s + 0.5 * h * a), c = lorenz(s + 0.5 * h * b), d = lorenz(s + h * c);
  return s + h / 6.0 * (a + 2.0 * b + 2.0 * c + d);
}

}  // namespace

void add_tricky_loops(std::vector<Tricky>& to) {
  to.push_back({"scan with outputs",
                [](const Arrays& x) {
                  const auto [c, ys] = scan(
                      [](const Array& c, const Array& v) {
                        const Array n = tanh(c + v);
                        return std::pair(n, n * v);
                      },
                      Array(0.0), x[0]);
                  return Arrays{c, ys};
                },
                drawn({{{6}, -1, 1}})});
  to.push_back({"a loop whose trips depend on data",
                [](const Arrays& x) {
                  return Arrays{while_loop([](const Array& c) { return sum(c * c) > 1.0; },
                                           [](const Array& c) { return 0.7 * c; }, x[0]) *
                                x[0]};
                },
                drawn({{{3}, 1, 20}})});
  to.push_back({"a loop of known length",
                [](const Arrays& x) {
                  return Arrays{fori_loop(
                      0, 5, [](const Array& i, const Array& c) { return sin(c) + 0.1 * c * i.astype(float64); }, x[0])};
                },
                drawn({{{3}, -2, 2}})});
  to.push_back({"cond in a scan",
                [](const Arrays& x) {
                  const auto step = [](const Array& c, const Array& v) {
                    const Array n = cond(
                        v > 0.0, [](const Array& a) { return a * a; }, [](const Array& a) { return 1.0 - a; },
                        c + 0.1 * v);
                    return std::pair(n, none);
                  };
                  return Arrays{scan(step, Array(0.5), x[0]).first};
                },
                drawn({{{6}, -1, 1}})});
}

void add_tricky_recurrences(std::vector<Tricky>& to) {
  to.push_back({"Newton's iteration to the end",
                [](const Arrays& x) {
                  const auto step = [&x](const Array&, const Array& y) { return 0.5 * (y + x[0] / y); };
                  return Arrays{fori_loop(0, 12, step, ones_like(x[0]))};
                },
                drawn({{{3}, 0.5, 9}})});
  to.push_back({"steps of a Runge-Kutta method",
                [](const Arrays& x) {
                  return Arrays{fori_loop(
                      0, 10, [](const Array&, const Array& s) { return runge_kutta(s, 0.02); }, x[0])};
                },
                drawn({{{3}, 1, 5}})});
  to.push_back({"a chaotic map",
                [](const Arrays& x) {
                  return Arrays{fori_loop(
                      0, 12, [](const Array&, const Array& s) { return 3.9 * s * (1.0 - s); }, x[0])};
                },
                drawn({{{3}, 0.1, 0.9}})});
  to.push_back({"products of prefixes",
                [](const Arrays& x) {
                  return Arrays{associative_scan([](const Array& a, const Array& b) { return a * b; }, x[0])};
                },
                drawn({{{7}, 0.5, 2}})});
  to.push_back({"a choice by an integer",
                [](const Arrays& x) {
                  const auto half = [](const Array& a) { return 0.5 * a; };
                  const auto wave = [](const Array& a) { return sin(a); };
                  const auto cube = [](const Array& a) { return a * a * a; };
                  return Arrays{switch_(x[1], std::tuple(half, wave, cube), x[0])};
                },
                drawn({{{3}}, {{}, 0, 3, int64}})});
}

void add_tricky_rules(std::vector<Tricky>& to) {
  to.push_back({"custom_jvp of log(1 + e^x)",
                [](const Arrays& x) {
                  const auto f = custom_jvp([](const Array& a) { return log1p(exp(a)); },
                                            [](const auto& p, const auto& t) {
                                              const auto& [a] = p;
                                              return std::pair(log1p(exp(a)), (1 - 1 / (1 + exp(a))) * std::get<0>(t));
                                            });
                  return Arrays{f(x[0])};
                },
                drawn({{{4}, -5, 5}})});
  to.push_back({"custom_vjp of a cube",
                [](const Arrays& x) {
                  const auto f = custom_vjp([](const Array& a) { return a * a * a; },
                                            [](const Array& a) { return std::pair(a * a * a, a); },
                                            [](const Array& a, const Array& ct) { return 3 * a * a * ct; });
                  return Arrays{f(x[0]) * x[0]};
                },
                drawn({{{4}, -2, 2}})});
  to.push_back({"a custom relu with slope 1 at 0",
                [](const Arrays& x) {
                  const auto f = custom_jvp([](const Array& a) { return maximum(a, 0.0); },
                                            [](const auto& p, const auto& t) {
                                              const auto& [a] = p;
                                              return std::pair(maximum(a, 0.0), where(a >= 0.0, std::get<0>(t), 0.0));
                                            });
                  return Arrays{f(x[0])};
                },
                corners({0.0}, 5, -1, 1)});
  to.push_back({"custom_vmap with its own sum",
                [](const Arrays& x) {
                  const auto f =
                      custom_vmap([](const Array& a) { return a * a; },
                                  [](std::int64_t, const auto&, const Array& a) { return std::pair(a * a, true); });
                  return Arrays{f(x[0])};
                },
                drawn({{{4}}})});
}

void add_tricky_transformations(std::vector<Tricky>& to) {
  to.push_back({"a checkpointed layer",
                [](const Arrays& x) {
                  const auto f = checkpoint([](const Array& a) { return sin(exp(cos(a))); });
                  return Arrays{f(f(x[0]))};
                },
                drawn({{{4}}})});
  to.push_back({"a jitted function inside",
                [](const Arrays& x) {
                  static const auto f = jit([](const Array& a, const Array& b) { return a * sin(b); });
                  return Arrays{f(x[0], f(x[1], x[0]))};
                },
                drawn({{{4}}, {{4}}})});
  to.push_back(
      {"a derivative inside",
       [](const Arrays& x) { return Arrays{grad([](const Array& a) { return sum(sin(a) * a); })(x[0]) * x[0]}; },
       drawn({{{4}}})});
  to.push_back({"vmap inside",
                [](const Arrays& x) {
                  return Arrays{vmap([](const Array& row, const Array& w) { return sum(row * w); },
                                     {.in_axes = {0, none}})(x[0], x[1])};
                },
                drawn({{{3, 2}}, {{2}}})});
  to.push_back({"random numbers inside",
                [](const Arrays& x) { return Arrays{random::normal(x[1], {4}) * x[0] * x[0]}; },
                [](const Array& key) -> Arrays {
                  return {random::uniform(key, {4}), random::key(3)};
                }});
  to.push_back({"reparametrised samples",
                [](const Arrays& x) { return Arrays{x[0] + exp(x[1]) * random::normal(random::key(1), {5})}; },
                drawn({{{}}, {{}}})});
}

void add_tricky_dtypes(std::vector<Tricky>& to) {
  const auto f32 = [](Shape s, double low, double high) { return drawn({{std::move(s), low, high, float32}}); };
  to.push_back({"float32: a chain", [](const Arrays& x) { return Arrays{tanh(exp(sin(x[0])) / (1.0 + x[0] * x[0]))}; },
                f32({5}, -2, 2)});
  to.push_back({"float32: log sum exp", [](const Arrays& x) { return Arrays{logsumexp(x[0])}; }, f32({6}, -10, 10)});
  to.push_back({"float32: variance of data with a large mean",
                [](const Arrays& x) { return Arrays{var(1000.0F + x[0])}; }, f32({8}, -1, 1)});
  to.push_back({"float32: solution of a system",
                [](const Arrays& x) { return Arrays{linalg::solve(x[0] + 2.0F * eye(4, {}, 0, float32), x[0][0])}; },
                f32({4, 4}, -1, 1)});
  to.push_back({"float32: a recurrence",
                [](const Arrays& x) {
                  return Arrays{fori_loop(
                      0, 8, [](const Array&, const Array& s) { return sin(2.0F * s) + 0.1F * s; }, x[0])};
                },
                f32({3}, -1, 1)});
  to.push_back({"float32: softmax cross entropy",
                [](const Arrays& x) { return Arrays{-nn::log_softmax(x[0])[2] + sum(x[0] * x[0])}; }, f32({5}, -4, 4)});
  to.push_back({"float32: abs, max and relu at kinks",
                [](const Arrays& x) { return Arrays{abs(x[0]) + nn::relu(x[0]) * x[0]}; },
                [](const Array& key) -> Arrays { return {corners({0.0}, 5, -1, 1)(key)[0].astype(float32)}; }});
  to.push_back(
      {"float32: a large number added", [](const Arrays& x) { return Arrays{(x[0] + 1e4F) - 1e4F}; }, f32({4}, 0, 1)});
  to.push_back({"float32 inside float64",
                [](const Arrays& x) { return Arrays{sin(x[0].astype(float32)).astype(float64) * x[0]}; },
                drawn({{{4}}})});
  to.push_back({"float32 and float64 arguments", [](const Arrays& x) { return Arrays{x[0] * exp(x[1])}; },
                drawn({{{3}, 0.5, 2, float32}, {{3}}})});
  to.push_back({"bfloat16: a polynomial", [](const Arrays& x) { return Arrays{x[0] * x[0] + 0.5 * x[0]}; },
                drawn({{{4}, 0.5, 2, bfloat16}})});
  to.push_back(
      {"float16: softmax", [](const Arrays& x) { return Arrays{nn::softmax(x[0])}; }, drawn({{{4}, -2, 2, float16}})});
  const auto c128 = drawn({{{3}, -1.5, 1.5, complex128}});
  to.push_back(
      {"complex: a polynomial", [](const Arrays& z) { return Arrays{z[0] * z[0] * z[0] - 2.0 * z[0]}; }, c128});
  to.push_back({"complex: exponential and logarithm",
                [](const Arrays& z) { return Arrays{exp(z[0]) * log(z[0] + 3.0)}; }, c128});
  to.push_back({"complex: modulus and parts",
                [](const Arrays& z) {
                  return Arrays{abs(z[0]), real(z[0]) * imag(z[0])};
                },
                c128});
  to.push_back({"complex: real to complex to real",
                [](const Arrays& x) {
                  const Array z = exp(std::complex<double>(0, 1) * x[0]);
                  return Arrays{real(z * conj(z) + z)};
                },
                drawn({{{4}}})});
  to.push_back({"complex64: a product", [](const Arrays& z) { return Arrays{z[0] * conj(z[0]) * z[0]}; },
                drawn({{{3}, -1, 1, complex64}})});
}

void add_tricky_trees(std::vector<Tricky>& to) {
  to.push_back({"rows picked by integers, some twice",
                [](const Arrays& x) {
                  return Arrays{x[0][x[1]] * 2.0, x[0][x[1]] * x[0][x[1]]};
                },
                drawn({{{4, 2}}, {{5}, 0, 4, int64}})});
  to.push_back({"elements added at integers, some twice",
                [](const Arrays& x) { return Arrays{square(zeros({4}).at(x[1]).add(x[0]))}; },
                drawn({{{6}}, {{6}, 0, 4, int64}})});
  to.push_back({"an integer and a float multiplied",
                [](const Arrays& x) {
                  return Arrays{x[0] * x[1], x[1] + 1};
                },
                drawn({{{3}}, {{3}, 1, 9, int32}})});
  to.push_back({"stop_gradient", [](const Arrays& x) { return Arrays{x[0] * stop_gradient(sin(x[0]))}; },
                drawn({{{3}}}), "the derivative is not the function's, on purpose"});
  to.push_back({"an empty array among others",
                [](const Arrays& x) {
                  return Arrays{sum(x[0]) + x[1] * x[1], x[0]};
                },
                drawn({{{0}}, {{3}}})});
  to.push_back({"an argument without use", [](const Arrays& x) { return Arrays{sin(x[0])}; }, drawn({{{3}}, {{2}}})});
  to.push_back({"a constant function", [](const Arrays&) { return Arrays{Array(2.5)}; }, drawn({{{3}}})});
  to.push_back({"an argument returned as it is",
                [](const Arrays& x) {
                  return Arrays{x[0], x[0], x[1]};
                },
                drawn({{{3}}, {{}}})});
  to.push_back({"arrays of size one", [](const Arrays& x) { return Arrays{x[0] * x[1] + var(x[0])}; },
                drawn({{{1}}, {{1, 1}}})});
  to.push_back(
      {"fifty elements", [](const Arrays& x) { return Arrays{logsumexp(sin(x[0]) * 3.0)}; }, drawn({{{50}, -3, 3}})});
  const auto net = [](const Layer& layer, const Array& v) {
    Array y = v;
    for (int i = 0; i < layer.repeats.value; ++i) y = tanh(matmul(layer.w, y) + layer.b);
    return y;
  };
  Tricky tree{"a struct with a static member",
              [net](const Arrays& x) {
                return Arrays{net({x[0], x[1], 2}, x[2])};
              },
              drawn({{{3, 3}, -1, 1}, {{3}, -1, 1}, {{3}, -1, 1}})};
  tree.check = [net](const Arrays& x, const CheckOptions& options) {
    return testing::report_all(net, std::tuple(Layer{x[0], x[1], 2}, x[2]), options);
  };
  to.push_back(std::move(tree));
}

}  // namespace fluxion::test
