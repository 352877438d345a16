#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>

#include <fluxion/dtype_info.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/testing/draw.hpp>

#include "base/text.hpp"
#include "testing/elements.hpp"
#include "testing/words.hpp"

namespace fluxion::testing::gen::detail {

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::array<double, 7> kSimple{0, 1, -1, 2, 0.5, -2, -0.5};  // the simplest first

struct Range {
  double low, high;
  bool contains(double v) const { return v >= low && v <= high; }
};

Range range_of(const ArrayRecipe& r) {
  const double low = is_inexact(r.dtype) ? -3 : is_signed_integer(r.dtype) ? -10 : 0;
  const double high = is_inexact(r.dtype) ? 3 : r.dtype == DType::bool_ ? 1 : 10;
  return {r.values.low.value_or(low), r.values.high.value_or(high)};
}

// The special numbers that are switched on.
std::vector<double> special_reals(const ArrayRecipe& r) {
  const auto& v = r.values;
  const auto f = finfo(r.dtype);
  std::vector<double> out;
  const auto both = [&](std::initializer_list<double> numbers) {
    for (const double x : numbers) out.push_back(x), out.push_back(-x);
  };
  if (v.special || v.signed_zeros) both({0.0});
  if (v.special || v.subnormals) both({f.smallest_subnormal, f.tiny / 2});
  if (v.special || v.infinities) both({kInf});
  if (v.special || v.nans) out.push_back(kNaN);
  if (v.special || v.extremes) both({f.max, f.tiny, 1 + f.eps, 1 - f.epsneg});
  return out;
}
std::vector<std::int64_t> special_integers(const ArrayRecipe& r) {
  if (!(r.values.special || r.values.extremes) || !is_integer(r.dtype)) return {};
  const auto bits = 8 * static_cast<int>(itemsize(r.dtype));
  if (is_unsigned_integer(r.dtype)) return {0, bits == 64 ? -1 : (std::int64_t{1} << bits) - 1};
  const auto least = static_cast<std::int64_t>(~std::uint64_t{0} << (bits - 1));
  return {least, -(least + 1), least + 1, -1};
}

class Drawer {
 public:
  Drawer(const ArrayRecipe& r, std::uint64_t seed) : recipe_(r), words_(seed), range_(range_of(r)) {
    if (is_inexact(r.dtype)) reals_ = special_reals(r);
    else integers_ = special_integers(r);
  }
  Element element() {
    if (is_complex(recipe_.dtype)) {
      const double re = real();
      return {re, real(), 0};
    }
    if (is_floating(recipe_.dtype)) return {real(), 0, 0};
    return {0, 0, integer()};
  }
  bool tie() { return (recipe_.values.special || recipe_.values.ties) && words_.one_in(3); }
  std::size_t below(std::size_t n) { return words_.below(n); }

 private:
  double real() {
    if (!reals_.empty() && words_.one_in(4)) return reals_[words_.below(reals_.size())];
    if (words_.one_in(4))
      if (const double v = kSimple[words_.below(kSimple.size())]; range_.contains(v)) return v;
    return range_.low + (range_.high - range_.low) * words_.unit();
  }
  std::int64_t integer() {
    if (!integers_.empty() && words_.one_in(4)) return integers_[words_.below(integers_.size())];
    return words_.between(static_cast<std::int64_t>(std::ceil(range_.low)),
                          static_cast<std::int64_t>(std::floor(range_.high)));
  }

