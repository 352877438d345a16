// vmap as a loop, for users' primitives.
#include <fluxion/extend/lower.hpp>

#include "lax/control_flow/control_flow.hpp"
#include "lax/control_flow/primitives.hpp"

namespace fluxion {

BatchOut batch_by_loop(const BatchArgs& args, const std::function<Arrays(const Arrays&)>& f) {
  Arrays consts, xs;
  Avals avals;
  for (std::size_t i = 0; i < args.operands.size(); ++i) (args.mapped[i] ? xs : consts).push_back(args.operands[i]);
  for (const auto& x : consts) avals.push_back(x.aval());
  for (const auto& x : xs) {
    avals.push_back(x.aval());
    avals.back().shape.erase(0);
  }
  const auto body = lax::traced(
      [&](const Arrays& in) {
        Arrays lane;
        for (std::size_t i = 0, c = 0, x = consts.size(); i < args.mapped.size(); ++i) lane.push_back(in[args.mapped[i] ? x++ : c++]);
        return f(lane);
      },
      avals, "batch_by_loop");
  auto results = lax::bind_scan(consts, {}, xs, body, args.size, false);
  std::vector<char> mapped(results.size(), 1);
  return {std::move(results), std::move(mapped)};
}

}  // namespace fluxion
