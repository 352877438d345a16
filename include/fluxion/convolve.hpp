// Convolution and correlation of vectors. Semantics are jax.numpy's.
#pragma once

#include <optional>
#include <string_view>

#include <fluxion/array.hpp>

namespace fluxion {

/// sum over m of x[m] y[k - m]. Modes: "full", all k where the vectors overlap, n + m - 1 of them; "same",
/// the middle of these, as many as the longer vector has; "valid", where they overlap wholly. Throws
/// ValueError for another mode and for empty operands or any that are no vectors. Source: jax.numpy.convolve.
Array convolve(const Array& x, const Array& y, std::string_view mode = "full",
               std::optional<DType> preferred_element_type = {});
/// sum over m of x[m + k] conj(y[m]), likewise. Source: jax.numpy.correlate.
Array correlate(const Array& x, const Array& y, std::string_view mode = "valid",
                std::optional<DType> preferred_element_type = {});

}  // namespace fluxion
