#include "core/literal.hpp"

#include <charconv>
#include <complex>
#include <cstring>
#include <string>

#include "core/node.hpp"

namespace fluxion {

namespace {

std::string shortest(double v, bool single) {
  char buf[40];
  const auto end = single ? std::to_chars(buf, buf + sizeof buf, static_cast<float>(v)).ptr : std::to_chars(buf, buf + sizeof buf, v).ptr;
  std::string s(buf, end);
  if (s.find_first_of(".en") == std::string::npos) s += ".0";
  return s;
}

// jax has no such literals.
std::string key_text(const Array& x) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, concrete(x)->data, sizeof bits);
  char out[19] = "0x";
  return {out, std::to_chars(out + 2, out + sizeof out, bits, 16).ptr};
}

template <class T>
bool read(std::string_view& s, T& v) {
  if (s.starts_with('+')) s.remove_prefix(1);
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), v);
  if (error != std::errc()) return false;
  s.remove_prefix(static_cast<std::size_t>(end - s.data()));
  return true;
}
template <class T>
std::optional<Array> number(std::string_view s) {
  T v{};
  if (!read(s, v) || !s.empty()) return {};
  return scalar(v);
}
template <class T>
std::optional<Array> complex_number(std::string_view s) {
  if (s.starts_with('(') && s.ends_with(')')) s = s.substr(1, s.size() - 2);
  T re = 0, im = 0;
  if (!read(s, im)) return {};
  if (!s.empty() && s != "j") {
    re = im;
    if ((s[0] != '+' && s[0] != '-') || !read(s, im) || s != "j") return {};
  } else if (s.empty()) {
    re = std::exchange(im, T(0));
  }
  return scalar(std::complex<T>(re, im));
}
template <class T>
std::optional<Array> narrow(std::string_view s, DType t) {
  std::int64_t v = 0;
  if (!read(s, v) || !s.empty() || static_cast<std::int64_t>(static_cast<T>(v)) != v) return {};
  const auto bits = static_cast<T>(v);
  return make_scalar(t, false, &bits);
}

}  // namespace

std::string literal_text(const Array& x) {
  switch (x.dtype()) {
    case DType::bool_: return x.item<bool>() ? "True" : "False";
    case DType::float32: return shortest(x.item<float>(), true);
    case DType::float64: return shortest(x.item<double>(), false);
    case DType::key_fry: return key_text(x);
    case DType::tape: return *concrete(x)->data == std::byte{0} ? "empty" : "discard";
    default: return scalar_word(concrete(x)->data, x.dtype());
  }
}

std::optional<Array> literal_of(std::string_view s, DType t) {
  switch (t) {
    case DType::bool_: return s == "True" || s == "False" ? std::optional(scalar(s == "True")) : std::nullopt;
    case DType::int8: return narrow<std::int8_t>(s, t);
    case DType::int16: return narrow<std::int16_t>(s, t);
    case DType::int32: return narrow<std::int32_t>(s, t);
    case DType::int64: return narrow<std::int64_t>(s, t);
    case DType::uint8: return narrow<std::uint8_t>(s, t);
    case DType::uint16: return narrow<std::uint16_t>(s, t);
    case DType::uint32: return narrow<std::uint32_t>(s, t);
    case DType::uint64: return number<std::uint64_t>(s);
    case DType::float32: return number<float>(s);
    case DType::float64: return number<double>(s);
    case DType::complex64: return complex_number<float>(s);
    case DType::complex128: return complex_number<double>(s);
    case DType::float16: case DType::bfloat16: {
      double v = 0;
      return read(s, v) && s.empty() ? std::optional(make_scalar(t, v)) : std::nullopt;
    }
    case DType::key_fry: {
      std::uint64_t bits = 0;
      if (!s.starts_with("0x")) return {};
      const auto [end, error] = std::from_chars(s.data() + 2, s.data() + s.size(), bits, 16);
      if (error != std::errc() || end != s.data() + s.size()) return {};
      return make_scalar(t, false, &bits);
    }
    case DType::tape: {
      const std::uint64_t handle = s == "empty" ? 0 : 1;
      return s == "empty" || s == "discard" ? std::optional(make_scalar(t, false, &handle)) : std::nullopt;
    }
    case DType::float0: return {};
  }
  return {};
}

}  // namespace fluxion
