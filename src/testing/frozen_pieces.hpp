// How each primitive goes on from a point when its decisions are kept.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "testing/interpret.hpp"

namespace fluxion::testing {

/// At its full width, and strong; integers as they are.
Array widened(const Array& x);

/// Parameters of an equation by name, as they print: those of the library's primitives are known to their own
/// files only.
class Parameters final : public FieldVisitor {
 public:
  explicit Parameters(const Eqn& e) { e.params.view().fields(*this); }
  void text(const char* name, const std::string& value) override { texts_[name] = value; }
  void jaxpr(const char* name, const JaxprPtr& value) override { jaxprs_[name] = {value}; }
  void jaxprs(const char* name, const std::vector<JaxprPtr>& values) override { jaxprs_[name] = values; }

  const std::string& operator[](const char* name) const;
  const std::vector<JaxprPtr>& jaxprs(const char* name) const;
  bool flag(const char* name) const { return (*this)[name] == "True"; }
  /// All integers in the text, in their order.
  Dims integers(const char* name) const;
  std::int64_t integer(const char* name) const { return integers(name)[0]; }

 private:
  std::map<std::string, std::string, std::less<>> texts_;
  std::map<std::string, std::vector<JaxprPtr>, std::less<>> jaxprs_;
};

/// What was undecided at the point, by primitive.
class Ties {
 public:
  /// `tied` of `of` decisions have no winner.
  void add(std::string_view primitive, std::int64_t tied, std::int64_t of, std::string_view how = "tie");
  std::vector<std::string> list() const;

 private:
  struct Count {
    std::int64_t tied = 0, of = 0;
    std::string how;
  };
  std::map<std::string, Count, std::less<>> counts_;
};

/// The results at other operands, both widened. Null: they stay what they were.
using Replay = std::function<Arrays(ArraySpan)>;
/// An equation at the point, in its own dtypes.
struct AtPoint {
  const Eqn& eqn;
  const Arrays& in;
  const Arrays& out;
  const Parameters& fields;
};
/// The primitive with its decisions kept.
Replay frozen_piece(const AtPoint& at, Ties& ties);

}  // namespace fluxion::testing
