// Random compositions of transformations and control flow around small functions of a vector, and what they mean
// written out: loops unrolled, branches taken, derivatives by hyper-dual numbers.
#pragma once

#include <functional>
#include <iosfwd>
#include <vector>

#include <fluxion/array.hpp>

#include "properties/hyper_dual.hpp"

namespace fluxion::test {

/// A function from a vector to a vector of the same length, built from others. Every list of genes is one: it is
/// read from the front, and missing genes are zeros.
struct Composition {
  enum class Kind { leaf, chain, jit, scan, loop, branch, map, gradient, tangent, remat, custom_jvp, custom_vjp, reverse_scan, last = reverse_scan };
  Kind kind = Kind::leaf;
  unsigned variant = 0;
  std::vector<Composition> parts;
};
Composition composition(const std::vector<unsigned>& genes, int depth);
std::ostream& operator<<(std::ostream& os, const Composition& c);

constexpr std::int64_t kWidth = 3;
using VectorFunction = std::function<Array(const Array&)>;
/// As a user of Fluxion writes it.
VectorFunction function_of(const Composition& c);

using HyperVector = std::vector<HyperDual>;
/// Its value without Fluxion. `level` infinitesimals are in use.
HyperVector written_out(const Composition& c, const HyperVector& x, std::size_t level = 0);

}  // namespace fluxion::test
