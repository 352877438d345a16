// Values that are part of a program's structure rather than its data: how any hashable, comparable type is
// hashed, compared and kept without knowing it.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/hana/accessors.hpp>
#include <boost/hana/concept/struct.hpp>
#include <boost/hana/second.hpp>
#include <boost/hana/unpack.hpp>

#include <fluxion/dtype.hpp>

namespace fluxion::detail {

inline constexpr std::size_t mix(std::size_t seed, std::size_t h) {
  return (seed ^ h) * 0x9e3779b97f4a7c15ULL + (seed << 6) + (seed >> 2);
}

template <class T>
concept CString = std::same_as<T, const char*> || std::same_as<T, char*>;
template <class T>
concept PlainStatic = Scalar<T> || std::is_enum_v<T> || std::same_as<T, std::nullptr_t> ||
                      (std::is_pointer_v<T> && !CString<T>);
template <class T>
concept StdHashable = requires(const T& v) {
  { std::hash<T>{}(v) } -> std::convertible_to<std::size_t>;
  { v == v } -> std::convertible_to<bool>;
};

template <class T>
struct StaticOf;
/// May be a static argument or stand in a Static<T>: a number, enumeration, string, function pointer, captureless
/// lambda, anything with == and std::hash, and containers and Hana structs of these. Never an Array.
template <class T>
concept StaticValue = requires { requires StaticOf<T>::ok; };

template <class T>
constexpr bool is_hana_struct = boost::hana::Struct<T>::value;

template <class T>
struct StaticOf {
  static constexpr bool by_bytes = PlainStatic<T>;
  static constexpr bool by_std = !by_bytes && StdHashable<T>;
  static constexpr bool by_fields = !by_bytes && !by_std && is_hana_struct<T>;
  static constexpr bool by_type = !by_bytes && !by_std && !by_fields && std::is_empty_v<T>;

  template <class U>
  static constexpr bool fields_ok() {
    return boost::hana::unpack(boost::hana::accessors<U>(), [](auto... field) {
      return std::bool_constant<(
          StaticValue<std::decay_t<decltype(boost::hana::second(field)(std::declval<const U&>()))>> && ...)>{};
    });
  }
  static constexpr bool check() {
    if constexpr (by_fields) return fields_ok<T>();
    else return by_bytes || by_std || by_type;
  }
  static constexpr bool ok = check();

  static std::size_t hash(const T& v) {
    if constexpr (by_bytes) return std::hash<std::string_view>{}({reinterpret_cast<const char*>(&v), sizeof v});
    else if constexpr (by_std) return std::hash<T>{}(v);
    else if constexpr (by_fields) {
      return boost::hana::unpack(boost::hana::accessors<T>(), [&](auto... field) {
        std::size_t h = 0;
        ((h = mix(h, hash_one(boost::hana::second(field)(v)))), ...);
        return h;
      });
    } else return 0;
  }
  static bool equal(const T& a, const T& b) {
    if constexpr (by_bytes) return std::memcmp(&a, &b, sizeof a) == 0;  // so that a NaN equals itself
    else if constexpr (by_std) return a == b;
    else if constexpr (by_fields) {
      return boost::hana::unpack(boost::hana::accessors<T>(), [&](auto... field) {
        return (equal_one(boost::hana::second(field)(a), boost::hana::second(field)(b)) && ...);
      });
    } else return true;
  }
  static std::shared_ptr<const void> clone(const T& v) { return std::make_shared<const T>(v); }

