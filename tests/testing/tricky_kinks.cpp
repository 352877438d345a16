// Kinks, ties, steps and guards.
#include "testing/tricky.hpp"

namespace fluxion::test {
namespace {

/// A sum in which every element has a weight of its own, so that none hides another.
Array weighted(const Array& y) {
  return sum(y * (1.0 + 0.1 * arange(static_cast<double>(y.size())).reshape(y.shape())));
}

void add_elementwise_kinks(std::vector<Tricky>& to) {
  to.push_back({"abs at 0", [](const Arrays& x) { return Arrays{weighted(abs(x[0]) * x[0] + abs(x[0]))}; },
                corners({0.0}, 5, -1, 1)});
  to.push_back({"relu at 0", [](const Arrays& x) { return Arrays{nn::relu(x[0]) * 2.0}; }, corners({0.0}, 5, -1, 1)});
  to.push_back(
      {"leaky relu at 0", [](const Arrays& x) { return Arrays{nn::leaky_relu(x[0])}; }, corners({0.0}, 5, -1, 1)});
  to.push_back({"elu at 0", [](const Arrays& x) { return Arrays{nn::elu(x[0])}; }, corners({0.0}, 5, -1, 1)});
  to.push_back({"clip at its bounds", [](const Arrays& x) { return Arrays{clip(x[0], -1.0, 1.0)}; },
                corners({-1.0, 1.0}, 5, -2, 2)});
  to.push_back({"hard tanh at 1", [](const Arrays& x) { return Arrays{nn::hard_tanh(x[0]) * x[0]}; },
                corners({-1.0, 1.0}, 5, -2, 2)});
  to.push_back({"Huber's loss where its branches meet",
                [](const Arrays& x) {
                  const Array a = abs(x[0]);
                  return Arrays{where(a < 1.0, 0.5 * x[0] * x[0], a - 0.5)};
                },
                corners({1.0, -1.0}, 5, -2, 2)});
  to.push_back({"floor and a remainder at whole numbers",
                [](const Arrays& x) { return Arrays{x[0] * floor(x[0]) + fmod(x[0], 1.5)}; },
                corners({1.0, 3.0}, 6, 0.1, 5)});
  to.push_back(
      {"sign of zero", [](const Arrays& x) { return Arrays{sign(x[0]) * x[0] * x[0]}; }, corners({0.0}, 5, -1, 1)});
  to.push_back({"cube root at 0", [](const Arrays& x) { return Arrays{cbrt(x[0])}; }, corners({0.0}, 5, 0.5, 1),
                "one slope is infinite, and whatever it is summed with"});
  to.push_back({"square root at 0", [](const Arrays& x) { return Arrays{sqrt(x[0])}; }, corners({0.0}, 5, 0.5, 1),
                "one slope is infinite, and whatever it is summed with"});
  to.push_back({"x |x|, whose second derivative jumps", [](const Arrays& x) { return Arrays{x[0] * abs(x[0])}; },
                corners({0.0}, 5, -1, 1)});
}

void add_ties(std::vector<Tricky>& to) {
  const auto pairs = [](const Array& key) -> Arrays {
    const auto keys = random::split(key);
    const Array a = random::uniform(keys[0], {5}), b = random::uniform(keys[1], {5});
    return {a, where(array({true, false, false, false, false}), a, b)};
  };
  to.push_back({"maximum at a tie", [](const Arrays& x) { return Arrays{maximum(x[0], x[1]) * x[0]}; }, pairs});
  to.push_back({"minimum at a tie", [](const Arrays& x) { return Arrays{minimum(x[0], x[1]) + x[1]}; }, pairs});
  const auto tied = corners({0.5, 0.5, 0.25}, 3, 0, 0.4);
  to.push_back(
      {"max of a vector at a tie", [](const Arrays& x) { return Arrays{max(x[0]) + sum(x[0] * x[0])}; }, tied});
  to.push_back({"sort at a tie", [](const Arrays& x) { return Arrays{sort(x[0]) * arange(6.0)}; }, tied});
  to.push_back({"median", [](const Arrays& x) { return Arrays{median(x[0]) * 2.0}; }, drawn({{{6}}})});
  to.push_back(
      {"median at a tie", [](const Arrays& x) { return Arrays{median(x[0]) + x[0]}; }, corners({0.5, 0.5}, 4, 0, 1)});
  to.push_back(
      {"a quantile between two elements", [](const Arrays& x) { return Arrays{quantile(x[0], 0.3)}; }, drawn({{{7}}})});
  to.push_back({"spread of a vector", [](const Arrays& x) { return Arrays{ptp(x[0]) * ptp(x[0])}; }, drawn({{{7}}})});
  to.push_back(
      {"the element at argmax", [](const Arrays& x) { return Arrays{x[0][argmax(x[0])] * x[0]}; }, drawn({{{5}}})});
  to.push_back({"interpolation at a knot",
                [](const Arrays& x) {
                  return Arrays{interp(x[0], array({0.0, 1.0, 2.0}), array({1.0, 3.0, 2.0}))};
                },
                corners({1.0}, 5, 0, 2)});
}

}  // namespace

void add_tricky_kinks(std::vector<Tricky>& to) {
  add_elementwise_kinks(to);
  add_ties(to);
}

void add_tricky_guards(std::vector<Tricky>& to) {
  to.push_back({"where guards twice",
                [](const Arrays& x) {
                  const Array inside = x[0] > 0.0;
                  return Arrays{where(inside, log(where(inside, x[0], 1.0)), 0.0)};
                },
                corners({-1.0}, 5, -1, 1)});
  to.push_back({"where guards once", [](const Arrays& x) { return Arrays{where(x[0] > 0.0, sqrt(x[0]), 0.0)}; },
                corners({-1.0}, 5, -1, 1)});
  to.push_back({"x log x at 0", [](const Arrays& x) { return Arrays{scipy::special::xlogy(x[0], x[0] + 0.5)}; },
                corners({0.0}, 5, 0.1, 1)});
  to.push_back({"sinc at 0", [](const Arrays& x) { return Arrays{sinc(x[0])}; }, corners({0.0}, 5, -2, 2)});
  to.push_back({"softmax with masked logits",
                [](const Arrays& x) {
                  return Arrays{nn::softmax(where(array({true, true, false, true}), x[0], -inf))};
                },
                drawn({{{4}, -2, 2}})});
  to.push_back({"log sum exp with a logit of minus infinity",
                [](const Arrays& x) {
                  return Arrays{logsumexp(concatenate({x[0], array({-inf})}))};
                },
                drawn({{{4}, -2, 2}})});
  to.push_back({"log add exp of equal numbers", [](const Arrays& x) { return Arrays{logaddexp(x[0], x[0] * x[0])}; },
                corners({1.0, 0.0}, 4, -3, 3)});
  to.push_back({"distance guarded at 0",
                [](const Arrays& x) {
                  const Array d2 = sum(x[0] * x[0], 1);
                  return Arrays{where(d2 > 0.0, sqrt(where(d2 > 0.0, d2, 1.0)), 0.0)};
                },
                [](const Array& key) -> Arrays {
                  return {concatenate({zeros({1, 3}), random::normal(key, {4, 3})})};
                }});
  to.push_back({"atan2 near its branch cut", [](const Arrays& x) { return Arrays{arctan2(x[0], x[1])}; },
                [](const Array& key) -> Arrays {
                  return {1e-6 * random::normal(key, {4}), full({4}, -1.0)};
                }});
  to.push_back({"negative base to whole powers",
                [](const Arrays& x) { return Arrays{power(x[0], 3.0) + power(x[0], 2) + lax::integer_pow(x[0], -3)}; },
                drawn({{{5}, -2, -0.5}})});
  to.push_back({"0 to positive powers", [](const Arrays& x) { return Arrays{power(x[0], 2.0) + power(x[0], 3)}; },
                corners({0.0}, 4, -1, 1)});
  to.push_back({"product with a zero", [](const Arrays& x) { return Arrays{prod(x[0]) + cumprod(x[0])}; },
                corners({0.0}, 4, 0.5, 2)});
  to.push_back({"product with two zeros", [](const Arrays& x) { return Arrays{prod(x[0]) + x[0]}; },
                corners({0.0, 0.0}, 4, 0.5, 2)});
}

}  // namespace fluxion::test
