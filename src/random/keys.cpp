#include <fluxion/random.hpp>

#include <cstring>

#include <fluxion/lax.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "random/words.hpp"

namespace fluxion::random {

namespace {

void check_integer_scalar(const char* op, const Array& x) {
  if (!is_integer(x.dtype()) || x.ndim() != 0)
    throw TypeError(text(op, ": an integer scalar is required, got ", x.aval(),
                         x.ndim() != 0 ? "; use fx::vmap for batching" : "; convert it with astype"));
}

// The bits of an integer scalar; literals if it is concrete. Integers of 32 bits have a zero high word.
Words seed_words(const Array& x) {
  const bool wide = itemsize(x.dtype()) == 8;
  if (const auto* c = concrete(x)) {
    const auto value = c->aval.dtype == uint64 ? x.item<std::uint64_t>()
                                               : static_cast<std::uint64_t>(x.item<std::int64_t>());
    return {scalar(wide ? static_cast<std::uint32_t>(value >> 32) : 0U),
            scalar(static_cast<std::uint32_t>(value))};
  }
  const auto low = lax::convert_element_type(x, uint32);
  if (!wide) return {scalar<std::uint32_t>(0), low};
  return {lax::convert_element_type(lax::shift_right_logical(x, make_scalar(x.dtype(), 32.0)), uint32), low};
}

}  // namespace

Array detail::key_from_bits(std::uint64_t seed) {
  const std::uint32_t words[] = {static_cast<std::uint32_t>(seed >> 32), static_cast<std::uint32_t>(seed)};
  return make_scalar(DType::key_fry, false, words);
}

Array key(const Array& seed) {
  check_integer_scalar("key", seed);
  return keys_of(seed_words(seed));
}

Array split(const Array& key, std::int64_t n) { return split(key, Shape{n}); }

Array split(const Array& key, const Shape& shape) {
  check_single_key<TypeError>("split", key);
  checked_element_count("split", shape);
  return keys_of(random_words(key, shape));
}

Array fold_in(const Array& key, const Array& data) {
  check_single_key<TypeError>("fold_in", key);
  check_integer_scalar("fold_in", data);
  const auto k = words_of(key);
  auto [first, second] =
      lax::threefry2x32(k.first, k.second, scalar<std::uint32_t>(0), seed_words(data).second);
  return keys_of({std::move(first), std::move(second)});
}

Array key_data(const Array& keys) {
  require_value("key_data", keys);
  if (!is_key(keys.dtype()))
    throw TypeError(
        text("key_data: keys are required, got ", keys.aval(), "; make one with fx::random::key"));
  return lax::random_unwrap(keys);
}

Array wrap_key_data(const Array& data) {
  require_value("wrap_key_data", data);
  if (data.dtype() != uint32 || data.ndim() == 0 || data.shape(-1) != 2)
    throw TypeError(text("wrap_key_data: two uint32 words along the last axis are required, got ",
                         data.aval(),
                         "; take them from fx::random::key_data, or make a key with fx::random::key"));
  return lax::random_wrap(data);
}

}  // namespace fluxion::random
