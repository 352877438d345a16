// Random shapes and arrays, and simpler ones in their place: what the generators of <fluxion/testing/rapidcheck.hpp>
// are made of. Needs no test framework. Everything is a function of the seed.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <fluxion/array.hpp>

namespace fluxion::testing::gen {

/// Which shapes are drawn.
struct ShapeOptions {
  std::int64_t min_rank = 0, max_rank = 3;
  std::int64_t min_extent = 0, max_extent = 5;  ///< Extents of 0 and 1 are drawn more often than others.
  std::int64_t max_size = 256;                  ///< Elements, at most.
};

/// Which elements are drawn: numbers between two bounds, one in four a simple one (0, 1, -1, 2, 0.5, ...), and special
/// ones where they are switched on, whatever the bounds.
struct ArrayOptions {
  /// Of floating dtypes -3 and 3, of signed integers -10 and 10, of unsigned ones 0 and 10, unless given.
  std::optional<double> low = std::nullopt, high = std::nullopt;
  bool special = false;      ///< All of the following.
  bool signed_zeros = false;
  bool subnormals = false;
  bool infinities = false;
  bool nans = false;
  bool extremes = false;     ///< The greatest number, the least normal one, neighbours of 1; INT_MIN, INT_MAX.
  bool ties = false;         ///< Elements that equal others.
};

namespace detail {

/// Arrays of one kind: of a shape, or of any shape of a kind.
struct ArrayRecipe {
  DType dtype = DType::float64;
  Shape shape{};
  std::optional<ShapeOptions> shapes = std::nullopt;
  ArrayOptions values{};
};

/// `size` grows from 0 to 100 in the course of a test, as rapidcheck has it: the larger, the larger the shape.
Shape draw_shape(const ShapeOptions& options, std::uint64_t seed, int size);
std::vector<Shape> draw_broadcastable_shapes(std::size_t n, const ShapeOptions& options, std::uint64_t seed, int size);
Array draw_array(const ArrayRecipe& recipe, std::uint64_t seed, int size);
/// Of unconstrained parameters for bijection::correlation, so that matrices of order n are distributed uniformly; y of
/// `shape`, whose last extent is n (n - 1) / 2.
Array draw_correlation_parameters(const Shape& shape, std::int64_t n, std::uint64_t seed);

// What a counterexample may shrink to, the simplest first; all within what is drawn. No sequence of them is endless.
std::vector<Shape> simpler_shapes(const ShapeOptions& options, const Shape& shape);
std::vector<std::vector<Shape>> simpler_broadcastable_shapes(const ShapeOptions& options,
                                                             const std::vector<Shape>& shapes);
Arrays simpler_arrays(const ArrayRecipe& recipe, const Array& x);

/// Throws ValueError, in the name of `what`, for options that no shape or number fits.
void check_options(const char* what, const ShapeOptions& options);
void check_options(const char* what, const ArrayRecipe& recipe);
/// The extent of the last axis of a shape that bijections need to have one, at least `least`.
std::int64_t last_extent(const char* what, const Shape& shape, std::int64_t least);

}  // namespace detail
}  // namespace fluxion::testing::gen
