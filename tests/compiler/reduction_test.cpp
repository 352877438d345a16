#include <catch2/catch.hpp>

#include <tbb/global_control.h>

#include "compiler/executable.hpp"
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

namespace {

/// What one kernel may fold whole: (a partner of each element, of each row, of each column, or one number).
std::vector<ir::Program> folded_functions(const ir::Type& t, const Dims& axes) {
  std::vector<ir::Program> all;
  const ir::Type partners[] = {t, {t.dtype, {t.shape[0]}}, {t.dtype, {t.shape[1]}}, {t.dtype, {}}};
  for (std::size_t kind = 0; kind < 4; ++kind)
    for (const ReduceOp fold : {ReduceOp::sum, ReduceOp::max})
      for (const Op outer : {Op::square, Op::abs, Op::mul}) {
        const bool turned = fold == ReduceOp::max;
        ir::Builder b;
        const auto x = b.input(t), y = b.input(partners[kind]);
        const auto whole = kind == 0 ? y : b.broadcast(y, t.shape, kind == 3 ? Dims{} : Dims{kind == 1 ? 0 : 1});
        const auto first = turned ? whole : x, second = turned ? x : whole;
        const auto f = b.map(outer == Op::mul ? Op::mul : Op::sub, {first, second});
        all.push_back(b.finish({b.reduce(fold, outer == Op::mul ? f : b.map(outer, {f}), axes)}));
      }
  return all;
}

}  // namespace

TEST_CASE("functions that one kernel folds have the bits of what is stored first, whatever their partners") {
  std::mt19937 random(3);
  const auto check = [&](const ir::Program& p, Layout layout) {
    std::vector<Value> inputs;
    for (const auto v : p.inputs) inputs.push_back(random_value(p.types[v], random));
    INFO("layout " << static_cast<int>(layout) << "\n" << p);
    CHECK(agrees(p, inputs, {layout}));
  };
  const std::pair<Shape, Dims> cases[] = {{{3, 300}, {1}}, {{2, 1300}, {1}}, {{9, 301}, {0}}, {{5, 300}, {0, 1}}};
  for (const auto& [shape, axes] : cases)
    for (const DType t : {DType::float32, DType::float64})
      for (const auto& p : folded_functions({t, shape}, axes))
        for (const auto layout : {Layout::row_major, Layout::column_major, Layout::spaced}) check(p, layout);
  const auto chunks_of_columns = folded_functions({DType::float64, {520, 257}}, {0});
  for (const std::size_t k : {0, 2, 12}) check(chunks_of_columns[k], Layout::row_major);
}

TEST_CASE("functions are folded along an axis between others, too") {
  std::mt19937 random(5);
  for (const Shape& shape : {Shape{6, 20, 550}, Shape{4, 30, 512}, Shape{3, 2, 5000}, Shape{2, 3, 40, 600}})
    for (const DType t : {DType::float32, DType::float64})
      for (const Op op : {Op::square, Op::mul, Op::abs, Op::sub}) {
        const ir::Type type{t, shape};
        ir::Builder b;
        const auto x = b.input(type), y = b.input(type);
        const bool two = op == Op::mul || op == Op::sub;
        auto f = two ? b.map(op, {x, y}) : b.map(op, {x});
        if (op == Op::sub) f = b.map(Op::square, {f});
        const auto p = b.finish({b.reduce(ReduceOp::sum, f, {static_cast<std::int64_t>(shape.size()) - 2})});
        INFO((Aval{shape, t}) << "\n" << p);
        CHECK(agrees(p, {random_value(type, random), random_value(type, random)}));
      }
}

TEST_CASE("a row's variance is folded row by row, and that of columns by columns") {
  for (const std::int64_t axis : {0, 1}) {
    const ir::Type t{DType::float32, {256, 257}};
    ir::Builder b;
    const auto x = b.input(t);
    const auto mean = b.map(Op::mul, {b.reduce(ReduceOp::sum, x, {axis}), b.constant(DType::float32, 0.5)});
    const auto squares = b.map(Op::square, {b.map(Op::sub, {x, b.broadcast(mean, t.shape, {1 - axis})})});
    const auto p = b.finish({b.reduce(ReduceOp::sum, squares, {axis})});
    std::mt19937 random(4);
    CHECK(agrees(p, {random_value(t, random)}, {Layout::row_major}));
    const auto listing = compiler::compile_program(p, {{{axis == 1 ? 256 : 257}, DType::float32}})->listing();
    INFO(listing);
    CHECK_THAT(listing, Catch::Contains("by one kernel"));
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
