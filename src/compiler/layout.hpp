// Strides arithmetic: where the elements of a view are, and when an order of elements needs no copy.
// All strides are in elements; dimensions of extent 1 never matter.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "ir/program.hpp"

namespace fluxion::compiler {

/// The extents other than 1.
Shape squeezed(const Shape& shape);
/// The strides of the extents other than 1.
Dims squeezed(const Shape& shape, const Dims& strides);
/// Row-major strides.
Dims row_major(const Shape& shape);
/// Strides of gapless elements whose dimensions are nested as `order` says, outermost first.
Dims dense(const Shape& shape, const Dims& order);
/// Whether the elements follow one another in row-major order without gaps.
bool is_row_major(const Shape& shape, const Dims& strides);
/// Whether the elements fill memory without gaps in some nesting of the dimensions.
bool is_dense(const Shape& shape, const Dims& strides);
/// Strides under which the same elements have another shape; nullopt if only a copy has them.
std::optional<Dims> reshaped(const Shape& from, const Dims& strides, const Shape& to);

/// Where a view begins relative to its operand, and its strides.
struct View {
  std::int64_t offset = 0;  // elements
  Dims strides;
};
/// The layout of the result of a view instruction; nullopt if a Reshape needs a copy.
std::optional<View> view_of(const ir::Action& action, const ir::Type& in, const Dims& strides, const ir::Type& out);

/// Merges neighbouring dimensions wherever all strides continue.
void merge_dimensions(Shape& extents, std::span<Dims> strides);

/// An order in which to visit the dimensions (outermost first) so that memory is walked forwards: earlier
/// operands decide first, dimensions they say nothing about stay in logical order.
Dims visiting_order(std::size_t rank, std::span<const Dims> operands);

/// The order with another dimension innermost where rows would be shorter than `shortest`, so that operands that are
/// repeated along some dimensions had to be gathered, and that spares most of them.
Dims sparing_gathers(const Dims& order, const Shape& extents, std::span<const Dims> operands, std::int64_t shortest);

}  // namespace fluxion::compiler
