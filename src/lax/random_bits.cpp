// The generator and the passage between keys and their bits.
#include "lax/rules.hpp"
#include "lax/readable.hpp"

namespace fluxion::lax {

namespace {

struct Threefry2x32 {
  static constexpr std::string_view name = "threefry2x32";
  using Params = NoParams;
  static Avals abstract_eval(AvalSpan in, const Params&) {
    for (const auto& a : in)
      if (a.dtype != DType::uint32)
        throw TypeError(text(name, ": operands must be uint32, got ", a, "; convert with astype(fx::uint32)"));
    const Aval out{elementwise_shape(name, in), DType::uint32, false};
    return {out, out};
  }
  static constexpr no_jvp jvp{"integer result"};
  static constexpr no_transpose transpose{"integer result"};
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    return {bind_all<Threefry2x32>(batched_operands(args), p), {1, 1}};
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params&) {
    const auto out = b.threefry(in[0], in[1], in[2], in[3]);
    return {out[0], out[1]};
  }
};

/// uint32[..., 2] -> key[...]: the first word is the low half of the 8 bytes.
struct RandomWrap {
  static constexpr std::string_view name = "random_wrap";
  using Params = NoParams;
  static Avals abstract_eval(AvalSpan in, const Params&) {
    const auto& x = in[0];
    if (x.dtype != DType::uint32 || x.shape.empty() || x.shape.back() != 2)
      throw TypeError(text(name, ": key data must be uint32 with a last axis of extent 2, got ", x,
                           "; take it from fx::random::key_data"));
    Aval out{x.shape, DType::key_fry, false};
    out.shape.pop_back();
    return {out};
  }
  static constexpr no_jvp jvp{"keys have no tangent"};
  static constexpr no_transpose transpose{"keys have no tangent"};
  static BatchOut batch(const BatchArgs& args, const Params& p) { return {{bind_one<RandomWrap>(args.operands, p)}, {1}}; }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params&) {
    const auto word = [&](std::int64_t i) {
      const auto s = b.type(in[0]).shape;
      Shape one = s, key = s;
      one[s.size() - 1] = 1;
      key.pop_back();
      Dims start(s.size(), 0);
      start[s.size() - 1] = i;
      return b.convert(b.reshape(b.slice(in[0], start, Dims(s.size(), 1), one), key), DType::uint64);
    };
    const auto high = b.map(ir::Op::shift_left, {word(1), b.constant(DType::uint64, 32.0)});
    return {b.bitcast(b.map(ir::Op::or_, {word(0), high}), DType::key_fry)};
  }
};

struct RandomUnwrap {
  static constexpr std::string_view name = "random_unwrap";
  using Params = NoParams;
  static Avals abstract_eval(AvalSpan in, const Params&) {
    if (!is_key(in[0].dtype)) throw TypeError(text(name, ": keys are required, got ", in[0], "; make one with fx::random::key"));
    Aval out{in[0].shape, DType::uint32, false};
    out.shape.push_back(2);
    return {out};
  }
  static constexpr no_jvp jvp{"keys have no tangent"};
  static constexpr no_transpose transpose{"keys have no tangent"};
  static BatchOut batch(const BatchArgs& args, const Params& p) { return {{bind_one<RandomUnwrap>(args.operands, p)}, {1}}; }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params&) {
    const auto bits = b.bitcast(in[0], DType::uint64);
    const auto high = b.map(ir::Op::shift_right_logical, {bits, b.constant(DType::uint64, 32.0)});
    auto shape = b.type(in[0]).shape;
    shape.push_back(1);
    const auto last = shape.size() - 1;
    const ir::ValueId words[] = {b.reshape(b.convert(bits, DType::uint32), shape), b.reshape(b.convert(high, DType::uint32), shape)};
    shape[last] = 2;
    Dims first(shape.size(), 0), second(shape.size(), 0);
    second[last] = 1;
    return {b.assemble(shape, b.constant(DType::uint32, 0.0), words, {{first, Dims(shape.size(), 1)}, {second, Dims(shape.size(), 1)}}, true)};
  }
};

}  // namespace

std::pair<Array, Array> threefry2x32(const Array& key0, const Array& key1, const Array& count0, const Array& count1) {
  const Array args[] = {key0, key1, count0, count1};
  auto out = bind_all<Threefry2x32>(args, {});
  return {std::move(out[0]), std::move(out[1])};
}
Array random_wrap(const Array& data) { return bind_one<RandomWrap>({&data, 1}, {}); }
Array random_unwrap(const Array& keys) { return bind_one<RandomUnwrap>({&keys, 1}, {}); }

void list_random_bits(Readables& to) {
  to.insert(to.end(), {readable<Threefry2x32>(4), readable<RandomWrap>(1), readable<RandomUnwrap>(1)});
}

}  // namespace fluxion::lax
