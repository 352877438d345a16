// true_positions, take_rows, put_rows and add_rows: what batched control flow moves lanes with.
#include "lax/case_parts.hpp"
#include "lax/rows.hpp"

namespace fluxion::test {

namespace {

constexpr DType kRows[] = {DType::float64, DType::float32, DType::int32, DType::uint64, DType::bool_, DType::key_fry};

std::size_t unsign(std::int64_t i) { return static_cast<std::size_t>(i); }

Array positions(const std::vector<std::int64_t>& at, const Shape& shape) { return array(at).reshape(shape); }

/// Walks the indices (b.., m) of a table (b.., n, row..): visit(first element of row j, first element of its table, index).
void for_each_row(const Host& x, const std::vector<std::int64_t>& indices, const Shape& shape,
                  const std::function<void(std::size_t, std::size_t, std::int64_t)>& visit) {
  const auto batch = shape.size() - 1;
  std::size_t row = 1;
  for (auto d = batch + 1; d < x.shape.size(); ++d) row *= unsign(x.shape[d]);
  const auto n = unsign(x.shape[batch]), m = unsign(shape[batch]);
  for (std::size_t j = 0; j < indices.size(); ++j) visit(j * row, j / m * n * row, indices[j]);
}
std::size_t row_size(const Host& x, std::size_t batch) {
  std::size_t row = 1;
  for (auto d = batch + 1; d < x.shape.size(); ++d) row *= unsign(x.shape[d]);
  return row;
}

Case positions_case(std::int64_t size) {
  Case c{"true_positions/" + std::to_string(size), "true_positions", {}, {}, {}, 0, 0, {0}, {0}, {}};
  c.f = [=](const Arrays& a) -> Arrays { return {lax::true_positions(a[0], size)}; };
  c.reference = [=](const std::vector<Host>& in) -> std::vector<Host> {
    const auto n = unsign(in[0].shape.back());
    Host out{DType::int64, in[0].shape, {}};
    out.shape[out.shape.size() - 1] = size;
    const auto rows = unsign(element_count(out.shape)) / unsign(std::max<std::int64_t>(size, 1));
    for (std::size_t r = 0; r < rows && size > 0; ++r) {
      const auto before = out.v.size();
      for (std::size_t i = 0; i < n && out.v.size() - before < unsign(size); ++i)
        if (in[0].v[r * n + i].i != 0) out.v.push_back(whole(static_cast<std::int64_t>(i)));
      out.v.resize(before + unsign(size), whole(static_cast<std::int64_t>(n)));
    }
    return {out};
  };
  for (const auto& s : {Shape{7}, Shape{33}, Shape{0}, Shape{3, 9}, Shape{2, 3, 5}}) c.signatures.push_back({{{DType::bool_, s}}});
  c.signatures.push_back({{{DType::bool_, {9}, 0, 0}}});
  c.errors = {{[] { return Arrays{array({1.0})}; }, {"a mask of bools", "f64[1]"}}, {[] { return Arrays{scalar(true)}; }, {"along an axis"}}};
  return c;
}

Case take_case(const char* variant, Shape x, std::vector<std::int64_t> at, Shape shape) {
  const auto batch = static_cast<std::int64_t>(shape.size()) - 1;
  Case c{std::string("take_rows/") + variant, "take_rows", {}, {}, {}, 0, 0, {1}, {1}, {}};
  c.f = [=](const Arrays& a) -> Arrays { return {lax::take_rows(a[0], positions(at, shape), batch)}; };
  c.reference = [=](const std::vector<Host>& in) -> std::vector<Host> {
    Host out{in[0].dtype, in[0].shape, {}};
    out.shape[unsign(batch)] = shape.back();
    const auto n = in[0].shape[unsign(batch)];
    const auto row = row_size(in[0], unsign(batch));
    for_each_row(in[0], at, shape, [&](std::size_t, std::size_t table, std::int64_t i) {
      const auto first = table + unsign(std::clamp<std::int64_t>(i, 0, n - 1)) * row;
      for (std::size_t e = 0; e < row; ++e) out.v.push_back(in[0].v[first + e]);
    });
    return {out};
  };
  for (const auto t : kRows) c.signatures.push_back({{{t, x}}});
  return c;
}

/// Arguments x and rows; `add` for add_rows.
Case put_case(const char* variant, bool add, bool unique, Shape x, std::vector<std::int64_t> at, Shape shape) {
  const auto batch = static_cast<std::int64_t>(shape.size()) - 1;
  const std::string name = add ? "add_rows" : "put_rows";
  Case c{name + "/" + variant, name, {}, {}, {}, 0, 0, {1, 1}, {0, 0}, {}, {1, 1}};
  c.f = [=](const Arrays& a) -> Arrays {
    const auto indices = positions(at, shape);
    return {add ? lax::add_rows(a[0], indices, a[1], batch) : lax::put_rows(a[0], indices, a[1], batch, unique)};
  };
  c.reference = [=](const std::vector<Host>& in) -> std::vector<Host> {
    Host out = in[0];
    const auto n = in[0].shape[unsign(batch)];
    const auto row = row_size(in[0], unsign(batch));
    for_each_row(in[0], at, shape, [&](std::size_t from, std::size_t table, std::int64_t i) {
      if (i < 0 || i >= n) return;
      for (std::size_t e = 0; e < row; ++e) {
        auto& to = out.v[table + unsign(i) * row + e];
        const auto& v = in[1].v[from + e];
        if (!add) to = v;
        else if (out.dtype == DType::float32) to.f = static_cast<float>(to.f) + static_cast<float>(v.f);
        else if (is_floating(out.dtype)) to.f += v.f;
        else to.i = wrapped(to.i + v.i, out.dtype);
      }
    });
    return {out};
  };
  Shape rows = x;
  rows[unsign(batch)] = shape.back();
  for (const auto t : kRows)
    if (!add || (t != DType::bool_ && t != DType::key_fry)) c.signatures.push_back({{{t, x}, {t, rows}}});
  return c;
}

void add_puts(std::vector<Case>& to, bool add) {
  to.push_back(put_case("scalars", add, false, {9}, {3, 0, 7}, {3}));
  to.push_back(put_case("repeated_and_outside", add, false, {5, 3}, {4, 2, 9, 2, -1, 4, 5}, {7}));
  to.push_back(put_case("batch", add, false, {2, 4, 3, 2}, {1, 3, 1, 0, 0, 4}, {2, 3}));
  to.push_back(put_case("none", add, false, {3, 2}, {}, {0}));
  to.push_back(put_case("into_nothing", add, false, {0, 2}, {0, 1}, {2}));
  to.push_back(put_case("empty_rows", add, false, {3, 0}, {2, 1}, {2}));
}

}  // namespace

void add_row_cases(std::vector<Case>& to) {
  for (const std::int64_t size : {0, 1, 4, 12}) to.push_back(positions_case(size));
  to.push_back(take_case("scalars", {9}, {3, 3, 0, 8, 5}, {5}));
  to.push_back(take_case("clamped", {5, 3}, {4, -1, 5, 2, 100, -100, 2}, {7}));
  to.push_back(take_case("batch", {2, 4, 3, 2}, {1, 3, 1, 0, 0, 2}, {2, 3}));
  to.push_back(take_case("none", {3, 2}, {}, {0}));
  to.push_back(take_case("of_nothing", {0, 2}, {}, {0}));
  auto take = take_case("all", {2, 2}, {1, 0}, {2});
  take.errors = {{[] { return Arrays{zeros({0, 2})}; }, {"a row to take", "f64[0,2]"}}, {[] { return Arrays{scalar(1.0)}; }, {"one axis behind", "f64[]"}}};
  to.push_back(take);
  to.push_back(take_case("empty_rows", {3, 0}, {2, 1}, {2}));
  add_puts(to, false);
  add_puts(to, true);
  auto put = put_case("unique", false, true, {6, 2}, {5, 0, 6, 3, 9}, {5});
  put.errors = {{[] { return Arrays{zeros({6, 2}), zeros({4, 2})}; }, {"rows must be f64[5,2]", "got f64[4,2]"}},
                {[] { return Arrays{zeros({6, 2}), zeros({5, 2}, float32)}; }, {"got f32[5,2]"}}};
  to.push_back(put);
  auto add = put_case("refuses", true, false, {2}, {0}, {1});
  add.errors = {{[] { return Arrays{array({true, false}), array({true})}; }, {"numbers are required", "bool[2]"}}};
  to.push_back(add);
}

}  // namespace fluxion::test
