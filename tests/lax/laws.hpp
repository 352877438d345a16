// The laws that every case must obey, each a function of a case and one of its signatures.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "support/case.hpp"

namespace fluxion::test {

/// Whether a law had anything to say of a signature, and how it was broken.
struct Outcome {
  bool applies = true;
  std::optional<std::string> failure{};
};

struct Law {
  std::string_view name;
  Outcome (*check)(const Case&, const Signature&, std::uint64_t seed);
  std::size_t at_least = 50;  // signatures that it applies to, lest it prove nothing
};

/// Runs a law over every signature of every case; each failure names case, law, shapes and element.
/// Cases under a listed exception are not reported, but at least one of them must break the law.
void run_law(const Law& law);

// values
Outcome value_equals_reference(const Case&, const Signature&, std::uint64_t seed);
Outcome jit_equals_eager(const Case&, const Signature&, std::uint64_t seed);
Outcome avals_are_what_came_out(const Case&, const Signature&, std::uint64_t seed);
Outcome jaxprs_typecheck(const Case&, const Signature&, std::uint64_t seed);
Outcome print_parse_print_is_a_fixpoint(const Case&, const Signature&, std::uint64_t seed);
Outcome layout_does_not_matter(const Case&, const Signature&, std::uint64_t seed);
Outcome layout_hardly_matters(const Case&, const Signature&, std::uint64_t seed);  // for those that break it
// derivatives
Outcome jvp_equals_differences(const Case&, const Signature&, std::uint64_t seed);
Outcome second_derivatives_equal_differences(const Case&, const Signature&, std::uint64_t seed);
Outcome transpose_satisfies_inner_product(const Case&, const Signature&, std::uint64_t seed);
Outcome linearize_equals_jvp(const Case&, const Signature&, std::uint64_t seed);
Outcome arguments_alone(const Case&, const Signature&, std::uint64_t seed);
Outcome linear_arguments(const Case&, const Signature&, std::uint64_t seed);
Outcome transpose_rules_give_the_cotangent(const Case&, const Signature&, std::uint64_t seed);
Outcome taylor_mode_equals_nested_jvp(const Case&, const Signature&, std::uint64_t seed);
// vmap and composition
Outcome vmap_equals_loop(const Case&, const Signature&, std::uint64_t seed);
Outcome vmap_is_close_to_loop(const Case&, const Signature&, std::uint64_t seed);
Outcome jit_commutes_with_derivatives(const Case&, const Signature&, std::uint64_t seed);
Outcome jit_commutes_with_vmap(const Case&, const Signature&, std::uint64_t seed);
Outcome vmap_commutes_with_jvp(const Case&, const Signature&, std::uint64_t seed);
Outcome vmap_commutes_with_vjp(const Case&, const Signature&, std::uint64_t seed);
Outcome vmap_nests(const Case&, const Signature&, std::uint64_t seed);

// shared by the laws
Arrays samples(const Signature& s, std::uint64_t seed);
/// Which arguments of the signature derivative laws differentiate.
std::vector<char> active_arguments(const Case& c, const Signature& s);
bool any(const std::vector<char>& mask);
Outcome compare(const Arrays& got, const Arrays& want, Tolerance t, const char* what);
/// Random arrays like the floating ones among xs.
Arrays random_like_floating(const Arrays& xs, std::uint64_t seed);
std::string describe(const Signature& s);

}  // namespace fluxion::test
