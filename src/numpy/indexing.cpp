// Static indexing: x[...], x.at(...).set/add, iteration over the leading axis.
#include <fluxion/array.hpp>

#include <algorithm>

#include <fluxion/lax.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "core/trace.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"
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

Array take(const Array& x, const Subscript& s) {
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

// The update laid out like the array: `value` at the indexed places, `fill` elsewhere.
Array spread(const Array& value, const Array& fill, const Subscript& s, const Shape& shape) {
  std::vector<lax::Padding> config;
  for (std::size_t i = 0; i < s.parts.size(); ++i) {
    const auto p = ascending(s.parts[i]);
    const auto end = p.start + (p.count - 1) * p.step + 1;
    config.push_back({p.start, shape[i] - end, p.count > 1 ? p.step - 1 : 0});
  }
  return lax::pad(value, fill, config);
}

// The value in the dtype of x, repeated to the indexed shape, in ascending order of the elements it goes to.
Array prepare(const char* op, const Array& x, const Array& value, const Subscript& s) {
  auto v = broadcast_to_shape(op, convert_strong(value, x.dtype()), s.shape);
  if (s.shape != s.kept) v = lax::reshape(v, s.kept);
  if (const auto flipped = flipped_axes(s); !flipped.empty()) v = lax::rev(v, flipped);
  return v;
}

// Through the two words of each key, which are one more trailing axis.
Array set_keys(const Array& keys, const Array& value, std::vector<Index> indices) {
  if (!is_key(keys.dtype()) || !is_key(value.dtype()))
    throw TypeError(text("at.set: keys and numbers do not mix, got ", value.dtype(), " for an array of ",
                         keys.dtype(), "; use fx::random::key_data and fx::random::wrap_key_data"));
  const bool from_the_end = std::any_of(indices.begin(), indices.end(),
                                        [](const Index& i) { return i.kind == Index::Kind::ellipsis; });
  if (from_the_end) indices.push_back(range());
  return lax::random_wrap(
      IndexUpdate(lax::random_unwrap(keys), std::move(indices)).set(lax::random_unwrap(value)));
}

}  // namespace

Array Array::operator[](const Index& index) const { return take(*this, resolve({&index, 1}, shape())); }
Array Array::operator[](std::initializer_list<Index> indices) const {
  return take(*this, resolve({indices.begin(), indices.size()}, shape()));
}

Array Array::subscript_array(const Array& index) const {
  if (!is_integer(index.dtype()) || index.ndim() != 0)
    throw UnsupportedError(text("index: an integer scalar is required, got ", index.aval(),
                                "; select elements with fx::where, or by a one-hot product"));
  if (concrete_primal(index) == nullptr)
    throw ConcretizationError(
        text("index: a concrete integer is required, got ", describe(index),
             "; pass it as a static argument (fx::static_argnums), or use a one-hot product"));
  return (*this)[index.item<std::int64_t>()];
}

LeadingAxisIterator Array::begin() const {
  if (ndim() == 0)
    throw TypeError(
        text("iteration: an array of rank 1 or more is required, got ", aval(), "; reshape it to {1}"));
  return {*this, 0};
}
LeadingAxisIterator Array::end() const { return {*this, ndim() == 0 ? 0 : shape()[0]}; }

Array IndexUpdate::set(const Array& value) const {
  if (is_key(x_.dtype()) || is_key(value.dtype())) return set_keys(x_, value, indices_);
  const auto s = resolve(indices_, x_.shape(), "at.set");
  const auto v = prepare("at.set", x_, value, s);
  if (element_count(s.kept) == 0) return x_;
  if (s.kept == x_.shape()) return v;
  const auto mask = spread(lax::full(s.kept, scalar(true)), scalar(false), s, x_.shape());
  return lax::select_n(mask, x_, spread(v, literal(v, 0), s, x_.shape()));
}

// Elsewhere -0 is added, which unlike 0 leaves every float as it is.
Array IndexUpdate::add(const Array& value) const {
  if (is_key(x_.dtype()) || is_key(value.dtype()))
    throw TypeError(text("at.add: keys have no arithmetic, got ", value.aval(), " for ", x_.aval(),
                         "; replace keys with at(...).set"));
  const auto s = resolve(indices_, x_.shape(), "at.add");
  const auto v = prepare("at.add", x_, value, s);
  if (element_count(s.kept) == 0) return x_;
  return x_ + (s.kept == x_.shape() ? v : spread(v, literal(v, -0.0), s, x_.shape()));
}

}  // namespace fluxion
