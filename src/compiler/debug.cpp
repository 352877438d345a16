#include "compiler/debug.hpp"

#include <cstdlib>

namespace fluxion::compiler {

bool debug_stage(std::string_view stage) {
  static const char* const variable = std::getenv("FLUXION_DEBUG");  // read once: getenv is not thread-safe
  if (variable == nullptr) return false;
  std::string_view left = variable;
  while (!left.empty()) {
    const auto comma = left.find(',');
    if (left.substr(0, comma) == stage) return true;
    if (comma == std::string_view::npos) break;
    left.remove_prefix(comma + 1);
  }
  return false;
}

}  // namespace fluxion::compiler
