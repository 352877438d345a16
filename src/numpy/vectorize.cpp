// Signatures such as "(m,n),(n)->(m)", and functions mapped over the axes in front of those they name.
#include <fluxion/vectorize.hpp>

#include <algorithm>
#include <map>
#include <vector>

#include <fluxion/manipulation.hpp>

#include "base/text.hpp"
#include "lax/broadcasting.hpp"
#include "numpy/axes.hpp"

namespace fluxion {
namespace detail {

namespace {

using CoreDims = std::vector<std::string>;  // the names of an argument's last axes

struct Signature {
  std::vector<CoreDims> in, out;
};

[[noreturn]] void throw_signature(const std::string& signature, const char* what) {
  throw ValueError(
      text("vectorize: the signature must be lists of names in parentheses, arguments and results with `->` "
           "between, got \"",
           signature, "\" (", what, "); write it like \"(m,n),(n)->(m)\""));
}

bool is_word(const std::string& s) {
  return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
}

// "(m,n),(n)" as lists of names.
std::vector<CoreDims> parse_side(const std::string& signature, const std::string& side) {
  std::vector<CoreDims> out;
  std::size_t at = 0;
  while (true) {
    if (at >= side.size() || side[at] != '(') throw_signature(signature, "a `(` is missing");
    const auto close = side.find(')', at);
    if (close == std::string::npos) throw_signature(signature, "a `)` is missing");
    CoreDims dims;
    const auto list = side.substr(at + 1, close - at - 1);
    for (std::size_t from = 0; !list.empty() && from <= list.size();) {
      const auto comma = std::min(list.find(',', from), list.size());
      dims.push_back(list.substr(from, comma - from));
      if (!is_word(dims.back())) throw_signature(signature, "names are letters, digits and `_`");
      from = comma + 1;
    }
    out.push_back(std::move(dims));
    at = close + 1;
    if (at == side.size()) return out;
    if (side[at] != ',') throw_signature(signature, "lists are separated by commas");
    ++at;
  }
}

Signature parse(const std::string& signature) {
  std::string s;
  for (char c : signature)
    if (c != ' ') s += c;
  const auto arrow = s.find("->");
  if (arrow == std::string::npos || s.find("->", arrow + 2) != std::string::npos)
    throw_signature(signature, "one `->` is required");
  return {parse_side(signature, s.substr(0, arrow)), parse_side(signature, s.substr(arrow + 2))};
}

using Sizes = std::map<std::string, std::int64_t>;

void note_sizes(const std::string& signature, const char* what, std::size_t i, const Shape& shape,
                const CoreDims& dims, Sizes& sizes) {
  if (shape.size() < dims.size())
    throw ValueError(text("vectorize: ", what, " ", i, " needs rank ", dims.size(), " or more, got shape ",
                          shape, " for signature \"", signature, "\"; add axes, or change the signature"));
  for (std::size_t k = 0; k < dims.size(); ++k) {
    const auto n = shape[shape.size() - dims.size() + k];
    const auto known = sizes.try_emplace(dims[k], n).first->second;
    if (known != n)
      throw ValueError(text("vectorize: axes of one name must have one size, got ", known, " and ", n,
                            " for ", dims[k], " in ", what, " ", i, " of shape ", shape, " for signature \"",
                            signature, "\"; axes do not broadcast there"));
  }
}

// f, with its results held against the signature.
FlatFn checked(const FlatFn& f, const Signature& s, const std::string& signature, const Sizes& sizes) {
  return [&f, &s, &signature, sizes](const Arrays& in) {
    auto out = f(in);
    if (out.size() != s.out.size())
      throw ValueError(text("vectorize: ", s.out.size(), " results are required, got ", out.size(),
                            " for signature \"", signature, "\"; return a tuple of as many arrays"));
    auto known = sizes;
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (out[i].shape().size() != s.out[i].size())
        throw ValueError(text("vectorize: result ", i, " must have rank ", s.out[i].size(), ", got shape ",
                              out[i].shape(), " for signature \"", signature, "\"; change the signature"));
      note_sizes(signature, "result", i, out[i].shape(), s.out[i], known);
    }
    return out;
  };
}

// The axes in front of the core: aligned with those of the other arguments at the last one.
struct Loops {
  Shape shape;
  std::vector<Shape> of_argument;  // filled with 1 to the common rank
  Arrays squeezed;                 // arguments without loop axes of size 1
};

Loops loops_of(const Arrays& args, const std::vector<std::size_t>& core_ranks) {
  Loops loops;
  std::vector<Shape> shapes;
  for (std::size_t i = 0; i < args.size(); ++i)
    shapes.emplace_back(args[i].shape().data(), args[i].shape().size() - core_ranks[i]);
  loops.shape = broadcast_shapes("vectorize", shapes);
  for (std::size_t i = 0; i < args.size(); ++i) {
    Shape filled(loops.shape.size() - shapes[i].size(), 1);
    Dims ones;
    for (std::size_t k = 0; k < shapes[i].size(); ++k) {
      filled.push_back(shapes[i][k]);
      if (shapes[i][k] == 1) ones.push_back(static_cast<std::int64_t>(k));
    }
    loops.of_argument.push_back(filled);
    loops.squeezed.push_back(remove_axes(args[i], ones));
  }
  return loops;
}

FlatFn mapped(FlatFn f, FlatAxes in, std::int64_t n) {
  return [f = std::move(f), in = std::move(in), n](const Arrays& xs) {
    return vmap_flat(f, xs, in, n, [](std::size_t k) { return FlatAxes(k, 0); });
  };
}

}  // namespace

void check_signature(const std::string& signature) {
  if (!signature.empty()) parse(signature);
}

Arrays vectorize_flat(const FlatFn& f, const Arrays& args, std::size_t n_excluded,
                      const std::string& signature) {
  const bool any_result = signature.empty();
  const auto s = any_result ? Signature{std::vector<CoreDims>(args.size()), {}} : parse(signature);
  if (s.in.size() != args.size())
    throw ValueError(text("vectorize: ", s.in.size(), " arguments are required, got ", args.size(),
                          n_excluded == 0 ? "" : " that are not excluded", " for signature \"", signature,
                          "\"; name one list for each"));
  Sizes sizes;
  std::vector<std::size_t> core_ranks;
  for (std::size_t i = 0; i < args.size(); ++i) {
    note_sizes(signature, "argument", i, args[i].shape(), s.in[i], sizes);
    core_ranks.push_back(s.in[i].size());
  }
  const auto loops = loops_of(args, core_ranks);
  auto g = any_result ? f : checked(f, s, signature, sizes);
  Dims single;  // loop axes of size 1 in all arguments
  for (auto d = loops.shape.size(); d-- > 0;) {
    FlatAxes in(args.size());
    bool some = false;
    for (std::size_t i = 0; i < args.size(); ++i)
      if (loops.of_argument[i][d] != 1) in[i] = 0, some = true;
    if (some)
      g = mapped(std::move(g), in, loops.shape[d]);
    else
      single.insert(0, static_cast<std::int64_t>(d));
  }
  auto out = g(loops.squeezed);
  for (auto& y : out) y = insert_axes(y, single);
  return out;
}

}  // namespace detail

