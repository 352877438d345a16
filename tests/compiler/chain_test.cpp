// Programs whose loops are chains and bands: the same bits as the interpreter's.
#include <catch2/catch.hpp>

#include <tbb/global_control.h>

#include "compiler/interpreter.hpp"
#include "compiler/planner.hpp"

namespace fluxion::compiler_test {
namespace {

using ir::Op;
using ir::ReduceOp;

ir::ValueId repeated(ir::Builder& b, ir::ValueId x, const Shape& shape, const Dims& dims) { return b.broadcast(x, shape, dims); }

bool agrees_in_all_layouts(const ir::Program& p, const std::vector<ir::Type>& types, unsigned seed, int most = layouts) {
  std::mt19937 random(seed);
  std::vector<Value> inputs;
  for (const auto& t : types) inputs.push_back(random_value(t, random));
  bool all = true;
  for (int layout = 0; layout < most; ++layout)
    all = agrees(p, inputs, std::vector<Layout>(types.size(), static_cast<Layout>(layout))) && all;
  return all;
}

/// softmax of the last axis.
ir::Program softmax(const ir::Type& t) {
  ir::Builder b;
  const auto x = b.input(t);
  const auto last = static_cast<std::int64_t>(t.shape.size()) - 1;
  Dims kept;
  for (std::int64_t d = 0; d < last; ++d) kept.push_back(d);
  const auto over_rows = [&](ir::ValueId v) { return repeated(b, v, t.shape, kept); };
  const auto e = b.map(Op::exp, {b.map(Op::sub, {x, over_rows(b.reduce(ReduceOp::max, x, {last}))})});
  return b.finish({b.map(Op::div, {e, over_rows(b.reduce(ReduceOp::sum, e, {last}))})});
}

/// sum((x - sum(x))^2) of each row, and the centred rows' product with another array.
ir::Program centred(const ir::Type& t) {
  ir::Builder b;
  const auto x = b.input(t), y = b.input(t);
  const auto d = b.map(Op::sub, {x, repeated(b, b.reduce(ReduceOp::sum, x, {1}), t.shape, {0})});
  return b.finish({b.reduce(ReduceOp::sum, b.map(Op::square, {d}), {1}), b.map(Op::mul, {d, y})});
}

std::size_t bands(const ir::Program& p) {
  std::vector<Dims> strides;
  std::vector<Aval> results;
  for (const auto v : p.inputs) strides.push_back(compiler::row_major(p.types[v].shape));
  for (const auto v : p.outputs) results.push_back({p.types[v].shape, p.types[v].dtype, false});
  const auto plan = compiler::planned(p, strides, results);
  std::size_t n = 0;
  for (const auto& s : plan->steps) n += std::holds_alternative<compiler::Band>(s);
  return n;
}

}  // namespace

TEST_CASE("cheap operations of one element size are a chain") {
  for (const std::int64_t n : {1, 2, 15, 16, 64, 127, 128, 1000, 5000})
    for (const DType t : {DType::float32, DType::float64}) {
      ir::Builder b;
      const auto x = b.input({t, {n}}), y = b.input({t, {n}}), s = b.input({t, {}});
      const auto a = b.map(Op::sub, {b.map(Op::mul, {x, s}), y});
      const auto c = b.map(Op::max, {b.map(Op::abs, {a}), b.constant(t, 0.5)});
      const auto d = b.map(Op::div, {s, b.map(Op::add, {c, c})});
      const auto positive = b.map(Op::lt, {a, d});
      const auto chosen = b.map(Op::select, {positive, d, b.map(Op::square, {a})});
      const auto p = b.finish({chosen, positive, b.map(Op::mul, {b.map(Op::exp, {chosen}), a})});
      INFO(n << " of " << t);
      CHECK(agrees_in_all_layouts(p, {{t, {n}}, {t, {n}}, {t, {}}}, 1));
    }
}

TEST_CASE("a chain longer than one call has room for is several") {
  for (const std::int64_t n : {40, 300}) {
    ir::Builder b;
    std::vector<ir::ValueId> in;
    std::vector<ir::Type> types(40, {DType::float32, {n}});
    for (const auto& t : types) in.push_back(b.input(t));
    ir::Values sums, out;
    for (std::size_t k = 0; k < in.size(); ++k) sums.push_back(b.map(Op::sub, {k == 0 ? in[0] : sums.back(), in[k]}));
    for (std::size_t k = 0; k < in.size(); ++k)
      out.push_back(b.map(k % 3 != 0 ? Op::mul : Op::max, {sums[k], sums[(7 * k) % sums.size()]}));
    CHECK(agrees_in_all_layouts(b.finish(out), types, 2));
  }
}

TEST_CASE("integers, bits and floats of one size go together") {
  ir::Builder b;
  const ir::Type words{DType::uint32, {777}};
  const auto x = b.input(words), y = b.input(words);
  const auto mixed = b.map(Op::xor_, {b.map(Op::shift_left, {x, b.constant(DType::uint32, 13.0)}), b.map(Op::not_, {y})});
  const auto pattern = b.map(Op::or_, {b.map(Op::shift_right_logical, {mixed, b.constant(DType::uint32, 9.0)}), y});
  const auto count = b.iota(words, 0);
  const auto p = b.finish({b.map(Op::mul, {b.bitcast(pattern, DType::float32), b.constant(DType::float32, 2.0)}),
                           b.map(Op::sub, {b.map(Op::add, {count, mixed}), x})});
  CHECK(agrees_in_all_layouts(p, {words, words}, 3));
}

TEST_CASE("loops over the same rows are a band") {
  for (const auto& [rows, columns] : {std::pair{160, 160}, {6, 4200}, {1300, 20}})
    for (const DType t : {DType::float32}) {
      const ir::Type type{t, {rows, columns}};
      INFO(rows << " x " << columns << " of " << t);
      CHECK(bands(softmax(type)) == 1);
      CHECK(agrees_in_all_layouts(softmax(type), {type}, 4));
      CHECK(bands(centred(type)) == 1);
      CHECK(agrees_in_all_layouts(centred(type), {type, type}, 5));
    }
  const ir::Type deep{DType::float64, {10, 30, 50}};
  CHECK(bands(softmax(deep)) == 1);
  CHECK(agrees_in_all_layouts(softmax(deep), {deep}, 6));
}

TEST_CASE("small arrays, and rows that depend on others, are no band") {
  CHECK(bands(softmax({DType::float32, {8, 8}})) == 0);
  ir::Builder b;
  const auto x = b.input({DType::float32, {300, 300}});
  const auto e = b.map(Op::exp, {x});
  const auto across = b.transpose(b.map(Op::sub, {e, repeated(b, b.reduce(ReduceOp::sum, e, {1}), {300, 300}, {0})}), {1, 0});
  const auto p = b.finish({b.map(Op::mul, {across, repeated(b, b.reduce(ReduceOp::sum, across, {1}), {300, 300}, {0})})});
  CHECK(agrees_in_all_layouts(p, {{DType::float32, {300, 300}}}, 7));
}

TEST_CASE("bands do not depend on the number of threads") {
  const ir::Type t{DType::float32, {400, 600}};
  std::mt19937 random(8);
  const std::vector<Value> inputs{random_value(t, random)};
  const auto many = compiled(softmax(t), inputs);
  const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
  CHECK(same_elements(many[0], compiled(softmax(t), inputs)[0]));
}

TEST_CASE("columns are folded while their rows are computed") {
  for (const auto& [rows, columns] : {std::pair{1, 300}, {2, 256}, {70, 257}, {3, 1100}, {1030, 256}}) {
    const ir::Type t{DType::float32, {rows, columns}};
    ir::Builder b;
    const auto x = b.input(t), mean = b.input({DType::float32, {columns}});
    const auto d = b.map(Op::sub, {x, repeated(b, mean, t.shape, {1})}), squares = b.map(Op::square, {d});
    const auto p = b.finish({b.reduce(ReduceOp::sum, squares, {0}), b.reduce(ReduceOp::max, squares, {0}), d,
                             b.reduce(ReduceOp::prod, b.map(Op::exp, {d}), {0})});
    INFO(rows << " x " << columns);
    CHECK(agrees_in_all_layouts(p, {t, {DType::float32, {columns}}}, 10, rows > 1000 ? 1 : layouts));
  }
  const ir::Type deep{DType::float64, {7, 11, 300}};
  ir::Builder b;
  const auto x = b.input(deep);
  const auto p = b.finish({b.reduce(ReduceOp::sum, b.map(Op::mul, {x, x}), {0, 1}), b.reduce(ReduceOp::sum, b.map(Op::neg, {x}), {1})});
  CHECK(agrees_in_all_layouts(p, {deep}, 11));
}

TEST_CASE("reductions of what a chain computes are folded in it") {
  const ReduceOp ops[] = {ReduceOp::sum, ReduceOp::max, ReduceOp::min, ReduceOp::prod};
  for (const auto& shape : {Shape{18, 260}, Shape{2, 1100}, Shape{14, 80}})
    for (const DType t : {DType::float32, DType::float64})
      for (const Dims& over : {Dims{1}, Dims{0}, Dims{0, 1}}) {
        ir::Builder b;
        const auto x = b.input({t, shape}), y = b.input({t, shape}), s = b.input({t, {shape[0]}});
        const auto d = b.map(Op::sub, {x, repeated(b, s, shape, {0})});
        std::vector<ir::ValueId> results{b.map(Op::mul, {d, y})};  // one is stored, too
        const auto squares = b.map(Op::square, {d});
        for (const auto op : ops) results.push_back(b.reduce(op, results.size() < 2 ? results[0] : squares, over));
        const auto p = b.finish(results);
        INFO(t << " " << shape << " over " << over);
        CHECK(agrees_in_all_layouts(p, {{t, shape}, {t, shape}, {t, {shape[0]}}}, 8, 3));
      }
}

TEST_CASE("what a chain alone needs for its fold is not stored, nor what one kernel computes and folds") {
  for (const bool one_kernel : {false, true}) {
    ir::Builder b;
    const ir::Type t{DType::float32, {8, 1024}};
    const auto x = b.input(t), y = b.input(t);
    const auto products = b.map(Op::mul, {x, y});
    const auto p = b.finish({b.reduce(ReduceOp::sum, one_kernel ? products : b.map(Op::add, {products, y}), {1})});
    const std::vector<Dims> strides(2, compiler::row_major(t.shape));
    const auto plan = compiler::planned(p, strides, std::vector<Aval>{{{8}, t.dtype, false}});
    REQUIRE(plan->steps.size() == 1);
    const auto& loop = std::get<compiler::Loop>(plan->steps[0]);
    CHECK(loop.folds == !one_kernel);
    CHECK(loop.calls.size() == (one_kernel ? 0 : 1));
    CHECK(loop.sinks[0].in_chain() == !one_kernel);
    CHECK((loop.sinks[0].function != nullptr) == one_kernel);
  }
}

TEST_CASE("results that no cache holds are those of small ones") {
  // Streamed: more than four million elements, of which some are compared with a program over those alone.
  const auto program = [](std::int64_t n) {
    ir::Builder b;
    const auto x = b.input({DType::float64, {n}});
    const auto half = b.map(Op::mul, {x, b.constant(DType::float64, 0.5)});
    return b.finish({b.map(Op::add, {half, x}), b.map(Op::exp, {half})});
  };
  constexpr std::int64_t n = (std::int64_t{32} << 17) + 3, few = 1003;
  std::mt19937 random(9);
  const auto all = random_value({DType::float64, {n}}, random);
  Value last{{DType::float64, {few}}, {all.bytes.end() - 8 * few, all.bytes.end()}};
  const auto large = compiled(program(n), {all}), small = compiled(program(few), {last});
  for (std::size_t k = 0; k < 2; ++k)
    CHECK(std::equal(small[k].bytes.begin(), small[k].bytes.end(), large[k].bytes.end() - 8 * few));
}

}  // namespace fluxion::compiler_test
