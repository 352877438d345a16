// One array as NumPy's .npy bytes, and back. Knows neither files nor archives.
// Source: numpy.lib.format (NEP 1), versions 1.0, 2.0 and 3.0.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <fluxion/array.hpp>

namespace fluxion::io {

using Bytes = std::span<const std::byte>;

/// `op` and `what` begin the messages of errors: "load: weights.npy: ...".
struct Place {
  const char* op;
  std::string what;
};

std::vector<std::byte> npy_bytes(const Array& x, const Place& place);
/// Allocates no more than the bytes that are there.
Array array_from_npy(Bytes bytes, const Place& place);

}  // namespace fluxion::io
