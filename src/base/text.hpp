// Text for messages: concatenation of anything printable.
#pragma once

#include <sstream>
#include <string>

namespace fluxion {

/// All arguments printed one after the other.
template <class... T>
std::string text(const T&... parts) {
  std::ostringstream os;
  (os << ... << parts);
  return os.str();
}

}  // namespace fluxion
