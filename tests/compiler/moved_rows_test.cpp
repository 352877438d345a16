// Rows taken from tables, what is computed of them, and tables that the results are put into: carried out some rows at
// a time, with the bits of one step after the other.
#include <catch2/catch.hpp>

#include <cstring>

#include <tbb/global_control.h>

#include "compiler/executable.hpp"
#include "compiler/interpreter.hpp"

namespace fluxion::compiler_test {
namespace {

using ir::Op;
using ir::ValueId;

constexpr std::int64_t extent = 300, count = 1000, width = 65;
const ir::Type table{DType::float32, {extent, width}}, rows{DType::float32, {count, width}};

/// Some of them out of range.
Value indices(DType t, std::mt19937& random) {
  Value v{{t, {count}}, std::vector<std::byte>(count * itemsize(t))};
  for (std::int64_t k = 0; k < count; ++k) {
    const auto i = static_cast<std::int64_t>(random() % (extent + 20)) - 10;
    const auto narrow = static_cast<std::int32_t>(i);
    const void* const from = t == DType::int32 ? static_cast<const void*>(&narrow) : &i;
    std::memcpy(v.bytes.data() + k * std::int64_t(itemsize(t)), from, itemsize(t));
  }
  return v;
}

/// Inputs of all programs here: a table, another one, where to take and where to put, a number for each row.
struct Inputs {
  ir::Builder b;
  ValueId x = b.input(table), y = b.input(table), from = b.input({DType::int32, {count}}),
          to = b.input({DType::int64, {count}}), weights = b.input({DType::float32, {count}});

  ValueId number(double v) { return b.constant(DType::float32, v); }
  ValueId zeros() { return b.broadcast(number(0), table.shape, {}); }
  ValueId twice(ValueId v) { return b.map(Op::mul, {v, number(2)}); }
  ValueId weighted(ValueId v) { return b.map(Op::mul, {v, b.broadcast(weights, rows.shape, {0})}); }
  static std::vector<Value> values(std::mt19937& random) {
    return {random_value(table, random), random_value(table, random), indices(DType::int32, random),
            indices(DType::int64, random), random_value({DType::float32, {count}}, random)};
  }
};

std::string listed(const ir::Program& p) {
  std::vector<Aval> results;
  for (const auto v : p.outputs) results.push_back({p.types[v].shape, p.types[v].dtype});
  return compiler::compile_program(p, results)->listing();
}
void check(const ir::Program& p, bool together) {
  std::mt19937 random(1);
  const auto text = listed(p);
  INFO(text);
  CHECK((text.find("band of") != std::string::npos) == together);
  const auto inputs = Inputs::values(random);
  CHECK(agrees(p, inputs));
  const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
  CHECK(agrees(p, inputs));
}

}  // namespace

TEST_CASE("what is taken, changed and added to a new table goes through some rows at a time") {
  for (const bool add : {true, false})
    for (const bool direct : {true, false}) {
      Inputs in;
      const auto taken = in.b.take_rows(in.x, in.from, 0);
      const auto update = direct ? taken : in.weighted(in.twice(taken));
      check(in.b.finish({in.b.put_rows(in.zeros(), in.to, update, {0, add})}), true);
    }
}

TEST_CASE("one row alone is that of many") {
  std::mt19937 random(2);
  for (const auto t : {DType::int32, DType::int64})
    for (const auto dtype : {DType::float32, DType::float64, DType::bool_, DType::complex128})
      for (const Shape& row : {Shape{}, Shape{5}})
        for (const bool wraps : {false, true})
          for (const bool clips : {false, true})
            for (const std::int64_t number : {0, 2, 5, 6, -1, -6, -7}) {
              Shape all{6}, one{1};
              for (const auto n : row) all.push_back(n), one.push_back(n);
              Value at{{t, {1}}, std::vector<std::byte>(itemsize(t))};
              std::memcpy(at.bytes.data(), &number, at.bytes.size());
              ir::Builder b;
              const auto x = b.input({dtype, all}), i = b.input(at.type), y = b.input({dtype, one}),
                         fill = b.input({dtype, {}});
              const auto taken = clips ? b.take_rows(x, i, 0) : b.take_rows(x, i, fill, 0);
              auto p = b.finish({taken, b.put_rows(x, i, y, {0, false, wraps, clips})});
              for (auto& instr : p.instrs)
                if (auto* take = std::get_if<ir::TakeRows>(&instr.action)) take->wraps = wraps;
              CHECK(agrees(p, {random_value({dtype, all}, random), at, random_value({dtype, one}, random),
                               random_value({dtype, {}}, random)}));
            }
}

TEST_CASE("a table that is changed is not read before it is whole") {
  Inputs own;  // the table that rows are taken from
  check(own.b.finish({own.b.put_rows(own.x, own.to, own.twice(own.b.take_rows(own.x, own.from, 0)), {0, true})}), true);
  Inputs other;
  const auto twice = other.twice(other.b.take_rows(other.x, other.from, 0));
  check(other.b.finish({other.b.put_rows(other.y, other.to, twice, {0, true})}), true);
  Inputs read;  // by what is computed of the rows
  const auto first = read.b.reshape(read.b.slice(read.y, {0, 0}, {1, 1}, {1, width}), {width});
  const auto repeated = read.b.broadcast(first, rows.shape, {1});
  const auto sums = read.b.map(Op::add, {read.b.take_rows(read.x, read.from, 0), repeated});
  check(read.b.finish({read.b.put_rows(read.y, read.to, sums, {0, true})}), true);
}

TEST_CASE("rows of two tables, results that others read, and folded rows") {
  Inputs in;
  const auto a = in.b.take_rows(in.x, in.from, 0), c = in.b.take_rows(in.y, in.from, 0);
  const auto products = in.b.map(Op::mul, {a, c});
  const auto norms = in.b.reduce(ir::ReduceOp::sum, in.weighted(products), {1});
  check(in.b.finish({in.b.put_rows(in.zeros(), in.to, products, {0, true}), a, norms}), true);
}

TEST_CASE("rows that are taken by what was taken, and few rows, go one step after the other") {
  Inputs in;
  const auto order = in.b.take_rows(in.to, in.from, 0);
  const auto taken = in.b.take_rows(in.x, order, 0);
  check(in.b.finish({in.b.put_rows(in.zeros(), order, in.twice(taken), {0, true})}), true);
  Inputs small;
  const auto column = small.b.slice(small.x, {0, 0}, {1, 1}, {extent, 2});
  const auto pairs = small.b.take_rows(column, small.from, 0);
  check(small.b.finish({small.b.map(Op::square, {pairs})}), false);
}

}  // namespace fluxion::compiler_test
