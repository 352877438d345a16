// Functions from the text of a jaxpr, as reports print them. Not included by <fluxion/testing.hpp>.
#pragma once

#include <concepts>
#include <string_view>

#include <fluxion/parse.hpp>

namespace fluxion::testing {

/// The function that a jaxpr prints as: of as many arrays as it has arguments, or of a vector of them, to a vector of
/// its results. It can be transformed and checked like any other.
class Program {
 public:
  /// Throws what parse_jaxpr throws.
  explicit Program(std::string_view text, const ParseOptions& options = {});

  /// Throws ValueError unless shapes and dtypes are those of the jaxpr.
  Arrays operator()(const Arrays& args) const;
  template <std::same_as<Array>... A>
  Arrays operator()(const A&... args) const { return (*this)(Arrays{args...}); }

 private:
  fluxion::detail::ClosedJaxpr program_;
};

/// The function of this text: check_grads(program("{ lambda ; a:f64[]. let b:f64[] = sin a in (b,) }"), scalar(2.0)).
/// The primitives of the library need not be listed.
inline Program program(std::string_view text, const ParseOptions& options = {}) { return Program(text, options); }

}  // namespace fluxion::testing
