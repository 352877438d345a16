#include <fluxion/creation.hpp>

#include <algorithm>
#include <cstring>

#include <fluxion/lax.hpp>
#include <fluxion/manipulation.hpp>

#include "base/text.hpp"
#include "core/guards.hpp"
#include "core/node.hpp"
#include "core/trace.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"

namespace fluxion {

namespace detail {

void NestedElements::enter(std::size_t depth, std::size_t n) {
  const auto extent = static_cast<std::int64_t>(n);
  if (depth == shape_.size()) {
    shape_.push_back(extent);
  } else if (shape_[depth] != extent) {
    throw ValueError(text("array: nested lists of one level must have one length, got ", shape_[depth],
                          " and ", extent, " at depth ", depth, "; pad the shorter rows"));
  }
}

void NestedElements::append(const void* elements, std::size_t n) {
  const auto* p = static_cast<const std::byte*>(elements);
  bytes_.insert(bytes_.end(), p, p + n * itemsize(dtype_));
}

Array NestedElements::finish() && {
  return from_elements(bytes_.data(), dtype_, static_cast<std::size_t>(element_count(shape_)), shape_);
}

Array from_elements(const void* elements, DType dtype, std::size_t count, const Shape& shape) {
  if (static_cast<std::size_t>(checked_element_count("array", shape)) != count)
    throw ValueError(text("array: the shape must have as many elements as are given, got shape ", shape,
                          " for ", count, count == 1 ? " element" : " elements",
                          "; leave the shape out for rank 1"));
  if (shape.empty()) return make_scalar(dtype, false, elements);
  std::byte* out = nullptr;
  auto x = make_array(Aval{shape, dtype, false}, out);
  if (count != 0) std::memcpy(out, elements, count * itemsize(dtype));
  return x;
}

Array from_external(const void* data, DType dtype, const Shape& shape, std::function<void()> deleter) {
  const auto count = checked_element_count("from_external", shape);
  const auto bytes = static_cast<std::size_t>(count) * itemsize(dtype);
  if (data == nullptr && bytes != 0)
    throw ValueError(text("from_external: memory is required, got a null pointer for shape ", shape,
                          "; use fx::zeros for new memory"));
  if (reinterpret_cast<std::uintptr_t>(data) % itemsize(dtype) != 0)
    throw ValueError(text("from_external: memory must be aligned to its elements, got ", data, " for ", dtype,
                          "; copy it with array(span)"));
  return make_array(Aval{shape, dtype, false}, external(data, bytes, std::move(deleter)),
                    static_cast<const std::byte*>(data), contiguous_strides(shape));
}

}  // namespace detail

namespace {

DType or_default(std::optional<DType> dtype) { return dtype.value_or(config().default_float); }

// Fresh memory where nothing is traced: what people create they expect to be contiguous. Under a trace the
// repetition is recorded instead.
Array repeated(const Array& scalar, const Shape& shape) {
  const auto* c = concrete(scalar);
  if (shape.empty() || c == nullptr || current_trace() != nullptr) return lax::full(shape, scalar);
  const auto size = itemsize(scalar.dtype());
  std::byte* data = nullptr;
  auto out = make_array(Aval{shape, scalar.dtype(), scalar.weak_type()}, data);
  const auto bytes = static_cast<std::size_t>(out.size()) * size;
  if (bytes != 0) std::memcpy(data, c->data, size);
  for (std::size_t done = size; done < bytes; done *= 2)  // each copy doubles what is there
    std::memcpy(data + done, data, std::min(done, bytes - done));
  return out;
}

Array filled(const char* op, const Shape& shape, DType dtype, double v, bool weak = false) {
  checked_element_count(op, shape);
  if (is_key(dtype))
    throw TypeError(
        text(op, ": a number dtype is required, got ", dtype, "; make keys with fx::random::key"));
  const auto scalar = make_scalar(dtype, v, weak);
  return repeated(scalar, shape);
}

// A list of arrays is strong even if all its entries were weak, as jax.numpy.array of a list.
Array stack_strong(const Arrays& rows) {
  const auto x = stack(rows);
  return convert_strong(x, x.dtype());
}

}  // namespace

Array array(std::initializer_list<Array> v) { return stack_strong(Arrays(v)); }

Array array(std::initializer_list<std::initializer_list<Array>> v) {
  Arrays rows;
  for (const auto& row : v) {
    if (row.size() != v.begin()->size())
      throw ValueError(text("array: nested lists of one level must have one length, got ", v.begin()->size(),
                            " and ", row.size(), " at depth 1; pad the shorter rows"));
    rows.push_back(stack(Arrays(row)));
  }
  return stack_strong(rows);
}

Array asarray(const Array& x, DType dtype) { return convert_strong(x, dtype); }

Array frombuffer(std::span<const std::byte> buffer, DType dtype, std::int64_t count, std::int64_t offset) {
  const auto item = static_cast<std::int64_t>(itemsize(dtype));
  if (item == 0 || dtype > complex128)
    throw TypeError(text("frombuffer: a number dtype is required, got ", dtype,
                         "; keys come from fx::random::wrap_key_data"));
  const auto bytes = static_cast<std::int64_t>(buffer.size());
  if (offset < 0 || offset > bytes)
    throw ValueError(
        text("frombuffer: the offset must be in [0, ", bytes, "], got ", offset, "; it counts bytes"));
  const auto rest = bytes - offset;
  if (count < 0 ? rest % item != 0 : count > rest / item)
    throw ValueError(text("frombuffer: whole elements of ", dtype, " are required, got ", rest, " bytes",
                          count < 0 ? std::string() : text(" for ", count, " elements"),
                          "; give a count that fits"));
  const auto n = count < 0 ? rest / item : count;
  return detail::from_elements(buffer.data() + offset, dtype, static_cast<std::size_t>(n), {n});
}

Array zeros(const Shape& shape, std::optional<DType> dtype) {
  return filled("zeros", shape, or_default(dtype), 0);
}
Array ones(const Shape& shape, std::optional<DType> dtype) {
  return filled("ones", shape, or_default(dtype), 1);
}

Array full(const Shape& shape, const Array& value, std::optional<DType> dtype) {
  checked_element_count("full", shape);
  const auto v = dtype ? convert_strong(value, *dtype) : value;
  if (v.ndim() != 0) return broadcast_to_shape("full", v, shape);
  return repeated(v, shape);
}

Array zeros_like(const Array& x, std::optional<DType> dtype) {
  return filled("zeros_like", x.shape(), dtype.value_or(x.dtype()), 0, !dtype && x.weak_type());
}
Array ones_like(const Array& x, std::optional<DType> dtype) {
  return filled("ones_like", x.shape(), dtype.value_or(x.dtype()), 1, !dtype && x.weak_type());
}
Array full_like(const Array& x, const Array& value, std::optional<DType> dtype) {
  return full(x.shape(), value, dtype.value_or(x.dtype()));
}

Array eye(std::int64_t n, std::optional<std::int64_t> m, std::int64_t k, std::optional<DType> dtype) {
  const Shape shape{n, m.value_or(n)};
  checked_element_count("eye", shape);
  const auto row = lax::iota(int64, shape, 0), column = lax::iota(int64, shape, 1);
  const auto shifted = k == 0 ? row : lax::add(row, scalar<std::int64_t>(k));
  return lax::convert_element_type(lax::eq(shifted, column), or_default(dtype));
}

}  // namespace fluxion
