#include <catch2/catch.hpp>

#include "compiler/executable.hpp"
#include "compiler/interpreter.hpp"

namespace fluxion::compiler_test {
namespace {

/// What attention multiplies: (batch, place, head, feature) with heads moved in front, the second one turned too.
ir::Program by_heads(DType t, const Shape& left, const Shape& right) {
  ir::Builder b;
  const auto x = b.transpose(b.input({t, left}), {0, 2, 1, 3}), y = b.transpose(b.input({t, right}), {0, 2, 3, 1});
  return b.finish({b.dot(x, y)});
}

std::string listing_of(const ir::Program& p) {
  std::vector<Aval> results;
  for (const auto v : p.outputs) results.push_back({p.types[v].shape, p.types[v].dtype});
  return compiler::compile_program(p, results)->listing();
}

}  // namespace

TEST_CASE("operands of products are read where they are, whatever their strides") {
  const auto p = by_heads(float32, {2, 5, 3, 4}, {2, 7, 3, 4});
  CHECK_THAT(listing_of(p), Catch::Contains("dot: 6 of 5x4 by 4x7") && !Catch::Contains("copy"));
  ir::Builder b;
  const auto x = b.slice(b.input({float64, {6, 40}}), {0, 1}, {2, 2}, {3, 19});
  const auto y = b.transpose(b.input({float64, {30, 19}}), {1, 0});
  CHECK_THAT(listing_of(b.finish({b.dot(x, y)})), Catch::Contains("dot: 1 of 3x19") && !Catch::Contains("copy"));
}

TEST_CASE("products in every layout have the bits of row-major ones") {
  std::mt19937 random(3);
  const Shape shapes[][2] = {{{2, 5, 3, 4}, {2, 7, 3, 4}},
                             {{1, 9, 2, 300}, {1, 17, 2, 300}},
                             {{3, 2, 1, 2}, {3, 2, 1, 2}},
                             {{2, 0, 3, 4}, {2, 7, 3, 4}},
                             {{2, 5, 3, 0}, {2, 7, 3, 0}}};
  for (const DType t : {float32, float64, int32})
    for (const auto& s : shapes) {
      const auto p = by_heads(t, s[0], s[1]);
      const std::vector<Value> in{random_value({t, s[0]}, random), random_value({t, s[1]}, random)};
      for (int i = 0; i < layouts; ++i)
        for (int j = 0; j < layouts; j += i == 1 || t == float32 ? 1 : layouts - 1) {
          INFO(s[0] << " " << s[1] << ", layouts " << i << " and " << j);
          CHECK(agrees(p, in, {Layout(i), Layout(j)}));
        }
    }
}

TEST_CASE("products that are used turned have the bits of products that are turned") {
  std::mt19937 random(5);
  const Shape shapes[][2] = {{{40, 300}, {300, 33}}, {{7, 12}, {12, 1}}, {{1, 12}, {12, 7}}, {{1, 40}, {40, 1}},
                             {{9, 1}, {1, 20}},      {{3, 0}, {0, 2}}};
  for (const DType t : {float32, float64})
    for (const auto& s : shapes) {
      ir::Builder b;
      const auto x = b.input({t, s[0]}), y = b.input({t, s[1]});
      const auto p = b.finish({b.transpose(b.dot(x, y), {1, 0})});
      const std::vector<Value> in{random_value({t, s[0]}, random), random_value({t, s[1]}, random)};
      INFO(s[0] << " " << s[1]);
      CHECK(agrees(p, in));
    }
}

TEST_CASE("large products are computed in parts, to the same bits") {
  std::mt19937 random(4);
  const Shape shapes[][2] = {
      {{300, 70}, {70, 97}}, {{65, 100}, {100, 289}}, {{2100, 500}, {500, 1}}, {{1, 500}, {500, 2101}}};
  for (const auto& s : shapes) {
    ir::Builder b;
    const auto x = b.input({float64, s[0]}), y = b.input({float64, s[1]});
    const auto p = b.finish({b.dot(x, y)});
    CHECK(agrees(p, {random_value({float64, s[0]}, random), random_value({float64, s[1]}, random)}));
  }
}

}  // namespace fluxion::compiler_test
