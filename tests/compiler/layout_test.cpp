#include <catch2/catch.hpp>

#include "compiler/layout.hpp"

namespace fluxion::compiler {

TEST_CASE("row-major and dense strides are recognised, whatever the extents of 1") {
  CHECK(row_major({2, 3, 4}) == Dims{12, 4, 1});
  CHECK(is_row_major({2, 1, 4}, {4, 99, 1}));
  CHECK_FALSE(is_row_major({2, 3}, {1, 2}));
  CHECK(is_dense({2, 3}, {1, 2}));
  CHECK(is_dense({2, 1, 3}, {3, 77, 1}));
  CHECK_FALSE(is_dense({2, 3}, {6, 2}));
  CHECK_FALSE(is_dense({2, 3}, {0, 1}));
  CHECK(dense({2, 3}, {1, 0}) == Dims{1, 2});
}

TEST_CASE("a reshape needs no copy where the dimensions that it merges continue each other") {
  CHECK(reshaped({2, 3}, {3, 1}, {6}) == Dims{1});
  CHECK(reshaped({2, 3}, {6, 2}, {6}) == Dims{2});
  CHECK(reshaped({2, 3}, {1, 2}, {6}) == std::nullopt);
  CHECK(reshaped({4, 3}, {1, 4}, {2, 2, 3}) == Dims{2, 1, 4});
  CHECK(reshaped({5}, {-1}, {1, 5, 1})->operator[](1) == -1);
  CHECK(reshaped({2, 3, 4}, {1, 8, 2}, {2, 12}) == Dims{1, 2});
  CHECK(reshaped({0, 3}, {1, 7}, {3, 0}).has_value());
}

TEST_CASE("memory is visited forwards, the first operand deciding") {
  const Dims f[] = {{1, 5}};
  CHECK(visiting_order(2, f) == Dims{1, 0});
  const Dims both[] = {{5, 1}, {1, 5}};
  CHECK(visiting_order(2, both) == Dims{0, 1});
  const Dims row[] = {{0, 1}};
  CHECK(visiting_order(2, row) == Dims{0, 1});
  CHECK(visiting_order(3, {}) == Dims{0, 1, 2});
}

}  // namespace fluxion::compiler
