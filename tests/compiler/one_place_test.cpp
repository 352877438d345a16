// Loops whose carry stays in one place, and results written over what is read for the last time: what that saves, and
// that programs which read elsewhere than they write are not treated so. Views of more elements than a frame holds.
#include <catch2/catch.hpp>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <fluxion/fluxion.hpp>

namespace fluxion::test {
namespace {

using Body = std::function<std::vector<Array>(const std::vector<Array>&)>;

constexpr std::int64_t n = 5000, bytes = 8 * n;

std::int64_t temporary(const auto& compiled) { return compiled.memory_analysis().temp_size_in_bytes; }

bool same_bits(const std::vector<Array>& a, const std::vector<Array>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t k = 0; k < a.size(); ++k)
    if (a[k].to_vector<double>() != b[k].to_vector<double>()) return false;
  return true;
}

struct Looped {
  std::string name;
  Body body;
  std::size_t carries;
  bool one_place = false;  // nothing is needed beside the results
};

std::vector<Looped> looped() {
  using V = std::vector<Array>;
  return {
      {"each element of itself", [](const V& c) { return V{c[0] * 1.5 + 1.0}; }, 1, true},
      {"each element of itself, twice", [](const V& c) { return V{sin(c[0]) * c[0] + cos(c[0])}; }, 1, true},
      {"two of their own", [](const V& c) { return V{c[0] + 1.0, tanh(c[1])}; }, 2, true},
      {"one of both", [](const V& c) { return V{c[0] + c[1], c[1] * 0.5}; }, 2},
      {"exchanged", [](const V& c) { return V{c[1], c[0] + 1.0}; }, 2},
      {"Fibonacci's", [](const V& c) { return V{c[1], c[0] * 0.5 + c[1]}; }, 2},
      {"both of both", [](const V& c) { return V{c[0] - c[1], c[0] * 0.5 + c[1]}; }, 2},
      {"from behind", [](const V& c) { return V{flip(c[0], 0) * 0.5 + 1.0}; }, 1},
      {"of neighbours", [](const V& c) { return V{roll(c[0], 1) * 0.5 + c[0]}; }, 1},
      {"of its mean", [](const V& c) { return V{c[0] - mean(c[0])}; }, 1},
      {"of its prefix sums", [](const V& c) { return V{cumsum(c[0], 0) * 0.001}; }, 1},
      {"of its first element", [](const V& c) { return V{c[0] + c[0][0]}; }, 1},
      {"of its last element", [](const V& c) { return V{c[0] + c[0][n - 1]}; }, 1},
      {"of its rows' sums", [](const V& c) {
         const auto m = c[0].reshape({50, n / 50});
         return V{(m - sum(m, 1, true) * 0.01).reshape({n})};
       }, 1},
      {"of its columns' sums", [](const V& c) {
         const auto m = c[0].reshape({50, n / 50});
         return V{(m - sum(m, 0) * 0.01).reshape({n})};
       }, 1},
      {"of its transpose", [](const V& c) {
         return V{c[0].reshape({50, n / 50}).T().reshape({n}) * 0.5 + 1.0};
       }, 1},
      {"with a loop inside", [](const V& c) {
         return V{fori_loop(0, 3, [](const Array&, const Array& x) { return x * 0.5 + 1.0; }, c[0]) - c[0]};
       }, 1},
      {"put to in place", [](const V& c) { return V{c[0].at(0).set(c[0][n - 1] * 0.5)}; }, 1},
  };
}

std::vector<Array> start(std::size_t carries) {
  std::vector<Array> all;
  for (std::size_t k = 0; k < carries; ++k) all.push_back(random::uniform(random::key(k), {n}, float64));
  return all;
}

std::vector<Array> eagerly(const Body& f, std::vector<Array> x, int rounds) {
  for (int i = 0; i < rounds; ++i) x = f(x);
  return x;
}

using Carry = std::vector<Array>;

}  // namespace

TEST_CASE("a loop's carry is what rounds of the body give, in one place or two") {
  for (const auto& l : looped()) {
    const auto x = start(l.carries);
    for (const int rounds : {1, 2, 3, 8}) {
      INFO(l.name << ", " << rounds << " rounds");
      const auto want = eagerly(l.body, x, rounds);
      const auto counted = jit([&](const Carry& v) {
        return fori_loop(0, rounds, [&](const Array&, const Carry& c) { return l.body(c); }, v);
      });
      CHECK(same_bits(counted(x), want));
      CHECK(same_bits(x, start(l.carries)));  // an argument is never written
      const auto conditional = jit([&](const Carry& v, const Array& end) {
        const auto goes_on = [&](const std::pair<Array, Carry>& s) { return s.first < end; };
        const auto next = [&](const std::pair<Array, Carry>& s) { return std::pair(s.first + 1, l.body(s.second)); };
        return while_loop(goes_on, next, std::pair(Array(0), v)).second;
      });
      CHECK(same_bits(conditional(x, rounds), want));
      CHECK(same_bits(conditional(x, 0), x));
    }
  }
}

TEST_CASE("what a scan keeps of each round is not what the next round leaves") {
  const auto x = start(1)[0];
  const auto kept = jit([](const Array& v) {
    return scan([](const Array& c, const Array& a) { return std::pair(c * a + 1.0, c); }, v, array({0.5, 2.0, -1.0}));
  });
  const auto [last, all] = kept(x);
  Array c = x;
  for (int i = 0; i < 3; ++i) {
    CHECK(all[i].to_vector<double>() == c.to_vector<double>());
    c = c * array({0.5, 2.0, -1.0})[i] + 1.0;
  }
  CHECK(last.to_vector<double>() == c.to_vector<double>());
}

TEST_CASE("a carry that is computed element by element needs no second place") {
  for (const auto& l : looped()) {
    if (!l.one_place) continue;
    INFO(l.name);
    const auto f = jit([&](const Carry& v) {
      return fori_loop(0, 10, [&](const Array&, const Carry& c) { return l.body(c); }, v);
    });
    CHECK(temporary(f.trace(start(l.carries)).lower().compile()) < bytes);
  }
}

TEST_CASE("a result is written over what is read for the last time") {
  const Array w = random::normal(random::key(1), {100, 100}), x = random::normal(random::key(2), {100, 100});
  const auto chain = [](const Array& a, const Array& b) {
    Array h = a;
    for (int i = 0; i < 4; ++i) h = tanh(dot(h, b) + 1.0);
    return sum(h);
  };
  const auto compiled = jit(chain).trace(x, w).lower().compile();
  CHECK(temporary(compiled) < 3 * 80000);  // a product and what it is computed from
  CHECK(compiled(x, w).item<double>() == chain(x, w).item<double>());
}

TEST_CASE("a view of many elements between small arrays") {
  const auto f = [](const Array& x) {
    const Array many = broadcast_to(x * 0.5, {36, 36}).reshape({1296});
    return lax::slice(many, {0}, {1296}, {259}).reshape({2, 3}) * 3.0 + 1.0;
  };
  const Array x = random::uniform(random::key(4), {36}, float64);
  CHECK(jit(f)(x).to_vector<double>() == f(x).to_vector<double>());
}

}  // namespace fluxion::test
