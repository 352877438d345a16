// What the case records are put together from: signatures over shapes and dtypes, references from scalar code.
#pragma once

#include <cmath>
#include <span>

#include <fluxion/creation.hpp>
#include <fluxion/lax.hpp>

#include "support/case.hpp"

namespace fluxion::test {

using Unary = Array (*)(const Array&);
using Binary = Array (*)(const Array&, const Array&);

inline FlatFn flat(Unary f) { return [f](const Arrays& a) -> Arrays { return {f(a[0])}; }; }
inline FlatFn flat(Binary f) { return [f](const Arrays& a) -> Arrays { return {f(a[0], a[1])}; }; }

struct Interval { double lo, hi; };

/// Around a SIMD width of 8 doubles or 16 floats, and ranks 0 to 3 with empty and one-sized axes.
std::vector<Shape> sample_shapes(DType dtype);
/// Smooth signatures of n operands of one shape each, the first two also with one of them a scalar.
std::vector<Signature> same_shape_signatures(DType dtype, std::vector<Interval> domain);
/// Floating values at which functions tend to go wrong.
const std::vector<Number>& edge_values();
/// One operand with every value of the list; two operands with all pairs.
Signature edges(DType dtype, const std::vector<Number>& values);
Signature edge_pairs(DType dtype, const std::vector<Number>& values);
Signature edge_pairs(DType dtype, const std::vector<Number>& first, const std::vector<Number>& second);
/// One operand spread over a wide domain.
Signature wide(DType dtype, std::vector<Interval> domain);

/// Elementwise over operands of one shape or rank 0. `result` is the dtype if it is not the last operand's.
Reference pointwise(std::function<Number(std::span<const Number>, DType)> f, std::optional<DType> result = {});
inline Reference of_reals(double (*f)(double)) {
  return pointwise([f](std::span<const Number> x, DType) { return real(f(x[0].f)); });
}
inline Reference of_reals(double (*f)(double, double)) {
  return pointwise([f](std::span<const Number> x, DType) { return real(f(x[0].f, x[1].f)); });
}

/// Row-major position of each element: calls visit(index, flat).
void for_each_index(const Shape& shape, const std::function<void(const Dims&, std::size_t)>& visit);
std::size_t flat_index(const Shape& shape, const Dims& at);

inline constexpr DType kFloats[] = {DType::float64, DType::float32};
inline constexpr DType kIntegers[] = {DType::int64, DType::int32, DType::uint64, DType::uint32};

/// One error input per dtype with values that is not `accepted`: n operands of it must be refused.
std::vector<ErrorInput> refused_dtypes(std::vector<DType> accepted, std::size_t n_operands);
/// Operands whose dtypes or shapes disagree.
std::vector<ErrorInput> mismatched(DType a, DType b);

}  // namespace fluxion::test
