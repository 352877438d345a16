// Choosing between arrays, and replacing where a mask holds.
#include <fluxion/indexing.hpp>

#include <algorithm>

#include <fluxion/creation.hpp>
#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/manipulation.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "core/trace.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"
#include "lax/rows.hpp"

namespace fluxion {

namespace {

Array number(std::int64_t v) { return make_scalar(DType::int64, false, &v); }

void check_known_choices(const Array& indices, std::int64_t n) {
  const auto outside = (indices < 0) | (indices >= n);
  if (concrete_primal(outside) == nullptr)
    throw ConcretizationError(text("choose: mode raise needs concrete indices, got ", describe(indices),
                                   "; use IndexMode::clip or IndexMode::wrap"));
  const auto flat = ravel(outside).to_vector<bool>();
  if (std::find(flat.begin(), flat.end(), true) != flat.end())
    throw ValueError(text("choose: indices must be in [0, ", n, "), got others in ", indices.aval(),
                          "; use IndexMode::clip or IndexMode::wrap"));
}

}  // namespace

Array choose(const Array& given, const Arrays& choices, IndexMode mode) {
  require_value("choose", given);
  if (!is_integer(given.dtype()))
    throw TypeError(text("choose: indices must be integers, got ", given.aval(), "; choose by a bool with fx::where"));
  if (choices.empty()) throw ValueError("choose: at least one choice is required, got none; pass an array per index");
  const auto n = static_cast<std::int64_t>(choices.size());
  if (mode == IndexMode::raise)
    check_known_choices(given, n);
  else if (mode != IndexMode::clip && mode != IndexMode::wrap)
    throw ValueError("choose: mode must be raise, clip or wrap, got another; clip is the nearest choice");
  auto all = promote("choose", choices);
  all.push_back(given.dtype() == int64 ? given : convert(given, int64));
  broadcast_operands("choose", all, true);
  auto indices = all.back();
  all.pop_back();
  indices = mode == IndexMode::wrap ? remainder(indices, number(n)) : clip(indices, number(0), number(n - 1));
  const auto out = take_along_axis(stack(all), expand_dims(indices, 0), 0, {.mode = IndexMode::clip});
  return lax::reshape(out, indices.shape());
}

Array select(const Arrays& conditions, const Arrays& choices, const Array& default_value) {
  if (conditions.empty() || conditions.size() != choices.size())
    throw ValueError(text("select: one choice per condition, and at least one, are required, got ", conditions.size(),
                          " and ", choices.size(), "; what holds for the rest is the default"));
  Arrays all = choices;
  all.push_back(default_value);
  all = promote("select", all);
  auto out = all.back();
  for (std::size_t i = conditions.size(); i-- > 0;) out = where(conditions[i], all[i], out);
  return out;
}

Array piecewise(const Array& x, const Arrays& conditions, const std::vector<Piece>& pieces) {
  require_value("piecewise", x);
  if (pieces.size() != conditions.size() && pieces.size() != conditions.size() + 1)
    throw ValueError(text("piecewise: one piece per condition, and at most one more, are required, got ", pieces.size(),
                          " for ", conditions.size(), " conditions; the last one is for the rest"));
  const auto value = [&](const Piece& f) {
    return broadcast_to_shape("piecewise", convert_strong(f(x), x.dtype()), x.shape());
  };
  auto out = pieces.size() > conditions.size() ? value(pieces.back()) : zeros_like(x);
  for (std::size_t i = 0; i < conditions.size(); ++i) out = where(conditions[i], value(pieces[i]), out);
  return out;
}

// The j-th true position receives value j, repeated from the start.
Array place(const Array& x, const Array& mask, const Array& values) {
  require_value("place", x);
  require_value("place", values);
  if (mask.size() != x.size())
    throw ValueError(
        text("place: mask and array must have one size, got ", mask.aval(), " for ", x.aval(), "; broadcast the mask"));
  if (x.size() == 0) return x;
  if (values.size() == 0)
    throw ValueError(text("place: at least one value is required, got ", values.aval(), "; pass a scalar"));
  const auto n = x.size();
  const auto at = lax::true_positions(ravel(mask.dtype() == bool_ ? mask : mask != 0), n);
  return put(x, at, values, IndexMode::drop);
}

}  // namespace fluxion
