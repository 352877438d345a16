#include "random/words.hpp"

#include <cstring>

#include <fluxion/lax.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "core/trace.hpp"
#include "numpy/axes.hpp"

namespace fluxion::random {

Words words_of(const Array& key) {
  if (const auto* c = concrete(key)) {
    std::uint32_t w[2];
    std::memcpy(w, c->data, sizeof w);
    return {scalar(w[0]), scalar(w[1])};
  }
  const auto data = lax::random_unwrap(key);
  const auto word = [&](std::int64_t i) { return lax::reshape(lax::slice(data, {i}, {i + 1}), {}); };
  return {word(0), word(1)};
}

namespace {

// Known words are put together here, without any operation.
Array known_keys(const ConcreteNode& first, const ConcreteNode& second) {
  std::byte* out = nullptr;
  auto keys = make_array(Aval{first.aval.shape, DType::key_fry, false}, out);
  for (std::int64_t i = 0; i < first.aval.size(); ++i) {
    std::memcpy(out + 8 * i, first.data + 4 * i, 4);
    std::memcpy(out + 8 * i + 4, second.data + 4 * i, 4);
  }
  return keys;
}

}  // namespace

Array keys_of(const Words& words) {
  const auto *a = concrete(words.first), *b = concrete(words.second);
  const bool known = a != nullptr && b != nullptr && a->contiguous && b->contiguous;
  if (known && current_trace() == nullptr) return known_keys(*a, *b);
  auto shape = words.first.shape();
  const auto axis = static_cast<std::int64_t>(shape.size());
  const auto kept = iota_dims(0, axis);
  shape.push_back(1);
  const Array columns[] = {lax::broadcast_in_dim(words.first, shape, kept),
                           lax::broadcast_in_dim(words.second, shape, kept)};
  return lax::random_wrap(lax::concatenate(columns, axis));
}

namespace {

// High and low words of 0, 1, 2, ... in the given shape. The high ones are all zero below 2^32 elements.
Words counters(const Shape& shape) {
  const auto n = element_count(shape);
  const auto zero = scalar<std::uint32_t>(0);
  if (shape.empty()) return {zero, zero};
  const auto shaped = [&](const Array& x) { return shape.size() == 1 ? x : lax::reshape(x, shape); };
  if (n <= std::int64_t{1} << 32) return {zero, shaped(lax::iota(uint32, {n}, 0))};
  const auto index = lax::iota(uint64, {n}, 0);
  const auto high = lax::shift_right_logical(index, scalar<std::uint64_t>(32));
  return {shaped(lax::convert_element_type(high, uint32)), shaped(lax::convert_element_type(index, uint32))};
}

}  // namespace

Words random_words(const Array& key, const Shape& shape) {
  const auto k = words_of(key);
  const auto count = counters(shape);
  auto [first, second] = lax::threefry2x32(k.first, k.second, count.first, count.second);
  return {std::move(first), std::move(second)};
}

template <class E>
void check_single_key(const char* op, const Array& key) {
  if (!is_key(key.dtype()))
    throw TypeError(text(op, ": a key is required, got ", key.aval(),
                         "; make one with fx::random::key or wrap_key_data"));
  if (key.ndim() != 0)
    throw E(text(op, ": a single key is required, got a key array of shape ", key.shape(),
                 "; use fx::vmap for batching"));
}
template void check_single_key<TypeError>(const char*, const Array&);
template void check_single_key<ValueError>(const char*, const Array&);

}  // namespace fluxion::random
