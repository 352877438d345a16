// Windows over arrays: what the window primitives share.
#pragma once

#include <string>

#include <fluxion/lax/reductions.hpp>

#include <fluxion/extend/parse.hpp>

#include "core/primitive.hpp"
#include "lax/readable.hpp"

namespace fluxion::lax {

/// Pads as a parameter: a type of this namespace, so that its printer is found.
struct PadList : Pads {
  using Pads::Pads;
  PadList(Pads pads) : Pads(std::move(pads)) {}  // NOLINT: implicit on purpose
};
std::string show(const PadList& pads);
PadList parse_value(ValueParser& p, ParseAs<PadList>);
std::size_t hash_value(const PadList& pads);

/// Window with every list filled and padding as numbers: the parameters of the window primitives.
struct WindowParams {
  BOOST_HANA_DEFINE_STRUCT(WindowParams, (Dims, window_dimensions), (Dims, window_strides), (PadList, padding),
                           (Dims, base_dilation), (Dims, window_dilation));
};

std::string show(Choose choose);
Choose parse_value(ValueParser& p, ParseAs<Choose>);
inline std::size_t hash_value(Choose choose) { return static_cast<std::size_t>(choose); }

/// Throws ValueError naming `op` unless the window fits x: one entry per axis, positive extents, strides and dilations.
WindowParams resolved(std::string_view op, const Window& window, const Array& x);
void check_window(std::string_view op, const Aval& x, const WindowParams& p);
/// The shape of the windows' results.
Shape windows_shape(const Shape& x, const WindowParams& p);
/// For operands with the mapped axis in front.
WindowParams batched(WindowParams p);
/// n with gaps between its elements: the extent from first to last.
constexpr std::int64_t dilated(std::int64_t n, std::int64_t dilation) { return n == 0 ? 0 : 1 + dilation * (n - 1); }

/// Where along one axis the elements of each window stand: `at(j, k)` is the element of x at place k of window j, or -1
/// for padding and gaps.
class AxisWindows {
 public:
  AxisWindows(std::int64_t extent, const WindowParams& p, std::size_t axis);
  std::size_t count() const { return count_; }
  std::size_t width() const { return width_; }
  std::int64_t at(std::size_t j, std::size_t k) const { return at_[j * width_ + k]; }

 private:
  std::size_t count_, width_;
  std::vector<std::int64_t> at_;
};
/// One for each axis.
std::vector<AxisWindows> axis_windows(const Shape& shape, const WindowParams& p);

}  // namespace fluxion::lax
