#include "support/host.hpp"

#include <cmath>
#include <cstring>
#include <sstream>

#include <fluxion/creation.hpp>
#include <fluxion/lax.hpp>

namespace fluxion::test {

namespace {

template <class T>
Host read_as(const Array& x) {
  Host h{x.dtype(), x.shape(), {}};
  for (const T v : x.to_vector<T>()) {
    if constexpr (std::is_floating_point_v<T>) h.v.push_back(real(v));
    else h.v.push_back(whole(static_cast<std::int64_t>(v)));
  }
  return h;
}

template <class T>
void write_as(std::byte* out, const Number& n) {
  T v;
  if constexpr (std::is_floating_point_v<T>) v = static_cast<T>(n.f);
  else v = static_cast<T>(n.i);
  std::memcpy(out, &v, sizeof v);
}

void write(std::byte* out, DType t, const Number& n) {
  switch (t) {
    case DType::bool_: *out = std::byte{static_cast<unsigned char>(n.i != 0)}; return;
    case DType::int32: case DType::uint32: return write_as<std::int32_t>(out, n);
    case DType::int64: case DType::uint64: return write_as<std::int64_t>(out, n);
    case DType::float32: return write_as<float>(out, n);
    case DType::float64: return write_as<double>(out, n);
    default: throw InternalError("test support: no elements of this dtype are made from numbers");
  }
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

double rounded(double v, DType t) { return t == DType::float32 ? static_cast<double>(static_cast<float>(v)) : v; }

// The gap between v and its neighbour away from zero.
double ulp(double v, DType t) {
  if (t == DType::float32) {
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

bool equal(double got, double want, DType t, const Tolerance& tol) {
  if (same_bits(got, rounded(want, t))) return true;
  if (tol.ulps == 0 && tol.relative == 0 && tol.absolute == 0) return false;
  if (got == want) return true;
  if (!std::isfinite(got) || !std::isfinite(want)) return false;
  if (tol.ulps > 0 && ulps_between(got, want, t) <= tol.ulps) return true;
  return std::fabs(got - want) <= tol.absolute + tol.relative * std::fabs(want);
}

std::string show(const Number& n, DType t) {
  std::ostringstream s;
  s.precision(17);
  if (is_floating(t)) s << n.f << std::hexfloat << " (" << n.f << ")";
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
  switch (dtype) {
    case DType::bool_: return i != 0;
    case DType::int32: return static_cast<std::int32_t>(i);
    case DType::uint32: return static_cast<std::int64_t>(static_cast<std::uint32_t>(i));
    default: return i;
  }
}

Host read(const Array& x) {
  switch (x.dtype()) {
    case DType::bool_: return read_as<bool>(x);
    case DType::int32: return read_as<std::int32_t>(x);
    case DType::int64: return read_as<std::int64_t>(x);
    case DType::uint32: return read_as<std::uint32_t>(x);
    case DType::uint64: return read_as<std::uint64_t>(x);
    case DType::float32: return read_as<float>(x);
    case DType::float64: return read_as<double>(x);
    case DType::key_fry: return read_keys(x);
    default: return {x.dtype(), x.shape(), {}};
  }
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
      h.v.push_back({rounded(v.f, arg.dtype), wrapped(v.i, arg.dtype)});
      continue;
    }
    const auto word = mix(seed);
    if (is_floating(arg.dtype)) {
      const auto u = static_cast<double>(word >> 11) * 0x1p-53;
      h.v.push_back(real(rounded(arg.lo + (arg.hi - arg.lo) * u, arg.dtype)));
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
    if (is_floating(got.dtype) ? equal(g.f, w.f, got.dtype, t) : g.i == w.i) continue;
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
