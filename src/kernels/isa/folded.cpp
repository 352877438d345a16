#include "kernels/eval/folded.hpp"
#include "kernels/isa/lookup.hpp"

namespace fluxion::kernels::FLUXION_ISA {
namespace {

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
