// The eager fast path: one kernel call, no program.
#include "compiler/cost.hpp"
#include "compiler/layout.hpp"
#include "compiler/parallel.hpp"
#include "core/evaluate.hpp"
#include "kernels/kernels.hpp"

namespace fluxion {
namespace {

/// The operands of a row, and what their result is like.
struct Operands {
  const ConcreteNode* x[3] = {};
  std::size_t count;
  const ConcreteNode* model = nullptr;  // the first that is no scalar
  unsigned scalars = 0;                 // mask
  bool alike = true;                    // same gapless layout, so that elements correspond in memory order

  explicit Operands(ArraySpan args) : count(args.size()) {
    for (std::size_t k = 0; k < count; ++k) {
      x[k] = concrete(args[k]);
      if (x[k] == nullptr) throw InternalError("evaluate_row: operands must be concrete arrays");
      if (x[k]->aval.shape.empty()) scalars |= 1U << k;
      else if (model == nullptr) model = x[k];
    }
    if (model == nullptr) {
      scalars = 0;
      return;
    }
    for (std::size_t k = 0; k < count; ++k)
      if ((scalars >> k & 1) == 0 && x[k] != model) alike = alike && same_layout(*x[k], *model);
    alike = alike && (model->contiguous || compiler::is_dense(model->aval.shape, model->strides));
  }
  static bool same_layout(const ConcreteNode& a, const ConcreteNode& b) {
    return a.contiguous ? b.contiguous : !b.contiguous && a.strides == b.strides;
  }
};

void call(kernels::Kernel kernel, ir::Op op, DType t, const Operands& in, std::byte* out, std::size_t n) {
  const auto some = [&](std::size_t begin, std::size_t end, std::size_t out_size) {
    void* args[4] = {out + begin * out_size};
    for (std::size_t k = 0; k < in.count; ++k) {
      const bool scalar = (in.scalars >> k & 1) != 0;
      args[k + 1] = const_cast<std::byte*>(in.x[k]->data) + (scalar ? 0 : begin * itemsize(in.x[k]->aval.dtype));
    }
    kernel(args, end - begin);
  };
  const std::size_t out_size = itemsize(ir::result_dtype(op, t));
  if (n < 4096 || static_cast<double>(n) * compiler::cost_of(ir::Map{op}, t) < compiler::parallel_cost)
    return some(0, n, out_size);
  compiler::parallel_ranges(n, compiler::grain_of(n, 4096),
                            [&](std::size_t begin, std::size_t end) { some(begin, end, out_size); });
}

// Two scalars: what most of an eager program of scalars is.
Array evaluate_scalars(kernels::Kernel kernel, ir::Op op, const detail::Node& x, const std::byte* a, const detail::Node& y,
                       const std::byte* b) {
  detail::ScalarBits bits;
  void* args[] = {bits.bytes, const_cast<std::byte*>(a), const_cast<std::byte*>(b)};
  kernel(args, 1);
  const bool weak = x.aval.weak && y.aval.weak && !ir::is_comparison(op);
  return Array(detail::scalar_node(ir::result_dtype(op, x.aval.dtype), weak, bits));
}

}  // namespace

Array evaluate_row(const Primitive& row, ArraySpan args) {
  const ir::Op op = *row.op();
  if (args.size() == 2) {
    const auto *x = concrete(args[0]), *y = concrete(args[1]);
    if (x != nullptr && y != nullptr && x->aval.shape.empty() && y->aval.shape.empty() && !is_key(x->aval.dtype))
      if (const auto kernel = kernels::table().elementwise(op, x->aval.dtype, 0))
        return evaluate_scalars(kernel, op, *x, x->data, *y, y->data);
  }
  const Operands in(args);
  const std::size_t branch = op == ir::Op::select ? 1 : 0;
  const DType t = in.x[branch]->aval.dtype;
  const auto kernel = in.alike && (branch == 0 || (in.scalars & 1) == 0)
                          ? kernels::table().elementwise(op, t == DType::key_fry ? DType::uint64 : t, in.scalars)
                          : nullptr;
  if (kernel == nullptr) return std::move(evaluate(row, args, ParamsView::of(NoParams{}))[0]);

  bool weak = !ir::is_comparison(op);
  for (std::size_t k = branch; k < in.count; ++k) weak = weak && in.x[k]->aval.weak;
  const DType result = ir::result_dtype(op, t);
  if (in.model == nullptr) {
    alignas(16) std::byte bits[16];
    call(kernel, op, t, in, bits, 1);
    return make_scalar(result, weak, bits);
  }
  const auto& model = *in.model;
  const auto n = static_cast<std::size_t>(model.aval.size());
  Aval aval{model.aval.shape, result, weak};
  auto buffer = allocate(n * itemsize(result));
  std::byte* const data = buffer.data();
  if (n != 0) call(kernel, op, t, in, data, n);
  auto strides = model.contiguous ? compiler::row_major(aval.shape) : model.strides;
  return make_array(std::move(aval), std::move(buffer), data, std::move(strides));
}

}  // namespace fluxion
