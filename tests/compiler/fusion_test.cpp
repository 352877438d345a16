#include <catch2/catch.hpp>

#include "compiler/fusion.hpp"
#include "compiler/passes/passes.hpp"
#include "compiler/planner.hpp"

namespace fluxion::compiler {
namespace {

using ir::Op;

std::vector<Dims> row_major_inputs(const ir::Program& p) {
  std::vector<Dims> strides;
  for (const auto v : p.inputs) strides.push_back(row_major(p.types[v].shape));
  return strides;
}
Fusion fusion_of(const ir::Program& p) { return fused(p, Origins(p), row_major_inputs(p)); }

}  // namespace

TEST_CASE("connected elementwise instructions are one loop") {
  ir::Builder b;
  const auto x = b.input({float64, {8}}), y = b.input({float64, {8}});
  const auto s = b.map(Op::sin, {x});
  const auto p = b.finish({b.map(Op::add, {s, b.map(Op::mul, {s, y})})});
  const auto f = fusion_of(p);
  REQUIRE(f.units.size() == 1);
  CHECK(f.units[0].members.size() == 3);
  CHECK(f.stored[s] == 0);
}

TEST_CASE("a loop never needs what depends on it") {
  ir::Builder b;
  const auto x = b.input({float64, {2, 2}});
  const auto e = b.map(Op::exp, {x});
  const auto p = b.finish({b.map(Op::add, {e, b.transpose(b.map(Op::sin, {b.transpose(e, {1, 0})}), {1, 0})})});
  const auto f = fusion_of(p);
  REQUIRE(f.units.size() == 3);
  CHECK(f.stored[e] == 1);
}

TEST_CASE("softmax is a maximum and two loops") {
  ir::Builder b;
  const Shape s{10, 50};
  const auto x = b.input({float64, s});
  const auto m = b.reduce(ir::ReduceOp::max, x, {1});
  const auto e = b.map(Op::exp, {b.map(Op::sub, {x, b.broadcast(m, s, {0})})});
  const auto sum = b.reduce(ir::ReduceOp::sum, e, {1});
  const auto p = b.finish({b.map(Op::div, {e, b.broadcast(sum, s, {0})})});
  const auto f = fusion_of(p);
  REQUIRE(f.units.size() == 3);
  CHECK(f.units[1].members.size() == 2);
  CHECK(f.units[1].reductions.size() == 1);
}

TEST_CASE("cheap results wanted only after a barrier are computed there") {
  ir::Builder b;
  const Shape s{10, 50};
  const auto x = b.input({float64, s});
  const auto twice = b.map(Op::add, {x, x});
  const auto sum = b.reduce(ir::ReduceOp::sum, x, {1});
  const auto p = b.finish({b.map(Op::div, {twice, b.broadcast(sum, s, {0})})});
  CHECK(fusion_of(p).units.size() == 2);
  CHECK(fusion_of(p).stored[twice] == 0);
}

TEST_CASE("reductions across rows of stored memory are not fused, those along rows are") {
  for (const std::int64_t axis : {0, 1}) {
    ir::Builder b;
    const auto e = b.map(Op::exp, {b.input({float64, {40, 50}})});
    const auto p = b.finish({b.reduce(ir::ReduceOp::sum, e, {axis})});
    CHECK(fusion_of(p).units.size() == (axis == 0 ? 2 : 1));
  }
}

TEST_CASE("a reshape between elementwise instructions costs nothing") {
  ir::Builder b;
  const auto e = b.map(Op::exp, {b.input({float64, {4, 6}})});
  const auto p = b.finish({b.map(Op::neg, {b.reshape(e, {24})})});
  CHECK(fusion_of(p).units.size() == 1);
}

TEST_CASE("the arena reuses what is dead") {
  std::vector<Storage> s;
  for (std::uint32_t k = 0; k < 10; ++k) s.push_back({Storage::Kind::arena, 1000, 0, k, k + 1});
  CHECK(place_in_arena(s) == 2 * 1024);
  s.push_back({Storage::Kind::arena, 64, 0, 0, 20});
  CHECK(place_in_arena(s) == 2 * 1024 + 64);
}

TEST_CASE("what has no bytes does not move what has") {
  constexpr auto arena = Storage::Kind::arena;
  std::vector<Storage> s{{arena, 100, 0, 0, 9}, {arena, 0, 0, 1, 9}, {arena, 100, 0, 2, 9}, {arena, 100, 0, 3, 9}};
  CHECK(place_in_arena(s) == 3 * 128);
  CHECK(s[2].at != s[3].at);
}

}  // namespace fluxion::compiler
