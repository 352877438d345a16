#include <fluxion/ravel.hpp>

#include "base/text.hpp"
#include "core/ops.hpp"

namespace fluxion::detail {

Arrays unraveled(const Array& x, const std::vector<Aval>& avals, DType dtype) {
  std::int64_t n = 0;
  for (const auto& a : avals) n += a.size();
  if (x.shape() != Shape{n})
    throw ValueError(text("tree::ravel: the inverse takes an array of shape (", n, ",), got ", x.aval(),
                          "; use fx::vmap for several at once"));
  if (x.dtype() != dtype)
    throw TypeError(text("tree::ravel: the inverse takes ", dtype, ", the dtype of the ravel, got ", x.aval(), "; convert with astype"));
  Arrays out;
  std::int64_t first = 0;
  for (const auto& a : avals) {
    Array part = x[range(first, first + a.size())].reshape(a.shape);
    out.push_back(part.dtype() == a.dtype ? part : part.astype(a.dtype));
    first += a.size();
  }
  return out;
}

Array empty_vector() { return ops::zeros_like_aval({{0}, DType::float64, false}); }

}  // namespace fluxion::detail
