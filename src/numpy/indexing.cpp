// x[...] and iteration over the leading axis; reading and replacing what a static subscript means.
#include <fluxion/array.hpp>
#include <fluxion/creation.hpp>

#include <algorithm>
#include <memory>

#include <fluxion/lax.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "core/trace.hpp"
#include "lax/broadcasting.hpp"
#include "numpy/subscript.hpp"

namespace fluxion {

namespace {

// The elements of a concrete array seen otherwise.
Array view(const ConcreteNode& x, const Subscript& s) {
  const auto item = static_cast<std::int64_t>(itemsize(x.aval.dtype));
  const auto* data = x.data;
  for (std::size_t i = 0; i < s.parts.size(); ++i)
    if (s.parts[i].count > 0) data += s.parts[i].start * x.strides[i] * item;
  if (s.shape.empty()) return make_scalar(x.aval.dtype, x.aval.weak, data);
  Dims strides;
  for (auto from : s.origin) {
    const auto axis = static_cast<std::size_t>(from);
    strides.push_back(from < 0 ? 1 : s.parts[axis].step * x.strides[axis]);
  }
  return make_array(Aval{s.shape, x.aval.dtype, x.aval.weak}, x.buffer, data, std::move(strides));
}

Dims flipped_axes(const Subscript& s) {
  Dims axes;
  for (std::size_t i = 0; i < s.parts.size(); ++i)
    if (s.parts[i].step < 0 && s.parts[i].count > 1) axes.push_back(static_cast<std::int64_t>(i));
  return axes;
}

// A part walked upwards: its lowest element, positive step and count.
AxisPart ascending(const AxisPart& p) {
  if (p.count == 0) return {0, 1, 0, p.dropped};
  if (p.step > 0) return p;
  return {p.start + (p.count - 1) * p.step, -p.step, p.count, p.dropped};
}

// The same part of the two words of each key, which are one more trailing axis.
Subscript of_words(Subscript s) {
  s.origin.push_back(static_cast<std::int64_t>(s.parts.size()));
  s.parts.push_back({0, 1, 2, false});
  s.shape.push_back(2);
  s.kept.push_back(2);
  return s;
}

}  // namespace

Array taken(const Array& x, const Subscript& s) {
  if (const auto* c = concrete(x); c != nullptr && current_trace() == nullptr && c->buffer)
    return view(*c, s);
  auto y = x;
  if (!s.is_everything(x.shape())) {
    Dims start, limit, step;
    for (const auto& p : s.parts) {
      const auto up = ascending(p);
      start.push_back(up.start);
      limit.push_back(up.count == 0 ? up.start : up.start + (up.count - 1) * up.step + 1);
      step.push_back(up.step);
    }
    const bool plain = std::all_of(step.begin(), step.end(), [](auto v) { return v == 1; });
    y = lax::slice(y, start, limit, plain ? Dims{} : step);
  }
  if (const auto flipped = flipped_axes(s); !flipped.empty()) y = lax::rev(y, flipped);
  return y.shape() == s.shape ? y : lax::reshape(y, s.shape);
}

Array spread(const Array& value, const Array& fill, const Subscript& s, const Shape& shape) {
  auto v = value.shape() == s.kept ? value : lax::reshape(value, s.kept);
  if (const auto flipped = flipped_axes(s); !flipped.empty()) v = lax::rev(v, flipped);
  if (s.kept == shape) return v;
  std::vector<lax::Padding> config;
  for (std::size_t i = 0; i < s.parts.size(); ++i) {
    const auto p = ascending(s.parts[i]);
    const auto end = p.start + (p.count - 1) * p.step + 1;
    config.push_back({p.start, shape[i] - end, p.count > 1 ? p.step - 1 : 0});
  }
  return lax::pad(v, fill, config);
}

Array replaced(const Array& x, const Subscript& s, const Array& v) {
  if (element_count(s.kept) == 0) return x;
  if (is_key(x.dtype()))
    return lax::random_wrap(replaced(lax::random_unwrap(x), of_words(s), lax::random_unwrap(v)));
  if (s.kept == x.shape()) return spread(v, Array(), s, x.shape());
  const auto mask = spread(lax::full(s.kept, scalar(true)), scalar(false), s, x.shape());
  return lax::select_n(mask, x, spread(v, literal(v, 0), s, x.shape()));
}

// --- Index ------------------------------------------------------------------------------------------------------------

namespace {

detail::NodeHandle handle(const Array& x) {
  const auto* node = x.node_or_null();
  detail::retain(node);
  return detail::NodeHandle(node);
}

Array elements_array(const void* elements, DType dtype, std::int64_t count) {
  return count < 0 ? make_scalar(dtype, false, elements)
                   : detail::from_elements(elements, dtype, static_cast<std::size_t>(count), {count});
}

}  // namespace

Index::Index(const Array& indices) : kind(Kind::array), elements(handle(indices)) {}
Index::Index(const void* data, DType dtype, std::int64_t count)
    : kind(Kind::array), elements(handle(elements_array(data, dtype, count))) {}
Index::Index(const std::vector<bool>& mask) : kind(Kind::array), elements(handle(array(mask))) {}

// --- members of Array ---------------------------------------------------------------------------------------------------

static Array indexed(const Array& x, std::span<const Index> indices) {
  const bool arrays = std::any_of(indices.begin(), indices.end(), [](const Index& i) { return i.kind == Index::Kind::array; });
  if (!arrays) return taken(x, resolve(indices, x.shape()));
  return taken("index", x, resolve_place("index", x, indices));
}

Array Array::operator[](const Index& index) const { return indexed(*this, {&index, 1}); }
Array Array::operator[](std::initializer_list<Index> indices) const {
  return indexed(*this, {indices.begin(), indices.size()});
}

Array Array::operator[](const Arrays& indices) const {
  return indexed(*this, std::vector<Index>(indices.begin(), indices.end()));
}
IndexUpdate Array::at(const Arrays& indices) const {
  return {*this, std::vector<Index>(indices.begin(), indices.end())};
}

LeadingAxisIterator Array::begin() const {
  if (ndim() == 0)
    throw TypeError(
        text("iteration: an array of rank 1 or more is required, got ", aval(), "; reshape it to {1}"));
  return {*this, 0};
}
LeadingAxisIterator Array::end() const { return {*this, ndim() == 0 ? 0 : shape()[0]}; }

}  // namespace fluxion
