#include <fluxion/testing/compare.hpp>

#include <bit>
#include <cmath>
#include <sstream>

#include <fluxion/complex.hpp>
#include <fluxion/dtype_info.hpp>
#include <fluxion/print_options.hpp>
#include <fluxion/random.hpp>

#include "base/text.hpp"
#include "testing/elements.hpp"

namespace fluxion::testing::detail {

namespace {

constexpr std::size_t kShown = 4;  // mismatches of one array

std::string number(double v) {
  std::ostringstream os;
  os.precision(17);
  os << (std::isnan(v) ? std::fabs(v) : v);  // NaN has no sign
  return os.str();
}
std::string shown(const Element& e, DType t) {
  if (is_complex(t)) return number(e.re) + (std::signbit(e.im) ? "-" : "+") + number(std::fabs(e.im)) + "j";
  if (is_floating(t)) return number(e.re);
  if (t == DType::bool_) return e.whole != 0 ? "true" : "false";
  return t == DType::uint64 || is_key(t) ? std::to_string(static_cast<std::uint64_t>(e.whole))
                                         : std::to_string(e.whole);
}

std::string index_of(std::int64_t flat, const Shape& shape) {
  std::string out;
  for (std::size_t i = shape.size(); i-- > 0; flat /= shape[i])
    out = std::to_string(flat % shape[i]) + (out.empty() ? "" : ",") + out;
  return shape.empty() ? "" : "[" + out + "]";
}

bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) || (std::isnan(a) && std::isnan(b));
}
bool same_bits(const Element& a, const Element& b) {
  return same_bits(a.re, b.re) && same_bits(a.im, b.im) && a.whole == b.whole;
}

double distance(const Element& a, const Element& b) {
  if (a.whole != b.whole) return std::fabs(static_cast<double>(a.whole) - static_cast<double>(b.whole));
  return std::hypot(a.re - b.re, a.im - b.im);
}
bool has_nan(const Element& e) { return std::isnan(e.re) || std::isnan(e.im); }

class Judge {
 public:
  Judge(const Closeness* closeness, DType dtype) : closeness_(closeness) {
    if (closeness_ == nullptr) return;
    rtol_ = closeness_->rtol.value_or(is_inexact(dtype) ? std::sqrt(finfo(dtype).eps) : 0);
  }
  bool accepts(const Element& got, const Element& want) const {
    if (closeness_ == nullptr) return same_bits(got, want);
    if (has_nan(got) || has_nan(want)) return closeness_->equal_nan && has_nan(got) && has_nan(want);
    if (got.re == want.re && got.im == want.im && got.whole == want.whole) return true;
    const auto size = want.whole != 0 ? std::fabs(static_cast<double>(want.whole)) : std::hypot(want.re, want.im);
    const auto off = distance(got, want);
    return std::isfinite(off) && off <= closeness_->atol + rtol_ * size;
  }

 private:
  const Closeness* closeness_;
  double rtol_ = 0;
};

std::string line(const std::string& place, const Element& got, const Element& want, DType t) {
  auto out = "\n  " + place + " is " + shown(got, t) + ", expected " + shown(want, t);
  if (const auto off = distance(got, want); std::isfinite(off) && off > 0 && !is_key(t))
    out += " (off by " + text(off) + ")";
  return out;
}

std::string difference_of_arrays(const std::string& path, const Array& got, const Array& want,
                                 const Closeness* closeness) {
  const auto name = path.empty() ? std::string("the array") : path;
  const auto kind = [](const Array& x) {
    return x.is_empty_handle() ? "an empty handle" : text(Aval{x.shape(), x.dtype()});
  };
  if (kind(got) != kind(want)) return name + " is " + kind(got) + ", expected " + kind(want);
  if (got.is_empty_handle()) return "";
  const auto a = elements_of(got), b = elements_of(want);
  const Judge judge(closeness, got.dtype());
  std::size_t count = 0, worst = 0;
  double farthest = -1;
  std::string lines;
  const auto place = [&](std::size_t i) {
    return got.ndim() == 0 ? name : path + index_of(static_cast<std::int64_t>(i), got.shape());
  };
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (judge.accepts(a[i], b[i])) continue;
    if (const auto off = distance(a[i], b[i]); !(off <= farthest)) farthest = off, worst = i;
    if (count++ < kShown) lines += line(place(i), a[i], b[i], got.dtype());
  }
  if (count == 0) return "";
  if (count > kShown)
    lines += "\n  ... and worst:" + line(place(worst), a[worst], b[worst], got.dtype()).substr(2);
  return text(count, " of ", a.size(), a.size() == 1 ? " element" : " elements", path.empty() ? "" : " of " + path,
              count == 1 ? " differs" : " differ", closeness == nullptr ? " in bits:" : ":") + lines;
}

}  // namespace

std::string difference_of_trees(const tree::Flattened& got, const tree::Flattened& want, const Closeness* closeness) {
  if (!(got.structure == want.structure)) return text("the tree is ", got.structure, ", expected ", want.structure);
  const auto paths = want.structure.paths();
  std::string out;
  for (std::size_t i = 0; i < want.leaves.size(); ++i) {
    const auto d = difference_of_arrays(paths[i], got.leaves[i], want.leaves[i], closeness);
    if (!d.empty()) out += (out.empty() ? "" : "\n") + d;
  }
  return out;
}

std::string show_array(const Array& x) {
  if (x.is_empty_handle()) return "(empty handle)";
  const printoptions every_digit({.precision = 17});
  return text(Aval{x.shape(), x.dtype()}, ' ', is_key(x.dtype()) ? random::key_data(x) : x);
}

std::string show_tree(const tree::Flattened& t) {
  const auto paths = t.structure.paths();
  std::string out;
  for (std::size_t i = 0; i < t.leaves.size(); ++i)
    out += (i == 0 ? "" : "\n") + (paths[i].empty() ? "" : paths[i] + " = ") + show_array(t.leaves[i]);
  return out;
}

}  // namespace fluxion::testing::detail
