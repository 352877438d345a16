// The numbers between `dense<` and `>`.
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "base/visit_dtype.hpp"
#include "core/node.hpp"
#include "stablehlo/module.hpp"

namespace fluxion::test::stablehlo {

namespace {

struct Literal {
  std::string_view text;
  std::size_t at = 0;

  bool end() {
    while (at < text.size() && std::strchr("[], \n", text[at]) != nullptr) ++at;
    return at >= text.size();
  }
  std::string number() {
    end();
    const auto stop = std::min(text.find_first_of("[](), \n", at), text.size());
    auto s = std::string(text.substr(at, stop - at));
    at = stop;
    return s;
  }
};

std::uint64_t hex(std::string_view digits) { return std::strtoull(std::string(digits).c_str(), nullptr, 16); }

template <class T>
T parsed(const std::string& s) {
  if constexpr (std::is_floating_point_v<T>) {
    if (s.starts_with("0x")) {
      const auto bits = hex(s);
      T v;
      std::memcpy(&v, &bits, sizeof v);
      return v;
    }
    if constexpr (sizeof(T) == 4) return std::strtof(s.c_str(), nullptr);
    else return std::strtod(s.c_str(), nullptr);
  } else if constexpr (std::is_same_v<T, bool>) {
    return s == "true" || s == "1";
  } else if constexpr (std::is_signed_v<T>) {
    return static_cast<T>(std::strtoll(s.c_str(), nullptr, 10));
  } else {
    return static_cast<T>(std::strtoull(s.c_str(), nullptr, 10));
  }
}

template <class Half>
std::uint16_t half_bits(const std::string& s) {
  if (s.starts_with("0x")) return static_cast<std::uint16_t>(hex(s));
  const Half h(std::strtod(s.c_str(), nullptr));
  std::uint16_t bits;
  std::memcpy(&bits, &h, sizeof bits);
  return bits;
}

template <class T>
struct IsComplex : std::false_type {};
template <class T>
struct IsComplex<std::complex<T>> : std::true_type {};

/// Writes the next element.
void read_element(Literal& in, DType t, std::byte* to) {
  const auto put = [&](const auto& v) { std::memcpy(to, &v, sizeof v); };
  if (t == float16) return put(half_bits<float16_t>(in.number()));
  if (t == bfloat16) return put(half_bits<bfloat16_t>(in.number()));
  visit_dtype(t, [&]<class T>() {
    if constexpr (IsComplex<T>::value) {
      using R = typename T::value_type;
      in.end();
      ++in.at;  // (
      const auto re = parsed<R>(in.number());
      const auto im = parsed<R>(in.number());
      ++in.at;  // )
      put(T(re, im));
    } else {
      put(parsed<T>(in.number()));
    }
  });
}

std::vector<std::byte> from_hex(std::string_view digits) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes.push_back(static_cast<std::byte>(hex(digits.substr(i, 2))));
  return bytes;
}

}  // namespace

Array parse_dense(std::string_view literal, const TensorType& type) {
  const Aval aval{type.shape, type.dtype};
  const auto size = static_cast<std::size_t>(aval.size());
  const auto width = itemsize(type.dtype);
  std::vector<std::byte> bytes;
  if (literal.starts_with("\"0x")) {
    bytes = from_hex(literal.substr(3, literal.size() - 4));
  } else {
    Literal in{literal};
    while (!in.end()) {
      bytes.resize(bytes.size() + width);
      read_element(in, type.dtype, bytes.data() + bytes.size() - width);
    }
  }
  std::byte* data = nullptr;
  auto x = make_array(aval, data);
  if (bytes.size() == width)
    for (std::size_t i = 0; i < size; ++i) std::memcpy(data + i * width, bytes.data(), width);
  else if (bytes.size() == size * width) std::memcpy(data, bytes.data(), bytes.size());
  else throw std::runtime_error("a literal of another size than its type");
  return x;
}

}  // namespace fluxion::test::stablehlo
