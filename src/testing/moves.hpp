// Moves: what one instruction of a random program can do. A move reads earlier values, whose bounds are known, brings
// them into the domain of an operation by a linear map, and says between which bounds its result is. So whatever
// follows whatever, values are finite, derivatives of every order exist, and neither is large.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include <fluxion/fluxion.hpp>
#include <fluxion/testing/random_program.hpp>

namespace fluxion::testing {

/// One instruction: which move, and its choices, each modulo what there is. So any genes make a program.
struct Gene {
  std::uint32_t move = 0;
  std::uint32_t a = 0, b = 0, c = 0;  // two operands, counted from the latest value; any other choice
  std::vector<Gene> body{};           // of loops, branches and functions
  friend bool operator==(const Gene&, const Gene&) = default;
};

/// A floating array, and bounds of its elements for inputs between -2 and 2.
struct Value {
  Array x;
  double lo = -2, hi = 2;

  std::int64_t ndim() const { return x.ndim(); }
  std::int64_t size() const { return x.size(); }
};

class MoveTable;
using Body = std::function<Array(const Array&)>;

/// What a move sees.
class Scene {
 public:
  Scene(const Gene& gene, const std::vector<Value>& pool, const MoveTable& table, int depth)
      : gene_(gene), pool_(pool), table_(table), depth_(depth) {}

  Value first() const { return pool_[pool_.size() - 1 - gene_.a % pool_.size()]; }
  Value second() const { return pool_[pool_.size() - 1 - gene_.b % pool_.size()]; }
  /// One of 0 ... n - 1.
  std::int64_t choice(std::int64_t n) const { return gene_.c % n; }
  /// Two operands of one shape and dtype.
  std::pair<Value, Value> both() const;
  /// The instruction's body as a function from an array with elements in [-2, 2] to another of the same shape and kind.
  /// It outlives the scene: custom rules run when they are needed.
  Body body() const;
  /// The same with other genes, for the second branch.
  Body other_body() const;

 private:
  const Gene& gene_;
  const std::vector<Value>& pool_;
  const MoveTable& table_;
  int depth_;
};

struct Move {
  enum Kind : std::uint8_t { plain = 0, kinked = 1, control = 2, transform = 4, linear_algebra = 8, complex = 16 };
  std::uint8_t kind;
  std::function<Value(const Scene&)> make;

  bool has_body() const { return (kind & (control | transform)) != 0; }
};
/// Moves that are drawn as often as any other family's.
using Moves = std::vector<Move>;

Moves elementwise_moves();
Moves special_moves();
Moves binary_moves();
Moves kinked_moves();
Moves shape_moves();
Moves reduction_moves();
Moves window_moves();
Moves indexing_moves();
Moves linear_algebra_moves();
Moves complex_moves();
Moves control_moves();
Moves transform_moves();

/// The moves of some options.
class MoveTable {
 public:
  /// Of kinds of moves; lives forever.
  static const MoveTable& of(const ProgramOptions& options);
  explicit MoveTable(std::uint8_t allowed);
  const Move& at(std::uint32_t move, int depth) const;
  /// The numbers of the moves of each family; without bodies at depth 0.
  const std::vector<std::vector<std::uint32_t>>& families(int depth) const {
    return depth > 0 ? families_ : families_without_body_;
  }
  std::uint32_t size() const { return static_cast<std::uint32_t>(moves_.size()); }

 private:
  Moves moves_;
  std::vector<std::uint32_t> without_body_;
  std::vector<std::vector<std::uint32_t>> families_, families_without_body_;
};

/// Appends what the genes do to the pool.
void play(const std::vector<Gene>& genes, const MoveTable& table, int depth, std::vector<Value>& pool);

// --- for moves ---

/// v, mapped linearly so that its elements lie between lo and hi; as it is if they do.
Value into(const Value& v, double lo, double hi);
/// v with a distance of at least 0.4 between any two elements along the axis (of those of rank 0: as it is).
Value apart(const Value& v, std::int64_t axis);
/// v with at least one axis, and the number of one that it has.
Value with_axis(const Value& v);
std::int64_t some_axis(const Scene& s, const Value& v);
/// x, each element multiplied by another number in (0, 1]: of what has a constant sum, which no sum shows then. (A
/// derivative that is zero by cancellation cannot be told from rounding errors.)
Array weighted(const Array& x);
/// What make() gives when nothing traces: for constants, which are to be no equations.
Array constant(const std::function<Array()>& make);
/// Any float of the dtype of x.
Array number(const Array& x, double v);
/// true and false by turns.
Array alternating(const Shape& shape);
/// Any values, brought to a shape: broadcast, or else their mean.
Array fitted(const Array& x, const Shape& shape);
/// [n, n] or [m, n] with elements in [-1, 1], of the elements of v, repeated.
Array matrix_of(const Value& v, std::int64_t m, std::int64_t n);
Value bounded(Array x, double bound);
Value between(Array x, double lo, double hi);

}  // namespace fluxion::testing
