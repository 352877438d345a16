// Jaxprs carried out in another way than they say: in a wider dtype, on complex numbers, with rounding errors put in.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/jaxpr.hpp"

namespace fluxion::testing {

/// Goes through a jaxpr equation by equation in the current trace. Programs that equations hold are gone through in
/// the same way: calls are opened, loops and branches stay loops and branches, implicit equations are solved by what
/// solves them. The rules of custom_jvp and custom_vjp
/// are not used: only values count.
class Interpreter {
 public:
  virtual ~Interpreter() = default;
  Arrays run(const Jaxpr& jaxpr, ArraySpan args);
  /// The interpretation as a program of its own, for arguments like `args`; consts as in `program`.
  ClosedJaxpr traced(const ClosedJaxpr& program, const Arrays& args);

 protected:
  /// One equation that holds no program, on operands as this interpreter has made them.
  virtual Arrays primitive(const Eqn& e, const Jaxpr& in, ArraySpan operands) = 0;
  /// A value that the original program has and this one is given: consts, literals.
  virtual Array given(const Array& x) = 0;
  /// A loop's initial carry, which must have the aval that its body's results will have.
  virtual Array carry(const Array& x) { return x; }

 private:
  Arrays equation(const Eqn& e, const Jaxpr& in, ArraySpan operands);
  Arrays loop(const Eqn& e, ArraySpan operands);
};

/// The fields of an equation's parameters by name.
struct Fields final : FieldVisitor {
  explicit Fields(ParamsView params) { params.fields(*this); }
  void text(const char* name, const std::string& value) override { texts[name] = value; }
  void jaxpr(const char* name, const JaxprPtr& value) override { programs[name] = {value}; }
  void jaxprs(const char* name, const std::vector<JaxprPtr>& values) override { programs[name] = values; }
  std::int64_t number(const char* name) const { return std::stoll(texts.at(name)); }

  std::map<std::string, std::string> texts;
  std::map<std::string, std::vector<JaxprPtr>> programs;
};

/// Whether a primitive is the library's own, so that its name says what it is.
bool is_known(const Primitive& p);

/// A float or complex dtype at its full width; other dtypes as they are.
DType wide(DType t);
Arrays widened(const Arrays& xs);
/// The program in float64 and complex128. What cannot be widened (bits, random words, functions of the host) is
/// carried out in its own dtype, and widened then; `exact` says whether that was never so for derivatives' sake.
struct Widened {
  ClosedJaxpr program;
  bool complete = true;  // no inexact operand had to be narrowed
};
Widened widened(const ClosedJaxpr& program, const Arrays& args);

/// Rounding errors to be put into a program.
struct Rounding {
  double eps;                  // relative, of every equation
  double constants = 0;        // relative, of literals of more digits than a short number has
  bool infinitesimal = false;  // imaginary parts are those of a complex step, which err by their own size
};
/// The program with each inexact result multiplied by 1 + e, e random between eps and 2 eps or the negative of that.
ClosedJaxpr with_noise(const ClosedJaxpr& program, const Arrays& args, const Rounding& rounding, std::uint64_t seed);

/// The program on complex128 where it depends on the arguments that are real; nothing if it is not analytic there.
/// Comparisons are of real parts.
std::optional<ClosedJaxpr> complexified(const ClosedJaxpr& program, const Arrays& args);

}  // namespace fluxion::testing
