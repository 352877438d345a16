// Scalars as they stand in jaxprs, without their aval: 2.0, True, (1+2j), 0x2a for a key.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <fluxion/array.hpp>

namespace fluxion {

/// The text of a concrete scalar, from which the same bits can be read.
std::string literal_text(const Array& x);
/// The strong scalar of that dtype; nothing if the text is none, or does not fit.
std::optional<Array> literal_of(std::string_view text, DType dtype);

}  // namespace fluxion
