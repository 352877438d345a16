// A recurrent network without matrices: unit j of a layer sees unit j of its input.
#include "programs.hpp"

namespace fx = fluxion;

namespace adbench {
namespace {

/// One layer's step: its new state [2, b], hidden and cell.
Array layer(const Array& p, const Array& state, const Array& input) {
  const Array &weight = p[0], &bias = p[1], hidden = state[0], cell = state[1];
  const Array forget = fx::nn::sigmoid(input * weight[0] + bias[0]);
  const Array in = fx::nn::sigmoid(hidden * weight[1] + bias[1]);
  const Array out = fx::nn::sigmoid(input * weight[2] + bias[2]);
  const Array change = fx::tanh(hidden * weight[3] + bias[3]);
  const Array next = cell * forget + in * change;
  return fx::stack({out * fx::tanh(next), next});
}

}  // namespace

Lstm lstm_of(const LstmInput& in) {
  return {fx::array(in.main, {in.l, 2, 4, in.b}), fx::array(in.extra, {3, in.b})};
}
LstmData lstm_data_of(const LstmInput& in) {
  return {fx::array(in.state, {in.l, 2, in.b}), fx::array(in.sequence, {in.c, in.b})};
}

Array lstm_objective(const Lstm& p, const LstmData& data) {
  const auto steps = data.sequence.shape(0) - 1, layers = data.state.shape(0);
  const Array inputs = data.sequence[fx::range(0, steps)], targets = data.sequence[fx::range(1, steps + 1)];
  const auto step = [&](const fx::Arrays& state, const Array& x) {
    fx::Arrays next;
    Array input = p.extra[0] * x;
    for (std::int64_t k = 0; k < layers; ++k) {
      next.push_back(layer(p.main[k], state[static_cast<std::size_t>(k)], input));
      input = next.back()[0];
    }
    return std::pair(next, input);
  };
  const auto [last, hidden] = fx::scan(step, fx::Arrays(data.state.begin(), data.state.end()), inputs);
  const Array y = hidden * p.extra[1] + p.extra[2];
  const Array log_total = fx::log(2.0 + fx::sum(fx::exp(y), 1, true));
  return -fx::sum(targets * (y - log_total)) / static_cast<double>(targets.size());
}

}  // namespace adbench
