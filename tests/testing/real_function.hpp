// A function of arrays as one of real numbers, as gradient checkers see it: the parts of complex numbers one after the
// other, integers bound, results that have no derivative left out.
#pragma once

#include <vector>

#include "support/flat.hpp"

namespace fluxion::test {

using Reals = std::vector<double>;

/// The floating and complex arrays among these as numbers, and back.
class Places {
 public:
  explicit Places(const Arrays& all);
  std::size_t size() const { return size_; }
  Reals read(const Arrays& all) const;
  /// `all` with these numbers in place of the inexact ones.
  Arrays written(const Reals& v, Arrays all) const;
  /// The inexact ones alone.
  Arrays tangents(const Reals& v) const;
  Reals read_tangents(const Arrays& inexact) const;
  std::vector<char> active() const { return active_; }

 private:
  std::vector<Aval> avals_;  // of the inexact ones
  std::vector<char> active_;
  std::size_t size_ = 0;
};

class RealFunction {
 public:
  RealFunction(FlatFn f, Arrays args);
  std::size_t inputs() const { return in_.size(); }
  std::size_t outputs() const { return out_.size(); }
  Reals x() const { return in_.read(args_); }
  Reals operator()(const Reals& x) const;
  /// J t, and J^T ct in the real sense: <ct, J t> = <J^T ct, t>.
  Reals jvp(const Reals& x, const Reals& t) const;
  Reals vjp(const Reals& x, const Reals& ct) const;
  /// J^T of each result's unit vector, from one forward pass.
  std::vector<Reals> rows(const Reals& x) const;
  /// The value as the transformation gives it.
  Reals value_by_jvp(const Reals& x) const;
  Reals value_by_vjp(const Reals& x) const;
  /// d/ds J(x + s u) t and d/ds J(x + s u)^T ct at 0.
  Reals jvp_of_jvp(const Reals& x, const Reals& t, const Reals& u) const;
  Reals jvp_of_vjp(const Reals& x, const Reals& ct, const Reals& u) const;

  const FlatFn& flat() const { return f_; }
  const Arrays& args() const { return args_; }
  const Places& in() const { return in_; }
  const Places& out() const { return out_; }

 private:
  Arrays jvp_flat(const Reals& x, const Reals& t) const;
  Arrays vjp_flat(const Reals& x, const Reals& ct) const;
  FlatFn f_;
  Arrays args_;
  Arrays results_;
  Places in_, out_;
};

}  // namespace fluxion::test
