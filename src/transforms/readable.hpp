// The primitives of this layer as readers of jaxprs need them. Rules of custom functions are C++ and not in the text:
// what is read has the values of its call, and throws where a rule is asked for.
#pragma once

#include "core/parse.hpp"

namespace fluxion {

void list_checkpoints(std::vector<ReadablePrimitive>& to);
void list_custom_jvp(std::vector<ReadablePrimitive>& to);
void list_custom_vjp(std::vector<ReadablePrimitive>& to);
void list_custom_vmap(std::vector<ReadablePrimitive>& to);
void list_jit(std::vector<ReadablePrimitive>& to);
void list_linear_call(std::vector<ReadablePrimitive>& to);

[[noreturn]] void throw_unreadable_rule(const char* op, const std::string& name);

}  // namespace fluxion
