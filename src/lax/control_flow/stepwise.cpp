#include "lax/control_flow/stepwise.hpp"

#include <algorithm>

#include "core/guards.hpp"
#include "core/node.hpp"
#include "lax/control_flow/control_flow.hpp"
#include "lax/rules.hpp"

namespace fluxion::lax {

namespace {

Array element(const Array& x, std::int64_t i) {
  Dims start(x.shape().size(), 0), limit = x.shape();
  start[0] = i;
  limit[0] = i + 1;
  Shape shape = x.shape();
  shape.erase(0);
  return reshape(slice(x, start, limit), shape);
}

Array stack(const Arrays& ys) {
  Arrays rows;
  for (const auto& y : ys) rows.push_back(ops::repeat_along_new_axis(y, 1, 0));
  return concatenate(rows, 0);
}

// What comes back in the dtypes of what went in, as the traced loop has it.
Arrays typed_like(Arrays out, const Arrays& in) {
  for (std::size_t i = 0; i < in.size(); ++i) out[i] = convert_element_type(out[i], in[i].dtype(), in[i].aval().weak);
  return out;
}

}  // namespace

bool runs_stepwise() { return config().disable_jit; }
bool runs_stepwise(const Array& decisive) { return runs_stepwise() && concrete_primal(decisive) != nullptr; }

Arrays cond_stepwise(const Array& index, std::span<const detail::FlatFn> branches, const Arrays& operands,
                     std::span<const Aval> results) {
  const auto last = static_cast<std::int64_t>(branches.size()) - 1;
  auto out = branches[static_cast<std::size_t>(std::clamp<std::int64_t>(index.item<std::int64_t>(), 0, last))](operands);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = convert_element_type(out[i], results[i].dtype, results[i].weak);
  return out;
}

std::optional<Arrays> while_stepwise(const detail::FlatFn& cond, const detail::FlatFn& body, const Arrays& init) {
  auto going = cond(init)[0];
  if (!runs_stepwise(going)) return std::nullopt;
  auto carry = init;
  for (; static_cast<bool>(going); going = cond(carry)[0]) carry = typed_like(body(carry), init);
  return carry;
}

Arrays fori_stepwise(const detail::FlatFn& body, const Array& first, const Array& last, Arrays carry) {
  const auto n = last.item<std::int64_t>();
  const auto init = carry;
  for (auto i = first.item<std::int64_t>(); i < n; ++i)
    carry = typed_like(body(joined({Arrays{make_scalar(DType::int64, static_cast<double>(i))}, carry})), init);
  return carry;
}

Arrays scan_stepwise(const detail::FlatFn& body, Arrays carry, const Arrays& xs, std::int64_t length, bool reverse) {
  const auto init = carry;
  std::vector<Arrays> ys;
  for (std::int64_t trip = 0; trip < length; ++trip) {
    const auto i = reverse ? length - 1 - trip : trip;
    auto in = carry;
    for (const auto& x : xs) in.push_back(element(x, i));
    const auto out = body(in);
    carry = typed_like(part(out, 0, init.size()), init);
    ys.resize(out.size() - init.size());
    for (std::size_t k = 0; k < ys.size(); ++k) ys[k].push_back(out[init.size() + k]);
  }
  for (auto& y : ys) {
    if (reverse) std::reverse(y.begin(), y.end());
    carry.push_back(stack(y));
  }
  return carry;
}

}  // namespace fluxion::lax
