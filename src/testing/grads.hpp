// The laws of derivatives, for one function at one point; orders above the first are the same laws for derivatives.
#pragma once

#include "testing/directions.hpp"
#include "testing/values.hpp"
#include "testing/verdict.hpp"

namespace fluxion::testing {

/// A function that is differentiated: f itself, or a derivative of it.
struct Level {
  FlatFn f;
  Arrays args;
  int order;         // of the derivatives that are judged
  std::string name;  // "f", "jvp of f"
  bool stops;             // whether f holds derivatives back by stop_gradient
  double eps;             // of the coarsest dtype in f
  bool kinks_below = false;  // a lower order met kinks of which no table says what the derivative is
  /// f, if this is its jvp.
  const Subject* jvp_of = nullptr;
};

class LevelCheck {
 public:
  LevelCheck(const Level& level, const CheckOptions& options, Numbers& numbers, Findings& findings);
  /// Every law of this level.
  void run();

 private:
  std::string law(const char* what) const;
  void jvp_equals_reference();
  void judge(const Vec& direction, const Estimate& e);
  void judge_one(std::size_t k, std::size_t direction, Tally& tally);
  const Vec& full_noise(std::size_t direction);
  bool settled_by_kept_decisions(std::size_t k, const Vec& direction, double got, double noise, bool kinked,
                                 Tally& tally, Disagreement& d);
  bool reverse();
  bool unknown_kink(std::size_t k, const Estimate& e, double got) const;
  void inner_products();
  void judge_product(const Vec& ct, const Vec& pulled, Vec& pulled_noise, std::size_t direction, double scale);
  void own_precision(const DerivativeMap& map, const char* what, const std::vector<Vec>& inputs);
  void structural();
  void other_transformations();
  void same_values(const Agreement& agreement, const char* what, const Arrays& all);
  void other_forms_of_jvp();
  void other_forms_of_vjp(const Agreement& values);
  void second_derivatives(const Subject& f);
  void linearity(const DerivativeMap& map, const char* what, const std::vector<Vec>& inputs);
  void close(const std::string& law, const Vec& got, const Vec& want, const Vec& noise, const Vec& direction,
             const std::string& what);
  void disagree(const std::string& law, std::string what);

  Level level_;
  const CheckOptions& options_;
  Numbers& numbers_;
  Findings& findings_;
  std::vector<char> active_;
  ClosedJaxpr program_;
  Reference reference_;
  Arrays results_;  // of f at the point, own dtypes
  std::vector<Vec> directions_;
  std::vector<Estimate> estimates_;
  std::vector<Vec> pushed_, pushed_noise_;  // J d for each direction
  std::vector<char> full_;                  // where its noise is of all samples
  Vec scale_;                               // of the derivative, by result
  std::vector<char> infinite_;              // where some direction's derivative is infinite
  std::unique_ptr<DerivativeMap> forward_, reverse_;
};

/// Everything check_grads looks at.
Findings examine_grads(const Subject& subject, const CheckOptions& options);

}  // namespace fluxion::testing
