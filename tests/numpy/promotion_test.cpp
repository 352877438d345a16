#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "lax/promote.hpp"
#include "numpy/shown.hpp"

namespace fluxion {
using test::message_of;
using test::refuses;
using test::shown;

namespace {

// The table of jax's documentation (docs/type_promotion.rst), x64 enabled.
constexpr const char* kTable = R"(
   b1 u1 u2 u4 u8 i1 i2 i4 i8 bf f2 f4 f8 c4 c8 i* f* c*
b1 b1 u1 u2 u4 u8 i1 i2 i4 i8 bf f2 f4 f8 c4 c8 i* f* c*
u1 u1 u1 u2 u4 u8 i2 i2 i4 i8 bf f2 f4 f8 c4 c8 u1 f* c*
u2 u2 u2 u2 u4 u8 i4 i4 i4 i8 bf f2 f4 f8 c4 c8 u2 f* c*
u4 u4 u4 u4 u4 u8 i8 i8 i8 i8 bf f2 f4 f8 c4 c8 u4 f* c*
u8 u8 u8 u8 u8 u8 f* f* f* f* bf f2 f4 f8 c4 c8 u8 f* c*
i1 i1 i2 i4 i8 f* i1 i2 i4 i8 bf f2 f4 f8 c4 c8 i1 f* c*
i2 i2 i2 i4 i8 f* i2 i2 i4 i8 bf f2 f4 f8 c4 c8 i2 f* c*
i4 i4 i4 i4 i8 f* i4 i4 i4 i8 bf f2 f4 f8 c4 c8 i4 f* c*
i8 i8 i8 i8 i8 f* i8 i8 i8 i8 bf f2 f4 f8 c4 c8 i8 f* c*
bf bf bf bf bf bf bf bf bf bf bf f4 f4 f8 c4 c8 bf bf c4
f2 f2 f2 f2 f2 f2 f2 f2 f2 f2 f4 f2 f4 f8 c4 c8 f2 f2 c4
f4 f4 f4 f4 f4 f4 f4 f4 f4 f4 f4 f4 f4 f8 c4 c8 f4 f4 c4
f8 f8 f8 f8 f8 f8 f8 f8 f8 f8 f8 f8 f8 f8 c8 c8 f8 f8 c8
c4 c4 c4 c4 c4 c4 c4 c4 c4 c4 c4 c4 c4 c8 c4 c8 c4 c4 c4
c8 c8 c8 c8 c8 c8 c8 c8 c8 c8 c8 c8 c8 c8 c8 c8 c8 c8 c8
i* i* u1 u2 u4 u8 i1 i2 i4 i8 bf f2 f4 f8 c4 c8 i* f* c*
f* f* f* f* f* f* f* f* f* f* bf f2 f4 f8 c4 c8 f* f* c*
c* c* c* c* c* c* c* c* c* c* c4 c4 c4 c8 c4 c8 c* c* c*
)";

const std::map<std::string, Promoted> kNames = {
    {"b1", {bool_, false}},     {"u1", {uint8, false}},   {"u2", {uint16, false}},    {"u4", {uint32, false}},
    {"u8", {uint64, false}},    {"i1", {int8, false}},    {"i2", {int16, false}},     {"i4", {int32, false}},
    {"i8", {int64, false}},     {"bf", {bfloat16, false}}, {"f2", {float16, false}},  {"f4", {float32, false}},
    {"f8", {float64, false}},   {"c4", {complex64, false}}, {"c8", {complex128, false}}, {"i*", {int64, true}},
    {"f*", {float64, true}},    {"c*", {complex128, true}},
};

std::string name_of(const Promoted& p) {
  for (const auto& [name, type] : kNames)
    if (type == p) return name;
  return "?";
}

}  // namespace

TEST_CASE("promotion is jax's table") {
  std::istringstream lines(kTable);
  std::string line, word;
  std::getline(lines, line);
  std::getline(lines, line);
  std::vector<std::string> columns;
  for (std::istringstream head(line); head >> word;) columns.push_back(word);
  REQUIRE(columns.size() == kNames.size());
  std::size_t rows = 0;
  for (std::string row; lines >> row; ++rows)
    for (const auto& column : columns) {
      lines >> word;
      const auto a = kNames.at(row), b = kNames.at(column);
      INFO(row << " with " << column);
      CHECK(name_of(promote_types(a.dtype, a.weak, b.dtype, b.weak)) == word);
    }
  CHECK(rows == columns.size());
}

TEST_CASE("C++ scalars give way to arrays of their kind or a higher one") {
  CHECK(shown(array({1.0F}) * 2.0) == "f32[1] [2.]");
  CHECK(shown(array({1.0F}) * 2) == "f32[1] [2.]");
  CHECK(shown(array({1}) * 2) == "i32[1] [2]");
  CHECK(shown(array({1}) * 2.5) == "f64[1]* [2.5]");
  CHECK(shown(array({1}) * 2.5F) == "f32[1] [2.5]");
  CHECK(shown(array({true}) + 1) == "i64[1]* [2]");
  CHECK(shown(Array(2) + Array(3)) == "i64[]* 5");
  CHECK(shown(array({1L}) + array({2UL})) == "f64[1]* [3.]");
  CHECK(shown(array({1}) / array({2})) == "f32[1] [0.5]");
  CHECK(shown(array({1L}) / array({2L})) == "f64[1] [0.5]");
  CHECK(shown(scalar<std::int32_t>(1) + array({2.0F})) == "f32[1] [3.]");
  CHECK(shown(sin(0)) == "f64[]* 0.0");
  CHECK(result_type({array({1}), 2.5, array({1.0F})}) == float32);
  CHECK(promote_types(int64, uint64) == float64);
}

TEST_CASE("an integer that does not fit is an error, not a wrap") {
  CHECK(message_of<ValueError>([] { array({1}) + (std::int64_t{1} << 40); }) ==
        "convert: the integer must fit int32, got 1099511627776; use a wider dtype, or astype to wrap");
  CHECK(refuses<ValueError>([] { array({1U}) + (-1); }));
}

TEST_CASE("default_dtype decides what weak floats of integers become") {
  default_dtype guard(float32);
  CHECK(shown(array({1}) * 2.5) == "f32[1]* [2.5]");
  CHECK(shown(ones({2})) == "f32[2] [1. 1.]");
  CHECK(shown(sqrt(4)) == "f32[]* 2.0");
}

TEST_CASE("strict promotion refuses mixed dtypes but takes C++ scalars") {
  promotion guard(strict);
  CHECK(message_of<TypeError>([] { array({1}) + array({1.0F}); }) ==
        "add: operands must have one dtype under strict promotion, got int32 and float32; convert one of them with astype");
  CHECK(refuses<TypeError>([] { array({1}) * 2.5; }));
  CHECK(refuses<TypeError>([] { array({true}) + 1; }));
  CHECK(shown(array({1.0F}) * 2) == "f32[1] [2.]");
  CHECK(shown(array({1}) * 2) == "i32[1] [2]");
}

TEST_CASE("keys do not promote") {
  CHECK(message_of<TypeError>([] { random::key(0) + 1; }) ==
        "add: operands must be numbers or of one dtype, got key<fry> and int64; keys only enter fx::random functions");
  CHECK(refuses<TypeError>([] { random::key(0) + random::key(1); }));
}

}  // namespace fluxion
