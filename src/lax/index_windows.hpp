// Windows of an array at positions known at run time only: what gather, scatter and the dynamic slices move. One form
// for all of them, the checks of that form, and how it is lowered: to rows by position where the windows are rows,
// else to a function of the host.
#pragma once

#include <array>

#include <fluxion/lax/indexing.hpp>
#include "lax/readable.hpp"
#include "lax/rules.hpp"

namespace fluxion::lax {

/// A number in a parameter: the bits of an element.
struct FillValue {
  bool given = false;
  DType dtype = DType::float64;
  alignas(16) std::array<std::byte, 16> bits{};
  friend bool operator==(const FillValue&, const FillValue&) = default;
};

std::string show(const FillValue& v);
std::size_t hash_value(const FillValue& v);
std::string show(GatherScatterMode m);
std::size_t hash_value(GatherScatterMode m);
std::string show(const GatherDimensionNumbers& d);
std::size_t hash_value(const GatherDimensionNumbers& d);
std::string show(const ScatterDimensionNumbers& d);
std::size_t hash_value(const ScatterDimensionNumbers& d);
FillValue parse_value(ValueParser& p, ParseAs<FillValue>);
GatherScatterMode parse_value(ValueParser& p, ParseAs<GatherScatterMode>);
GatherDimensionNumbers parse_value(ValueParser& p, ParseAs<GatherDimensionNumbers>);
ScatterDimensionNumbers parse_value(ValueParser& p, ParseAs<ScatterDimensionNumbers>);

/// What a gather fills with if the caller does not say.
FillValue default_fill(DType dtype);

/// The numbers of the gather that reads what a scatter writes, and the other way round.
GatherDimensionNumbers as_gather(const ScatterDimensionNumbers& d);
ScatterDimensionNumbers as_scatter(const GatherDimensionNumbers& d);
/// The window sizes of that gather.
Dims window_sizes(const Aval& x, const Aval& updates, const ScatterDimensionNumbers& d);

/// The numbers once operand, indices or both have a mapped axis in front; the result then has one too.
GatherDimensionNumbers with_lanes(GatherDimensionNumbers d, bool operand, bool indices);

/// A gather, or a scatter seen as the gather of its windows. `other` is the gather's result, the scatter's updates.
struct Windows {
  Shape operand, indices, other, slice_sizes;
  GatherDimensionNumbers dims;
};

/// Checks all of it and computes the shape of the result.
Windows gather_windows(std::string_view op, const Aval& x, const Aval& indices, const GatherDimensionNumbers& d,
                       const Dims& slice_sizes);
Windows scatter_windows(std::string_view op, const Aval& x, const Aval& indices, const Aval& updates,
                        const ScatterDimensionNumbers& d);

/// What a scatter does with an element and its update.
enum class Combine : std::uint8_t { set, add, sub, mul, min, max };

/// The operands' values are of the avals that `w` was made from; indices of any integer dtype.
ir::ValueId lower_gather(ir::Builder& b, ir::ValueId x, ir::ValueId indices, const Windows& w, GatherScatterMode mode,
                         const FillValue& fill);
ir::ValueId lower_scatter(ir::Builder& b, ir::ValueId x, ir::ValueId indices, ir::ValueId updates, const Windows& w,
                          GatherScatterMode mode, Combine combine);
/// One window, whose start along axis d is starts[d], clamped.
ir::ValueId lower_dynamic_slice(ir::Builder& b, ir::ValueId x, std::span<const ir::ValueId> starts, const Dims& sizes);
ir::ValueId lower_dynamic_update_slice(ir::Builder& b, ir::ValueId x, ir::ValueId update,
                                       std::span<const ir::ValueId> starts);

}  // namespace fluxion::lax
