// Reductions of cheap functions of their operands, element by element, by the tree of kernels/eval/reduce.hpp: what is
// folded is never stored.
#include "kernels/eval/reduce.hpp"
#include "kernels/isa/lookup.hpp"

namespace fluxion::kernels::FLUXION_ISA {
namespace {

// What is folded instead of an element x, or of one and its partner.
struct SquareOf {
  static constexpr bool pairs = false;
  template <class B> static B call(B x) { return Square::call(x); }
};
struct MagnitudeOf {
  static constexpr bool pairs = false;
  template <class B> static B call(B x) { return Abs::call(x); }
};
struct ProductOf {
  static constexpr bool pairs = true;
  template <class B> static B call(B x, B y) { return Mul::call(x, y); }
};
struct SquareOfDifference {
  static constexpr bool pairs = true;
  template <class B> static B call(B x, B y) { return Square::call(Sub::call(x, y)); }
};
struct MagnitudeOfDifference {
  static constexpr bool pairs = true;
  template <class B> static B call(B x, B y) { return Abs::call(Sub::call(x, y)); }
};

template <class Op, class T, class Map>
struct FoldedReduction {
  using R = Reduction<Op, T>;
  using B = typename R::B;

  /// Elements of a row; all have one partner, or each its own.
  template <bool one> struct Row {
    const T *x, *y;
    B held;
    Row(const void* elements, const void* partners)
        : x(static_cast<const T*>(elements)), y(static_cast<const T*>(partners)), held(one ? *y : T(0)) {}

    B whole(std::size_t j) const {
      const B v = B::load_unaligned(x + j);
      if constexpr (!Map::pairs) return Map::call(v);
      else if constexpr (one) return Map::call(v, held);
      else return Map::call(v, B::load_unaligned(y + j));
    }
    B first(std::size_t j, std::size_t count) const {
      alignas(64) T some[B::size], partners[B::size] = {};
      load_partial<B>(x + j, count, T(0)).store_aligned(some);
      if constexpr (Map::pairs && !one) load_partial<B>(y + j, count, T(0)).store_aligned(partners);
      Row<one> padded = *this;
      padded.x = some;
      padded.y = partners;
      padded.whole(0).store_aligned(some);
      return load_partial<B>(some, count, Op::identity);
    }
  };

  template <bool one> static void rows(const FoldedRows& r) {
    const char *x = static_cast<const char*>(r.x), *y = static_cast<const char*>(r.y);
    for (std::size_t i = 0; i < r.n; ++i, x += r.x_row, y += r.y_row)
      static_cast<T*>(r.out)[i] = R::fold_row(Row<one>(x, y), r.width);
  }
  /// Columns beyond whole vectors are computed with those before them, a second time.
  static void columns(const FoldedRows& r) {
    using Panel = typename R::template Panel<Map>;
    for (std::size_t c = 0; c < r.width;) {
      const std::size_t left = r.width - c, whole = left / B::size * B::size;
      const std::size_t n = whole == 0 ? B::size : whole < Panel::most ? whole : Panel::most;
      if (whole == 0) c = r.width - B::size;
      const auto at = [&](const void* p) { return static_cast<const char*>(p) + c * sizeof(T); };
      Panel{at(r.x), r.n, r.x_row, n, Map::pairs ? at(r.y) : nullptr, r.y_row}.run(static_cast<T*>(r.out) + c);
      c += n;
    }
  }
};

template <class Op, class T, class Map> FoldedReductions entry() {
  using F = FoldedReduction<Op, T, Map>;
  if constexpr (Map::pairs) return {&F::template rows<false>, &F::template rows<true>, &F::columns};
  else return {&F::template rows<false>, nullptr, &F::columns};
}

template <class T> FoldedReductions sums(Folded f) {
  switch (f) {
    case Folded::square: return entry<Sum<T>, T, SquareOf>();
    case Folded::magnitude: return entry<Sum<T>, T, MagnitudeOf>();
    case Folded::product: return entry<Sum<T>, T, ProductOf>();
    case Folded::square_of_difference: return entry<Sum<T>, T, SquareOfDifference>();
    case Folded::magnitude_of_difference: return entry<Sum<T>, T, MagnitudeOfDifference>();
  }
  return {};
}
template <class T> FoldedReductions maxima(Folded f) {
  switch (f) {
    case Folded::magnitude: return entry<Largest<T>, T, MagnitudeOf>();
    case Folded::magnitude_of_difference: return entry<Largest<T>, T, MagnitudeOfDifference>();
    default: return {};
  }
}
template <class T> FoldedReductions find(ir::ReduceOp op, Folded f) {
  return op == ir::ReduceOp::sum ? sums<T>(f) : op == ir::ReduceOp::max ? maxima<T>(f) : FoldedReductions{};
}

}  // namespace

FoldedReductions folded_reductions(ir::ReduceOp op, DType t, Folded f) {
  switch (t) {
    case DType::float32: return find<float>(op, f);
    case DType::float64: return find<double>(op, f);
    default: return {};
  }
}

}  // namespace fluxion::kernels::FLUXION_ISA
