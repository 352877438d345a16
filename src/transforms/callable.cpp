#include <fluxion/detail/callable.hpp>

#include <cstdlib>
#include <memory>

#include <cxxabi.h>

namespace fluxion::detail {

std::string callable_name(const std::type_info& type) {
  const std::unique_ptr<char, void (*)(void*)> demangled(abi::__cxa_demangle(type.name(), nullptr, nullptr, nullptr),
                                                         std::free);
  std::string name = demangled ? demangled.get() : "fn";
  if (name.find("lambda") != std::string::npos) return "<lambda>";
  if (name.find('(') != std::string::npos) return "fn";  // a function pointer or std::function
  name = name.substr(0, name.find('<'));
  const auto scope = name.rfind(':');
  return scope == std::string::npos ? name : name.substr(scope + 1);
}

}  // namespace fluxion::detail
