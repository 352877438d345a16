// Random subscripts with arrays in them, held against NumPy's rules written out with loops.
#include <rapidcheck/catch.h>

#include <numeric>
#include <random>

#include <fluxion/indexing.hpp>

#include "numpy/shown.hpp"
#include "support/host.hpp"

namespace fluxion {

namespace {

using Numbers = std::vector<std::int64_t>;

std::size_t unsign(std::int64_t i) { return static_cast<std::size_t>(i); }

// --- the oracle
// -----------------------------------------------------------------------------------------------------------

/// One entry of a subscript in plain numbers.
struct Term {
  Index::Kind kind;
  std::int64_t at = 0;  // integer
  Range slice{};
  Shape shape{};  // array
  Numbers values{};
  bool is_mask = false;
};

/// What NumPy selects: the shape, and for each element in row-major order the flat place in the array.
struct Selected {
  Shape shape;
  Numbers from;
};

/// Odometer: visit(index) for every index of the shape, row by row.
template <class Visit>
void for_each(const Shape& shape, const Visit& visit) {
  if (element_count(shape) == 0) return;
  Numbers i(shape.size(), 0);
  while (true) {
    visit(i);
    std::size_t d = shape.size();
    while (d > 0 && ++i[d - 1] == shape[d - 1]) i[--d] = 0;
    if (d == 0) return;
  }
}

std::int64_t flat(const Shape& shape, const Numbers& i) {
  std::int64_t f = 0;
  for (std::size_t d = 0; d < shape.size(); ++d) f = f * shape[d] + i[d];
  return f;
}

/// A mask as NumPy sees it: one array of positions per axis.
std::vector<Term> without_masks(const std::vector<Term>& terms) {
  std::vector<Term> out;
  for (const auto& t : terms) {
    if (!t.is_mask) {
      out.push_back(t);
      continue;
    }
    std::vector<Numbers> columns(t.shape.size());
    std::size_t flat_at = 0;
    for_each(t.shape, [&](const Numbers& i) {
      if (t.values[flat_at++] != 0)
        for (std::size_t d = 0; d < i.size(); ++d) columns[d].push_back(i[d]);
    });
    for (const auto& c : columns) out.push_back({Index::Kind::array, 0, {}, {static_cast<std::int64_t>(c.size())}, c});
  }
  return out;
}

Numbers elements_of(const Range& r, std::int64_t n) {
  Numbers all;  // by walking from where Python would begin
  const auto inside = [&](std::int64_t v) { return v < 0 ? v + n : v; };
  std::int64_t at = r.start ? inside(*r.start) : r.step > 0 ? 0 : n - 1;
  if (r.step > 0 && at < 0) at = 0;
  if (r.step < 0 && at > n - 1) at = n - 1;
  const bool open = !r.stop;
  const auto stop = open ? 0 : inside(*r.stop);
  for (; at >= 0 && at < n && (open || (r.step > 0 ? at < stop : at > std::max<std::int64_t>(stop, -1))); at += r.step)
    all.push_back(at);
  return all;
}

Selected numpy_selects(const Shape& shape, const std::vector<Term>& given) {
  const auto terms = without_masks(given);
  std::size_t named = 0;
  bool any_array = false;
  for (const auto& t : terms) {
    named += t.kind == Index::Kind::integer || t.kind == Index::Kind::range || t.kind == Index::Kind::array;
    any_array |= t.kind == Index::Kind::array && !t.shape.empty();
  }
  // Each axis of x: either fixed by arrays (and then integers count as arrays), or walked by an axis of the result.
  struct Walk {
    std::size_t axis;
    Numbers values;
  };  // axis shape.size() for a new one
  struct Fixed {
    std::size_t axis;
    const Term* term;
  };
  std::vector<Walk> before, behind;
  std::vector<Fixed> fixed;
  bool closed = false, separated = false;
  std::size_t axis = 0;
  const auto walk = [&](std::size_t a, Numbers values) {
    if (!fixed.empty()) closed = true;
    (fixed.empty() ? before : behind).push_back({a, std::move(values)});
  };
  const auto whole = [&](std::size_t a) {
    Numbers all(unsign(shape[a]));
    std::iota(all.begin(), all.end(), 0);
    walk(a, all);
  };
  for (const auto& t : terms) {
    switch (t.kind) {
      case Index::Kind::newaxis: walk(shape.size(), {0}); break;
      case Index::Kind::ellipsis:
        if (!fixed.empty()) closed = true;  // even if it stands for no axis
        for (std::size_t k = named; k < shape.size(); ++k) whole(axis++);
        break;
      case Index::Kind::range:
        walk(axis, elements_of(t.slice, shape[axis]));
        ++axis;
        break;
      case Index::Kind::integer:
      case Index::Kind::array:
        if (closed) separated = true;
        fixed.push_back({axis++, &t});
        break;
    }
  }
  while (axis < shape.size()) {
    const auto a = axis++;
    Numbers all(unsign(shape[a]));
    std::iota(all.begin(), all.end(), 0);
    (fixed.empty() ? before : behind).push_back({a, all});
  }
  Shape group;
  for (const auto& f : fixed) group = broadcast_shapes(group, f.term->shape);
  if (any_array && separated) {
    behind.insert(behind.begin(), before.begin(), before.end());
    before.clear();
  }
  Selected out;
  for (const auto& w : before) out.shape.push_back(static_cast<std::int64_t>(w.values.size()));
  for (auto n : group) out.shape.push_back(n);
  for (const auto& w : behind) out.shape.push_back(static_cast<std::int64_t>(w.values.size()));
  for_each(out.shape, [&](const Numbers& i) {
    Numbers place(shape.size(), 0);
    const auto set = [&](const Walk& w, std::int64_t k) {
      if (w.axis < shape.size()) place[w.axis] = w.values[unsign(k)];
    };
    for (std::size_t k = 0; k < before.size(); ++k) set(before[k], i[k]);
    for (std::size_t k = 0; k < behind.size(); ++k) set(behind[k], i[before.size() + group.size() + k]);
    for (const auto& f : fixed) {
      const auto& s = f.term->shape;
      std::int64_t at = f.term->at;
      if (f.term->kind == Index::Kind::array) {
        std::int64_t e = 0;
        for (std::size_t d = 0; d < s.size(); ++d)
          e = e * s[d] + (s[d] == 1 ? 0 : i[before.size() + group.size() - s.size() + d]);
        at = f.term->values[unsign(e)];
      }
      place[f.axis] = at < 0 ? at + shape[f.axis] : at;
    }
    out.from.push_back(flat(shape, place));
  });
  return out;
}

// --- random subscripts
// ------------------------------------------------------------------------------------------------------

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  std::int64_t between(std::int64_t lo, std::int64_t hi) {
    return lo + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(hi - lo + 1));
  }
  bool one_in(std::int64_t n) { return between(1, n) == 1; }

