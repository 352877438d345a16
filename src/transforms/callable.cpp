#include <fluxion/detail/callable.hpp>

#include <cstdlib>
#include <memory>

#include <cxxabi.h>

namespace fluxion::detail {
namespace {

/// Where the template arguments at the end of a name begin.
std::size_t template_arguments(const std::string& name) {
  int depth = 0;
  for (std::size_t i = name.size(); i-- > 1;) {
    depth += name[i] == '>' ? 1 : name[i] == '<' ? -1 : 0;
    if (depth == 0) return i;
  }
  return name.size();
}

}  // namespace

std::string callable_name(const std::type_info& type) {
  const std::unique_ptr<char, void (*)(void*)> demangled(abi::__cxa_demangle(type.name(), nullptr, nullptr, nullptr),
                                                         std::free);
  std::string name = demangled ? demangled.get() : "fn";
  if (name.empty() || name.back() == ')') return "fn";  // a function pointer
  if (name.back() == '>') name.resize(template_arguments(name));
  if (name.back() == '}') return "<lambda>";  // "main::{lambda(double)#1}"
  if (const auto scope = name.rfind(':'); scope != std::string::npos) name.erase(0, scope + 1);
  return name.starts_with("$_") ? "<lambda>" : name;  // clang: "main::$_0"
}

}  // namespace fluxion::detail
