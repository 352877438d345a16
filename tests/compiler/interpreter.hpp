// What programs mean: each instruction on row-major bytes, element by element, through the same kernels with
// n = 1. What the compiler makes of a program must agree to the bit.
#pragma once

#include <cstddef>
#include <random>
#include <vector>

#include <fluxion/array.hpp>
#include "ir/program.hpp"

namespace fluxion::compiler_test {

/// A value's elements in row-major order.
struct Value {
  ir::Type type;
  std::vector<std::byte> bytes;
};

std::vector<Value> interpreted(const ir::Program& p, const std::vector<Value>& inputs);

/// How an array's elements lie in memory.
enum class Layout { row_major, column_major, rotated, spaced, reversed };
constexpr int layouts = 5;
/// A concrete array with these elements.
Array laid_out(const Value& v, Layout layout);
/// The elements of a concrete array.
Value elements_of(const Array& x);

/// Equal bits, except that all NaNs are one.
bool same_elements(const Value& a, const Value& b);

/// Small numbers of any sign; bools are 0 or 1.
Value random_value(const ir::Type& t, std::mt19937& random);

/// Runs the compiled program on inputs in these layouts.
std::vector<Value> compiled(const ir::Program& p, const std::vector<Value>& inputs,
                            const std::vector<Layout>& layouts = {});
/// Compiled and interpreted results agree: for row-major and for other layouts, written over inputs that are free to be,
/// and on memory of the caller.
bool agrees(const ir::Program& p, const std::vector<Value>& inputs, const std::vector<Layout>& layouts = {});
/// How many results `agrees` has seen written over inputs.
std::size_t results_in_place();

}  // namespace fluxion::compiler_test