// Along the last axis, mapped over all others; then the axes of the result go where that axis was.
Array apply_along_axis(const std::function<Array(const Array&)>& f, std::int64_t axis, const Array& x) {
  const auto along = normalize_axis("apply_along_axis", axis, x);
  const auto last = x.ndim() - 1;
  detail::FlatFn g = [&f](const Arrays& in) { return Arrays{f(in[0])}; };
  const auto moved = moveaxis(x, along, last);
  for (auto i = last; i-- > 0;) g = detail::mapped(std::move(g), {0}, moved.shape(i));
  const auto y = g({moved})[0];
  const auto new_axes = y.ndim() - last;
  Dims order = iota_dims(0, along);
  for (std::int64_t i = 0; i < new_axes; ++i) order.push_back(last + i);
  for (auto i = along; i < last; ++i) order.push_back(i);
  return transpose(y, order);
}

Array apply_over_axes(const std::function<Array(const Array&, std::int64_t)>& f, const Array& x,
                      const Axis& axes) {
  const auto all = axes.axes() ? normalize_axes("apply_over_axes", *axes.axes(), x.ndim(), x.shape())
                               : iota_dims(0, x.ndim());
  auto y = x;
  for (auto a : all) {
    auto next = f(y, a);
    if (next.ndim() == y.ndim() - 1) next = insert_axes(next, {a});
    if (next.ndim() != y.ndim())
      throw ValueError(text("apply_over_axes: the function must keep the axis or reduce it, got shape ",
                            next.shape(), " from ", y.shape(), " along axis ", a,
                            "; apply_along_axis takes functions of vectors"));
    y = next;
  }
  return y;
}

}  // namespace fluxion