 private:
  std::mt19937_64 engine_;
};

struct Subscripted {
  Shape shape;
  std::vector<Term> terms;
  std::vector<DType> dtypes{};  // of the arrays among them
  Arrays masks{};               // made outside of any trace: they stay concrete
};

Shape random_shape(Dice& dice, std::int64_t least, std::int64_t most) {
  Shape s;
  for (auto n = dice.between(least, most); n > 0; --n) s.push_back(dice.one_in(12) ? 0 : dice.between(1, 4));
  return s;
}

Range random_range(Dice& dice, std::int64_t n) {
  Range r;
  if (dice.one_in(2)) r.start = dice.between(-n - 2, n + 2);
  if (dice.one_in(2)) r.stop = dice.between(-n - 2, n + 2);
  if (dice.one_in(3)) r.step = dice.one_in(2) ? dice.between(1, 3) : -dice.between(1, 3);
  return r;
}

Term random_mask(Dice& dice, const Shape& shape) {
  Term t{Index::Kind::array, 0, {}, shape, {}, true};
  for (auto n = element_count(shape); n > 0; --n) t.values.push_back(dice.one_in(2));
  return t;
}

Term random_array(Dice& dice, std::int64_t n, const Shape& group) {
  Term t{Index::Kind::array, 0, {}, {}, {}};
  const auto rank = dice.between(0, static_cast<std::int64_t>(group.size()));
  for (auto d = group.size() - unsign(rank); d < group.size(); ++d) t.shape.push_back(dice.one_in(4) ? 1 : group[d]);
  for (auto k = element_count(t.shape); k > 0; --k) t.values.push_back(dice.between(-n, n - 1));
  return t;
}

