// Random programs as functions with rules: wrapped by checkpoint, custom_jvp and custom_vjp with their true derivatives,
// they are what they were.
#include <rapidcheck/catch.h>

#include <fluxion/transforms.hpp>

#include "properties/random_program.hpp"
#include "support/host.hpp"

namespace fluxion::test {

namespace {

constexpr std::uint64_t kSeed = 23;

rc::Gen<unsigned> number(unsigned below) {
  return rc::gen::resize(rc::kNominalSize, rc::gen::map(rc::gen::arbitrary<std::uint16_t>(), [below](std::uint16_t v) { return v % below; }));
}

// Smooth, so that derivatives exist; two results, the same as those of the laws of random programs.
rc::Gen<Program> smooth_programs() {
  const auto gene = rc::gen::build<Gene>(rc::gen::set(&Gene::op, number(288)), rc::gen::set(&Gene::a, number(4)),
                                         rc::gen::set(&Gene::b, number(6)), rc::gen::set(&Gene::c, number(8)));
  const auto genes = rc::gen::mapcat(rc::gen::resize(rc::kNominalSize, rc::gen::inRange(1, 9)), [gene](int n) {
    return rc::gen::container<std::vector<Gene>>(static_cast<std::size_t>(n), gene);
  });
  return rc::gen::build<Program>(rc::gen::set(&Program::genes, rc::gen::nonEmpty(genes)), rc::gen::set(&Program::extents, number(8)),
                                 rc::gen::set(&Program::smooth, rc::gen::just(true)), rc::gen::set(&Program::dots, rc::gen::just(false)));
}

/// The program wrapped in each way.
std::vector<std::pair<const char*, FlatFn>> wrapped(const FlatFn& f) {
  const auto typed = [f](const Arrays& xs) { return f(xs); };
  const auto by_jvp = custom_jvp(typed, [typed](const auto& p, const auto& t) { return jvp(typed, p, t); });
  const auto by_vjp = custom_vjp(typed, [typed](const Arrays& xs) { return std::pair(typed(xs), xs); },
                                 [typed](const Arrays& xs, const Arrays& ct) { return std::tuple(vjp(typed, xs).second(ct)); });
  return {{"checkpoint", checkpoint(typed)},
          {"checkpoint that keeps everything", checkpoint(typed, {.policy = checkpoint_policies::everything_saveable})},
          {"custom_jvp", by_jvp},
          {"custom_vjp", by_vjp},
          {"checkpoint of custom_vjp of jit", checkpoint([g = custom_vjp(typed, [typed](const Arrays& xs) { return std::pair(jit(typed)(xs), xs); },
                                                                        [typed](const Arrays& xs, const Arrays& ct) {
                                                                          return std::tuple(vjp(jit(typed), xs).second(ct));
                                                                        })](const Arrays& xs) { return g(xs); })}};
}

void same(const char* wrapper, const char* what, const Arrays& got, const Arrays& want, Tolerance t = {}) {
  if (const auto d = difference(got, want, t)) RC_FAIL(std::string(wrapper) + ", " + what + ": " + *d);
}

}  // namespace

TEST_CASE("random programs with rules are the programs") {
  const auto close = Tolerance::close(1e-9, 1e-9);
  rc::prop("values to the bit, derivatives of the first and second order closely", [close] {
    const auto p = *smooth_programs();
    const auto f = function_of(p);
    const auto args = inputs_of(p, kSeed);
    const std::vector<char> all{1, 1, 1};
    Arrays tangents;
    for (const auto& x : args) tangents.push_back(make(sample({DType::float64, x.shape()}, kSeed + 1)));
    const auto outs = f(args);
    Arrays cotangents;
    for (const auto& x : outs) cotangents.push_back(make(sample({DType::float64, x.shape()}, kSeed + 2)));
    const auto forward = joined(args, tangents), backward = joined(args, cotangents);
    const auto n = args.size() + cotangents.size();
    const auto twice = joined(backward, Arrays(backward));
    for (const auto& [name, g] : wrapped(f)) {
      same(name, "value", g(args), outs);
      same(name, "jit", jitted(g)(args), outs);
      same(name, "jvp", jvp_of(g, all)(forward), jvp_of(f, all)(forward), close);
      same(name, "vjp", vjp_of(g, all)(backward), vjp_of(f, all)(backward), close);
      same(name, "jit of vjp of jit", jitted(vjp_of(jitted(g), all))(backward), vjp_of(f, all)(backward), close);
      const std::vector<char> every(n, 1);
      same(name, "jvp of vjp", jvp_of(vjp_of(g, all), every)(twice), jvp_of(vjp_of(f, all), every)(twice), close);
    }
  });
}

}  // namespace fluxion::test