  const ArrayRecipe& recipe_;
  Words words_;
  Range range_;
  std::vector<double> reals_;
  std::vector<std::int64_t> integers_;
};

// --- what is simpler than a number -------------------------------------------------------------------------------

// Zero, one and their like before small integers before short decimals before all others before what is not finite.
double cost(double v) {
  if (std::isnan(v)) return 4e18;
  if (std::isinf(v)) return v > 0 ? 3e18 : 3.1e18;
  if (v == 0 && std::signbit(v)) return 8;
  for (std::size_t i = 0; i < kSimple.size(); ++i)
    if (v == kSimple[i]) return static_cast<double>(i);
  const double size = std::min(std::fabs(v), 1e12), sign = v < 0 ? 0.5 : 0;
  if (v == std::trunc(v) && size < 1e12) return 10 + size + sign;
  if (4 * v == std::trunc(4 * v)) return 5e12 + size + sign;
  double scaled = v;
  for (int digits = 1; digits <= 3; ++digits) {
    scaled = v * std::pow(10, digits);
    if (scaled == std::round(scaled)) return 1e13 * digits + size + sign;
  }
  return 1e17 + (std::fabs(v) > 1 ? std::log2(std::fabs(v)) : -std::log2(std::fabs(v))) + sign;
}

std::vector<double> simpler_numbers(double v) {
  std::vector<double> out(kSimple.begin(), kSimple.end());
  if (std::isfinite(v)) {
    for (const double c :
         {std::trunc(v), -v, std::trunc(v / 2), std::trunc(v) - (v > 0 ? 1 : -1), std::round(v * 4) / 4,
          std::round(v * 10) / 10, std::round(v * 100) / 100, std::ldexp(1, std::ilogb(v))})
      out.push_back(c);
  }
  std::erase_if(out, [&](double c) { return !(cost(c) < cost(v)); });
  return out;
}

class Simplifier {
 public:
  explicit Simplifier(const ArrayRecipe& r) : recipe_(r), range_(range_of(r)) {}

  std::vector<Element> simpler(const Element& e) const {
    std::vector<Element> out;
    if (is_inexact(recipe_.dtype)) {
      for (const double v : simpler_numbers(e.re)) add(out, {v, e.im, 0});
      if (is_complex(recipe_.dtype))
        for (const double v : simpler_numbers(e.im)) add(out, {e.re, v, 0});
    } else {
      // A wrapped unsigned number may look negative: all bits set is the greatest.
      const auto v = static_cast<double>(e.whole);
      for (const double c : simpler_numbers(v))
        if (c == std::trunc(c)) add(out, {0, 0, static_cast<std::int64_t>(c)});
    }
    return out;
  }
  double cost_of(const Element& e) const {
    return is_inexact(recipe_.dtype) ? cost(e.re) + (is_complex(recipe_.dtype) ? cost(e.im) : 0)
                                     : cost(static_cast<double>(e.whole));
  }
  bool better(const std::vector<Element>& next, const std::vector<Element>& now) const {
    bool any = false;
    for (std::size_t i = 0; i < now.size(); ++i) {
      const auto before = cost_of(now[i]), after = cost_of(next[i]);
      if (after > before) return false;
      any |= after < before;
    }
    return any;
  }
  bool allows(const Element& e) const {
    if (!is_inexact(recipe_.dtype)) return range_.contains(static_cast<double>(e.whole));
    return range_.contains(e.re) && (!is_complex(recipe_.dtype) || range_.contains(e.im));
  }

 private:
  void add(std::vector<Element>& out, const Element& e) const {
    if (allows(e)) out.push_back(e);
  }
  const ArrayRecipe& recipe_;
  Range range_;
};

/// x cut down to a smaller shape: its first or its last elements.
Array cut(const Array& x, const Shape& to, bool last) {
  auto y = x;
  for (std::size_t axis = 0; y.shape().size() > to.size();) {  // drop the first axis that is not in `to`
    const bool kept = axis < to.size() && y.shape()[axis] == to[axis];
    if (kept && y.shape().size() - axis > to.size() - axis && axis + 1 < y.shape().size()) {
      ++axis;
      continue;
    }
    if (y.shape()[axis] == 0) return Array();
    y = lax::index_in_dim(y, last ? y.shape()[axis] - 1 : 0, static_cast<std::int64_t>(axis), false);
  }
  Dims start(to.size(), 0), limit = to;
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (to[i] > y.shape()[i]) return Array();
    if (last) start[i] = y.shape()[i] - to[i], limit[i] = y.shape()[i];
  }
  return lax::slice(y, start, limit);
}

using Elements = std::vector<Element>;

