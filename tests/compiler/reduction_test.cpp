#include <catch2/catch.hpp>

#include <tbb/global_control.h>

#include "compiler/interpreter.hpp"

namespace fluxion::compiler_test {
namespace {

using ir::Op;
using ir::ReduceOp;

/// sum(x * x) and max(x) over `axes`: fused with its producer, and of stored memory.
ir::Program reductions(const ir::Type& t, const Dims& axes) {
  ir::Builder b;
  const auto x = b.input(t);
  return b.finish({b.reduce(ReduceOp::sum, b.map(Op::mul, {x, x}), axes), b.reduce(ReduceOp::max, x, axes)});
}

}  // namespace

TEST_CASE("reductions fold the tree of their extents, whatever the layout") {
  std::mt19937 random(1);
  const std::pair<Shape, Dims> cases[] = {
      {{5000}, {0}},          {{1024}, {0}},        {{1025}, {0}},        {{70, 80}, {0}},      {{70, 80}, {1}},
      {{70, 80}, {0, 1}},     {{3, 2000}, {1}},     {{2000, 3}, {0}},     {{2000, 40}, {0}},    {{6, 20, 30}, {1}},
      {{6, 20, 30}, {0, 2}},  {{6, 20, 30}, {0}},   {{1, 20, 1}, {0, 2}}, {{20, 1}, {1}},       {{0, 4}, {0}},
      {{4, 0}, {0}},          {{300, 5, 7}, {0, 1}}, {{2, 3000, 20}, {1}}, {{20, 3000, 2}, {1}}};
  for (const auto& [shape, axes] : cases)
    for (const DType t : {DType::float32, DType::float64, DType::int32}) {
      const auto p = reductions({t, shape}, axes);
      const std::vector<Value> inputs{random_value({t, shape}, random)};
      for (int layout = 0; layout < layouts; ++layout) {
        INFO((Aval{shape, t}) << " over " << axes << ", layout " << layout);
        CHECK(agrees(p, inputs, {static_cast<Layout>(layout)}));
      }
    }
}

TEST_CASE("large loops and reductions do not depend on the number of threads") {
  std::mt19937 random(2);
  const ir::Type t{DType::float32, {700, 1500}};
  ir::Builder b;
  const auto x = b.input(t), row = b.input({DType::float32, {1500}});
  const auto e = b.map(Op::exp, {b.map(Op::add, {x, b.broadcast(row, t.shape, {1})})});
  const auto p = b.finish({e, b.reduce(ReduceOp::sum, e, {1}), b.reduce(ReduceOp::sum, e, {0}),
                           b.reduce(ReduceOp::sum, b.reshape(e, {700 * 1500}), {0})});
  const std::vector<Value> inputs{random_value(t, random), random_value({DType::float32, {1500}}, random)};
  const auto many = compiled(p, inputs);
  const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
  const auto alone = compiled(p, inputs);
  for (std::size_t k = 0; k < many.size(); ++k) CHECK(same_elements(many[k], alone[k]));
}

}  // namespace fluxion::compiler_test
