// What becomes of a product's elements before they are stored, for tiles and for single vectors.
#pragma once

#include "kernels/isa/tile.hpp"

namespace fluxion::kernels::FLUXION_ISA {

/// The difference with a product is the sum with its negative, to the bit: factors of -1 are exact.
template <class T> class Finishing {
 public:
  using B = Batch<T>;
  explicit Finishing(const GemmArgs& g) : g_(g), active_(g.finish.scale != nullptr || g.finish.other != nullptr) {
    using enum GemmFinish::Kind;
    const T scale = g.finish.scale != nullptr ? *static_cast<const T*>(g.finish.scale) : T(1);
    part_ = {g.finish.kind == from_other ? -scale : scale, g.finish.kind == minus_other ? T(-1) : T(1), nullptr,
             g.finish.other_row};
  }
  /// For the tile that begins there; null if nothing is to be done.
  const TileFinish<T>* at(std::size_t row, std::size_t column) {
    if (!active_) return nullptr;
    if (g_.finish.other != nullptr) part_.other = other(row, column);
    return &part_;
  }
  /// Asks for what a tile will need, unless it is what it writes.
  void fetch(std::size_t row, std::size_t column, std::size_t height, std::size_t width) const {
    if (g_.finish.other == nullptr || g_.finish.other_row == 0 || g_.finish.other == g_.c) return;
    const T* from = other(row, column);
    for (std::size_t i = 0; i < height; ++i, from += g_.finish.other_row)
      for (std::size_t l = 0; l < width; l += 64 / sizeof(T)) __builtin_prefetch(from + l);
  }
  /// `count` elements that begin there.
  B finished(B x, std::size_t row, std::size_t column, std::size_t count) const {
    if (!active_) return x;
    x = B(part_.scale) * x;
    if (g_.finish.other == nullptr) return x;
    const T* const from = other(row, column);
    return x + B(part_.sign) * (count >= B::size ? B::load_unaligned(from) : load_partial<B>(from, count, T(0)));
  }

 private:
  const T* other(std::size_t row, std::size_t column) const {
    return static_cast<const T*>(g_.finish.other) + std::ptrdiff_t(row) * g_.finish.other_row + column;
  }

  const GemmArgs& g_;
  bool active_;
  TileFinish<T> part_;
};

}  // namespace fluxion::kernels::FLUXION_ISA
