// Reading arrays: shape queries, item, to_vector, truth.
#include <fluxion/array.hpp>
#include <fluxion/extend/host.hpp>

#include <complex>
#include <cstring>

#include "base/text.hpp"
#include "base/visit_dtype.hpp"
#include "core/node.hpp"
#include "core/trace.hpp"

namespace fluxion {

namespace {

const ConcreteNode& require_concrete(const Array& x, const char* what) {
  x.node();  // throws for an empty handle
  if (const auto* c = concrete_primal(x)) return *c;
  const auto& trace = *tracer(x)->trace;
  if (!trace.live())
    throw UnexpectedTracerError(text(what, ": a value that outlived its transformation was used, got ", describe(x),
                                     " from a finished ", trace.name(), "; return it from the function instead of storing it"));
  throw ConcretizationError(
      text(what, ": a concrete value is required, got ", describe(x),
           ", which is abstract; select with fx::where, branch with fx::cond, loop with fx::while_loop, pass the value as a static"
           " argument (fx::static_argnums), or look at it under fx::disable_jit"));
}

void require_dtype(const Aval& a, DType t, const char* what) {
  if (a.dtype == t) return;
  throw TypeError(text(what, ": the element type must be the array's, got ", t, " for ", a, "; use astype(fx::", t, ") first"));
}

template <class T>
inline constexpr bool is_half_type = std::is_same_v<T, float16_t> || std::is_same_v<T, bfloat16_t>;
template <class T>
inline constexpr bool is_real_type = std::is_floating_point_v<T> || is_half_type<T>;

template <class To, class From>
void convert_item(From v, void* out, const Aval& a) {
  if constexpr (is_half_type<From>) {
    convert_item<To>(static_cast<float>(v), out, a);
  } else if constexpr (is_real_type<From> && is_real_type<To>) {
    const auto w = static_cast<To>(v);
    std::memcpy(out, &w, sizeof w);
  } else {
    const To w = static_cast<To>(v);
    if (!(static_cast<From>(w) == v && (v < From{}) == (w < To{})))
      throw ValueError(text("item: the value must be exact in ", dtype_of<To>, ", got ", a,
                            " that is not; convert it with astype first"));
    std::memcpy(out, &w, sizeof w);
  }
}

[[noreturn]] void throw_no_conversion(const Aval& a, DType t) {
  throw TypeError(text("item: ", a, " does not convert to ", t, "; ask for the array's own element type"));
}

template <class From>
void convert_item_to(From v, DType t, void* out, const Aval& a) {
  if (is_complex(t)) {
    std::memset(out, 0, itemsize(t));
    return convert_item_to(v, real_part(t), out, a);
  }
  if (t == DType::float16) return convert_item<float16_t>(v, out, a);
  if (t == DType::bfloat16) return convert_item<bfloat16_t>(v, out, a);
  visit_dtype(t, [&]<class To>() {
    if constexpr (std::is_arithmetic_v<To>) convert_item<To>(v, out, a);
  });
}

void convert_number(const std::byte* p, const Aval& a, DType t, void* out) {
  if (a.dtype > DType::complex128 || t > DType::complex128 || (is_complex(a.dtype) && !is_complex(t))) throw_no_conversion(a, t);
  const auto read = [&]<class From>() {
    From v;
    std::memcpy(&v, p, sizeof v);
    return v;
  };
  if (a.dtype == DType::float16) return convert_item_to(read.operator()<float16_t>(), t, out, a);
  if (a.dtype == DType::bfloat16) return convert_item_to(read.operator()<bfloat16_t>(), t, out, a);
  visit_dtype(a.dtype, [&]<class From>() {
    if constexpr (std::is_arithmetic_v<From>) {
      convert_item_to(read.operator()<From>(), t, out, a);
    } else if (t == DType::complex64) {
      const std::complex<float> v(read.operator()<From>());
      std::memcpy(out, &v, sizeof v);
    } else {
      const std::complex<double> v(read.operator()<From>());
      std::memcpy(out, &v, sizeof v);
    }
  });
}

bool truth(const std::byte* p, DType t) {
  switch (t) {
    case DType::float32: { float v; std::memcpy(&v, p, sizeof v); return v != 0; }
    case DType::float64: { double v; std::memcpy(&v, p, sizeof v); return v != 0; }
    case DType::float16: case DType::bfloat16: { std::uint16_t v; std::memcpy(&v, p, sizeof v); return (v & 0x7fff) != 0; }
    case DType::complex64: case DType::complex128:
      return truth(p, real_part(t)) || truth(p + itemsize(t) / 2, real_part(t));
    default:
      for (std::size_t i = 0; i < itemsize(t); ++i)
        if (p[i] != std::byte{0}) return true;
      return false;
  }
}

}  // namespace

std::int64_t Array::shape(std::int64_t axis) const {
  const auto n = ndim();
  if (axis < -n || axis >= n)
    throw ValueError(text("shape: axis must be in [", -n, ", ", n, "), got ", axis, " for ", aval(),
                          "; negative axes count from the end"));
  return shape()[static_cast<std::size_t>(axis < 0 ? axis + n : axis)];
}

Dims Array::strides() const { return require_concrete(*this, "strides").strides; }
bool Array::is_contiguous() const { return require_concrete(*this, "is_contiguous").contiguous; }
std::vector<std::string> Array::devices() const {
  node();
  return {"cpu:0"};
}

void Array::item_bits(DType t, void* out) const {
  const auto& c = require_concrete(*this, "item");
  if (c.aval.size() != 1)
    throw ValueError(text("item: exactly one element is required, got ", c.aval, "; index it first, or use to_vector"));
  if (c.aval.dtype == t) std::memcpy(out, c.data, itemsize(t));
  else if (t == DType::bool_ || c.aval.dtype == DType::bool_) require_dtype(c.aval, t, "item");
  else convert_number(c.data, c.aval, t, out);
}

std::vector<unsigned char> Array::raw_bytes(DType t) const {
  std::vector<unsigned char> out(static_cast<std::size_t>(size()) * itemsize(t));
  detail::read_elements(*this, t, out.data(), "to_vector");
  return out;
}

Array::operator bool() const {
  const auto& c = require_concrete(*this, "bool");
  if (c.aval.size() != 1)
    throw ValueError(text("bool: exactly one element is required, got ", c.aval, "; reduce it with fx::all or fx::any"));
  return truth(c.data, c.aval.dtype);
}

void Array::throw_int64_overflow(std::uint64_t v) {
  throw ValueError(text("array: a C++ integer must fit int64, got ", v, "; use fx::scalar<std::uint64_t>(v)"));
}

namespace detail {

void throw_wrong_element_type(const Aval& aval, DType asked) {
  throw TypeError(text("elements: the element type must be the operand's, got ", asked, " for ", aval,
                       "; ask for the type that abstract_eval or the result's aval says"));
}

const void* contiguous_data(const Array& x, DType t, const char* what) {
  const auto& c = require_concrete(x, what);
  require_dtype(c.aval, t, what);
  if (!c.contiguous)
    throw ValueError(text(what, ": contiguous elements are required, got a strided view with strides ", c.strides,
                          "; use to_vector, which copies"));
  return c.data;
}

void read_elements(const Array& x, DType t, void* out, const char* what) {
  const auto& c = require_concrete(x, what);
  require_dtype(c.aval, t, what);
  const auto item = itemsize(t);
  if (c.aval.size() == 0) return;  // there may be no memory to name
  if (c.contiguous) {
    std::memcpy(out, c.data, static_cast<std::size_t>(c.aval.size()) * item);
    return;
  }
  auto* to = static_cast<std::byte*>(out);
  for_each_element(c, [&](const std::byte* p) {
    std::memcpy(to, p, item);
    to += item;
  });
}

}  // namespace detail
}  // namespace fluxion
