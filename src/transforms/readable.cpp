#include "transforms/readable.hpp"

#include "base/text.hpp"

namespace fluxion {

void throw_unreadable_rule(const char* op, const std::string& name) {
  throw UnsupportedError(text(op, ": the rule must be a C++ function, got '", name,
                              "' of a jaxpr that was read from text, "
                              "which holds the values only; trace the function itself to transform it"));
}

}  // namespace fluxion
