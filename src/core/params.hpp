// Parameters of equations, under the name that the core's files know: users' primitives have them too.
#pragma once

#include <string_view>

#include <fluxion/extend/params.hpp>

namespace fluxion {

/// Whether a name that has this character prints without quotes.
bool is_plain(char c);
/// 'it\'s', as Python writes texts.
std::string quoted(std::string_view s);

}  // namespace fluxion
