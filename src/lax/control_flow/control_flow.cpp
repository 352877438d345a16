#include "lax/control_flow/control_flow.hpp"

#include <cstring>

#include <fluxion/lax.hpp>

#include "base/text.hpp"
#include "core/node.hpp"

namespace fluxion::lax {

namespace {

constexpr std::int64_t kMostLiterals = 4096;

/// A constant array as operations on literals: one for each run of equal elements.
Array from_literals(const Array& x) {
  Arrays elements;
  {
    const SetTrace none(nullptr);
    const auto flat = lax::reshape(x, {x.size()});
    for (std::int64_t i = 0; i < x.size(); ++i) elements.push_back(lax::reshape(lax::slice(flat, {i}, {i + 1}), {}));
  }
  if (elements.empty()) return lax::broadcast_in_dim(detail::zeros_like_aval({{}, x.dtype()}), x.shape(), {});
  const auto same = [&](std::size_t i, std::size_t j) {
    return std::memcmp(concrete(elements[i])->data, concrete(elements[j])->data, itemsize(x.dtype())) == 0;
  };
  Arrays runs;
  for (std::size_t i = 0; i < elements.size();) {
    auto end = i + 1;
    while (end < elements.size() && same(i, end)) ++end;
    runs.push_back(lax::broadcast_in_dim(elements[i], {static_cast<std::int64_t>(end - i)}, {}));
    i = end;
  }
  return lax::reshape(runs.size() == 1 ? runs[0] : lax::concatenate(runs, 0), x.shape());
}

}  // namespace

// A rule of the user's may have made constant arrays, for which the equation that holds the jaxpr has no operands.
JaxprPtr without_consts(const ClosedJaxpr& closed, const char* op) {
  if (closed.consts.empty()) return closed.jaxpr;
  std::int64_t size = 0;
  for (const auto& c : closed.consts) {
    size += c.size();
    if (concrete(c) == nullptr) throw InternalError(text(op, ": a rule captured a traced value, got ", c.aval()));
  }
  if (size > kMostLiterals)
    throw ValueError(text(op, ": rules may make constant arrays of up to ", kMostLiterals, " elements within it, got ", size,
                          "; make them outside and pass them as arguments"));
  const auto in = closed.jaxpr->in_avals();
  const Avals arguments(in.begin() + static_cast<std::ptrdiff_t>(closed.consts.size()), in.end());
  const auto open = trace_to_jaxpr([&](const Arrays& args) {
    Arrays all;
    for (const auto& c : closed.consts) all.push_back(from_literals(c));
    all.insert(all.end(), args.begin(), args.end());
    return eval_jaxpr(*closed.jaxpr, all);
  }, arguments, op);
  if (!open.consts.empty()) throw InternalError(text(op, ": constant arrays stay constant, got ", open.consts[0].aval()));
  return open.jaxpr;
}

JaxprPtr traced(const detail::FlatFn& f, AvalSpan in, const char* op) { return without_consts(trace_to_jaxpr(f, in, op), op); }

void check_lanes_have_no_order(const char* op, std::span<const JaxprPtr> held) {
  for (const auto& j : held)
    if (has_ordered_effects(*j))
      throw ValueError(text(op, ": ordered effects need one order, got lanes of vmap that go different ways; leave "
                            "{.ordered = true} out of the callbacks in it, or loop with fx::map instead of fx::vmap"));
}

std::string at_leaf(const detail::LeafPath& path, std::size_t i) {
  const auto p = path(i);
  return p.empty() ? "" : " at " + p;
}

std::int64_t scan_length(const char* op, const Arrays& xs, std::optional<std::int64_t> length, const detail::LeafPath& path) {
  const bool given = length.has_value();
  for (std::size_t i = 0; i < xs.size(); ++i) {
    if (xs[i].ndim() == 0)
      throw ValueError(text(op, ": xs must have a leading axis to scan over, got ", xs[i].aval(), at_leaf(path, i),
                            "; stack what is scanned over"));
    const auto n = xs[i].shape()[0];
    if (length && *length != n)
      throw ValueError(text(op, ": leading axes of xs must have one extent", given ? ", that of `length`" : "", ", got ",
                            *length, " and ", n, at_leaf(path, i), "; stack as many elements in each leaf"));
    length = n;
  }
  if (!length)
    throw ValueError(text(op, ": the number of trips must be known, got no xs; give xs a leaf, or scan with {.length = n}"));
  if (*length < 0) throw ValueError(text(op, ": length must not be negative, got ", *length, "; 0 makes no trip"));
  return *length;
}

namespace {

template <class T, class From>
std::vector<T> sub_list(const From& xs, std::size_t first, std::size_t n) {
  const auto begin = xs.begin() + static_cast<std::ptrdiff_t>(first);
  return {begin, begin + static_cast<std::ptrdiff_t>(n)};
}

template <class T, class List>
std::vector<T> concatenated(std::initializer_list<List> lists) {
  std::vector<T> out;
  for (const auto& l : lists) out.insert(out.end(), l.begin(), l.end());
  return out;
}

}  // namespace

Arrays part(ArraySpan xs, std::size_t first, std::size_t n) { return sub_list<Array>(xs, first, n); }
Mask part(const Mask& m, std::size_t first, std::size_t n) { return sub_list<char>(m, first, n); }
Avals part(const Avals& avals, std::size_t first, std::size_t n) { return sub_list<Aval>(avals, first, n); }
Arrays joined(std::initializer_list<ArraySpan> lists) { return concatenated<Array>(lists); }
Mask joined(std::initializer_list<Mask> lists) { return concatenated<char>(lists); }
Avals joined(std::initializer_list<Avals> lists) { return concatenated<Aval>(lists); }

Avals chosen(const Avals& avals, const Mask& mask) {
  Avals out;
  for (std::size_t i = 0; i < avals.size(); ++i)
    if (mask[i]) out.push_back(avals[i]);
  return out;
}

Avals avals_of(ArraySpan xs) {
  Avals out;
  for (const auto& x : xs) out.push_back(x.aval());
  return out;
}

Aval stacked(const Aval& a, std::int64_t n) {
  Aval out = a;
  out.shape.insert(0, n);
  return out;
}

}  // namespace fluxion::lax
