// Values of concrete arrays on the host, for functions whose shapes they decide.
#pragma once

#include <cstdint>
#include <vector>

#include <fluxion/array.hpp>

namespace fluxion {

/// The integers (or bools) of x in row-major order. Throws ConcretizationError, naming `op` and `what`, if x
/// has no value yet; `way_out` ends the message.
std::vector<std::int64_t> host_integers(const char* op, const char* what, const Array& x,
                                        const char* way_out);
/// Whether each element of x is nonzero, likewise.
std::vector<char> host_nonzero(const char* op, const char* what, const Array& x, const char* way_out);

}  // namespace fluxion
