// P5: a step of training a perceptron: value, gradient and new weights, which take the place of the old ones. The hand
// version calls OpenBLAS, adds gradients to the weights inside the products, and is otherwise loops over vectors.
#include <fluxion/fluxion.hpp>

#include <cblas.h>
#include <xsimd/xsimd.hpp>

#include "bench.hpp"

namespace fluxion::bench {

struct Layer {
  Array w, b;
};

}  // namespace fluxion::bench
BOOST_HANA_ADAPT_STRUCT(fluxion::bench::Layer, w, b);

namespace fluxion::bench {
namespace {

using Network = std::vector<Layer>;
using B = xsimd::batch<float>;
constexpr float rate = 0.1f;

/// Mean cross entropy; `labels` are rows of probabilities.
Array loss(const Network& layers, const Array& x, const Array& labels) {
  Array h = x;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    h = matmul(h, layers[i].w) + layers[i].b;
    if (i + 1 < layers.size()) h = maximum(h, 0);
  }
  return -mean(sum(labels * nn::log_softmax(h), -1));
}

std::pair<Array, Network> step(const Network& layers, const Array& x, const Array& labels) {
  auto [value, gradient] = value_and_grad(loss)(layers, x, labels);
  Network next;
  for (std::size_t i = 0; i < layers.size(); ++i)
    next.push_back({layers[i].w - rate * gradient[i].w, layers[i].b - rate * gradient[i].b});
  return {value, next};
}

void gemm(bool left, bool right, int m, int n, int k, float alpha, const float* a, const float* b, float beta, float* c) {
  cblas_sgemm(CblasRowMajor, left ? CblasTrans : CblasNoTrans, right ? CblasTrans : CblasNoTrans, m, n, k, alpha, a,
              left ? m : k, b, right ? k : n, beta, c, n);
}

class Hand {
 public:
  Hand(const Network& layers, const Array& x, const Array& labels) : batch_(int(x.shape()[0])), labels_(labels) {
    values_.emplace_back(x);
    for (const auto& l : layers) {
      sizes_.push_back(int(l.w.shape()[0]));
      weights_.emplace_back(l.w);
      biases_.emplace_back(l.b);
      values_.emplace_back(std::size_t(batch_) * std::size_t(l.w.shape()[1]));
      cotangents_.emplace_back(values_.back().size());
    }
    sizes_.push_back(int(layers.back().w.shape()[1]));
  }

  void run() {
    const std::size_t depth = weights_.size();
    for (std::size_t i = 0; i < depth; ++i) {
      gemm(false, false, batch_, sizes_[i + 1], sizes_[i], 1, values_[i].data(), weights_[i].data(), 0,
           values_[i + 1].data());
      add_bias(i, i + 1 < depth);
    }
    loss_ = cross_entropy();
    for (std::size_t i = depth; i-- > 0;) {
      float* const ct = cotangents_[i].data();
      if (i > 0) {
        gemm(false, true, batch_, sizes_[i], sizes_[i + 1], 1, ct, weights_[i].data(), 0, cotangents_[i - 1].data());
        mask(i);
      }
      gemm(true, false, sizes_[i], sizes_[i + 1], batch_, -rate, values_[i].data(), ct, 1, weights_[i].data());
      update_bias(i);
    }
    keep(weights_[0].data());
  }

  float loss() const { return loss_; }
  const Memory<float>& weights(std::size_t i) const { return weights_[i]; }
  const Memory<float>& biases(std::size_t i) const { return biases_[i]; }
  void reset(const Network& layers) {
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const auto w = layers[i].w.to_vector<float>(), b = layers[i].b.to_vector<float>();
      std::copy(w.begin(), w.end(), weights_[i].begin());
      std::copy(b.begin(), b.end(), biases_[i].begin());
    }
  }

 private:
  void add_bias(std::size_t layer, bool positive) {
    const auto n = std::size_t(sizes_[layer + 1]);
    const float* const b = biases_[layer].data();
    for (std::size_t r = 0; r < std::size_t(batch_); ++r) {
      float* const row = values_[layer + 1].data() + r * n;
      std::size_t j = 0;
      for (; j + B::size <= n; j += B::size) {
        const B v = B::load_unaligned(row + j) + B::load_unaligned(b + j);
        (positive ? xsimd::max(v, B(0.0f)) : v).store_unaligned(row + j);
      }
      for (; j < n; ++j) row[j] = positive ? std::max(row[j] + b[j], 0.0f) : row[j] + b[j];
    }
  }

