// What a callable is: how it names itself and what makes two of them the same program.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <vector>

namespace fluxion::detail {

using IdentityWords = std::vector<std::uint64_t>;

/// A wrapper such as Grad<F> takes part by declaring
///   static constexpr bool has_identity;                        whether its type and words say all that it does
///   void write_identity(IdentityWords&) const;                 its options, then those of what it wraps
///   using Wrapped = F;                                         for its name
template <class F>
concept Wrapper = requires { typename F::Wrapped; F::has_identity; };

/// Whether calls of equal type and equal words do the same: an empty object, a function pointer, or a wrapper of
/// one. A callable with captures is the same only as itself.
template <class F>
constexpr bool has_identity() {
  if constexpr (Wrapper<F>) return F::has_identity;
  else return std::is_empty_v<F> || (std::is_pointer_v<F> && std::is_function_v<std::remove_pointer_t<F>>);
}

template <class F>
void write_identity(const F& f, IdentityWords& out) {
  if constexpr (Wrapper<F>) f.write_identity(out);
  else if constexpr (std::is_pointer_v<F>) out.push_back(reinterpret_cast<std::uintptr_t>(f));
}

template <class F>
const std::type_info& named_type() {
  if constexpr (Wrapper<F>) return named_type<typename F::Wrapped>();
  else return typeid(F);
}

/// "<lambda>" for a lambda, "fn" for a function pointer, else the name of the class.
std::string callable_name(const std::type_info& type);

/// One address per type.
template <class T>
inline constexpr char type_tag = 0;
template <class T>
std::uint64_t type_word() { return reinterpret_cast<std::uintptr_t>(&type_tag<T>); }

}  // namespace fluxion::detail
