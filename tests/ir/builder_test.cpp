#include <catch2/catch.hpp>

#include <cstring>
#include <memory>
#include <sstream>

#include "ir/program.hpp"

namespace fluxion {

using ir::Op;

TEST_CASE("the builder deduces result types") {
  ir::Builder b;
  const auto x = b.input({float64, {2, 3}});
  const auto s = b.constant(float64, 2.0);
  CHECK(b.type(b.map(Op::mul, {s, x})) == ir::Type{float64, {2, 3}});
  CHECK(b.type(b.map(Op::lt, {x, s})) == ir::Type{bool_, {2, 3}});
  CHECK(b.type(b.map(Op::select, {b.map(Op::lt, {x, s}), x, x})) == ir::Type{float64, {2, 3}});
  CHECK(b.type(b.convert(x, int32)) == ir::Type{int32, {2, 3}});
  CHECK(b.convert(x, float64) == x);
  CHECK(b.type(b.transpose(x, {1, 0})) == ir::Type{float64, {3, 2}});
  CHECK(b.type(b.reduce(ir::ReduceOp::sum, x, {0})) == ir::Type{float64, {3}});
  CHECK(b.type(b.argmax(x, 1)) == ir::Type{int64, {2}});
  const auto y = b.reshape(x, {1, 2, 3});
  CHECK(b.type(b.dot(y, b.reshape(x, {1, 3, 2}))) == ir::Type{float64, {1, 2, 2}});
  CHECK(b.type(b.bitcast(x, uint64)) == ir::Type{uint64, {2, 3}});
}

TEST_CASE("equal constants are one value, unless their dtypes differ") {
  ir::Builder b;
  CHECK(b.constant(float32, 1.0) == b.constant(float32, 1.0));
  CHECK(b.constant(float32, 0.0) != b.constant(int32, 0.0));
  CHECK(b.constant(float64, 0.0) != b.constant(float64, -0.0));
}

TEST_CASE("constants are found among many, and forgotten when the program is finished") {
  ir::Builder b;
  ir::Values first;
  for (int k = 0; k < 1000; ++k) first.push_back(b.constant(float64, k));
  for (int k = 0; k < 1000; ++k) CHECK(b.constant(float64, k) == first[static_cast<std::size_t>(k)]);
  CHECK(b.finish({}).constants.size() == 1000);
  b.constant(float64, 5.0);
  CHECK(b.finish({}).constants.size() == 1);
}

TEST_CASE("numbers become the bits of their dtype") {
  ir::Builder b;
  const auto bits = [&](DType t, double v) {
    ir::Builder one;
    one.constant(t, v);
    std::uint64_t u = 0;
    std::memcpy(&u, one.finish({}).constants.at(0).bits.data(), itemsize(t));
    return u;
  };
  CHECK(bits(float32, 1.0) == 0x3f800000);
  CHECK(bits(float16, 0.5) == 0x3800);
  CHECK(bits(float16, -2.0) == 0xc000);
  CHECK(bits(bfloat16, 1.0) == 0x3f80);
  CHECK(bits(int8, -1.0) == 0xff);
  CHECK(bits(bool_, 3.0) == 1);
  CHECK(bits(uint64, 7.0) == 7);
  CHECK(bits(complex64, 1.0) == 0x3f800000);
}

TEST_CASE("programs print one instruction to a line") {
  ir::Builder b;
  const auto x = b.input({float64, {8}});
  const auto y = b.map(Op::mul, {x, b.constant(float64, 2.0)});
  std::ostringstream os;
  os << b.finish({b.reduce(ir::ReduceOp::max, y, {0})});
  CHECK(os.str() ==
        "inputs %0:f64[8]\n"
        "%1:f64[] = constant 0x4000000000000000\n"
        "%2:f64[8] = map.mul %0 %1\n"
        "%3:f64[] = reduce.max(0,) %2\n"
        "outputs %3:f64[]\n");
}

TEST_CASE("control flow gives what its programs give") {
  ir::Builder held;
  const auto c = held.input({float64, {}}), x = held.input({float64, {3}});
  const auto program = std::make_shared<const ir::Program>(held.finish({c, x, c}));
  ir::Builder b;
  const auto i = b.input({int32, {}}), s = b.input({float64, {}}), row = b.input({float64, {3}}),
             rows = b.input({float64, {5, 3}});
  const auto branch = b.cond(i, {{s, row}}, {program, program});
  REQUIRE(branch.size() == 3);
  CHECK(b.type(branch[1]) == ir::Type{float64, {3}});
  const auto scan = b.scan({{s, rows}}, {program, 0, 1, 5, false});
  REQUIRE(scan.size() == 3);
  CHECK(b.type(scan[0]) == ir::Type{float64, {}});
  CHECK(b.type(scan[1]) == ir::Type{float64, {5, 3}});
  CHECK(b.type(scan[2]) == ir::Type{float64, {5}});
  CHECK_NOTHROW(ir::verify(b.finish({branch[0], scan[2]})));
}

TEST_CASE("held programs print indented below their instruction") {
  ir::Builder held;
  const auto c = held.input({int32, {}});
  const auto body = std::make_shared<const ir::Program>(held.finish({held.map(Op::add, {c, held.constant(int32, 1.0)})}));
  ir::Builder b;
  const auto x = b.input({int32, {}});
  std::ostringstream os;
  os << b.finish(b.cond(x, {b.scan({{x}}, {body, 0, 1, 4, true})}, {body}));
  CHECK(os.str() ==
        "inputs %0:i32[]\n"
        "%1:i32[] = scan[consts=0, carry=1, length=4, reverse] %0\n"
        "  body:\n"
        "    inputs %0:i32[]\n"
        "    %1:i32[] = constant 0x00000001\n"
        "    %2:i32[] = map.add %0 %1\n"
        "    outputs %2:i32[]\n"
        "%2:i32[] = cond[1 branches] %0 %1\n"
        "  branch 0:\n"
        "    inputs %0:i32[]\n"
        "    %1:i32[] = constant 0x00000001\n"
        "    %2:i32[] = map.add %0 %1\n"
        "    outputs %2:i32[]\n"
        "outputs %2:i32[]\n");
}

TEST_CASE("rows are taken and put by position") {
  ir::Builder b;
  const auto mask = b.input({bool_, {2, 5}}), x = b.input({float64, {2, 5, 3}});
  const auto at = b.true_positions(mask, 4);
  const auto taken = b.take_rows(x, at, 1);
  CHECK(b.type(at) == ir::Type{int64, {2, 4}});
  CHECK(b.type(taken) == ir::Type{float64, {2, 4, 3}});
  std::ostringstream os;
  const auto p = b.finish({b.put_rows(b.put_rows(x, at, taken, {1, false}), at, taken, {1, true})});
  os << p;
  CHECK_NOTHROW(ir::verify(p));
  CHECK(os.str() ==
        "inputs %0:bool[2,5] %1:f64[2,5,3]\n"
        "%2:i64[2,4] = true_positions %0\n"
        "%3:f64[2,4,3] = take_rows[batch=1] %1 %2\n"
        "%4:f64[2,5,3] = put_rows[batch=1] %1 %2 %3\n"
        "%5:f64[2,5,3] = add_rows[batch=1] %4 %2 %3\n"
        "outputs %5:f64[2,5,3]\n");
}

TEST_CASE("every operation has a name") {
  for (int op = 0; op < static_cast<int>(Op::count_); ++op) CHECK_FALSE(name(static_cast<Op>(op)).empty());
}

}  // namespace fluxion
