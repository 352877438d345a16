// check_grads: the levels, and the laws between transformations.
#include "testing/grads.hpp"

#include "base/text.hpp"

namespace fluxion::testing {

namespace {

Arrays joined(Arrays a, const Arrays& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// Tangents or cotangents of size 1 for the inexact arrays among these.
Arrays random_like(const Arrays& xs, Numbers& numbers) {
  const Layout layout(xs);
  return layout.tangents(coefficients(layout.size(), numbers));
}

bool has_inexact(const Arrays& xs) {
  for (const auto& x : xs)
    if (is_inexact(x.dtype())) return true;
  return false;
}

bool has_kinks(const Findings& findings) {
  for (const auto& l : findings.laws)
    if (l.tally.kink > 0) return true;
  return false;
}

// The derivatives of a level as functions that are differentiated again.
std::vector<Level> next_levels(const Level& level, const CheckOptions& options, Numbers& numbers) {
  std::vector<Level> next;
  const auto active = active_of(level.args);
  const auto of = [&](const char* what) {
    return level.name == "f" ? text(what, " of f") : text(what, " of ", level.name);
  };
  if (options.forward)
    next.push_back({jvp_of(level.f, active), joined(level.args, random_like(level.args, numbers)),
                    level.order + 1, of("jvp"), level.stops, level.eps});
  if (options.reverse)
    next.push_back({vjp_of(level.f, active), joined(level.args, random_like(level.f(level.args), numbers)),
                    level.order + 1, of("vjp"), level.stops, level.eps});
  return next;
}

}  // namespace

std::uint64_t seed_of(const CheckOptions& options);

Findings examine_grads(const Subject& subject, const CheckOptions& options) {
  if (options.order < 1 || options.order > 3)
    throw ValueError(text("check_grads: an order of 1, 2 or 3 is required, got ", options.order));
  if (!options.forward && !options.reverse)
    throw ValueError("check_grads: a mode is required, got neither forward nor reverse; set .forward or .reverse");
  if (options.directions < 1)
    throw ValueError(text("check_grads: at least one direction is required, got ", options.directions));
  if (!has_inexact(subject.args))
    throw TypeError(
        "check_grads: an argument of floating or complex dtype is required, got none; there is nothing to "
        "differentiate");
  Findings findings;
  Numbers numbers(seed_of(options));
  const auto program = program_of(subject.f, subject.args);
  std::vector<Level> levels{
      {subject.f, subject.args, 1, "f", has_stops(*program.jaxpr), coarsest_eps(program.jaxpr->vars)}};
  for (int order = 1; order <= options.order && !levels.empty(); ++order) {
    std::vector<Level> next;
    for (const auto& level : levels) {
      LevelCheck(level, options, numbers, findings).run();
      if (findings.failed()) return findings;  // higher orders are made of these
      if (order < options.order)
        for (auto& n : next_levels(level, options, numbers)) {
          if (n.name == "jvp of f") n.jvp_of = &subject;
          n.kinks_below = has_kinks(findings);
          next.push_back(std::move(n));
        }
    }
    levels = std::move(next);
  }
  return findings;
}

}  // namespace fluxion::testing
