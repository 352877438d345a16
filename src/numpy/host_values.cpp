#include "numpy/host_values.hpp"

#include <cstring>

#include "base/text.hpp"
#include "base/visit_dtype.hpp"
#include "core/node.hpp"
#include "core/trace.hpp"

namespace fluxion {

namespace {

std::vector<std::byte> host_bytes(const char* op, const char* what, const Array& x, const char* way_out) {
  if (concrete_primal(x) == nullptr)
    throw ConcretizationError(text(op, ": ", what, " must be concrete, got ", describe(x), "; ", way_out));
  std::vector<std::byte> out(static_cast<std::size_t>(x.size()) * itemsize(x.dtype()));
  detail::read_elements(x, x.dtype(), out.data(), op);
  return out;
}

template <class To, class F>
std::vector<To> converted(const std::vector<std::byte>& bytes, DType t, const F& f) {
  std::vector<To> out;
  visit_dtype(t, [&]<class T>() {
    for (std::size_t at = 0; at < bytes.size(); at += sizeof(T)) {
      T v;
      std::memcpy(&v, bytes.data() + at, sizeof v);
      out.push_back(f(v));
    }
  });
  return out;
}

}  // namespace

std::vector<std::int64_t> host_integers(const char* op, const char* what, const Array& x,
                                        const char* way_out) {
  return converted<std::int64_t>(host_bytes(op, what, x, way_out), x.dtype(), [](const auto& v) {
    if constexpr (requires { static_cast<std::int64_t>(v); })
      return static_cast<std::int64_t>(v);
    else
      return static_cast<std::int64_t>(v.real());
  });
}

std::vector<char> host_nonzero(const char* op, const char* what, const Array& x, const char* way_out) {
  const auto bytes = host_bytes(op, what, x, way_out);
  if (x.dtype() == float16 || x.dtype() == bfloat16)  // all bits but the sign
    return converted<char>(bytes, uint16, [](const auto& v) {
      if constexpr (requires { v & 0x7fff; })
        return static_cast<char>((v & 0x7fff) != 0);
      else
        return char{0};
    });
  return converted<char>(bytes, x.dtype(), [](const auto& v) {
    return static_cast<char>(v != std::remove_cvref_t<decltype(v)>{});
  });
}

}  // namespace fluxion
