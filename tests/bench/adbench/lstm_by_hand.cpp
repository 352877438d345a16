// Every vector of b bits is padded to whole SIMD vectors. The forward pass keeps the gates of all steps; the backward
// pass walks them in the other direction with its sums in memory that stays in the first-level cache.
#include <cmath>

#include <xsimd/xsimd.hpp>

#include "by_hand.hpp"

namespace adbench {
namespace {

using B = xsimd::batch<double>;
constexpr std::size_t W = B::size, width = 16, V = width / W;  // bits per vector, at most
enum Gate { forget, in, out, change };
// What a layer's step keeps: gates, the cell before and the hidden state before, tanh of the cell after, the input.
enum Kept { k_forget, k_in, k_out, k_change, k_cell, k_hidden, k_tanh, k_input, kept_vectors };

B sigmoid(const B& x) { return B(1.0) / (B(1.0) + xsimd::exp(-x)); }
B at(const double* p, std::size_t v) { return B::load_aligned(p + v * W); }
void put(const B& x, double* p, std::size_t v) { x.store_aligned(p + v * W); }

/// Rows of b numbers, padded.
Memory padded(const Numbers& x, std::size_t b) {
  Memory to(x.size() / b * width);
  for (std::size_t i = 0; i < x.size(); ++i) to[i / b * width + i % b] = x[i];
  return to;
}

}  // namespace

LstmByHand::LstmByHand(const LstmInput& input)
    : derivative(input.main.size() + input.extra.size()), in_(input), l_(static_cast<std::size_t>(input.l)),
      b_(static_cast<std::size_t>(input.b)), steps_(static_cast<std::size_t>(input.c - 1)),
      main_(padded(input.main, b_)), extra_(padded(input.extra, b_)), state_(padded(input.state, b_)),
      now_(state_.size()), sequence_(padded(input.sequence, b_)), kept_(steps_ * l_ * kept_vectors * width),
      predicted_(steps_ * width) {}

double LstmByHand::run(bool keep) {
  std::copy(state_.begin(), state_.end(), now_.begin());
  double loss = 0;
  for (std::size_t t = 0; t < steps_; ++t) {
    B x[V];
    for (std::size_t v = 0; v < V; ++v) x[v] = at(extra_.data(), v) * at(sequence_.data() + t * width, v);
    for (std::size_t k = 0; k < l_; ++k) {
      const double *w = main_.data() + k * 8 * width, *bias = w + 4 * width;
      double *hidden = now_.data() + k * 2 * width, *cell = hidden + width;
      double* kept = kept_.data() + (t * l_ + k) * kept_vectors * width;
      for (std::size_t v = 0; v < V; ++v) {
        const B h = at(hidden, v), s = at(cell, v);
        const auto gate = [&](Gate g, const B& from) {
          return xsimd::fma(from, at(w + g * width, v), at(bias + g * width, v));
        };
        const B f = sigmoid(gate(forget, x[v])), i = sigmoid(gate(in, h)), o = sigmoid(gate(out, x[v]));
        const B c = xsimd::tanh(gate(change, h)), next = xsimd::fma(s, f, i * c), bounded = xsimd::tanh(next);
        if (keep) {
          const B all[kept_vectors] = {f, i, o, c, s, h, bounded, x[v]};
          for (std::size_t n = 0; n < kept_vectors; ++n) put(all[n], kept + n * width, v);
        }
        x[v] = o * bounded;
        put(x[v], hidden, v);
        put(next, cell, v);
      }
    }
    double sum = 2;
    const double* target = sequence_.data() + (t + 1) * width;
    B hits(0.0), ones(0.0);
    alignas(64) double e[width];
    for (std::size_t v = 0; v < V; ++v) {
      const B y = xsimd::fma(x[v], at(extra_.data() + width, v), at(extra_.data() + 2 * width, v));
      put(xsimd::exp(y), e, v);
      hits = xsimd::fma(at(target, v), y, hits);
      ones += at(target, v);
    }
    for (std::size_t j = 0; j < b_; ++j) sum += e[j];
    loss += xsimd::hadd(hits) - xsimd::hadd(ones) * std::log(sum);
    if (!keep) continue;
    const B share(xsimd::hadd(ones) / sum);
    for (std::size_t v = 0; v < V; ++v) put(at(target, v) - share * at(e, v), predicted_.data() + t * width, v);
  }
  return -loss / static_cast<double>(b_ * steps_);
}

double LstmByHand::objective() { return run(false); }

double LstmByHand::gradient() {
  const double value = run(true);
  alignas(64) double g_main[16 * 8 * width] = {}, g_extra[3 * width] = {};  // of at most 16 layers
  alignas(64) double g_hidden[16 * width] = {}, g_cell[16 * width] = {};
  const B scale(-1.0 / static_cast<double>(b_ * steps_));
  const auto add = [](double* to, std::size_t v, const B& x) { put(at(to, v) + x, to, v); };
  for (std::size_t t = steps_; t-- > 0;) {
    const double* last = kept_.data() + (t * l_ + l_ - 1) * kept_vectors * width;
    for (std::size_t v = 0; v < V; ++v) {
      const B g = at(predicted_.data() + t * width, v) * scale;
      add(g_extra + 2 * width, v, g);
      add(g_extra + width, v, g * at(last + k_out * width, v) * at(last + k_tanh * width, v));
      add(g_hidden + (l_ - 1) * width, v, g * at(extra_.data() + width, v));
    }
    for (std::size_t k = l_; k-- > 0;) {
      const double* w = main_.data() + k * 8 * width;
      const double* kept = kept_.data() + (t * l_ + k) * kept_vectors * width;
      double *gw = g_main + k * 8 * width, *gb = gw + 4 * width;
      for (std::size_t v = 0; v < V; ++v) {
        const auto value_of = [&](Kept which) { return at(kept + which * width, v); };
        const B f = value_of(k_forget), i = value_of(k_in), o = value_of(k_out), c = value_of(k_change);
        const B bounded = value_of(k_tanh), x = value_of(k_input), h = value_of(k_hidden), one(1.0);
        const B gh = at(g_hidden + k * width, v);
        const B gs = xsimd::fma(gh * o, one - bounded * bounded, at(g_cell + k * width, v));
        const B go = gh * bounded * o * (one - o), gf = gs * value_of(k_cell) * f * (one - f);
        const B gi = gs * c * i * (one - i), gc = gs * i * (one - c * c);
        const B gates[] = {gf, gi, go, gc}, from[] = {x, h, x, h};
        for (std::size_t g = 0; g < 4; ++g) {
          add(gb + g * width, v, gates[g]);
          add(gw + g * width, v, gates[g] * from[g]);
        }
        put(gs * f, g_cell + k * width, v);
        put(gi * at(w + in * width, v) + gc * at(w + change * width, v), g_hidden + k * width, v);
        const B gx = gf * at(w + forget * width, v) + go * at(w + out * width, v);
        if (k > 0) add(g_hidden + (k - 1) * width, v, gx);
        else add(g_extra, v, gx * at(sequence_.data() + t * width, v));
      }
    }
  }
  for (std::size_t r = 0; r < l_ * 8; ++r)
    std::copy(g_main + r * width, g_main + r * width + b_, derivative.data() + r * b_);
  for (std::size_t r = 0; r < 3; ++r)
    std::copy(g_extra + r * width, g_extra + r * width + b_, derivative.data() + (8 * l_ + r) * b_);
  return value;
}

}  // namespace adbench
