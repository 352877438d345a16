// Faults put into random programs are found again: the primitive and the rule are named, wherever they are.
#include <algorithm>

#include <catch2/catch.hpp>

#include <fluxion/testing/random_program.hpp>

#include "testing/explain.hpp"
#include "testing/faulty_primitives.hpp"
#include "testing/interpret.hpp"
#include "testing/soak.hpp"

namespace fluxion::test {
namespace {

/// What takes the place of an operation's results, and what must be said of it.
struct Fault {
  std::string primitive, rule;
  std::function<Array(const Array&)> after;
  testing::Check check = testing::Check::grads;
};

Array half_of(const Array& y) { return 0.5 * y; }

template <class P>
Array through(const Array& y) { return faulty::bound<P>({y}); }

const std::vector<Fault>& faults() {
  using namespace faulty;
  static const std::vector<Fault> all{
      {"mul_wrong_in_b", "jvp of argument 1", [](const Array& y) { return bound<MulWrongInB>({cos(y), y}); }},
      {"wrong_transpose", "transpose", [](const Array& y) { return through<WrongTranspose>(half_of(y)); }},
      {"wrong_batch", "batch", [](const Array& y) { return through<WrongBatch>(half_of(y)); }},
      {"wrong_lowering", "lowering", &through<WrongLowering>, testing::Check::all},
      {"frozen_cos", "jvp of argument 0", &through<WrongSecond>}};
  return all;
}

/// A program in which one operation, in a loop's body maybe, is followed by a faulty one.
class Infection final : public testing::Interpreter {
 public:
  Infection(const Fault& fault, std::size_t place) : fault_(fault), place_(place) {}
  bool done() const { return done_; }

 protected:
  Arrays primitive(const Eqn& e, const Jaxpr&, ArraySpan operands) override {
    auto out = e.prim->bind(operands, e.params.view());
    if (out.size() != 1 || out[0].dtype() != float64 || out[0].size() > 64) return out;
    const auto floating = [](const Array& x) { return is_inexact(x.dtype()); };
    if (std::none_of(operands.begin(), operands.end(), floating)) return out;
    if (seen_++ != place_) return out;
    done_ = true;
    return {fault_.after(out[0])};
  }
  Array given(const Array& x) override { return x; }

 private:
  const Fault& fault_;
  std::size_t place_, seen_ = 0;
  bool done_ = false;
};

struct Tried {
  std::size_t failed = 0, named = 0;
  std::string first_wrong;
};

Tried tried(const Fault& fault, std::uint64_t first_seed, std::size_t n) {
  Tried all;
  for (std::uint64_t seed = first_seed; seed < first_seed + n; ++seed) {
    const auto p = testing::random_program(seed, {.max_equations = 40}, 100);
    Infection infection(fault, seed % 7);
    const auto program = infection.traced(p.jaxpr(), p.inputs());
    if (!infection.done()) continue;
    const std::vector<std::string> paths(p.inputs().size(), "arg");
    const testing::Subject subject{testing::function_of(program), p.inputs(), paths};
    const testing::CheckOptions options{.directions = 4, .key = random::key(static_cast<std::int64_t>(seed))};
    const auto findings = testing::examine(fault.check, subject, options);
    if (!findings.failed()) continue;  // nothing that is differentiated depends on it
    ++all.failed;
    const auto found = testing::explain_by(&testing::examine, fault.check, subject, findings, options, {60, 60, 20000});
    if (found.size() == 1 && found[0].primitive == fault.primitive && found[0].rule == fault.rule) ++all.named;
    else if (all.first_wrong.empty())
      all.first_wrong = "seed " + std::to_string(seed) + ": " +
                        (found.empty() ? "nothing" : found[0].primitive + ", " + found[0].rule);
  }
  return all;
}

}  // namespace

TEST_CASE("explain: a fault anywhere in a random program is found, and its rule named") {
  const auto n = seeds(10, 500);
  for (const auto& fault : faults()) {
    INFO(fault.primitive);
    const auto r = tried(fault, 0, n);
    INFO(r.first_wrong);
    CHECK(r.failed >= n / 4);  // else there was little to find
    CHECK(r.named == r.failed);
  }
}

}  // namespace fluxion::test
