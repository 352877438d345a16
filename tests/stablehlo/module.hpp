// StableHLO text as a tree: enough of its syntax to read the programs that jax exports.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fluxion/array.hpp>

namespace fluxion::test::stablehlo {

struct TensorType {
  DType dtype;
  Shape shape;
};

struct Op;

/// Operations between braces; they see the values around them.
struct Region {
  std::vector<std::string> args;
  std::vector<Op> body;
};

/// One operation. Lists of numbers are flattened; `#stablehlo.scatter<...>` adds its entries under their own names.
struct Op {
  std::string name;                  // "add", "chlo.lgamma", "call", "return"
  std::string callee;                // of calls: the function; of custom calls: the target
  std::vector<std::string> results;  // "%3", or "%3#0" and "%3#1"
  std::vector<std::string> operands;
  std::vector<std::string> words;    // bare words, as compare's direction
  std::map<std::string, std::vector<std::int64_t>> numbers;
  std::map<std::string, std::string> texts;
  std::vector<Region> regions;
  std::vector<TensorType> types;     // of the results
  Array value;                       // of constants

  /// The numbers under a name, or what stands for an entry that is left out.
  std::vector<std::int64_t> list(const std::string& key, std::vector<std::int64_t> otherwise = {}) const {
    const auto it = numbers.find(key);
    return it == numbers.end() ? otherwise : it->second;
  }
  std::int64_t number(const std::string& key, std::int64_t otherwise) const { return list(key, {otherwise}).at(0); }
};

struct Function {
  std::vector<std::string> args;
  std::vector<Op> body;
};

using Module = std::map<std::string, Function>;

/// Throws std::runtime_error naming the place of what is not understood.
Module parse_module(std::string_view text);

/// The array that `dense<literal>` of a type stands for.
Array parse_dense(std::string_view literal, const TensorType& type);

}  // namespace fluxion::test::stablehlo
