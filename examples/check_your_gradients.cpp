// Derivatives written by hand, checked: a fused log-sum-exp under a mask, and a function of the C library. Then two
// mistakes as they are really made, and what the checker says about them. The exit code is 1 if it is wrong about
// any of them. check_your_gradients_test.cpp beside this is the same with a test framework and random inputs.
#include <iostream>
#include <string>

#include <fluxion/fluxion.hpp>
#include <fluxion/testing.hpp>

#include "checked_functions.hpp"

namespace fx = fluxion;
using fx::Array;

bool all_right = true;

void show(const std::string& what, const fx::testing::Report& report, bool should_pass = true) {
  all_right = all_right && report.passed() == should_pass;
  std::cout << "--- " << what << '\n' << report << "\n\n";
}

// The gradient of an unmasked log-sum-exp, exp(x - value): elements that the mask holds back receive some, too.
Array forgets_the_mask(const Array& x, const Array& mask) {
  const auto value = [](const Array& v, const Array& m) { return checked::masked_logsumexp_fwd(v, m).first; };
  const auto fwd = [=](const Array& v, const Array& m) { return std::pair(value(v, m), std::pair(v, value(v, m))); };
  const auto bwd = [](const std::pair<Array, Array>& kept, const Array& ct) {
    const auto& [v, result] = kept;
    return std::tuple(fx::expand_dims(ct, -1) * fx::exp(v - fx::expand_dims(result, -1)), fx::none);
  };
  return fx::custom_vjp(value, fwd, bwd)(x, mask);
}

// The recurrence with the wrong sign.
Array adds_neighbours(const Array& x) {
  const auto rule = [](const std::tuple<Array>& primals, const std::tuple<Array>& tangents) {
    const auto& [v] = primals;
    const Array slope = 0.5 * (checked::bessel_j(1, v) + checked::bessel_j(3, v));
    return std::pair(checked::bessel_j(2, v), slope * std::get<0>(tangents));
  };
  return fx::custom_jvp([](const Array& v) { return checked::bessel_j(2, v); }, rule)(x);
}

int main() {
  // Without a key the directions differ in each run, and a failure prints the key that brings them back.
  const fx::testing::CheckOptions options{.key = fx::random::key(1)};
  const Array x = fx::random::normal(fx::random::key(2), {3, 5});
  const Array mask = fx::array({{true, true, false, true, true},
                                {false, false, false, true, false},
                                {false, false, false, false, false}});  // nothing let through
  const auto bessel = [](const Array& v) { return checked::bessel_j(2, v); };

  // check_grads throws what report_grads returns.
  fx::testing::check_grads(checked::masked_logsumexp, std::tuple(x, mask), options);
  fx::testing::check_grads(bessel, x, options);

  show("masked log-sum-exp: everything", report_all(checked::masked_logsumexp, std::tuple(x, mask), options));
  show("the same in float32",
       report_all(checked::masked_logsumexp, std::tuple(x.astype(fx::float32), mask), options));
  show("a Bessel function of the C library", report_all(bessel, x, options));
  show("a rule that forgets the mask", report_grads(forgets_the_mask, std::tuple(x, mask), options), false);
  show("a rule with the wrong sign", report_grads(adds_neighbours, x, options), false);
  std::cout << (all_right ? "all as expected\n" : "NOT as expected\n");
  return all_right ? 0 : 1;
}
