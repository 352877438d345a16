#include <catch2/catch.hpp>

#include <bit>
#include <cmath>
#include <sstream>

#include <fluxion/fluxion.hpp>

#include "compiler/passes/passes.hpp"

namespace fluxion::compiler {
namespace {

using ir::Op;

ir::ValueId padded(ir::Builder& b, ir::ValueId x, std::int64_t n, std::int64_t at, std::int64_t stride = 1) {
  return b.assemble({n}, b.constant(float64, 0.0), std::span(&x, 1), {{{at}, {stride}}}, false);
}
template <class A> std::vector<const ir::Instr*> all(const ir::Program& p) {
  std::vector<const ir::Instr*> out;
  for (const auto& i : p.instrs)
    if (std::holds_alternative<A>(i.action)) out.push_back(&i);
  return out;
}

/// All NaNs are one value.
std::vector<std::uint64_t> bits(const Array& x) {
  std::vector<std::uint64_t> out;
  for (const double v : ravel(x).to_vector<double>()) out.push_back(v == v ? std::bit_cast<std::uint64_t>(v) : ~std::uint64_t{0});
  return out;
}

/// Eager evaluation has no sums of pads to join.
template <class F, class... A>
void check_bits(const F& f, const A&... args) {
  CHECK(bits(jit(f)(args...)) == bits(f(args...)));
}

}  // namespace

TEST_CASE("a sum of pads is one assembly of their pieces, which covers if they leave nothing out") {
  ir::Builder b;
  const auto x = b.input({float64, {2}}), y = b.input({float64, {3}}), z = b.input({float64, {1}});
  const auto two = b.map(Op::add, {padded(b, x, 6, 0), padded(b, y, 6, 2)});
  const auto three = b.map(Op::add, {b.map(Op::add, {padded(b, x, 6, 3), padded(b, y, 6, 0)}), padded(b, z, 6, 5)});
  const auto p = optimised(b.finish({two, three}));
  const auto found = all<ir::Assemble>(p);
  REQUIRE(found.size() == 2);
  CHECK(found[0]->in.size() == 3);
  CHECK(!std::get<ir::Assemble>(found[0]->action).covers);
  CHECK(found[1]->in.size() == 4);
  CHECK(std::get<ir::Assemble>(found[1]->action).covers);
  for (const auto* i : all<ir::Map>(p)) CHECK(element_count(p.types[i->out[0]].shape) <= 3);  // none of whole arrays
}

TEST_CASE("pads at one place are added before they are placed; pads of pads are placed once") {
  ir::Builder b;
  const auto x = b.input({float64, {2}}), y = b.input({float64, {2}});
  SECTION("one place") {
    const auto p = optimised(b.finish({b.map(Op::add, {padded(b, x, 6, 1), padded(b, y, 6, 1)})}));
    CHECK(all<ir::Assemble>(p).size() == 1);
    REQUIRE(all<ir::Map>(p).size() == 1);  // and no zeros are met
    CHECK(all<ir::Map>(p)[0]->in == ir::Values{x, y});
  }
  SECTION("nested, with strides and extents of 1 between") {
    const auto inner = b.map(Op::add, {padded(b, x, 5, 0, 2), padded(b, y, 5, 1, 2)});
    const auto outer = b.reshape(padded(b, b.reshape(b.reshape(inner, {1, 5}), {5}), 20, 3, 3), {1, 20});
    const auto p = optimised(b.finish({outer}));
    REQUIRE(all<ir::Assemble>(p).size() == 1);
    const auto& pieces = std::get<ir::Assemble>(all<ir::Assemble>(p)[0]->action).pieces;
    REQUIRE(pieces.size() == 2);
    CHECK(pieces[0].start == Dims{0, 3});
    CHECK(pieces[0].stride == Dims{1, 6});
    CHECK(pieces[1].start == Dims{0, 6});
  }
}

TEST_CASE("pads that overlap in part, that are used elsewhere or whose filling is not zero stay as they are") {
  ir::Builder b;
  const auto x = b.input({float64, {2}}), y = b.input({float64, {2}});
  const auto a = padded(b, x, 6, 1), c = padded(b, y, 6, 2);
  SECTION("overlap") { CHECK(all<ir::Assemble>(optimised(b.finish({b.map(Op::add, {a, c})}))).size() == 2); }
  SECTION("pads added to an array one after the other are added together") {
    const auto w = b.input({float64, {6}});
    const auto one = b.map(Op::add, {b.map(Op::add, {w, padded(b, x, 6, 0)}), padded(b, y, 6, 2)});
    const auto p = optimised(b.finish({b.map(Op::add, {one, padded(b, x, 6, 4)})}));
    CHECK(all<ir::Assemble>(p).size() == 1);
    CHECK(all<ir::Map>(p).size() == 2);  // one addition, and that of zero
  }
  SECTION("used twice") {
    const auto d = padded(b, y, 6, 4);
    CHECK(all<ir::Assemble>(optimised(b.finish({b.map(Op::add, {a, d}), a}))).size() == 2);
  }
  SECTION("ones") {
    const auto ones = b.assemble({6}, b.constant(float64, 1.0), std::span(&y, 1), {{{4}, {1}}}, false);
    CHECK(all<ir::Assemble>(optimised(b.finish({b.map(Op::add, {a, ones})}))).size() == 2);
  }
}

TEST_CASE("sums of pads have the bits of the additions, -0 and NaN included") {
  const double nan = std::nan("");
  const Array x = array({-0.0, 1.5, -0.0, nan, -1e308}), y = array({-0.0, -1.5, 3.0, -0.0, 2.0});
  const auto placed = [](const Array& v, std::int64_t at, std::int64_t n) {
    return lax::pad(v, 0.0, {{at, n - at - 5, 0}});
  };
  check_bits([&](const Array& a, const Array& b) { return placed(a, 0, 10) + placed(b, 5, 10); }, x, y);
  check_bits([&](const Array& a, const Array& b) { return placed(a, 1, 9) + placed(b, 1, 9); }, x, y);
  check_bits([&](const Array& a, const Array& b) { return (placed(a, 1, 9) + placed(b, 1, 9)) + 0.0; }, x, y);
  check_bits([&](const Array& a, const Array& b) {
    return (placed(a, 0, 12) + placed(b, 7, 12)) + (placed(b, 0, 12) + placed(-a, 7, 12));
  }, x, y);
  check_bits([&](const Array& a, const Array& b) { return placed(a, 0, 12) + placed(b, 3, 12); }, x, y);
  const auto of_elements = [](const Array& v) { return sum(v[0] * v[1] + v[3] / v[2]) + v[1]; };
  check_bits([&](const Array& a) { return grad(of_elements)(a); }, y);
  const auto whole = array({-0.0, 1.0, -0.0, nan, -2.0, 0.0, -0.0, 3.0, -0.0, -0.0, 1e308, -0.0});
  check_bits([&](const Array& a, const Array& w) { return w + placed(a, 3, 12); }, x, whole);
  check_bits([&](const Array& a, const Array& w) { return (w + placed(a, 0, 12)) + placed(-a, 5, 12); }, x, whole);
  check_bits([&](const Array& a, const Array& w) { return (placed(a, 0, 12) + w) + placed(-a, 2, 12); }, x, whole);
  check_bits([&](const Array& a, const Array& w) {
    return placed(a, 6, 12) + ((w + placed(a, 0, 12)) + (placed(-a, 0, 12) + placed(a, 7, 12)));
  }, x, whole);
  check_bits([&](const Array& a) {
    return (placed(a, 2, 12) + placed(-a, 4, 12)) + placed(a, 0, 12) + placed(a, 7, 12);
  }, x);
  const auto nested = [](const Array& v) {
    Array total = 0.0;
    for (int i = 0; i < 4; ++i)
      for (int j = 0; j < 3; ++j) total = total + sin(v[i][j]) * v[3 - i][j];
    return total;
  };
  check_bits([&](const Array& a) { return grad(nested)(a); }, reshape(arange(12).astype(float64), {4, 3}));
}

TEST_CASE("a reduction over extents of 1 is a reshape, and a sum makes -0 zero") {
  const Array x = array({{-0.0, 1.0, std::nan("")}});
  check_bits([](const Array& v) { return sum(v, 0); }, x);
  check_bits([](const Array& v) { return max(v, 0); }, x);
  check_bits([](const Array& v) { return prod(v, 0); }, x);
  check_bits([](const Array& v) { return sum(v * 1.0, 0) / 2.0; }, x);
  CHECK(!std::signbit(jit([](const Array& v) { return sum(v, 0); })(x).to_vector<double>()[0]));
  ir::Builder b;
  const auto v = b.input({float64, {1, 3}}), w = b.input({int64, {3, 1}});
  const auto p = optimised(b.finish({b.reduce(ir::ReduceOp::sum, v, {0}), b.reduce(ir::ReduceOp::sum, w, {1})}));
  CHECK(all<ir::Reduce>(p).empty());
}

TEST_CASE("ten thousand slices are joined in time that grows with their number") {
  const auto instrs = [](std::int64_t n) {
    ir::Builder b;
    const auto x = b.input({float64, {1}});
    auto sum = padded(b, x, n, 0);
    for (std::int64_t i = 1; i < n; ++i) sum = b.map(Op::add, {sum, padded(b, x, n, i)});
    const auto p = with_joined_pads(b.finish({sum}));
    return std::pair(p.instrs.size(), all<ir::Assemble>(p).size());
  };
  CHECK(instrs(100).second == 1);
  CHECK(instrs(10'000).second == 1);
  CHECK(instrs(10'000).first == 10'001);
}

}  // namespace fluxion::compiler
