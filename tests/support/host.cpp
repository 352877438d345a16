#include "support/host.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <sstream>

#include <fluxion/creation.hpp>
#include <fluxion/lax.hpp>

#include "base/visit_dtype.hpp"

namespace fluxion::test {

namespace {

// The parts of complex numbers, whole numbers and the others that have no type of their own.
template <class T>
Number number_of(T v) {
  if constexpr (requires { v.real(); }) return {static_cast<double>(v.real()), 0, static_cast<double>(v.imag())};
  else if constexpr (std::is_integral_v<T>) return whole(static_cast<std::int64_t>(v));
  else return real(static_cast<double>(v));
}

template <class T>
Host read_as(const Array& x) {
  Host h{x.dtype(), x.shape(), {}};
  for (const T v : x.to_vector<T>()) h.v.push_back(number_of(v));
  return h;
}

template <class T>
T element(const Number& n) {
  if constexpr (requires(T v) { v.real(); }) return T(static_cast<typename T::value_type>(n.f), static_cast<typename T::value_type>(n.im));
  else if constexpr (std::is_integral_v<T>) return static_cast<T>(n.i);
  else return static_cast<T>(n.f);
}

// f.operator()<T>() for the element type of any dtype of numbers.
template <class F>
auto with_element_type(DType t, F f) {
  if (t == DType::float16) return f.template operator()<float16_t>();
  if (t == DType::bfloat16) return f.template operator()<bfloat16_t>();
  return visit_dtype(t, f);
}

void write(std::byte* out, DType t, const Number& n) {
  if (t == DType::bool_) {
    *out = std::byte{static_cast<unsigned char>(n.i != 0)};
    return;
  }
  with_element_type(t, [&]<class T>() {
    const T v = element<T>(n);
    std::memcpy(out, &v, sizeof v);
  });
}

Host read_keys(const Array& x) {
  const auto words = lax::random_unwrap(x).to_vector<std::uint32_t>();
  Host h{x.dtype(), x.shape(), {}};
  for (std::size_t i = 0; i < words.size(); i += 2)
    h.v.push_back(whole(static_cast<std::int64_t>(words[i] | (static_cast<std::uint64_t>(words[i + 1]) << 32))));
  return h;
}

std::uint64_t mix(std::uint64_t& state) {
  auto z = state += 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

double rounded(double v, DType t) {
  switch (t) {
    case DType::float16: return float16_t(v);
    case DType::bfloat16: return bfloat16_t(v);
    case DType::float32: case DType::complex64: return static_cast<double>(static_cast<float>(v));
    default: return v;
  }
}

double ulp_of_half(double v, DType t) {
  const bool brain = t == DType::bfloat16;
  const int digits = brain ? 8 : 11, lowest = brain ? -126 : -14;
  return std::isfinite(v) ? std::ldexp(1.0, std::max(v == 0 ? lowest : std::ilogb(v), lowest) - digits + 1) : kInf;
}

// The gap between v and its neighbour away from zero.
double ulp(double v, DType t) {
  if (is_half(t)) return ulp_of_half(v, t);
  if (t == DType::float32 || t == DType::complex64) {
    const auto a = std::fabs(static_cast<float>(v));
    return std::isinf(a) ? kInf : static_cast<double>(std::nextafter(a, std::numeric_limits<float>::infinity())) - a;
  }
  const auto a = std::fabs(v);
  return std::isinf(a) ? kInf : std::nextafter(a, kInf) - a;
}

bool same_bits(double a, double b) { return std::isnan(a) ? std::isnan(b) : a == b && std::signbit(a) == std::signbit(b); }

double ulps_between(double got, double want, DType t) {
  const auto nearest = rounded(want, t);
  if (same_bits(got, nearest)) return 0;
  if (!std::isfinite(got) || !std::isfinite(nearest)) return kInf;
  const auto distance = std::fabs(got - want) / ulp(nearest, t);
  return distance > 0 ? distance : 0.5;  // zeros of different signs
}

bool equal(double got, double want, DType t, const Tolerance& tol, double size) {
  if (same_bits(got, rounded(want, t))) return true;
  if (tol.ulps == 0 && tol.relative == 0 && tol.absolute == 0) return false;
  if (got == want) return true;
  if (!std::isfinite(got) || !std::isfinite(want)) return false;
  if (tol.ulps > 0 && std::fabs(got - want) <= tol.ulps * ulp(rounded(size, t), t)) return true;
  return std::fabs(got - want) <= tol.absolute + tol.relative * std::fabs(size);
}
bool equal(const Number& got, const Number& want, DType t, const Tolerance& tol) {
  if (!is_inexact(t)) return got.i == want.i;
  if (!is_complex(t)) return equal(got.f, want.f, t, tol, want.f);
  // Errors of either part are measured by the larger one, as rounding in complex products and functions makes them.
  const auto size = std::max(std::fabs(want.f), std::fabs(want.im));
  return equal(got.f, want.f, t, tol, size) && equal(got.im, want.im, t, tol, size);
}

std::string show(const Number& n, DType t) {
  std::ostringstream s;
  s.precision(17);
  if (is_complex(t)) s << n.f << " + " << n.im << "i";
  else if (is_floating(t)) s << n.f << std::hexfloat << " (" << n.f << ")";
  else if (t == DType::uint64) s << static_cast<std::uint64_t>(n.i);
  else s << n.i;
  return s.str();
}

std::string place(std::size_t flat, const Shape& shape) {
  Dims at(shape.size(), 0);
  for (std::size_t d = shape.size(); d-- > 0; flat /= static_cast<std::size_t>(shape[d]))
    at[d] = static_cast<std::int64_t>(flat % static_cast<std::size_t>(shape[d]));
  std::ostringstream s;
  s << at;
  return s.str();
}

}  // namespace

std::int64_t wrapped(std::int64_t i, DType dtype) {
  if (!is_integer(dtype)) return dtype == DType::bool_ ? i != 0 : i;
  return visit_dtype(dtype, [&]<class T>() -> std::int64_t { return number_of(element<T>(whole(i))).i; });
}

Host read(const Array& x) {
  if (is_key(x.dtype())) return read_keys(x);
  if (x.dtype() > DType::complex128) return {x.dtype(), x.shape(), {}};
  return with_element_type(x.dtype(), [&]<class T>() { return read_as<T>(x); });
}

Array make(const Host& h) {
  if (is_key(h.dtype)) {
    Host words{DType::uint32, h.shape, {}};
    words.shape.push_back(2);
    for (const auto& n : h.v) {
      words.v.push_back(whole(n.i & 0xffffffff));
      words.v.push_back(whole(static_cast<std::int64_t>(static_cast<std::uint64_t>(n.i) >> 32)));
    }
    return lax::random_wrap(make(words));
  }
  const auto item = itemsize(h.dtype);
  std::vector<std::byte> bytes(h.v.size() * item);
  for (std::size_t i = 0; i < h.v.size(); ++i) write(bytes.data() + i * item, h.dtype, h.v[i]);
  return detail::from_elements(bytes.data(), h.dtype, h.v.size(), h.shape);
}

Host sample(const Arg& arg, std::uint64_t seed) {
  Host h{arg.dtype, arg.shape, {}};
  const auto n = element_count(arg.shape);
  for (std::int64_t i = 0; i < n; ++i) {
    if (!arg.values.empty()) {
      auto v = arg.values[static_cast<std::size_t>(i) % arg.values.size()];
      h.v.push_back({rounded(v.f, arg.dtype), wrapped(v.i, arg.dtype), rounded(v.im, arg.dtype)});
      continue;
    }
    const auto word = mix(seed);
    const auto between = [&](std::uint64_t w) {
      return rounded(arg.lo + (arg.hi - arg.lo) * (static_cast<double>(w >> 11) * 0x1p-53), arg.dtype);
    };
    if (is_complex(arg.dtype)) {
      h.v.push_back({between(word), 0, between(mix(seed))});
    } else if (is_floating(arg.dtype)) {
      h.v.push_back(real(between(word)));
    } else if (arg.dtype == DType::bool_ || is_key(arg.dtype)) {
      h.v.push_back(whole(is_key(arg.dtype) ? static_cast<std::int64_t>(word) : static_cast<std::int64_t>(word & 1)));
    } else {
      const auto span = static_cast<std::uint64_t>(arg.hi - arg.lo) + 1;
      h.v.push_back(whole(wrapped(static_cast<std::int64_t>(arg.lo) + static_cast<std::int64_t>(word % span), arg.dtype)));
    }
  }
  return h;
}

std::uint64_t seed_of(const std::string& name, std::uint64_t index) {
  std::uint64_t h = 1469598103934665603ULL + index;
  for (const char c : name) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return h;
}

std::optional<std::string> difference(const Host& got, const Host& want, Tolerance t) {
  std::ostringstream s;
  if (got.dtype != want.dtype || got.shape != want.shape) {
    s << "got " << Aval{got.shape, got.dtype} << ", expected " << Aval{want.shape, want.dtype};
    return s.str();
  }
  for (std::size_t i = 0; i < want.v.size(); ++i) {
    const auto &g = got.v[i], &w = want.v[i];
    if (equal(g, w, got.dtype, t)) continue;
    s << "element " << place(i, got.shape) << " of " << Aval{got.shape, got.dtype} << ": got " << show(g, got.dtype)
      << ", expected " << show(w, got.dtype);
    if (is_floating(got.dtype)) s << ", " << ulps_between(g.f, w.f, got.dtype) << " ulps apart";
    return s.str();
  }
  return {};
}

std::optional<std::string> difference(const Array& got, const Array& want, Tolerance t) {
  return difference(read(got), read(want), t);
}

std::optional<std::string> difference(const Arrays& got, const Arrays& want, Tolerance t) {
  if (got.size() != want.size())
    return "got " + std::to_string(got.size()) + " results, expected " + std::to_string(want.size());
  for (std::size_t k = 0; k < got.size(); ++k)
    if (auto d = difference(got[k], want[k], t)) return "result " + std::to_string(k) + ": " + *d;
  return {};
}

double max_ulps(const Host& got, const Host& want) {
  double worst = 0;
  for (std::size_t i = 0; i < want.v.size(); ++i)
    if (is_floating(got.dtype)) worst = std::max(worst, ulps_between(got.v[i].f, want.v[i].f, got.dtype));
  return worst;
}

Array take(const Array& x, std::int64_t axis, std::int64_t i) {
  const auto shape = x.shape();
  Dims start(shape.size(), 0), limit = shape;
  Shape rest = shape;
  const auto a = static_cast<std::size_t>(axis < 0 ? axis + x.ndim() : axis);
  start[a] = i;
  limit[a] = i + 1;
  rest.erase(a);
  return lax::reshape(lax::slice(x, start, limit), rest);
}

}  // namespace fluxion::test