 private:
  template <class U>
  static std::size_t hash_one(const U& v) { return StaticOf<U>::hash(v); }
  template <class U>
  static bool equal_one(const U& a, const U& b) { return StaticOf<U>::equal(a, b); }
};

/// C strings are compared by content and kept as copies.
template <CString T>
struct StaticOf<T> {
  static constexpr bool ok = true;
  static std::size_t hash(const char* v) { return std::hash<std::string_view>{}(v); }
  static bool equal(const char* a, const char* b) { return std::strcmp(a, b) == 0; }
  static std::shared_ptr<const void> clone(const char* v) {
    struct Kept { std::string text; const char* data; };
    auto kept = std::make_shared<Kept>(Kept{v, nullptr});
    kept->data = kept->text.c_str();
    return {kept, &kept->data};
  }
};

template <class C, class T>
struct StaticSequence {
  static constexpr bool ok = StaticValue<T>;
  static std::size_t hash(const C& v) {
    std::size_t h = 0;
    for (const T& e : v) h = mix(h, StaticOf<T>::hash(e));
    return h;
  }
  static bool equal(const C& a, const C& b) {
    auto i = a.begin();
    auto j = b.begin();
    for (; i != a.end() && j != b.end(); ++i, ++j) if (!StaticOf<T>::equal(*i, *j)) return false;
    return i == a.end() && j == b.end();
  }
  static std::shared_ptr<const void> clone(const C& v) { return std::make_shared<const C>(v); }
};
template <class T, class Alloc>
struct StaticOf<std::vector<T, Alloc>> : StaticSequence<std::vector<T, Alloc>, T> {};
template <class T, std::size_t N>
struct StaticOf<std::array<T, N>> : StaticSequence<std::array<T, N>, T> {};

template <class T, class... E>
struct StaticTuple {
  static constexpr bool ok = (StaticValue<E> && ...);
  static std::size_t hash(const T& v) {
    return std::apply([](const E&... e) { std::size_t h = 0; ((h = mix(h, StaticOf<E>::hash(e))), ...); return h; }, v);
  }
  static bool equal(const T& a, const T& b) {
    return std::apply([&](const E&... x) {
      return std::apply([&](const E&... y) { return (StaticOf<E>::equal(x, y) && ...); }, b);
    }, a);
  }
  static std::shared_ptr<const void> clone(const T& v) { return std::make_shared<const T>(v); }
};
template <class... E>
struct StaticOf<std::tuple<E...>> : StaticTuple<std::tuple<E...>, E...> {};
template <class A, class B>
struct StaticOf<std::pair<A, B>> : StaticTuple<std::pair<A, B>, A, B> {};

template <class T>
struct StaticOf<std::optional<T>> {
  static constexpr bool ok = StaticValue<T>;
  static std::size_t hash(const std::optional<T>& v) { return v ? mix(1, StaticOf<T>::hash(*v)) : 0; }
  static bool equal(const std::optional<T>& a, const std::optional<T>& b) {
    return a.has_value() == b.has_value() && (!a || StaticOf<T>::equal(*a, *b));
  }
  static std::shared_ptr<const void> clone(const std::optional<T>& v) {
    return std::make_shared<const std::optional<T>>(v);
  }
};

/// The operations on a static value whose type has been erased.
struct StaticType {
  std::size_t (*hash)(const void*);
  bool (*equal)(const void*, const void*);
  std::shared_ptr<const void> (*clone)(const void*);
  std::string (*show)(const void*);
};

template <class T>
std::string show_static(const T& v) {
  if constexpr (std::is_same_v<T, bool>) return v ? "true" : "false";
  else if constexpr (std::is_arithmetic_v<T>) return std::to_string(v);
  else if constexpr (std::is_enum_v<T>) return std::to_string(static_cast<std::underlying_type_t<T>>(v));
  else if constexpr (std::is_convertible_v<const T&, std::string_view>) return '"' + std::string(v) + '"';
  else return "...";
}

template <StaticValue T>
inline constexpr StaticType static_type{
    [](const void* v) { return StaticOf<T>::hash(*static_cast<const T*>(v)); },
    [](const void* a, const void* b) {
      return StaticOf<T>::equal(*static_cast<const T*>(a), *static_cast<const T*>(b));
    },
    [](const void* v) { return StaticOf<T>::clone(*static_cast<const T*>(v)); },
    [](const void* v) { return show_static(*static_cast<const T*>(v)); }};

/// A static value borrowed for the time of a call.
struct StaticRef {
  const void* value;
  const StaticType* type;
};
/// A static value kept.
struct StaticOwned {
  std::shared_ptr<const void> value;
  const StaticType* type;
};
inline bool same_static(const StaticType& at, const void* a, const StaticType& bt, const void* b) {
  return &at == &bt && (a == b || at.equal(a, b));
}

}  // namespace fluxion::detail
