// Rolling and repeating, along static and traced amounts.
#include <fluxion/manipulation.hpp>

#include <algorithm>
#include <numeric>

#include <fluxion/creation.hpp>
#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/reductions.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/promote.hpp"
#include "lax/rows.hpp"
#include "numpy/axes.hpp"
#include "numpy/host_values.hpp"

namespace fluxion {

namespace {

Array roll_axis(const Array& x, std::int64_t shift, std::int64_t axis) {
  const auto n = x.shape(axis);
  if (n == 0) return x;
  const auto cut = n - ((shift % n) + n) % n;
  if (cut == n) return x;
  const Array parts[] = {slice_axis(x, axis, cut, n), slice_axis(x, axis, 0, cut)};
  return lax::concatenate(parts, axis);
}

// Element i comes from (i - shift) mod n.
Array roll_axis_traced(const Array& x, const Array& shift, std::int64_t axis) {
  const auto n = x.shape(axis);
  return n == 0 ? x : take_axis(x, (arange(n) - convert_strong(shift, int64)) % n, axis);
}

// Which axis each shift is along, as both broadcast against each other.
struct Rolls {
  Dims axes;
  std::size_t n_shifts;
  std::size_t shift_of(std::size_t i) const { return n_shifts == 1 ? 0 : i; }
};

Rolls pair_rolls(const Array& x, std::size_t n_shifts, const Dims& axes) {
  Rolls r{{}, n_shifts};
  for (auto a : axes) r.axes.push_back(normalize_axis("roll", a, x));
  if (r.axes.size() == 1 && n_shifts > 1) r.axes = Dims(n_shifts, r.axes[0]);
  if (n_shifts != 1 && n_shifts != r.axes.size())
    throw ValueError(text("roll: one shift for each axis or one for all is required, got ", n_shifts,
                          " for axes ", axes, "; name the axis of each"));
  return r;
}

std::int64_t repeats_in_total(const std::vector<std::int64_t>& counts) {
  std::int64_t total = 0;
  for (auto c : counts) {
    if (c < 0) throw ValueError(text("repeat: repeats must not be negative, got ", c, "; use 0 for none"));
    if (__builtin_add_overflow(total, c, &total)) total = INT64_MAX;
  }
  return total;
}

// Which element comes at each place, for known repeats.
Array known_sources(const std::vector<std::int64_t>& counts, std::int64_t total) {
  std::vector<std::int64_t> from;
  from.reserve(static_cast<std::size_t>(total));
  for (std::size_t i = 0; i < counts.size(); ++i)
    for (std::int64_t k = 0; k < counts[i] && static_cast<std::int64_t>(from.size()) < total; ++k)
      from.push_back(static_cast<std::int64_t>(i));
  from.resize(static_cast<std::size_t>(total), static_cast<std::int64_t>(counts.size()) - 1);
  return array(from);
}

// The same for traced ones: the number of elements whose repeats have ended at each place.
Array traced_sources(const Array& counts, std::int64_t total) {
  const auto ends = minimum(cumsum(counts), total);
  const auto marks = lax::add_rows(zeros({total + 1}, int64), ends, ones({counts.size()}, int64));
  return minimum(cumsum(slice_axis(marks, 0, 0, total)), counts.size() - 1);
}

}  // namespace

Array roll(const Array& x, std::int64_t shift, const Axis& axis) {
  if (!axis.axes()) return reshape(roll_axis(ravel(x), shift, 0), x.shape());
  return roll(x, Dims{shift}, axis);
}

Array roll(const Array& x, const Dims& shift, const Axis& axis) {
  if (!axis.axes()) {
    const auto total = std::accumulate(shift.begin(), shift.end(), std::int64_t{0});
    return reshape(roll_axis(ravel(x), total, 0), x.shape());
  }
  const auto rolls = pair_rolls(x, shift.size(), *axis.axes());
  auto y = x;
  for (std::size_t i = 0; i < rolls.axes.size(); ++i)
    y = roll_axis(y, shift[rolls.shift_of(i)], rolls.axes[i]);
  return y;
}

Array roll(const Array& x, const Array& shift, const Axis& axis) {
  if (!is_integer(shift.dtype()) || shift.ndim() > 1)
    throw TypeError(text("roll: the shift must be an integer or a vector of them, got ", shift.aval(),
                         "; round and convert it with astype"));
  if (concrete_primal(shift) != nullptr)
    return roll(x, Dims(host_integers("roll", "the shift", shift, "")), axis);
  const auto shifts = ravel(convert_strong(shift, int64));
  if (!axis.axes()) {
    if (shifts.size() != 1)
      throw ValueError(
          text("roll: one shift is required without an axis, got ", shift.aval(), "; name the axis of each"));
    return reshape(roll_axis_traced(ravel(x), reshape(shifts, {}), 0), x.shape());
  }
  const auto rolls = pair_rolls(x, static_cast<std::size_t>(shifts.size()), *axis.axes());
  auto y = x;
  for (std::size_t i = 0; i < rolls.axes.size(); ++i) {
    const auto at = static_cast<std::int64_t>(rolls.shift_of(i));
    y = roll_axis_traced(y, reshape(slice_axis(shifts, 0, at, at + 1), {}), rolls.axes[i]);
  }
  return y;
}

Array repeat(const Array& x, std::int64_t repeats, const Axis& axis) {
  if (repeats < 0)
    throw ValueError(text("repeat: repeats must not be negative, got ", repeats, "; use 0 for none"));
  if (!axis.axes()) return repeat(ravel(x), repeats, 0);
  const auto along = one_axis("repeat", axis, x);
  Shape wide = x.shape(), merged = x.shape();
  wide.insert(static_cast<std::size_t>(along) + 1, repeats);
  checked_element_count("repeat", wide);
  merged[static_cast<std::size_t>(along)] *= repeats;
  Dims kept;
  for (std::int64_t i = 0; i < x.ndim(); ++i) kept.push_back(i <= along ? i : i + 1);
  return lax::reshape(lax::broadcast_in_dim(x, wide, kept), merged);
}

Array repeat(const Array& x, const Array& repeats, const Axis& axis, const RepeatOptions& options) {
  if (!is_integer(repeats.dtype()) && repeats.dtype() != bool_)
    throw TypeError(
        text("repeat: repeats must be integers, got ", repeats.aval(), "; convert them with astype"));
  if (!axis.axes()) return repeat(ravel(x), repeats, 0, options);
  const auto along = one_axis("repeat", axis, x);
  const auto n = x.shape(along);
  if (repeats.ndim() > 1 || (repeats.size() != 1 && repeats.size() != n))
    throw ValueError(text("repeat: one number of repeats per element or one for all is required, got ",
                          repeats.aval(), " for ", n, " elements of axis ", along, " of shape ", x.shape(),
                          "; broadcast or reshape them"));
  if (n == 0) return x;
  const auto length = options.total_repeat_length;
  if (concrete_primal(repeats) == nullptr && length) {
    const auto counts = broadcast_to(ravel(convert_strong(repeats, int64)), {n});
    return take_axis(x, traced_sources(counts, *length), along);
  }
  auto counts = host_integers("repeat", "the repeats decide the shape and", repeats,
                              "give the extent of the result as total_repeat_length");
  if (counts.size() == 1) counts.resize(static_cast<std::size_t>(n), counts[0]);
  const auto total = length.value_or(repeats_in_total(counts));
  Shape shape = x.shape();
  shape[static_cast<std::size_t>(along)] = total;
  checked_element_count("repeat", shape);
  return take_axis(x, known_sources(counts, total), along);
}

}  // namespace fluxion
