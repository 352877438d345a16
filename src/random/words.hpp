// The generator under the samplers: keys as two words, and the words that belong to the elements of a shape.
#pragma once

#include <fluxion/array.hpp>

namespace fluxion::random {

struct Words {
  Array first, second;  // uint32
};

/// The words of one key as scalars; literals if the key is concrete.
Words words_of(const Array& key);
/// Keys of words.
Array keys_of(const Words& words);

/// Threefry of the key with the 64-bit row-major index of every element.
Words random_words(const Array& key, const Shape& shape);

/// Throws TypeError if `key` is not of a key dtype, and E if it is not a single one.
template <class E>
void check_single_key(const char* op, const Array& key);

}  // namespace fluxion::random