Subscripted random_subscript(std::uint64_t seed) {
  Dice dice(seed);
  Subscripted s;
  s.shape = random_shape(dice, 0, 4);
  Shape group = random_shape(dice, 0, 2);
  // At most one mask, whose number of true elements the arrays must broadcast with.
  std::size_t mask_at = s.shape.size(), mask_rank = 0;
  Term mask{Index::Kind::array};
  if (!s.shape.empty() && dice.one_in(4)) {
    mask_at = unsign(dice.between(0, static_cast<std::int64_t>(s.shape.size()) - 1));
    mask_rank = unsign(dice.between(1, std::min<std::int64_t>(2, static_cast<std::int64_t>(s.shape.size() - mask_at))));
    mask = random_mask(dice, Shape(s.shape.data() + mask_at, mask_rank));
    group = {std::accumulate(mask.values.begin(), mask.values.end(), std::int64_t{0})};
  }
  bool ellipsis_done = false;
  const auto named = unsign(dice.between(0, static_cast<std::int64_t>(s.shape.size())));
  for (std::size_t axis = 0; axis < std::max(named, mask_rank == 0 ? 0 : mask_at + 1);) {
    if (dice.one_in(6)) s.terms.push_back({Index::Kind::newaxis});
    if (!ellipsis_done && dice.one_in(8)) {
      ellipsis_done = true;
      s.terms.push_back({Index::Kind::ellipsis});
      auto skip = unsign(dice.between(0, static_cast<std::int64_t>(s.shape.size() - axis)));
      if (axis <= mask_at && mask_rank != 0) skip = std::min(skip, mask_at - axis);
      // What follows is for the last axes: there must be an entry for each of them.
      axis += skip;
      for (; axis < s.shape.size();) {
        if (mask_rank != 0 && axis == mask_at) {
          s.terms.push_back(mask);
          axis += mask_rank;
        } else {
          const auto n = s.shape[axis++];
          s.terms.push_back(n > 0 && dice.one_in(2) ? random_array(dice, n, group)
                                                    : Term{Index::Kind::range, 0, random_range(dice, n)});
        }
      }
      break;
    }
    if (mask_rank != 0 && axis == mask_at) {
      s.terms.push_back(mask);
      axis += mask_rank;
      continue;
    }
    const auto n = s.shape[axis++];
    const auto kind = n == 0 ? 0 : dice.between(0, 3);
    if (kind == 0)
      s.terms.push_back({Index::Kind::range, 0, random_range(dice, n)});
    else if (kind == 1)
      s.terms.push_back({Index::Kind::integer, dice.between(-n, n - 1)});
    else
      s.terms.push_back(random_array(dice, n, group));
  }
  for (const auto& t : s.terms)
    if (t.is_mask) s.masks.push_back(array(t.values).astype(bool_).reshape(t.shape));
  constexpr DType kIntegers[] = {int64, int32, uint64, uint32};
  for (auto& t : s.terms) {
    auto dtype = t.is_mask ? bool_ : kIntegers[dice.between(0, 3)];
    if (dtype == uint64 || dtype == uint32)
      for (auto v : t.values)
        if (v < 0) dtype = int64;
    s.dtypes.push_back(dtype);
  }
  return s;
}

Array array_of(const Term& t, DType dtype) { return array(t.values).astype(dtype).reshape(t.shape); }

/// The integer arrays of a subscript, and the subscript once they are given.
Arrays integers_of(const Subscripted& s) {
  Arrays out;
  for (std::size_t i = 0; i < s.terms.size(); ++i)
    if (s.terms[i].kind == Index::Kind::array && !s.terms[i].is_mask) out.push_back(array_of(s.terms[i], s.dtypes[i]));
  return out;
}
std::vector<Index> indices_of(const Subscripted& s, const Arrays& integers) {
  std::size_t next_mask = 0, next_integer = 0;
  std::vector<Index> out;
  for (const auto& t : s.terms) {
    switch (t.kind) {
      case Index::Kind::newaxis: out.push_back(newaxis); break;
      case Index::Kind::ellipsis: out.push_back(ellipsis); break;
      case Index::Kind::range: out.push_back(t.slice); break;
      case Index::Kind::integer: out.push_back(t.at); break;
      case Index::Kind::array: out.push_back(t.is_mask ? s.masks[next_mask++] : integers[next_integer++]); break;
    }
  }
  return out;
}

std::string written(const Subscripted& s) {
  std::ostringstream os;
  os << "x" << s.shape << "[";
  for (const auto& t : s.terms) {
    switch (t.kind) {
      case Index::Kind::newaxis: os << "newaxis, "; break;
      case Index::Kind::ellipsis: os << "..., "; break;
      case Index::Kind::range:
        os << (t.slice.start ? std::to_string(*t.slice.start) : "") << ":"
           << (t.slice.stop ? std::to_string(*t.slice.stop) : "") << ":" << t.slice.step << ", ";
        break;
      case Index::Kind::integer: os << t.at << ", "; break;
      case Index::Kind::array: os << (t.is_mask ? "mask" : "") << t.shape << " " << Dims(t.values) << ", "; break;
    }
  }
  return os.str() + "]";
}

/// Distinct whole numbers: sums are exact.
Array counted(const Shape& shape, double first = 1) {
  return (arange(static_cast<double>(element_count(shape))) + first).reshape(shape);
}

void require_equal(const char* what, const Subscripted& s, const Array& got, const Shape& shape,
                   const std::vector<double>& want) {
  if (got.shape() != shape || got.to_vector<double>() != want) {
    std::ostringstream os;
    os << what << " of " << written(s) << ": want " << shape << ", got " << got.aval() << "\n" << got;
    RC_FAIL(os.str());
  }
}
void require_same(const char* what, const Subscripted& s, const Arrays& got, const Arrays& want) {
  if (const auto d = test::difference(got, want)) RC_FAIL(std::string(what) + " of " + written(s) + ": " + *d);
}