// All elements replaced at once, then halves, quarters, ...
void replace_chunks(const Simplifier& s, const Elements& now, std::vector<Elements>& out) {
  for (auto chunk = now.size(); chunk > 1; chunk = (chunk + 1) / 2) {
    for (std::size_t from = 0; from < now.size(); from += chunk) {
      for (const double v : {0.0, 1.0}) {
        auto next = now;
        bool better = false, worse = false;
        for (auto i = from; i < std::min(from + chunk, now.size()); ++i) {
          next[i] = {v, 0, static_cast<std::int64_t>(v)};
          better |= s.cost_of(next[i]) < s.cost_of(now[i]);
          worse |= s.cost_of(next[i]) > s.cost_of(now[i]) || !s.allows(next[i]);
        }
        if (better && !worse) out.push_back(std::move(next));
      }
    }
    if (chunk == 2) break;
  }
}

}  // namespace

void check_options(const char* what, const ArrayRecipe& r) {
  if (r.shapes) check_options(what, *r.shapes);
  if (is_key(r.dtype) || r.dtype == DType::float0 || is_tape(r.dtype))
    throw TypeError(text(what, ": a dtype of numbers or bool is required, got ", name(r.dtype),
                         is_key(r.dtype) ? "; use gen::keys" : ""));
  const auto range = range_of(r);
  const bool whole = !is_inexact(r.dtype);
  if (!(range.low <= range.high) || (whole && std::ceil(range.low) > std::floor(range.high)))
    throw ValueError(text(what, ": low <= high is required", whole ? " with an integer between them" : "",
                          ", got ", range.low, " and ", range.high));
}

Array draw_array(const ArrayRecipe& r, std::uint64_t seed, int size) {
  const auto shape = r.shapes ? draw_shape(*r.shapes, seed, size) : r.shape;
  Drawer draw(r, seed + 1);
  Elements elements(static_cast<std::size_t>(element_count(shape)));
  for (std::size_t i = 0; i < elements.size(); ++i)
    elements[i] = i > 0 && draw.tie() ? elements[draw.below(i)] : draw.element();
  return array_of(elements, r.dtype, shape);
}

Array draw_correlation_parameters(const Shape& shape, std::int64_t n, std::uint64_t seed) {
  // Uniform over correlation matrices means that the partial correlation of column j, all before it held fixed, is
  // distributed as a coordinate of a random direction in n - j + 1 dimensions (Lewandowski, Kurowicka, Joe 2009).
  Words w(seed);
  Elements elements;
  const auto count = element_count(shape);
  while (static_cast<std::int64_t>(elements.size()) < count)
    for (std::int64_t i = 1; i < n; ++i)
      for (std::int64_t j = 0; j < i; ++j) {
        const double first = w.normal();
        double squares = 0;
        for (std::int64_t k = 0; k < n - j; ++k) {
          const double other = w.normal();
          squares += other * other;
        }
        elements.push_back({std::atanh(first / std::sqrt(first * first + squares)), 0, 0});
      }
  return array_of(elements, DType::float64, shape);
}

Arrays simpler_arrays(const ArrayRecipe& r, const Array& x) {
  Arrays out;
  if (r.shapes)
    for (const auto& s : simpler_shapes(*r.shapes, x.shape()))
      for (const bool last : {false, true})
        if (auto smaller = cut(x, s, last); !smaller.is_empty_handle()) out.push_back(std::move(smaller));
  const Simplifier simplifier(r);
  const auto now = elements_of(x);
  std::vector<Elements> candidates;
  replace_chunks(simplifier, now, candidates);
  for (std::size_t i = 0; i < now.size(); ++i)
    for (const auto& e : simplifier.simpler(now[i])) {
      candidates.push_back(now);
      candidates.back()[i] = e;
    }
  for (const auto& c : candidates) {
    auto y = array_of(c, r.dtype, x.shape());
    if (simplifier.better(elements_of(y), now)) out.push_back(std::move(y));  // rounded by the dtype it may not be
  }
  return out;
}

}  // namespace fluxion::testing::gen::detail
