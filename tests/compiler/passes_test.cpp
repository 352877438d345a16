#include <catch2/catch.hpp>

#include <sstream>

#include "compiler/passes/passes.hpp"

namespace fluxion::compiler {
namespace {

using ir::Op;

std::string after(ir::Program p) {
  std::ostringstream os;
  os << optimised(std::move(p));
  return os.str();
}

}  // namespace

TEST_CASE("unused instructions and constants disappear") {
  ir::Builder b;
  const auto x = b.input({float64, {4}});
  b.map(Op::exp, {b.map(Op::mul, {x, b.constant(float64, 3.0)})});
  CHECK(after(b.finish({x})) == "inputs %0:f64[4]\noutputs %0:f64[4]\n");
}

TEST_CASE("equal instructions are computed once") {
  ir::Builder b;
  const auto x = b.input({float64, {4}});
  const auto y = b.map(Op::exp, {x}), z = b.map(Op::exp, {x});
  CHECK(after(b.finish({b.map(Op::add, {y, z})})) ==
        "inputs %0:f64[4]\n%1:f64[4] = map.exp %0\n%3:f64[4] = map.add %1 %1\noutputs %3:f64[4]\n");
}

TEST_CASE("views of views are one view, and those that change nothing disappear") {
  ir::Builder b;
  const auto x = b.input({float64, {2, 3}});
  SECTION("transposes") { CHECK(optimised(b.finish({b.transpose(b.transpose(x, {1, 0}), {1, 0})})).instrs.empty()); }
  SECTION("reshapes") { CHECK(optimised(b.finish({b.reshape(b.reshape(x, {6}), {2, 3})})).instrs.empty()); }
  SECTION("slices") {
    const auto p = optimised(b.finish({b.slice(b.slice(x, {0, 2}, {1, -1}, {2, 3}), {0, 1}, {1, 1}, {2, 2})}));
    REQUIRE(p.instrs.size() == 1);
    CHECK(std::get<ir::Slice>(p.instrs[0].action).start == Dims{0, 1});
    CHECK(std::get<ir::Slice>(p.instrs[0].action).stride == Dims{1, -1});
  }
  SECTION("what only moves extents of 1 is a reshape") {
    const auto p = optimised(b.finish({b.transpose(b.broadcast(x, {2, 1, 3}, {0, 2}), {1, 0, 2})}));
    REQUIRE(p.instrs.size() == 1);
    CHECK(std::holds_alternative<ir::Reshape>(p.instrs[0].action));
  }
  SECTION("broadcasts") {
    const auto p = optimised(b.finish({b.broadcast(b.broadcast(x, {5, 2, 3}, {1, 2}), {5, 7, 2, 3}, {0, 2, 3})}));
    REQUIRE(p.instrs.size() == 1);
    CHECK(std::get<ir::Broadcast>(p.instrs[0].action).dims == Dims{2, 3});
  }
}

TEST_CASE("a product that is only used turned is the product of turned operands") {
  ir::Builder b;
  const auto x = b.input({float64, {5, 2, 3}}), y = b.input({float64, {5, 3, 4}});
  const auto product = b.dot(x, y);
  SECTION("alone") {
    CHECK(after(b.finish({b.transpose(product, {0, 2, 1})})) ==
          "inputs %0:f64[5,2,3] %1:f64[5,3,4]\n%4:f64[5,4,3] = transpose(0, 2, 1) %1\n"
          "%5:f64[5,3,2] = transpose(0, 2, 1) %0\n%3:f64[5,4,2] = dot %4 %5\noutputs %3:f64[5,4,2]\n");
  }
  SECTION("not if it is used as it is, too") {
    CHECK_THAT(after(b.finish({b.transpose(product, {0, 2, 1}), product})), Catch::Contains("dot %0 %1"));
  }
  SECTION("not if batches move") {
    CHECK_THAT(after(b.finish({b.transpose(product, {1, 0, 2})})), Catch::Contains("dot %0 %1"));
  }
  SECTION("operands that were turned are as they were") {
    const auto turned = b.dot(b.transpose(y, {0, 2, 1}), b.transpose(x, {0, 2, 1}));
    CHECK_THAT(after(b.finish({b.transpose(turned, {0, 2, 1})})),
               Catch::Contains("dot %0 %1") && !Catch::Contains("transpose"));
  }
}

TEST_CASE("work is done before values are repeated") {
  ir::Builder b;
  const auto x = b.input({float64, {3}}), s = b.input({float64, {}});
  const Shape wide{100, 3};
  SECTION("rows") {
    const auto y = b.map(Op::exp, {b.broadcast(x, wide, {1})});
    const auto p = optimised(b.finish({b.map(Op::mul, {y, b.broadcast(s, wide, {})})}));
    REQUIRE(p.instrs.size() == 3);
    CHECK(p.types[p.instrs[1].out[0]].shape == Shape{3});
    CHECK(std::holds_alternative<ir::Broadcast>(p.instrs[2].action));
  }
  SECTION("scalars become scalar operands") {
    const auto w = b.input({float64, wide});
    const auto p = optimised(b.finish({b.map(Op::mul, {w, b.broadcast(s, wide, {})})}));
    REQUIRE(p.instrs.size() == 1);
    CHECK(p.instrs[0].in[1] == s);
  }
  SECTION("counting") {
    const auto p = optimised(b.finish({b.iota({int64, {4, 5}}, 1)}));
    REQUIRE(p.instrs.size() == 2);
    CHECK(p.types[p.instrs[0].out[0]].shape == Shape{5});
  }
}

}  // namespace fluxion::compiler
