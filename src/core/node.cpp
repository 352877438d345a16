#include "core/node.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include "base/text.hpp"
#include "core/trace.hpp"

namespace fluxion {

namespace {

bool is_row_major(const Shape& shape, const Dims& strides) {
  std::int64_t expect = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    if (shape[i] == 0) return true;
    if (shape[i] != 1 && strides[i] != expect) return false;
    expect *= shape[i];
  }
  return true;
}

// One C++ value of a dtype, widened: every number is exactly one of these.
struct Number {
  enum class Kind { integer, unsigned_integer, real } kind;
  std::int64_t i = 0;
  std::uint64_t u = 0;
  double d = 0;
  double imaginary = 0;  // beside a real part
};

template <class T>
T load(const std::byte* p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

Number read_number(const std::byte* p, DType t) {
  using K = Number::Kind;
  switch (t) {
    case DType::bool_: return {K::integer, load<std::uint8_t>(p) != 0, 0, 0};
    case DType::int8: return {K::integer, load<std::int8_t>(p), 0, 0};
    case DType::int16: return {K::integer, load<std::int16_t>(p), 0, 0};
    case DType::int32: return {K::integer, load<std::int32_t>(p), 0, 0};
    case DType::int64: return {K::integer, load<std::int64_t>(p), 0, 0};
    case DType::uint8: return {K::integer, load<std::uint8_t>(p), 0, 0};
    case DType::uint16: return {K::integer, load<std::uint16_t>(p), 0, 0};
    case DType::uint32: return {K::integer, load<std::uint32_t>(p), 0, 0};
    case DType::uint64: return {K::unsigned_integer, 0, load<std::uint64_t>(p), 0};
    case DType::float32: return {K::real, 0, 0, load<float>(p)};
    case DType::float64: return {K::real, 0, 0, load<double>(p)};
    case DType::float16: return {K::real, 0, 0, load<float16_t>(p)};
    case DType::bfloat16: return {K::real, 0, 0, load<bfloat16_t>(p)};
    case DType::complex64: return {K::real, 0, 0, load<float>(p), load<float>(p + sizeof(float))};
    case DType::complex128: return {K::real, 0, 0, load<double>(p), load<double>(p + sizeof(double))};
    default: throw InternalError(text("convert: no number is of dtype ", t));
  }
}

// Saturates, and sends NaN to 0, as convert_element_type does.
template <class T>
T real_to_integer(double d) {
  if (std::isnan(d)) return 0;
  constexpr double lo = static_cast<double>(std::numeric_limits<T>::min());
  constexpr double hi = static_cast<double>(std::numeric_limits<T>::max());
  if (d <= lo) return std::numeric_limits<T>::min();
  if (d >= hi) return std::numeric_limits<T>::max();
  return static_cast<T>(d);
}

template <class T>
void store(std::byte* out, T v) { std::memcpy(out, &v, sizeof v); }

template <class T>
void write_as(std::byte* out, const Number& n) {
  switch (n.kind) {
    case Number::Kind::integer: return store(out, static_cast<T>(n.i));
    case Number::Kind::unsigned_integer: return store(out, static_cast<T>(n.u));
    case Number::Kind::real:
      if constexpr (std::is_integral_v<T>) return store(out, real_to_integer<T>(n.d));
      else return store(out, static_cast<T>(n.d));
  }
}

void write_number(std::byte* out, DType t, const Number& n) {
  switch (t) {
    case DType::bool_: return store<std::uint8_t>(out, n.i != 0 || n.u != 0 || n.d != 0 || std::isnan(n.d));
    case DType::int8: return write_as<std::int8_t>(out, n);
    case DType::int16: return write_as<std::int16_t>(out, n);
    case DType::int32: return write_as<std::int32_t>(out, n);
    case DType::int64: return write_as<std::int64_t>(out, n);
    case DType::uint8: return write_as<std::uint8_t>(out, n);
    case DType::uint16: return write_as<std::uint16_t>(out, n);
    case DType::uint32: return write_as<std::uint32_t>(out, n);
    case DType::uint64: return write_as<std::uint64_t>(out, n);
    case DType::float32: return write_as<float>(out, n);
    case DType::float64: return write_as<double>(out, n);
    case DType::float16: return write_as<float16_t>(out, n);
    case DType::bfloat16: return write_as<bfloat16_t>(out, n);
    case DType::complex64:
      write_as<float>(out, n);
      return store(out + sizeof(float), static_cast<float>(n.imaginary));
    case DType::complex128:
      write_as<double>(out, n);
      return store(out + sizeof(double), n.imaginary);
    default: throw InternalError(text("convert: no number is of dtype ", t));
  }
}

}  // namespace

Dims contiguous_strides(const Shape& shape) {
  Dims s(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) s[i - 1] = s[i] * shape[i];
  return s;
}

ConcreteNode::ConcreteNode(Aval a, const detail::ScalarBits& bits) : Node(false, std::move(a)) {
  std::memcpy(scalar, bits.bytes, sizeof scalar);
  data = scalar;
}

ConcreteNode::ConcreteNode(Aval a, BufferRef b, const std::byte* d, Dims s)
    : Node(false, std::move(a)), data(d), buffer(std::move(b)), strides(std::move(s)),
      contiguous(is_row_major(aval.shape, strides)) {}

Tracer::~Tracer() = default;

const ConcreteNode* concrete_primal(const Array& x) {
  const Array* at = &x;
  while (const auto* t = tracer(*at)) {
    at = t->trace->usable_here() ? t->primal() : nullptr;  // a leaked tracer shows nothing
    if (at == nullptr) return nullptr;
  }
  return concrete(*at);
}

Array make_array(Aval aval, BufferRef buffer, const std::byte* data, Dims strides) {
  return Array(static_cast<const detail::Node*>(
      new ConcreteNode(std::move(aval), std::move(buffer), data, std::move(strides))));
}

Array make_array(Aval aval, std::byte*& data) {
  auto buffer = allocate(static_cast<std::size_t>(aval.size()) * itemsize(aval.dtype));
  data = buffer.data();
  auto strides = contiguous_strides(aval.shape);
  return make_array(std::move(aval), std::move(buffer), data, std::move(strides));
}

void delete_array(const Array& x) {
  auto& node = const_cast<ConcreteNode&>(*concrete(x));
  constexpr std::uint32_t caller_and_call = 2;
  if (node.refs.load(std::memory_order_acquire) <= caller_and_call) {
    node.buffer = BufferRef();
    node.data = nullptr;
  }
  node.deleted = true;
}

Array make_scalar(DType dtype, bool weak, const void* bits) {
  detail::ScalarBits b{};
  std::memcpy(b.bytes, bits, itemsize(dtype));
  return Array(detail::scalar_node(dtype, weak, b));
}

Array make_scalar(DType dtype, double v, bool weak) {
  detail::ScalarBits b{};
  if (dtype != DType::float0 && !is_tape(dtype)) write_number(b.bytes, dtype, {Number::Kind::real, 0, 0, v});
  return Array(detail::scalar_node(dtype, weak, b));
}

Array convert_scalar(const ConcreteNode& x, DType dtype, bool weak) {
  const auto n = read_number(x.data, x.aval.dtype);
  detail::ScalarBits b{};
  write_number(b.bytes, dtype, n);
  if (n.kind == Number::Kind::integer && is_integer(dtype)) {
    const auto back = read_number(b.bytes, dtype);
    const bool fits = back.kind == Number::Kind::integer ? back.i == n.i : n.i >= 0 && back.u == static_cast<std::uint64_t>(n.i);
    if (!fits)
      throw ValueError(text("convert: the integer must fit ", dtype, ", got ", n.i, "; use a wider dtype, or astype to wrap"));
  }
  return Array(detail::scalar_node(dtype, weak, b));
}

void for_each_element(const ConcreteNode& x, const std::function<void(const std::byte*)>& visit) {
  const auto& shape = x.aval.shape;
  const auto item = static_cast<std::int64_t>(itemsize(x.aval.dtype));
  Dims index(shape.size(), 0);
  const auto* at = x.data;
  for (std::int64_t left = x.aval.size(); left > 0; --left) {
    visit(at);
    for (std::size_t d = shape.size(); d-- > 0;) {
      at += x.strides[d] * item;
      if (++index[d] < shape[d]) break;
      at -= x.strides[d] * item * shape[d];
      index[d] = 0;
    }
  }
}

std::int64_t checked_element_count(std::string_view op, const Shape& shape) {
  std::int64_t n = 1;
  bool fits = true, empty = false;
  for (auto d : shape) {
    if (d < 0) throw ValueError(text(op, ": extents must not be negative, got shape ", shape, "; use 0 for an empty axis"));
    empty |= d == 0;
    fits = fits && !__builtin_mul_overflow(n, d == 0 ? 1 : d, &n);
  }
  std::int64_t bytes = 0;
  fits = fits && !__builtin_mul_overflow(n, std::int64_t{16}, &bytes);
  if (!fits)
    throw ValueError(text(op, ": the elements must be fewer than 2^59, got shape ", shape, "; use smaller extents"));
  return empty ? 0 : n;
}

void throw_empty_operand(std::string_view op) {
  throw TypeError(text(op, ": every operand must hold a value, got an empty handle (default-constructed or moved-from);"
                           " assign it first"));
}

namespace detail {

const Node* scalar_node(DType dtype, bool weak, const ScalarBits& bits) {
  return new ConcreteNode(Aval{{}, dtype, weak}, bits);
}

void destroy(const Node* node) noexcept {
  if (node->is_tracer) delete static_cast<const Tracer*>(node);
  else delete static_cast<const ConcreteNode*>(node);
}

void throw_deleted(const Node& node) {
  throw ValueError(text("array: it must not have been donated, got a deleted ", node.aval, ", whose memory was given to a "
                        "jitted function by donate_argnums; use that call's result, or do not donate this argument"));
}

void throw_empty_handle() {
  throw_empty_operand("array");
}

}  // namespace detail
}  // namespace fluxion
