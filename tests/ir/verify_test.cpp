#include <catch2/catch.hpp>

#include <memory>

#include <fluxion/error.hpp>
#include "ir/program.hpp"

namespace fluxion {
namespace {

using Catch::Contains;
using ir::Op;

const ir::Type vec{float64, {4}};
const ir::Type matrix{float64, {2, 3}};

void check_refused(ir::Builder& b, ir::ValueId out, const char* why) {
  CHECK_THROWS_WITH(ir::verify(b.finish({out})), Contains(why));
}

}  // namespace

TEST_CASE("verify names the instruction that is wrong") {
  ir::Builder b;
  const auto x = b.input(vec), y = b.input({float32, {4}});
  const auto z = b.map(Op::add, {x, y});
  CHECK_THROWS_WITH(ir::verify(b.finish({z})), Contains("operands must have one dtype") && Contains("%2 = map.add %0 %1") &&
                                                   Contains("%1 is f32[4]"));
}

TEST_CASE("verify refuses elementwise operands of other shapes") {
  ir::Builder b;
  const auto x = b.input(vec), y = b.input({float64, {3}});
  check_refused(b, b.map(Op::add, {x, y}), "the result's shape or rank 0");
}

TEST_CASE("verify refuses a predicate that is no bool") {
  ir::Builder b;
  const auto x = b.input(vec);
  check_refused(b, b.map(Op::select, {x, x, x}), "the predicate must be bool");
}

TEST_CASE("verify refuses malformed views") {
  ir::Builder b;
  const auto x = b.input(matrix);
  SECTION("broadcast") { check_refused(b, b.broadcast(x, {2, 4}, {0, 1}), "extents must agree or be 1"); }
  SECTION("broadcast twice") { check_refused(b, b.broadcast(b.input({float64, {1, 1}}), {2, 4}, {0, 0}), "named twice"); }
  SECTION("transpose") { check_refused(b, b.transpose(x, {1, 1}), "not a permutation"); }
  SECTION("reshape") { check_refused(b, b.reshape(x, {5}), "number of elements"); }
  SECTION("slice") { check_refused(b, b.slice(x, {0, 1}, {1, 1}, {2, 3}), "outside of the operand"); }
  SECTION("bitcast") { check_refused(b, b.bitcast(x, float32), "element sizes"); }
}

TEST_CASE("verify refuses malformed materialised instructions") {
  ir::Builder b;
  const auto x = b.input(matrix);
  SECTION("reduce") { check_refused(b, b.reduce(ir::ReduceOp::sum, x, {2}), "wrong result shape"); }
  SECTION("dot") { check_refused(b, b.dot(b.reshape(x, {1, 2, 3}), b.reshape(x, {1, 2, 3})), "shapes must be"); }
  SECTION("assemble") {
    const auto fill = b.constant(float64, 0.0);
    check_refused(b, b.assemble({2, 4}, fill, {{x}}, {{{0, 2}, {1, 1}}}, false), "a piece sticks out");
  }
}

TEST_CASE("verify refuses malformed control flow") {
  const auto held = [](ir::Type t, Op op) {
    ir::Builder h;
    const auto x = h.input(t);
    return std::make_shared<const ir::Program>(h.finish({h.map(op, {x, x})}));
  };
  const ir::Type scalar{float64, {}}, index{int32, {}};
  ir::Builder b;
  const auto i = b.input(index), x = b.input(scalar), row = b.input(vec);
  const auto add = held(scalar, Op::add), less = held(scalar, Op::lt);
  SECTION("index") { check_refused(b, b.cond(x, {{x}}, {add})[0], "the index must be i32[]"); }
  SECTION("no branch") { CHECK_THROWS_WITH((b.cond(i, {}, {}), ir::verify(b.finish({}))), Contains("an index and a branch")); }
  SECTION("operand") { check_refused(b, b.cond(i, {{row}}, {add})[0], "other inputs"); }
  SECTION("branches") { check_refused(b, b.cond(i, {{x}}, {add, less})[0], "branches must have the results"); }
  SECTION("predicate") { check_refused(b, b.while_loop({{x}}, {add, add, 0, 0})[0], "cond must give bool[]"); }
  SECTION("while carry") { check_refused(b, b.while_loop({{x}}, {less, less, 0, 0})[0], "carry's types must stay"); }
  SECTION("while consts") { check_refused(b, b.while_loop({{x}}, {less, add, 1, 0})[0], "wrong number of operands"); }
  SECTION("scan carry") { check_refused(b, b.scan({{x}}, {less, 0, 1, 3, false})[0], "carry's types must stay"); }
  SECTION("scan length") { check_refused(b, b.scan({{row}}, {add, 0, 0, 3, false})[0], "other inputs"); }
  SECTION("inside") {
    ir::Builder h;
    const auto wrong = std::make_shared<const ir::Program>(h.finish({h.map(Op::add, {h.input(scalar), h.input(index)})}));
    check_refused(b, b.cond(i, {{x, i}}, {wrong})[0], "operands must have one dtype");
  }
}

TEST_CASE("verify refuses rows that do not fit") {
  ir::Builder b;
  const auto x = b.input({float64, {4, 3}}), at = b.input({int64, {2}}), narrow = b.input({int32, {2}}), short_ones = b.input({DType::int16, {2}}), nothing = b.input({float64, {0, 3}});
  const auto two = b.input({float64, {2, 3}});
  SECTION("mask") { check_refused(b, b.true_positions(x, 2), "a mask becomes int64"); }
  SECTION("int32 indices") { CHECK_NOTHROW(ir::verify(b.finish({b.take_rows(x, narrow, 0), b.put_rows(x, narrow, two, {0, false})}))); }
  SECTION("other integers") { check_refused(b, b.take_rows(x, short_ones, 0), "indices must be int64 or int32"); }
  SECTION("no integers") { check_refused(b, b.put_rows(x, b.input({float64, {2}}), two, {0, false}), "indices must be int64 or int32"); }
  SECTION("extents of indices") { check_refused(b, b.put_rows(x, b.input({int32, {3}}), two, {0, false}), "rows must be those of the operand"); }
  SECTION("batch") { check_refused(b, b.take_rows(x, at, 1), "wrong rank or batch extents"); }
  SECTION("no row") { check_refused(b, b.take_rows(nothing, at, 0), "there is no row to take"); }
  SECTION("rows") { check_refused(b, b.put_rows(x, at, x, {0, false}), "rows must be those of the operand"); }
  SECTION("rows of the table") { CHECK_NOTHROW(ir::verify(b.finish({b.put_rows(x, at, two, {0, true})}))); }
}

TEST_CASE("verify refuses values that are used before they are defined") {
  ir::Builder b;
  const auto x = b.input(vec);
  auto p = b.finish({b.map(Op::exp, {b.map(Op::neg, {x})})});
  std::swap(p.instrs[0], p.instrs[1]);
  CHECK_THROWS_AS(ir::verify(p), InternalError);
  CHECK_THROWS_WITH(ir::verify(p), Contains("before it is defined") && Contains("map.exp"));
}

}  // namespace fluxion
