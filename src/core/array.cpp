// Reading arrays: shape queries, item, to_vector, truth.
#include <fluxion/array.hpp>
#include <fluxion/extend/host.hpp>

#include <cmath>
#include <cstring>

#include "base/text.hpp"
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

template <class From, class To>
void convert_item(const std::byte* p, void* out, const Aval& a) {
  From v;
  std::memcpy(&v, p, sizeof v);
  const To w = static_cast<To>(v);
  const bool exact = std::is_floating_point_v<From> && std::is_floating_point_v<To>
                         ? true
                         : static_cast<From>(w) == v && (v < From{}) == (w < To{});
  if (!exact) throw ValueError(text("item: the value must be exact in ", dtype_of<To>, ", got ", a, " that is not; convert it with astype first"));
  std::memcpy(out, &w, sizeof w);
}

template <class From>
void convert_item_to(const std::byte* p, DType t, void* out, const Aval& a) {
  switch (t) {
    case DType::int8: return convert_item<From, std::int8_t>(p, out, a);
    case DType::int16: return convert_item<From, std::int16_t>(p, out, a);
    case DType::int32: return convert_item<From, std::int32_t>(p, out, a);
    case DType::int64: return convert_item<From, std::int64_t>(p, out, a);
    case DType::uint8: return convert_item<From, std::uint8_t>(p, out, a);
    case DType::uint16: return convert_item<From, std::uint16_t>(p, out, a);
    case DType::uint32: return convert_item<From, std::uint32_t>(p, out, a);
    case DType::uint64: return convert_item<From, std::uint64_t>(p, out, a);
    case DType::float32: return convert_item<From, float>(p, out, a);
    case DType::float64: return convert_item<From, double>(p, out, a);
    default: throw TypeError(text("item: ", a, " does not convert to ", t, "; ask for the array's own element type"));
  }
}

void convert_number(const std::byte* p, const Aval& a, DType t, void* out) {
  switch (a.dtype) {
    case DType::int8: return convert_item_to<std::int8_t>(p, t, out, a);
    case DType::int16: return convert_item_to<std::int16_t>(p, t, out, a);
    case DType::int32: return convert_item_to<std::int32_t>(p, t, out, a);
    case DType::int64: return convert_item_to<std::int64_t>(p, t, out, a);
    case DType::uint8: return convert_item_to<std::uint8_t>(p, t, out, a);
    case DType::uint16: return convert_item_to<std::uint16_t>(p, t, out, a);
    case DType::uint32: return convert_item_to<std::uint32_t>(p, t, out, a);
    case DType::uint64: return convert_item_to<std::uint64_t>(p, t, out, a);
    case DType::float32: return convert_item_to<float>(p, t, out, a);
    case DType::float64: return convert_item_to<double>(p, t, out, a);
    default: throw TypeError(text("item: ", a, " does not convert to ", t, "; ask for the array's own element type"));
  }
}

bool truth(const std::byte* p, DType t) {
  switch (t) {
    case DType::float32: { float v; std::memcpy(&v, p, sizeof v); return v != 0; }
    case DType::float64: { double v; std::memcpy(&v, p, sizeof v); return v != 0; }
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