  /// The loss; the last cotangent is (softmax - labels) / batch.
  float cross_entropy() {
    const auto n = std::size_t(sizes_.back());
    const float scale = 1 / float(batch_);
    float sum = 0;
    for (std::size_t r = 0; r < std::size_t(batch_); ++r) {
      const float *row = values_.back().data() + r * n, *label = labels_.data() + r * n;
      float* const ct = cotangents_.back().data() + r * n;
      const float top = *std::max_element(row, row + n);
      float all = 0, weight = 0;
      alignas(64) float e[16] = {};
      for (std::size_t j = 0; j < n; ++j) e[j] = row[j] - top;
      for (std::size_t j = 0; j < 16; j += B::size) xsimd::exp(B::load_aligned(e + j)).store_aligned(e + j);
      for (std::size_t j = 0; j < n; ++j) all += e[j], weight += label[j];
      const float log_all = std::log(all);
      for (std::size_t j = 0; j < n; ++j) {
        sum -= label[j] * (row[j] - top - log_all);
        ct[j] = (weight * e[j] / all - label[j]) * scale;
      }
    }
    return sum * scale;
  }

  /// No cotangent where the activation was cut off.
  void mask(std::size_t layer) {
    const auto n = std::size_t(batch_) * std::size_t(sizes_[layer]);
    float* const ct = cotangents_[layer - 1].data();
    const float* const v = values_[layer].data();
    for (std::size_t j = 0; j < n; j += B::size)
      xsimd::select(B::load_aligned(v + j) > B(0.0f), B::load_aligned(ct + j), B(0.0f)).store_aligned(ct + j);
  }

  void update_bias(std::size_t layer) {
    const auto n = std::size_t(sizes_[layer + 1]);
    float* const b = biases_[layer].data();
    for (std::size_t r = 0; r < std::size_t(batch_); ++r) {
      const float* const row = cotangents_[layer].data() + r * n;
      std::size_t j = 0;
      for (; j + B::size <= n; j += B::size)
        (B::load_unaligned(b + j) - B(rate) * B::load_unaligned(row + j)).store_unaligned(b + j);
      for (; j < n; ++j) b[j] -= rate * row[j];
    }
  }

  int batch_;
  float loss_ = 0;
  std::vector<int> sizes_;
  Memory<float> labels_;
  std::vector<Memory<float>> weights_, biases_, values_, cotangents_;
};

/// Weights of layers of these sizes.
Network network(const std::vector<std::int64_t>& sizes) {
  Network layers;
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
    const double most = std::sqrt(6.0 / double(sizes[i]));
    layers.push_back({uniform({sizes[i], sizes[i + 1]}, -most, most, float32, i + 1),
                      uniform({sizes[i + 1]}, -0.1, 0.1, float32, i + 11)});
  }
  return layers;
}

/// In memory of its own, which may be given away.
Network own_copy(const Network& layers) {
  Network copy;
  for (const auto& l : layers) copy.push_back({l.w + 0, l.b + 0});
  return copy;
}

Case training(const std::vector<std::int64_t>& sizes, std::int64_t batch, double table_seconds, bool eager) {
  const Network layers = network(sizes);
  const Array x = uniform({batch, sizes.front()}, 0, 1, float32, 21),
              labels = nn::softmax(uniform({batch, sizes.back()}, -3, 3, float32, 22));
  const auto compiled = jit(step);
  const auto hand = std::make_shared<Hand>(layers, x, labels);
  const auto check = [=]() -> std::string {
    hand->reset(layers);
    hand->run();
    const auto [value, next] = compiled(layers, x, labels);
    auto fault = differs({{value.item<float>()}}, {{hand->loss()}}, 1e-4);
    for (std::size_t i = 0; i < layers.size(); ++i) {
      if (fault.empty()) fault = differs(next[i].w, hand->weights(i), 1e-5);
      if (fault.empty()) fault = differs(next[i].b, hand->biases(i), 1e-5);
    }
    return fault;
  };
  double multiplications = 0;
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i)
    multiplications += double(batch) * double(sizes[i] * sizes[i + 1]) * (i == 0 ? 2 : 3);
  const auto trained = std::make_shared<Network>(own_copy(layers));
  const auto train = [=] {
    auto [value, next] = compiled(std::move(*trained), x, labels);
    *trained = std::move(next);
    keep(value);
  };
  Case c{.impls = {{"jit", train}, {"hand", [=] { hand->run(); }}},
         .check = check,
         .narrow = true,
         .flops = 2 * multiplications,
         .table_seconds = table_seconds,
         .goals = {{"jit", "hand", 1.05}}};
  if (eager) {
    c.impls.push_back({"eager", [=] { keep(step(layers, x, labels)); }});
    c.goals.push_back({"jit", "eager", 0.2});
  }
  return c;
}

const bool registered[] = {
    add("P5/784-512-256-10_batch_128", [] { return training({784, 512, 256, 10}, 128, 1614e-6, false); }),
    add("P5/784-32-10_batch_32", [] { return training({784, 32, 10}, 32, 20.8e-6, true); }),
};

}  // namespace
}  // namespace fluxion::bench
