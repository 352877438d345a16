// Other checkers' published methods, written anew from their documentation to be compared with: what would they have
// said?
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include <fluxion/detail/flat.hpp>

namespace fluxion::test {

using detail::FlatFn;

struct Complaint {
  bool complains = false;
  std::string why = {};
};

/// jax.test_util.check_grads(f, args, order, modes=["fwd", "rev"]): central differences with the step 1e-4 in the
/// arguments' own dtype, along the one direction that RandomState(0) gives; tolerances by dtype, multiplied by the
/// array's size; higher orders by recursion, with the arguments as tangents and the results as cotangents.
Complaint jax_check_grads(const FlatFn& f, const Arrays& args, int order);

struct GradcheckOptions {
  bool fast = false;     ///< fast_mode: one product u J v instead of the whole Jacobian.
  bool forward = false;  ///< check_forward_ad
  bool batched = false;  ///< check_batched_grad
};
/// torch.autograd.gradcheck(f, args) and, if order is 2, gradgradcheck: central differences with the step 1e-6 for each
/// element, compared with atol 1e-5 and rtol 1e-3; the backward pass twice, and of zeros.
Complaint torch_gradcheck(const FlatFn& f, const Arrays& args, int order, const GradcheckOptions& options);

/// stan::test::expect_ad(f, args): values at every level of autodiff, gradients against a stencil of six points
/// (relative tolerance 1e-4), Hessians against one of four by four (1e-4, at least 1e-3), each by forward and reverse
/// mode; from order 3 the gradients of Hessians (1e-2).
Complaint stan_expect_ad(const FlatFn& f, const Arrays& args, int order);

/// NumPy's RandomState(seed).randn().
class RandomState {
 public:
  explicit RandomState(std::uint32_t seed) : bits_(seed) {}
  double uniform();
  double normal();

 private:
  std::mt19937 bits_;
  bool has_next_ = false;
  double next_ = 0;
};

}  // namespace fluxion::test