double paired(const Array& a, const Array& b) { return sum(a * b).item<double>(); }

void check_values(const Subscripted& s) {
  const auto want = numpy_selects(s.shape, s.terms);
  const auto x = counted(s.shape);
  const auto integers = integers_of(s);
  const auto indices = indices_of(s, integers);
  const auto elements = x.to_vector<double>();
  const auto v = counted(want.shape, 1001);
  const auto values = v.to_vector<double>();
  std::vector<double> read, put = elements, sum = elements;
  for (std::size_t k = 0; k < want.from.size(); ++k) {
    const auto from = unsign(want.from[k]);
    read.push_back(elements[from]);
    put[from] = values[k];
    sum[from] += values[k];
  }
  require_equal("get", s, IndexUpdate(x, indices).get(), want.shape, read);
  require_equal("set", s, IndexUpdate(x, indices).set(v), s.shape, put);
  require_equal("add", s, IndexUpdate(x, indices).add(v), s.shape, sum);
}

/// All three, of an array, a value and the integer arrays of the subscript.
Arrays all_three(const Subscripted& s, const Arrays& a) {
  const IndexUpdate at(a[0], indices_of(s, Arrays(a.begin() + 2, a.end())));
  return {at.get(), at.set(a[1]), at.add(a[1])};
}

void check_transformations(const Subscripted& s) {
  const auto x = counted(s.shape);
  const auto v = counted(numpy_selects(s.shape, s.terms).shape, 1001);
  Arrays args{x, v};
  for (const auto& i : integers_of(s)) args.push_back(i);
  const auto f = [&s](const Arrays& a) { return all_three(s, a); };
  const auto want = f(args);
  require_same("jit", s, jit(f)(args), want);
  // Lanes with other values and other indices, against one after the other.
  Arrays stacked, first, second;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const auto other = i < 2 ? args[i] * 2 : flip(args[i]);
    stacked.push_back(stack({args[i], other}));
    second.push_back(other);
  }
  const auto others = f(second);
  const auto mapped = vmap(f)(stacked);
  for (std::size_t k = 0; k < want.size(); ++k)
    require_same("vmap", s, {mapped[k][0], mapped[k][1]}, {want[k], others[k]});
  Arrays shared = args;
  shared[0] = stacked[0];
  const auto one = [&](const Array& y) {
    Arrays a = args;
    a[0] = y;
    return f(a);
  };
  const auto only_x = vmap(one)(stacked[0]);
  for (std::size_t k = 0; k < want.size(); ++k) require_same("vmap over x", s, {only_x[k][0]}, {want[k]});
}

void check_gradients(const Subscripted& s) {
  const auto x = counted(s.shape);
  const auto v = counted(numpy_selects(s.shape, s.terms).shape, 1001);
  const auto integers = integers_of(s);
  const auto f = [&](const Array& y, const Array& w) {
    Arrays a{y, w};
    a.insert(a.end(), integers.begin(), integers.end());
    return all_three(s, a);
  };
  const auto tx = counted(s.shape, -3), tv = counted(v.shape(), 7);
  const auto [out, pullback] = vjp(f, x, v);
  Arrays ct;
  for (const auto& y : out) ct.push_back(counted(y.shape(), -5));
  const auto [gx, gv] = pullback(ct);
  // All three are linear in x and v, so the tangents are the function of the tangents.
  const auto tangents = f(tx, tv);
  double left = 0;
  for (std::size_t k = 0; k < ct.size(); ++k) left += paired(ct[k], tangents[k]);
  const double right = paired(gx, tx) + paired(gv, tv);
  if (left != right)
    RC_FAIL("gradient of " + written(s) + ": " + std::to_string(left) + " and " + std::to_string(right));
}

}  // namespace

TEST_CASE("random subscripts select what NumPy's rules say, and updates change that") {
  CHECK(rc::check("get, set and add of integers, ranges, new axes, ellipses, arrays and masks",
                  [] { check_values(random_subscript(*rc::gen::arbitrary<std::uint64_t>())); }));
  for (std::uint64_t seed = 0; seed < 1500; ++seed) {
    const auto s = random_subscript(seed * 7919);
    check_values(s);
  }
}

TEST_CASE("subscripts with traced arrays are the concrete ones, jitted and mapped") {
  for (std::uint64_t seed = 0; seed < 150; ++seed) check_transformations(random_subscript(seed * 104729 + 1));
}

TEST_CASE("gradients of random subscripts satisfy the inner-product identity") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) check_gradients(random_subscript(seed * 1299709 + 2));
}

}  // namespace fluxion
