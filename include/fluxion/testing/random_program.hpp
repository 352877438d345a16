// Random differentiable programs over the primitives, control flow included, and simpler ones in their place. Needs no
// test framework; <fluxion/testing/rapidcheck.hpp> makes a generator of them.
#pragma once

#include <concepts>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include <fluxion/transforms/jaxpr.hpp>

namespace fluxion::testing {

/// Which programs are drawn.
struct ProgramOptions {
  std::size_t max_equations = 40;  ///< Those inside of loops and branches count.
  /// Only programs that have derivatives of every order near all inputs of [-2, 2]. Others have kinks (abs, max, relu,
  /// sort, ... of anything), at which documented sub-gradients count.
  bool smooth = true;
  bool control_flow = true;    ///< cond, switch_, scan, while_loop, fori_loop, map, ..., with bodies drawn too.
  bool transforms = true;      ///< jit, vmap, grad, jvp, checkpoint, custom_jvp, custom_vjp, custom_vmap inside.
  bool linear_algebra = true;  ///< Decompositions and solves.
  bool complex = true;         ///< Complex numbers in between, and Fourier transforms.
  /// The arguments: floating dtypes. One to three of small shapes, unless given.
  std::vector<ShapeDtypeStruct> inputs = {};
  /// Of the arguments that are drawn: float32 or float64.
  DType dtype = DType::float64;
};

/// A function from arrays to one or two arrays. Copies share all there is; programs can be called by many threads.
class RandomProgram {
 public:
  /// With as many arguments as there are inputs, of their shapes and dtypes (under transformations as always).
  Arrays operator()(const Arrays& args) const;
  /// The same with one parameter per argument.
  template <std::same_as<Array>... A> requires(sizeof...(A) > 0)
  Arrays operator()(const A&... args) const { return (*this)(Arrays{args...}); }

  /// Arguments to call it with, between -2 and 2.
  const Arrays& inputs() const;
  /// The sum of all results' elements, as grad wants it: a function of arrays again.
  auto total() const {
    return [p = *this](const Arrays& args) { return p.total_of(args); };
  }
  /// What it does.
  const ClosedJaxpr& jaxpr() const;
  /// Of the jaxpr, those inside of others included.
  std::size_t num_equations() const;
  /// The names of the primitives in it, sorted, each once.
  std::vector<std::string> primitives() const;
  /// Programs with fewer instructions, inner programs in place of outer ones, simpler operands, smaller inputs, simpler
  /// numbers as inputs: the simplest first. No sequence of them is endless.
  std::vector<RandomProgram> simpler() const;

  struct State;
  explicit RandomProgram(std::shared_ptr<const State> state) : state_(std::move(state)) {}

 private:
  Array total_of(const Arrays& args) const;
  std::shared_ptr<const State> state_;
};

/// A function of the seed. `size` (1 to 100) scales the number of instructions. Throws ValueError or TypeError for
/// options that no program fits.
RandomProgram random_program(std::uint64_t seed, const ProgramOptions& options = {}, int size = 100);
/// The names of the primitives that programs of these options can contain, sorted.
std::vector<std::string> program_primitives(const ProgramOptions& options = {});

/// Its jaxpr and inputs.
std::ostream& operator<<(std::ostream& os, const RandomProgram& p);

}  // namespace fluxion::testing
