// What becomes of a product's elements before they are stored, for tiles and for single vectors.
#pragma once

#include "kernels/isa/tile.hpp"

namespace fluxion::kernels::FLUXION_ISA {

/// The difference with a product is the sum with its negative, to the bit: factors of -1 are exact.
template <class T> class Finishing {
 public:
  using B = Batch<T>;
  explicit Finishing(const GemmArgs& g) : active_(g.finish != nullptr) {
    using enum GemmFinish::Kind;
    if (!active_) return;
    other_ = static_cast<const T*>(g.finish->other);
    in_place_ = other_ == g.c;
    const T scale = g.finish->scale != nullptr ? *static_cast<const T*>(g.finish->scale) : T(1);
    tile_ = {g.finish->kind == from_other ? -scale : scale, g.finish->kind == minus_other ? T(-1) : T(1), nullptr,
             g.finish->other_row};
  }
  /// Whether there is something to do; else the rest is not called.
  bool active() const { return active_; }
  /// Operands of the tile that begins there.
  Finished<T> tile(const Strided<T>& operands, std::size_t row, std::size_t column) const {
    Finished<T> f{operands, tile_};
    if (other_ != nullptr) f.finish.other = other(row, column);
    return f;
  }
  /// Asks for what a tile will need, unless it is what it writes.
  void fetch(std::size_t row, std::size_t column, std::size_t height, std::size_t width) const {
    if (other_ == nullptr || tile_.other_row == 0 || in_place_) return;
    const T* from = other(row, column);
    for (std::size_t i = 0; i < height; ++i, from += tile_.other_row)
      for (std::size_t l = 0; l < width; l += 64 / sizeof(T)) __builtin_prefetch(from + l);
  }
  /// `count` elements that begin there.
  B finished(B x, std::size_t row, std::size_t column, std::size_t count) const {
    x = B(tile_.scale) * x;
    if (other_ == nullptr) return x;
    const T* const from = other(row, column);
    return x + B(tile_.sign) * (count >= B::size ? B::load_unaligned(from) : load_partial<B>(from, count, T(0)));
  }

 private:
  const T* other(std::size_t row, std::size_t column) const {
    return other_ + std::ptrdiff_t(row) * tile_.other_row + column;
  }

  bool active_, in_place_ = false;
  const T* other_ = nullptr;
  TileFinish<T> tile_ = {};
};

}  // namespace fluxion::kernels::FLUXION_ISA
