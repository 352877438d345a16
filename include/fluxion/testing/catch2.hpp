// Matchers for Catch2, and how it prints arrays and trees. Catch2 2 (<catch2/catch.hpp>) or, where that is not
// installed, 3.
#pragma once

#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#if __has_include(<catch2/catch.hpp>)
#include <catch2/catch.hpp>
#else
#include <catch2/catch_tostring.hpp>
#include <catch2/matchers/catch_matchers_templated.hpp>
#define FLUXION_CATCH2_3
#endif

#include <fluxion/testing.hpp>
#include <fluxion/testing/compare.hpp>

/// With dtype, shape and every digit.
template <>
struct Catch::StringMaker<fluxion::Array> {
  static std::string convert(const fluxion::Array& x) { return fluxion::testing::detail::show_array(x); }
};
/// Adapted structs leaf by leaf, unless they print otherwise.
template <class T>
struct Catch::StringMaker<
    T, std::enable_if_t<fluxion::detail::is_hana_struct<T> && !Catch::Detail::IsStreamInsertable<T>::value>> {
  static std::string convert(const T& t) {
    return '\n' + fluxion::testing::detail::show_tree(fluxion::tree::flatten(t));
  }
};

namespace fluxion::testing {

namespace detail {

#ifdef FLUXION_CATCH2_3
#undef FLUXION_CATCH2_3
using MatcherBase = Catch::Matchers::MatcherGenericBase;
#else
struct MatcherBase {
  virtual ~MatcherBase() = default;
  std::string toString() const { return describe(); }
  virtual std::string describe() const = 0;
};
#endif

struct Passes final : MatcherBase {
  bool match(const Report& report) const { return report.passed(); }
  std::string describe() const override { return "(it passes)"; }
};

template <Check check, class... A>
class PassesCheck final : public MatcherBase {
 public:
  PassesCheck(const char* what, const A&... args) : what_(what), args_(args...) {}
  /// The same with other options.
  [[nodiscard]] PassesCheck with(const CheckOptions& options) const {
    auto out = *this;
    out.options_ = options;
    return out;
  }
  template <class F>
  bool match(const F& f) const {
    const Report report = check_typed(check, f, args_, StaticArgnums<>{}, options_);
    report_ = to_string(report);
    return report.passed();
  }
  std::string describe() const override { return std::string(what_) + (report_.empty() ? "" : ":\n") + report_; }

 private:
  const char* what_;
  std::tuple<A...> args_;
  CheckOptions options_;
  mutable std::string report_;  // of the last match
};

template <class T>
class Resembles final : public MatcherBase {
 public:
  Resembles(T want, std::optional<Closeness> closeness) : want_(std::move(want)), closeness_(closeness) {}
  template <class U>
  bool match(const U& got) const {
    difference_ = difference_of_trees(tree::flatten(got), tree::flatten(want_), closeness_ ? &*closeness_ : nullptr);
    return difference_.empty();
  }
  std::string describe() const override {
    const std::string wanted = show_tree(tree::flatten(want_));
    return std::string(closeness_ ? "is close to " : "equals to the bit ") +
           (wanted.find('\n') == std::string::npos ? "" : "\n") + wanted +
           (difference_.empty() ? "" : "\n" + difference_);
  }

 private:
  T want_;
  std::optional<Closeness> closeness_;
  mutable std::string difference_;  // of the last match
};

}  // namespace detail

/// CHECK_THAT(report_grads(f, args), passes()): matches reports of checks that passed; prints those that did not.
inline detail::Passes passes() { return {}; }

/// CHECK_THAT(f, has_correct_grads(x, y)): what check_grads finds for f at these arguments, each a tree. Options by
/// has_correct_grads(x).with({.order = 1}).
template <TreeLike... A> requires(sizeof...(A) > 0)
auto has_correct_grads(const A&... args) {
  return detail::PassesCheck<detail::Check::grads, A...>("has correct gradients", args...);
}
/// The same of check_vmap, check_jit, check_pure, check_transpose and check_all.
template <TreeLike... A> requires(sizeof...(A) > 0)
auto has_correct_vmap(const A&... args) {
  return detail::PassesCheck<detail::Check::vmap, A...>("maps correctly", args...);
}
template <TreeLike... A> requires(sizeof...(A) > 0)
auto has_correct_jit(const A&... args) {
  return detail::PassesCheck<detail::Check::jit, A...>("compiles correctly", args...);
}
template <TreeLike... A> requires(sizeof...(A) > 0)
auto is_pure(const A&... args) { return detail::PassesCheck<detail::Check::pure, A...>("is pure", args...); }
template <TreeLike... A> requires(sizeof...(A) > 0)
auto has_correct_transpose(const A&... args) {
  return detail::PassesCheck<detail::Check::transpose, A...>("transposes correctly", args...);
}
template <TreeLike... A> requires(sizeof...(A) > 0)
auto passes_all_checks(const A&... args) {
  return detail::PassesCheck<detail::Check::all, A...>("passes all checks", args...);
}

/// CHECK_THAT(got, is_close_to(want, {.rtol = 1e-9})): an array, number or tree, element by element; see difference().
template <TreeLike T>
auto is_close_to(const T& want, const Closeness& closeness = {}) { return detail::Resembles<T>(want, closeness); }
/// CHECK_THAT(got, equals_bits(want)): see difference_in_bits().
template <TreeLike T>
auto equals_bits(const T& want) { return detail::Resembles<T>(want, std::nullopt); }

}  // namespace fluxion::testing
