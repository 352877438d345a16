// A subscript resolved against a shape: which elements of each axis it means.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include <fluxion/array.hpp>
#include <fluxion/lax/indexing.hpp>

namespace fluxion {

// --- without arrays
// -----------------------------------------------------------------------------------------------------

/// The elements start, start + step, ... (count of them) of one axis. An integer index is one element whose
/// axis disappears.
struct AxisPart {
  std::int64_t start, step, count;
  bool dropped;
};

struct Subscript {
  std::vector<AxisPart> parts;  // one per axis of the array
  Shape shape;                  // of the result, with new axes and without dropped ones
  Dims origin;                  // which axis each of its axes is; -1 for new ones
  Shape kept;                   // count of each axis, dropped ones included

  /// True if every axis is taken whole and in order.
  bool is_everything(const Shape& of) const;
};

/// A range against an extent: Python's slice.indices.
AxisPart range_part(const char* op, const Range& r, std::int64_t extent);
/// Throws IndexError, naming `op`, for an integer out of range, or more indices than axes.
Subscript resolve(std::span<const Index> indices, const Shape& shape, const char* op = "index");

/// x[s]; a view if x is concrete.
Array taken(const Array& x, const Subscript& s);
/// x with x[s] replaced by `v`, which has the dtype and shape of x[s].
Array replaced(const Array& x, const Subscript& s, const Array& v);
/// `v` at x[s], laid out like x of that shape, and `fill` elsewhere.
Array spread(const Array& v, const Array& fill, const Subscript& s, const Shape& shape);

// --- with arrays
// --------------------------------------------------------------------------------------------------------

/// NumPy's advanced indexing: some axes are indexed by arrays, which are broadcast to one shape, the others by ranges.
struct Indexer {
  Shape merged;          // of the indexed array, with the axes under each mask as one
  Subscript ranges;      // of `merged`; axes indexed by arrays are taken whole
  Dims axes;             // of `merged`, ascending: those indexed by arrays
  Arrays indices;        // int64, one per axis, negative ones counted from the end
  Shape group;           // what they broadcast to
  std::size_t group_at;  // its first axis among those of `raw`
  Shape raw, shape;      // of the result without and with new axes
  bool unique;           // no element is indexed twice
  lax::GatherScatterMode mode;
};

/// Either all of it is static, or there are arrays.
struct Place {
  Subscript ranges;
  std::optional<Indexer> arrays;
};

/// Throws IndexError for what does not fit the shape, TypeError for arrays that are no indices,
/// NonConcreteBooleanIndexError for a mask that is traced.
Place resolve_place(const char* op, const Array& x, std::span<const Index> indices, const IndexOptions& options = {},
                    bool writing = false);

/// The indexed elements.
Array taken(const char* op, const Array& x, const Place& place, const IndexOptions& options = {});
/// x with `v`, of x's dtype and the place's shape, combined into the indexed elements; the place has arrays.
using Scatter = Array (*)(const Array&, const Array&, const Array&, const lax::ScatterDimensionNumbers&,
                          const lax::ScatterOptions&);
Array scattered(const char* op, Scatter scatter, const Array& x, const Indexer& place, const Array& v,
                const IndexOptions& options);

/// Positions of the true elements of a concrete array, row by row. Throws NonConcreteBooleanIndexError.
std::vector<std::int64_t> true_elements(const char* op, const Array& mask);
/// Any integers as int64; what only uint64 holds becomes the greatest.
Array as_positions(const Array& indices);
/// Negative ones counted from the end.
Array wrapped_once(const Array& positions, std::int64_t extent);

}  // namespace fluxion
