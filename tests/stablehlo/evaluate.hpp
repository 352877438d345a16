// Evaluates StableHLO programs with the functions of lax.
#pragma once

#include <optional>
#include <stdexcept>

#include "stablehlo/module.hpp"

namespace fluxion::test::stablehlo {

/// How a program says that a result is to be compared: check.expect_eq, expect_close (3 units in the last place) or
/// expect_almost_eq (1e-3 absolute).
struct Check {
  std::string how;
  Array got, expected;
};

/// What `@main` checks, for the inputs that it has.
struct Program {
  explicit Program(std::string_view text) : module(parse_module(text)) {}
  Arrays inputs() const;
  Arrays expected() const;
  /// The values that are checked, as a function of the inputs: what transformations and jit apply to.
  Arrays operator()(const Arrays& inputs) const;
  std::vector<std::string> checks() const;

  Module module;
};

/// An operation that is not read, or a form of it: the test counts these apart from wrong results.
struct NotTranscribed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// --- between the files of this folder ---

/// Values by name; those of the regions around are seen too.
struct Scope {
  const Module* module;
  const Scope* outer = nullptr;
  std::map<std::string, Array> values{};

  const Array& operator[](const std::string& name) const {
    const auto it = values.find(name);
    if (it != values.end()) return it->second;
    if (outer == nullptr) throw std::runtime_error("no value " + name);
    return (*outer)[name];
  }
  Arrays operands(const Op& op) const {
    Arrays list;
    for (const auto& name : op.operands) list.push_back((*this)[name]);
    return list;
  }
};

/// Runs operations up to the return, whose operands it gives.
Arrays run(const std::vector<Op>& body, Scope& scope);
/// A region as a function.
Arrays call(const Region& region, const Scope& around, const Arrays& args);

/// "add", "multiply", "maximum", "minimum", "and", "or", "xor" or "set": what a region of two arguments folds with.
std::string fold_of(const Region& region);

/// Of operations whose operands and results agree in shape. Empty: not one of them.
std::optional<Arrays> elementwise(const Op& op, const Arrays& x);
/// Of operations that move, fold or look up elements.
std::optional<Arrays> structural(const Op& op, const Arrays& x, const Scope& scope);
/// Gather, scatter and windows.
std::optional<Arrays> windowed(const Op& op, const Arrays& x, const Scope& scope);

}  // namespace fluxion::test::stablehlo
