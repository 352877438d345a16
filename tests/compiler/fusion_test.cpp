#include <catch2/catch.hpp>

#include <algorithm>

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

/// Whether every unit comes after the units that make its operands.
bool in_order(const ir::Program& p, const Fusion& f) {
  const Origins origins(p);
  for (std::uint32_t i = 0; i < p.instrs.size(); ++i)
    for (const auto v : p.instrs[i].in)
      if (const auto from = origins.source[v]; from != no_instr && !is_view(p.instrs[i].action))
        if (f.unit_of[from] > f.unit_of[i]) return false;
  return true;
}

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

TEST_CASE("a loop of many instructions is cut") {
  ir::Builder b;
  auto y = b.input({float64, {8}});
  for (int k = 0; k < 16'000; ++k) y = b.map(Op::neg, {y});
  const auto p = b.finish({b.reduce(ir::ReduceOp::sum, y, {0})});
  const auto f = fusion_of(p);
  REQUIRE(f.units.size() == 4);
  CHECK(f.units[0].members.size() == 4096);
  CHECK(f.units[3].reductions.size() == 1);
  CHECK(std::count(f.stored.begin(), f.stored.end(), 1) == 5);  // input, between the pieces, result
  CHECK(in_order(p, f));
}

TEST_CASE("a loop is cut where it would hold many values at once") {
  ir::Builder b;
  const auto x = b.input({float64, {8}});
  ir::Values held;
  for (int k = 0; k < 1500; ++k) held.push_back(b.map(Op::mul, {x, b.constant(float64, k)}));
  auto y = held.back();
  for (int k = 1499; k-- > 0;) y = b.map(Op::sub, {held[static_cast<std::size_t>(k)], y});
  const auto p = b.finish({y});
  const auto f = fusion_of(p);
  REQUIRE(f.units.size() == 2);
  CHECK(f.units[0].members.size() == 1024);
  CHECK(in_order(p, f));
}

TEST_CASE("programs may have many units, one needing the other") {
  ir::Builder b;
  auto y = b.input({float64, {2, 3}});
  for (int k = 0; k < 20'000; ++k) y = b.map(Op::exp, {b.transpose(y, {1, 0})});
  const auto p = b.finish({y});
  const auto f = fusion_of(p);
  CHECK(f.units.size() == 20'000);
  CHECK(in_order(p, f));
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

TEST_CASE("the arena fills the smallest gap") {
  const auto block = [](std::size_t bytes, std::uint32_t first, std::uint32_t last) {
    return Storage{Storage::Kind::arena, bytes, 0, first, last};
  };
  std::vector<Storage> s{block(256, 0, 0), block(64, 0, 9), block(128, 0, 0), block(64, 0, 9),
                         block(100, 1, 9), block(192, 1, 9), block(0, 1, 9), block(128, 1, 9)};
  CHECK(place_in_arena(s) == 512 + 128);
  CHECK(s[4].at == 320);
  CHECK(s[5].at == 0);
  CHECK(s[7].at == 512);
}

}  // namespace fluxion::compiler
