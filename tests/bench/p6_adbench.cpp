// P6: four derivative benchmarks (ADBench) at the suite's sizes, on random inputs. A gradient's goal is its time as a
// multiple of the compiled objective's: what the suite's fastest hand-differentiated programs reach. `plain` is scalar
// C++ as the suite has it, `hand` the fastest form known here.
#include <functional>

#include "bench.hpp"
#include "bench/adbench/by_hand.hpp"
#include "bench/adbench/plain.hpp"
#include "bench/adbench/programs.hpp"

namespace fluxion::bench {
namespace {

using namespace adbench;

std::vector<double> numbers(const Array& x) { return ravel(x).to_vector<double>(); }
std::span<const double> span_of(const adbench::Memory& m) { return {m.data(), m.size()}; }
std::string value_differs(double got, double expected) { return differs({&got, 1}, {&expected, 1}, 1e-10); }

/// Empty if both hand-written versions agree with the first.
std::string differ_from(const std::vector<double>& got, std::span<const double> hand, std::span<const double> plain,
                        double tolerance) {
  const auto found = differs(got, hand, tolerance);
  return found.empty() ? differs(got, plain, tolerance) : found;
}
std::string differ_from(double got, double hand, double plain) {
  const auto found = value_differs(got, hand);
  return found.empty() ? value_differs(got, plain) : found;
}

/// How good a case must be: of objectives against `hand`, of derivatives against the compiled objective.
std::vector<Goal> objective_goals() { return {{"jit", "hand", 1.2}}; }
std::vector<Goal> derivative_goals(const std::string& name, double most) {
  return {{"jit", "P6/" + name + "_objective/jit", most}};
}

// --- GMM --------------------------------------------------------------------------------------------------------

struct GmmProblem {
  GmmInput in;
  Gmm p;
  Array x;
  std::shared_ptr<GmmByHand> hand;
  explicit GmmProblem(std::int64_t d, std::int64_t k)
      : in(random_gmm(d, k, 1000)), p(gmm_of(in)), x(gmm_data_of(in).x), hand(std::make_shared<GmmByHand>(in)) {}
  auto objective() const {
    return [gamma = in.gamma, m = in.m](const Gmm& at, const Array& points) {
      return gmm_objective(at, {points, gamma, m});
    };
  }
};

Case gmm_objective_case(std::int64_t d, std::int64_t k) {
  const GmmProblem g(d, k);
  const auto compiled = jit(g.objective());
  return {.impls = {{"jit", [=] { keep(compiled(g.p, g.x)); }}, {"hand", [=] { keep(g.hand->objective()); }},
                    {"plain", [=] { keep(gmm_plain(g.in)); }}},
          .check = [=] { return differ_from(compiled(g.p, g.x).item<double>(), g.hand->objective(), gmm_plain(g.in)); },
          .goals = objective_goals()};
}

Case gmm_gradient_case(std::int64_t d, std::int64_t k, const std::string& name, double most) {
  const GmmProblem g(d, k);
  const auto compiled = jit(value_and_grad(g.objective()));
  const auto check = [=] {
    const auto [value, gradient] = compiled(g.p, g.x);
    if (auto found = value_differs(value.item<double>(), g.hand->gradient()); !found.empty()) return found;
    const Array all = concatenate({ravel(gradient.alphas), ravel(gradient.means), ravel(gradient.icf)});
    return differs(numbers(all), span_of(g.hand->derivative), 1e-9, 1e3);
  };
  return {.impls = {{"jit", [=] { keep(compiled(g.p, g.x)); }}, {"hand", [=] { keep(g.hand->gradient()); }}},
          .check = check,
          .goals = derivative_goals(name, most)};
}

bool add_gmm(std::int64_t d, std::int64_t k, double most) {
  const auto name = "gmm_d" + std::to_string(d) + "_K" + std::to_string(k);
  add("P6/" + name + "_objective", [=] { return gmm_objective_case(d, k); });
  return add("P6/" + name + "_gradient", [=] { return gmm_gradient_case(d, k, name, most); });
}

// --- BA ---------------------------------------------------------------------------------------------------------

struct BaProblem {
  BaInput in = random_ba(49, 7776, 31843);
  Ba x = ba_of(in);
  BaData data = ba_data_of(in);
  std::shared_ptr<BaByHand> hand = std::make_shared<BaByHand>(in);
};

Case ba_objective_case() {
  const BaProblem b;
  const auto compiled = jit(ba_objective);
  const auto check = [=] {
    b.hand->objective();
    return differ_from(numbers(compiled(b.x, b.data)), span_of(b.hand->residuals), ba_plain(b.in), 1e-9);
  };
  return {.impls = {{"jit", [=] { keep(compiled(b.x, b.data)); }}, {"hand", [=] { b.hand->objective(); }},
                    {"plain", [=] { keep(ba_plain(b.in)); }}},
          .check = check,
          .goals = objective_goals()};
}

Case ba_jacobian_case() {
  const BaProblem b;
  const auto compiled = jit(ba_jacobian);
  const auto check = [=] {
    b.hand->jacobian();
    return differs(numbers(compiled(b.x, b.data)), span_of(b.hand->derivative), 1e-9);
  };
  return {.impls = {{"jit", [=] { keep(compiled(b.x, b.data)); }}, {"hand", [=] { b.hand->jacobian(); }}},
          .check = check,
          .goals = derivative_goals("ba_p31843", 5.7)};
}

// --- LSTM -------------------------------------------------------------------------------------------------------

struct LstmProblem {
  LstmInput in = random_lstm(2, 1024, 14);
  Lstm p = lstm_of(in);
  LstmData data = lstm_data_of(in);
  std::shared_ptr<LstmByHand> hand = std::make_shared<LstmByHand>(in);
};

Case lstm_objective_case() {
  const LstmProblem s;
  const auto compiled = jit(lstm_objective);
  return {.impls = {{"jit", [=] { keep(compiled(s.p, s.data)); }}, {"hand", [=] { keep(s.hand->objective()); }},
                    {"plain", [=] { keep(lstm_plain(s.in)); }}},
          .check = [=] {
            return differ_from(compiled(s.p, s.data).item<double>(), s.hand->objective(), lstm_plain(s.in));
          },
          .goals = objective_goals()};
}

Case lstm_gradient_case() {
  const LstmProblem s;
  const auto compiled = jit(value_and_grad(lstm_objective));
  const auto check = [=] {
    const auto [value, gradient] = compiled(s.p, s.data);
    if (auto found = value_differs(value.item<double>(), s.hand->gradient()); !found.empty()) return found;
    const Array all = concatenate({ravel(gradient.main), ravel(gradient.extra)});
    return differs(numbers(all), span_of(s.hand->derivative), 1e-10);
  };
  return {.impls = {{"jit", [=] { keep(compiled(s.p, s.data)); }}, {"hand", [=] { keep(s.hand->gradient()); }}},
          .check = check,
          .goals = derivative_goals("lstm_l2_c1024", 4.6)};
}

// --- HAND -------------------------------------------------------------------------------------------------------

struct HandProblem {
  HandInput in;
  Hand x;
  HandData data;
  std::shared_ptr<HandByHand> hand;
  explicit HandProblem(bool complicated)
      : in(random_hand(544, 100, complicated)), x(hand_of(in)), data(hand_data_of(in)),
        hand(std::make_shared<HandByHand>(in)) {}
};

Case hand_objective_case(bool complicated) {
  const HandProblem h(complicated);
  const auto compiled = jit([data = h.data](const Hand& at) { return hand_objective(at, data); });
  const auto check = [=] {
    h.hand->objective();
    return differ_from(numbers(compiled(h.x)), span_of(h.hand->residuals), hand_plain(h.in), 1e-11);
  };
  return {.impls = {{"jit", [=] { keep(compiled(h.x)); }}, {"hand", [=] { h.hand->objective(); }},
                    {"plain", [=] { keep(hand_plain(h.in)); }}},
          .check = check,
          .goals = objective_goals()};
}

Case hand_jacobian_case(bool complicated, const std::string& name) {
  const HandProblem h(complicated);
  const auto compiled = jit([data = h.data](const Hand& at) { return hand_jacobian(at, data); });
  const auto check = [=] {
    h.hand->jacobian();
    return differs(numbers(compiled(h.x)), span_of(h.hand->derivative), 1e-11);
  };
  return {.impls = {{"jit", [=] { keep(compiled(h.x)); }}, {"hand", [=] { h.hand->jacobian(); }}},
          .check = check,
          .goals = derivative_goals(name, 5.6)};
}

bool add_hand(const std::string& name, bool complicated) {
  add("P6/" + name + "_objective", [=] { return hand_objective_case(complicated); });
  return add("P6/" + name + "_jacobian", [=] { return hand_jacobian_case(complicated, name); });
}

const bool registered[] = {add_gmm(2, 5, 1.65),
                           add_gmm(10, 25, 1.76),
                           add_gmm(32, 25, 1.6),
                           add_gmm(64, 25, 2.55),
                           add("P6/ba_p31843_objective", ba_objective_case),
                           add("P6/ba_p31843_jacobian", ba_jacobian_case),
                           add("P6/lstm_l2_c1024_objective", lstm_objective_case),
                           add("P6/lstm_l2_c1024_gradient", lstm_gradient_case),
                           add_hand("hand_simple", false),
                           add_hand("hand_complicated", true)};

}  // namespace
}  // namespace fluxion::bench
