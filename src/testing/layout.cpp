#include "testing/layout.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstring>
#include <limits>

#include <fluxion/half.hpp>
#include "base/visit_dtype.hpp"
#include "core/evaluate.hpp"

namespace fluxion::testing {

namespace {

template <class F>
decltype(auto) visit_inexact(DType t, F&& f) {
  switch (t) {
    case DType::float16: return f.template operator()<float16_t>();
    case DType::bfloat16: return f.template operator()<bfloat16_t>();
    case DType::float32: return f.template operator()<float>();
    case DType::complex64: return f.template operator()<std::complex<float>>();
    case DType::complex128: return f.template operator()<std::complex<double>>();
    default: return f.template operator()<double>();
  }
}

template <class T>
struct Parts {
  static constexpr bool complex = false;
};
template <class T>
struct Parts<std::complex<T>> {
  static constexpr bool complex = true;
};

std::size_t numbers(const Aval& a) {
  if (!is_inexact(a.dtype)) return 0;
  return static_cast<std::size_t>(a.size()) * (is_complex(a.dtype) ? 2 : 1);
}

}  // namespace

Layout::Layout(const Arrays& xs) {
  for (const auto& x : xs) {
    avals_.push_back(x.aval());
    begin_.push_back(size_);
    size_ += numbers(x.aval());
  }
  begin_.push_back(size_);
}

Vec Layout::read(const Arrays& xs) const {
  Vec out(size_);
  for (std::size_t k = 0; k < xs.size(); ++k) {
    if (begin_[k] == begin_[k + 1]) continue;
    const auto dense = packed(xs[k]);
    const auto* data = concrete(dense)->data;
    double* to = out.data() + begin_[k];
    const auto n = static_cast<std::size_t>(avals_[k].size());
    visit_inexact(avals_[k].dtype, [&]<class T>() {
      for (std::size_t i = 0; i < n; ++i) {
        T v;
        std::memcpy(static_cast<void*>(&v), data + i * sizeof(T), sizeof(T));
        if constexpr (Parts<T>::complex) {
          *to++ = static_cast<double>(v.real());
          *to++ = static_cast<double>(v.imag());
        } else {
          *to++ = static_cast<double>(v);
        }
      }
    });
  }
  return out;
}

Array Layout::write_leaf(std::size_t k, const Vec& v) const {
  std::byte* data = nullptr;
  auto aval = avals_[k];
  auto x = make_array(aval, data);
  const double* from = v.data() + begin_[k];
  const auto n = static_cast<std::size_t>(aval.size());
  visit_inexact(aval.dtype, [&]<class T>() {
    for (std::size_t i = 0; i < n; ++i) {
      T value;
      if constexpr (Parts<T>::complex) {
        using R = typename T::value_type;
        value = T(static_cast<R>(from[0]), static_cast<R>(from[1]));
        from += 2;
      } else if constexpr (std::is_same_v<T, double>) {
        value = *from++;
      } else {
        value = static_cast<T>(static_cast<float>(*from++));
      }
      std::memcpy(data + i * sizeof(T), static_cast<const void*>(&value), sizeof(T));
    }
  });
  return x;
}

Arrays Layout::write(const Vec& v, const Arrays& rest) const {
  Arrays out;
  for (std::size_t k = 0; k < avals_.size(); ++k)
    out.push_back(is_inexact(avals_[k].dtype) ? write_leaf(k, v) : rest[k]);
  return out;
}

Arrays Layout::tangents(const Vec& v) const {
  Arrays out;
  for (std::size_t k = 0; k < avals_.size(); ++k)
    if (is_inexact(avals_[k].dtype)) out.push_back(write_leaf(k, v));
  return out;
}

std::size_t Layout::leaf_of(std::size_t i) const {
  const auto after = std::upper_bound(begin_.begin(), begin_.end(), i);
  return static_cast<std::size_t>(after - begin_.begin()) - 1;
}

std::string Layout::place(std::size_t i) const {
  const auto k = leaf_of(i);
  const auto& a = avals_[k];
  auto at = static_cast<std::int64_t>(i - begin_[k]);
  std::string part;
  if (is_complex(a.dtype)) {
    part = at % 2 == 0 ? ", real part" : ", imaginary part";
    at /= 2;
  }
  std::string index;
  for (std::size_t d = a.shape.size(); d-- > 0; at /= a.shape[d]) {
    const auto here = std::to_string(at % a.shape[d]);
    index = index.empty() ? here : here + "," + index;
  }
  return std::to_string(k) + (index.empty() ? "" : " at [" + index + "]") + part;
}

double eps_of(DType t) {
  switch (t) {
    case DType::bfloat16: return 0x1p-7;
    case DType::float16: return 0x1p-10;
    case DType::float32:
    case DType::complex64: return std::numeric_limits<float>::epsilon();
    default: return std::numeric_limits<double>::epsilon();
  }
}

double coarsest_eps(const std::vector<Aval>& avals) {
  double eps = std::numeric_limits<double>::epsilon();
  for (const auto& a : avals)
    if (is_inexact(a.dtype)) eps = std::max(eps, eps_of(a.dtype));
  return eps;
}

namespace {

bool same_elements(const Array& a, const Array& b) {
  const auto x = packed(a), y = packed(b);
  const auto bytes = static_cast<std::size_t>(a.size()) * itemsize(a.dtype());
  if (a.dtype() == DType::float0 || bytes == 0 ||
      std::memcmp(concrete(x)->data, concrete(y)->data, bytes) == 0)
    return true;
  if (!is_inexact(a.dtype())) return false;
  const Layout layout({a});
  const auto u = layout.read({a}), v = layout.read({b});
  for (std::size_t i = 0; i < u.size(); ++i) {
    const bool nans = std::isnan(u[i]) && std::isnan(v[i]);
    if (!nans && (u[i] != v[i] || std::signbit(u[i]) != std::signbit(v[i]))) return false;
  }
  return true;
}

}  // namespace

bool same_bits(const Arrays& a, const Arrays& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t k = 0; k < a.size(); ++k) {
    if (!same_type(a[k].aval(), b[k].aval()) || is_key(a[k].dtype()) != is_key(b[k].dtype())) return false;
    if (!is_tape(a[k].dtype()) && !same_elements(a[k], b[k])) return false;
  }
  return true;
}

}  // namespace fluxion::testing
