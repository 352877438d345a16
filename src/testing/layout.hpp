// Arrays as vectors of real numbers: what differences and tolerances are about.
#pragma once

#include <vector>

#include "core/node.hpp"

namespace fluxion::testing {

using Vec = std::vector<double>;

/// The elements of the inexact arrays among some, row-major, each complex one as two numbers. Other arrays stand for
/// no number.
class Layout {
 public:
  explicit Layout(const Arrays& xs);
  std::size_t size() const { return size_; }
  /// Where array k's numbers begin; the next one's, or size(), is where they end.
  std::size_t begin(std::size_t k) const { return begin_[k]; }
  std::size_t leaves() const { return avals_.size(); }
  const Aval& aval(std::size_t k) const { return avals_[k]; }

  /// The numbers of arrays like those.
  Vec read(const Arrays& xs) const;
  /// Arrays with these numbers, rounded to their dtypes; the others are those of `rest`.
  Arrays write(const Vec& v, const Arrays& rest) const;
  /// Only the inexact ones: tangents of those that have them.
  Arrays tangents(const Vec& v) const;
  /// Which array number i belongs to, and where: "element [0,2] of result 1".
  std::size_t leaf_of(std::size_t i) const;
  std::string place(std::size_t i) const;

 private:
  Array write_leaf(std::size_t k, const Vec& v) const;
  std::vector<Aval> avals_;
  std::vector<std::size_t> begin_;
  std::size_t size_ = 0;
};

/// The distance of 1 to the next number, of the narrowest inexact dtype among these.
double coarsest_eps(const std::vector<Aval>& avals);
double eps_of(DType t);

/// Results of the same shapes, dtypes and bits; NaNs are one value.
bool same_bits(const Arrays& a, const Arrays& b);

}  // namespace fluxion::testing
