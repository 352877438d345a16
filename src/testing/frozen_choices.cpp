#include "testing/frozen_choices.hpp"

#include <algorithm>
#include <complex>

#include <fluxion/creation.hpp>
#include <fluxion/detail/flat_control.hpp>
#include <fluxion/elementwise.hpp>
#include <fluxion/indexing.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/lax/reductions.hpp>
#include <fluxion/logic.hpp>
#include <fluxion/manipulation.hpp>
#include <fluxion/reductions.hpp>

#include "lax/rules.hpp"
#include "lax/windows.hpp"

namespace fluxion::testing {

namespace {

using Complex = std::complex<double>;

bool is_max(const AtPoint& at) { return at.eqn.prim->name().ends_with("max"); }

std::vector<Complex> numbers(const Array& x) {
  return lax::convert_element_type(x, DType::complex128).to_vector<Complex>();
}
// Of that shape, and complex only if it is.
Array from_numbers(const std::vector<Complex>& v, const Array& like) {
  const auto z = array(v, like.shape());
  return is_complex(like.dtype()) ? z : z.real();
}

// Neighbours along an axis that are equal.
std::int64_t equal_neighbours(const Array& x, std::int64_t axis) {
  const auto n = x.shape()[static_cast<std::size_t>(axis)];
  if (n < 2) return 0;
  Dims start(x.shape().size(), 0), limit = x.shape();
  limit[static_cast<std::size_t>(axis)] = n - 1;
  const auto low = lax::slice(x, start, limit);
  start[static_cast<std::size_t>(axis)] = 1;
  limit[static_cast<std::size_t>(axis)] = n;
  return count(low == lax::slice(x, start, limit));
}

}  // namespace

// The mean of all that attain the extremum.
Replay reduced_extremum(const AtPoint& at, Ties& ties) {
  const auto& x = at.in[0];
  const auto axes = at.fields.integers("axes");
  const auto kept = lax::remaining(x.ndim(), axes);
  const auto attains = x == lax::broadcast_in_dim(at.out[0], x.shape(), kept);
  const auto counts = lax::reduce_sum(lax::convert_element_type(attains, DType::int64), axes);
  const auto tied = sum(where(counts > 1, counts, 0)).item<std::int64_t>();
  ties.add(at.eqn.prim->name(), tied, x.size());
  return [attains, axes, share = lax::convert_element_type(counts, DType::float64)](ArraySpan in) {
    return Arrays{lax::reduce_sum(where(attains, in[0], 0.0), axes) / share};
  };
}

// Sorted together with their places, the operands tell the permutation.
Replay sorted_piece(const AtPoint& at, Ties& ties) {
  const auto axis = at.fields.integer("dimension"), keys = at.fields.integer("num_keys");
  Arrays with_places = at.in;
  with_places.push_back(lax::iota(DType::int64, at.in[0].shape(), axis));
  const auto from = at.eqn.prim->bind(with_places, at.eqn.params.view()).back();
  if (keys == 1 && is_inexact(at.in[0].dtype()))
    ties.add("sort", equal_neighbours(at.out[0], axis), at.in[0].size());
  return [from, axis](ArraySpan in) {
    Arrays out;
    for (const auto& x : in) out.push_back(is_inexact(x.dtype()) ? take_along_axis(x, from, axis) : x);
    return out;
  };
}

Replay top_piece(const AtPoint& at, Ties& ties) {
  const auto axis = at.fields.integer("axis");
  const auto from = at.out[1];
  if (from.size() != 0) {
    const auto last = min(at.out[0], axis, true);
    const auto all = sum((at.in[0] == last).astype(DType::int64), axis),
               chosen = sum((at.out[0] == last).astype(DType::int64), axis);
    ties.add("top_k", count(all > chosen) + equal_neighbours(at.out[0], axis), at.in[0].size());
  }
  return [from, axis](ArraySpan in) { return Arrays{take_along_axis(in[0], from, axis), from}; };
}

// Prefixes are combined in pairs, as the derivative combines them: where the two of a pair tie, they share.
// Each element goes through the scan together with its value at the point.
Replay cumulative_extremum(const AtPoint& at, Ties& ties) {
  const bool max = is_max(at);
  const fluxion::detail::AssociativeScanOptions options{at.fields.flag("reverse"), at.fields.integer("axis")};
  const auto scan = [x = at.in[0], max, options](const Array& moved, std::int64_t* tied) {
    const auto combine = [max, tied](const Arrays& a) {
      const auto best = max ? lax::max(a[0], a[2]) : lax::min(a[0], a[2]);
      const auto first = a[0] == best, both = a[0] == a[2];
      if (tied != nullptr) *tied += count(both);
      return Arrays{best, where(both, 0.5 * (a[1] + a[3]), where(first, a[1], a[3]))};
    };
    return fluxion::detail::associative_scan_flat(combine, {x, moved}, options,
                                                  [](std::size_t) { return std::string(); })[1];
  };
  std::int64_t tied = 0;
  if (at.in[0].size() != 0) scan(widened(at.in[0]), &tied);
  ties.add(at.eqn.prim->name(), tied, at.in[0].size());
  return [scan](ArraySpan in) { return Arrays{in[0].size() == 0 ? in[0] : scan(in[0], nullptr)}; };
}

// --- windows ----------------------------------------------------------------------------

namespace {

lax::WindowParams window_of(const Parameters& f) {
  lax::Pads pads;
  const auto flat = f.integers("padding");
  for (std::size_t i = 0; i + 1 < flat.size(); i += 2) pads.emplace_back(flat[i], flat[i + 1]);
  return {f.integers("window_dimensions"), f.integers("window_strides"), lax::PadList(pads),
          f.integers("base_dilation"), f.integers("window_dilation")};
}

/// The next multi-index below `extent(d)`.
template <class Extent>
void advance(std::vector<std::size_t>& at, const Extent& extent) {
  for (std::size_t d = at.size(); d-- > 0;) {
    if (++at[d] < extent(d)) return;
    at[d] = 0;
  }
}

// Windows in which more than one element attains the result.
std::int64_t tied_windows(const Array& x, const Array& result, const lax::WindowParams& p) {
  const auto axes = lax::axis_windows(x.shape(), p);
  const auto values = widened(x).to_vector<double>(), best = widened(result).to_vector<double>();
  std::size_t places = 1;
  for (const auto& a : axes) places *= a.width();
  std::vector<std::size_t> j(axes.size(), 0), k(axes.size(), 0);
  std::int64_t tied = 0;
  for (const double b : best) {
    int attained = 0;
    for (std::size_t q = 0; q < places; ++q, advance(
                                                 k, [&](auto d) { return axes[d].width(); })) {
      std::int64_t at = 0;
      for (std::size_t d = 0; d < axes.size() && at >= 0; ++d) {
        const auto i = axes[d].at(j[d], k[d]);
        at = i < 0 ? -1 : at * x.shape()[d] + i;
      }
      if (at >= 0 && values[static_cast<std::size_t>(at)] == b) ++attained;
    }
    if (attained > 1) ++tied;
    advance(j, [&](auto d) { return axes[d].count(); });
  }
  return tied;
}

}  // namespace

// The first element of the window that attains the result. A window without elements keeps its infinity.
Replay window_extremum(const AtPoint& at, Ties& ties) {
  const auto p = window_of(at.fields);
  ties.add(at.eqn.prim->name(), tied_windows(at.in[0], at.out[0], p), at.out[0].size());
  const lax::Window w{p.window_dimensions, p.window_strides,
                      lax::WindowPadding(static_cast<const lax::Pads&>(p.padding)), p.base_dilation,
                      p.window_dilation};
  const auto choose = is_max(at) ? lax::Choose::ge : lax::Choose::le;
  return [w, choose, by = widened(at.in[0]), y = widened(at.out[0])](ArraySpan in) {
    return Arrays{where(isinf(y), y, lax::select_and_gather_add(in[0], by, choose, w))};
  };
}

// --- scatters ---------------------------------------------------------------------------

namespace {

// Where each update goes, -1 if it is dropped: numbers in place of the updates are scattered until each has
// been the greatest in its place.
std::vector<std::int64_t> destinations(const AtPoint& at) {
  const double sign = is_max(at) ? 1 : -1;
  const auto n = static_cast<std::size_t>(at.in[2].size());
  std::vector<double> numbers(n);
  for (std::size_t j = 0; j < n; ++j) numbers[j] = sign * static_cast<double>(j + 1);
  std::vector<std::int64_t> to(n, -1);
  const auto base = zeros(at.in[0].shape(), DType::float64);
  for (bool found = true; found;) {
    found = false;
    const Array operands[] = {base, at.in[1], array(numbers, at.in[2].shape())};
    const auto seen = at.eqn.prim->bind(operands, at.eqn.params.view())[0].to_vector<double>();
    for (std::size_t i = 0; i < seen.size(); ++i) {
      if (seen[i] == 0) continue;
      const auto j = static_cast<std::size_t>(sign * seen[i]) - 1;
      to[j] = static_cast<std::int64_t>(i);
      numbers[j] = 0;
      found = true;
    }
  }
  return to;
}

}  // namespace

// The mean of all that attain the extremum: the element itself and its updates.
Replay scattered_extremum(const AtPoint& at, Ties& ties) {
  const auto to = destinations(at);
  const auto x = numbers(at.in[0]), u = numbers(at.in[2]), y = numbers(at.out[0]);
  std::vector<double> stays(x.size()), counts(x.size());
  std::vector<std::int64_t> attains(u.size(), -1);
  for (std::size_t i = 0; i < x.size(); ++i) counts[i] = stays[i] = x[i] == y[i] ? 1 : 0;
  for (std::size_t j = 0; j < u.size(); ++j) {
    if (to[j] < 0 || u[j] != y[static_cast<std::size_t>(to[j])]) continue;
    attains[j] = to[j];
    ++counts[static_cast<std::size_t>(to[j])];
  }
  std::int64_t tied = 0;
  for (const auto c : counts) tied += c > 1 ? 1 : 0;
  ties.add(at.eqn.prim->name(), tied, at.in[0].size());
  return [stays, counts, attains, like = at.in[0]](ArraySpan in) {
    auto out = numbers(in[0]);
    const auto updates = numbers(in[2]);
    for (std::size_t i = 0; i < out.size(); ++i)
      if (stays[i] == 0) out[i] = 0;
    for (std::size_t j = 0; j < updates.size(); ++j)
      if (attains[j] >= 0) out[static_cast<std::size_t>(attains[j])] += updates[j];
    for (std::size_t i = 0; i < out.size(); ++i) out[i] /= counts[i];
    return Arrays{from_numbers(out, like)};
  };
}

// --- gathers ----------------------------------------------------------------------------

// In an operand of another dtype than the fill value's. Where each element comes from is read off gathers of
// the digits of the operand's positions, in its own dtype, of which the narrowest holds integers up to 256.
Replay gathered_places(const AtPoint& at) {
  const auto& x = at.in[0];
  const auto n = static_cast<std::size_t>(x.size()), m = static_cast<std::size_t>(at.out[0].size());
  const auto seen = [&](const std::function<double(std::size_t)>& f) {
    std::vector<Complex> values(n);
    for (std::size_t i = 0; i < n; ++i) values[i] = f(i);
    const Array operands[] = {lax::convert_element_type(from_numbers(values, x), x.dtype()), at.in[1]};
    return numbers(at.eqn.prim->bind(operands, at.eqn.params.view())[0]);
  };
  constexpr std::size_t base = 128;
  const auto none = seen([](std::size_t) { return 0.0; }), all = seen([](std::size_t) { return 1.0; });
  std::vector<std::int64_t> from(m, 0);
  for (std::size_t unit = 1; unit < n; unit *= base) {
    const auto digits = seen([unit](std::size_t i) { return static_cast<double>(i / unit % base); });
    for (std::size_t j = 0; j < m; ++j)
      if (none[j] != all[j])
        from[j] += static_cast<std::int64_t>(digits[j].real()) * static_cast<std::int64_t>(unit);
  }
  for (std::size_t j = 0; j < m; ++j)  // filled: equal, or NaN both times
    if (!(none[j] == 0.0 && all[j] == 1.0)) from[j] = -1;
  return [from, fill = numbers(at.out[0]), like = at.out[0]](ArraySpan in) {
    const auto moved = numbers(in[0]);
    auto out = fill;
    for (std::size_t j = 0; j < out.size(); ++j)
      if (from[j] >= 0) out[j] = moved[static_cast<std::size_t>(from[j])];
    return Arrays{from_numbers(out, like)};
  };
}

// --- decompositions ---------------------------------------------------------------------

namespace {

// Rows exchanged as at the point, then eliminated without looking for pivots.
void eliminate(const Complex* x, Complex* y, const std::int32_t* order, std::size_t m, std::size_t n) {
  for (std::size_t i = 0; i < m; ++i) std::copy_n(x + static_cast<std::size_t>(order[i]) * n, n, y + i * n);
  for (std::size_t k = 0; k < std::min(m, n); ++k)
    for (std::size_t i = k + 1; i < m; ++i) {
      const auto factor = y[i * n + k] /= y[k * n + k];
      for (std::size_t j = k + 1; j < n; ++j) y[i * n + j] -= factor * y[k * n + j];
    }
}

}  // namespace

// Results are the factors, the exchanges, and the permutation that they make.
Replay lu_piece(const AtPoint& at, Ties& ties) {
  const auto rank = at.in[0].shape().size();
  const auto m = static_cast<std::size_t>(at.in[0].shape()[rank - 2]),
             n = static_cast<std::size_t>(at.in[0].shape()[rank - 1]);
  const auto factors = numbers(at.out[0]);
  std::int64_t tied = 0;
  for (std::size_t p = 0; p < factors.size(); ++p)
    if (p / n % m > p % n && std::abs(factors[p]) == 1) ++tied;
  ties.add("lu", tied, at.in[0].size(), "were as good a pivot");
  const auto order = lax::convert_element_type(at.out[2], DType::int32).to_vector<std::int32_t>();
  return [m, n, order, out = at.out](ArraySpan in) {
    const auto x = numbers(in[0]);
    std::vector<Complex> y(x.size());
    for (std::size_t b = 0; m * n != 0 && b < x.size() / (m * n); ++b)
      eliminate(x.data() + b * m * n, y.data() + b * m * n, order.data() + b * m, m, n);
    return Arrays{from_numbers(y, out[0]), out[1], out[2]};
  };
}

Replay spectrum(const AtPoint& at, Ties& ties) {
  const auto name = at.eqn.prim->name();
  const auto values = name == "eigh" ? at.out[1] : at.out[0];
  const auto n = values.shape().back();
  if (n > 1) {
    const auto eps = itemsize(real_part(values.dtype())) == 4 ? 1e-6 : 1e-14;
    const auto sizes = abs(values);
    const auto sorted =
        lax::sort(name == "svd" ? sizes : lax::convert_element_type(values, DType::complex128).real(), -1);
    const auto last = sorted.shape().size() - 1;
    Dims start(last + 1, 0), limit = sorted.shape();
    start[last] = 1;
    const auto high = lax::slice(sorted, start, limit);
    start[last] = 0;
    limit[last] = n - 1;
    const auto gaps = high - lax::slice(sorted, start, limit);
    const auto tied = gaps <= eps * max(sizes, -1, true);
    ties.add(name, count(tied), values.size(), "repeat");
  }
  return [p = at.eqn.prim, params = at.eqn.params](ArraySpan in) { return p->bind(in, params.view()); };
}

}  // namespace fluxion::testing
