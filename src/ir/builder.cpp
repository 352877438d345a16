#include "ir/program.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

namespace fluxion::ir {
namespace {

template <class T>
void put(std::byte* to, T v) { std::memcpy(to, &v, sizeof v); }

void put_number(std::byte* to, DType t, double v) {
  switch (t) {
    case DType::bool_: return put(to, static_cast<std::uint8_t>(v != 0));
    case DType::bfloat16: return put(to, bfloat16_t(v));
    case DType::float16: return put(to, float16_t(v));
    case DType::float32: case DType::complex64: return put(to, static_cast<float>(v));
    case DType::float64: case DType::complex128: return put(to, v);
    case DType::float0: return;
    default: {  // two's complement, little end first
      const auto i = v < 0 ? static_cast<std::uint64_t>(static_cast<std::int64_t>(v)) : static_cast<std::uint64_t>(v);
      std::memcpy(to, &i, itemsize(t));
    }
  }
}

std::vector<Type> output_types(const Program& p) {
  std::vector<Type> types;
  for (const ValueId v : p.outputs) types.push_back(p.types[v]);
  return types;
}

}  // namespace

std::size_t ConstantIndex::Hash::operator()(const Key& k) const noexcept {
  std::uint64_t words[2];
  std::memcpy(words, k.bits.data(), sizeof words);
  std::uint64_t h = static_cast<std::uint64_t>(k.dtype);
  for (const auto w : words) {
    h = (std::rotl(h, 5) ^ w) * 0x9e3779b97f4a7c15ULL;
    h ^= h >> 32;  // numbers differ in their high bits, buckets in low ones
  }
  return h;
}

ValueId Builder::add(Type t) {
  program_.types.push_back(std::move(t));
  return static_cast<ValueId>(program_.types.size() - 1);
}

ValueId Builder::emit(Action a, std::span<const ValueId> in, Type t) {
  const ValueId v = add(std::move(t));
  program_.instrs.push_back({std::move(a), Values(in.begin(), in.end()), {v}});
  return v;
}

ValueId Builder::input(Type t) {
  const ValueId v = add(std::move(t));
  program_.inputs.push_back(v);
  return v;
}

ValueId Builder::constant(DType t, const void* bits) {
  Constant c{};
  std::memcpy(c.bits.data(), bits, itemsize(t));
  c.value = static_cast<ValueId>(program_.types.size());
  const ValueId first = constants_.first_equal(t, c);
  if (first != c.value) return first;
  program_.constants.push_back(c);
  return add({t, {}});
}

ValueId Builder::constant(DType t, double v) {
  std::byte bits[16]{};
  put_number(bits, t, v);
  return constant(t, bits);
}

ValueId Builder::map(Op op, std::span<const ValueId> in) {
  const std::size_t branch = op == Op::select ? 1 : 0;
  Type t{result_dtype(op, type(in[branch]).dtype), {}};
  for (const ValueId v : in)
    if (!type(v).shape.empty()) { t.shape = type(v).shape; break; }
  return emit(Map{op}, in, std::move(t));
}

ValueId Builder::convert(ValueId x, DType to) {
  if (type(x).dtype == to) return x;
  return emit(Convert{}, {&x, 1}, {to, type(x).shape});
}

ValueId Builder::iota(Type t, std::int64_t dimension) { return emit(Iota{dimension}, {}, std::move(t)); }

std::array<ValueId, 2> Builder::threefry(ValueId key0, ValueId key1, ValueId count0, ValueId count1) {
  Type t{DType::uint32, {}};
  for (const ValueId v : {key0, key1, count0, count1})
    if (!type(v).shape.empty()) { t.shape = type(v).shape; break; }
  const ValueId a = add(t), b = add(t);
  program_.instrs.push_back({Threefry{}, {key0, key1, count0, count1}, {a, b}});
  return {a, b};
}

ValueId Builder::broadcast(ValueId x, Shape shape, Dims dims) {
  const DType t = type(x).dtype;
  return emit(Broadcast{std::move(dims)}, {&x, 1}, {t, std::move(shape)});
}

ValueId Builder::transpose(ValueId x, Dims permutation) {
  Type t{type(x).dtype, {}};
  for (const auto d : permutation) t.shape.push_back(type(x).shape[static_cast<std::size_t>(d)]);
  return emit(Transpose{std::move(permutation)}, {&x, 1}, std::move(t));
}

ValueId Builder::reshape(ValueId x, Shape shape) {
  const DType t = type(x).dtype;
  return emit(Reshape{}, {&x, 1}, {t, std::move(shape)});
}

ValueId Builder::slice(ValueId x, Dims start, Dims stride, Shape shape) {
  const DType t = type(x).dtype;
  return emit(Slice{std::move(start), std::move(stride)}, {&x, 1}, {t, std::move(shape)});
}

ValueId Builder::bitcast(ValueId x, DType to) { return emit(Bitcast{}, {&x, 1}, {to, type(x).shape}); }

ValueId Builder::reduce(ReduceOp op, ValueId x, Dims axes) {
  const DType dtype = type(x).dtype;
  if (const DType wide = computed_in(dtype); wide != dtype) return convert(reduce(op, convert(x, wide), std::move(axes)), dtype);
  if (is_complex(dtype) && op == ReduceOp::sum)
    return map(Op::complex, {reduce(op, map(Op::real, {x}), axes), reduce(op, map(Op::imag, {x}), axes)});
  const Type& from = type(x);
  Type t{from.dtype, {}};
  for (std::size_t d = 0; d < from.shape.size(); ++d) {
    bool reduced = false;
    for (const auto a : axes) reduced |= a == static_cast<std::int64_t>(d);
    if (!reduced) t.shape.push_back(from.shape[d]);
  }
  return emit(Reduce{op, std::move(axes)}, {&x, 1}, std::move(t));
}

ValueId Builder::argmax(ValueId x, std::int64_t axis) {
  if (is_half(type(x).dtype)) x = convert(x, DType::float32);
  Type t{DType::int64, type(x).shape};
  t.shape.erase(static_cast<std::size_t>(axis));
  return emit(ArgMax{axis}, {&x, 1}, std::move(t));
}

ValueId Builder::dot(ValueId a, ValueId b) {
  const DType dtype = type(a).dtype;
  if (const DType wide = computed_in(dtype); wide != dtype) return convert(dot(convert(a, wide), convert(b, wide)), dtype);
  if (is_complex(dtype)) return complex_dot(a, b);
  const Shape &left = type(a).shape, &right = type(b).shape;
  const ValueId in[] = {a, b};
  Shape result = left;
  result[result.size() - 1] = right.back();
  return emit(Dot{}, in, {type(a).dtype, std::move(result)});
}

ValueId Builder::complex_dot(ValueId a, ValueId b) {
  const ValueId re[] = {map(Op::real, {a}), map(Op::real, {b})}, im[] = {map(Op::imag, {a}), map(Op::imag, {b})};
  const ValueId real = map(Op::sub, {dot(re[0], re[1]), dot(im[0], im[1])});
  const ValueId imag = map(Op::add, {dot(re[0], im[1]), dot(im[0], re[1])});
  return map(Op::complex, {real, imag});
}

ValueId Builder::assemble(Shape shape, ValueId fill, std::span<const ValueId> pieces,
                          std::vector<Assemble::Piece> places, bool covers) {
  Values in{fill};
  in.insert(in.end(), pieces.begin(), pieces.end());
  const DType t = type(fill).dtype;
  return emit(Assemble{std::move(places), covers}, in, {t, std::move(shape)});
}

ValueId Builder::true_positions(ValueId mask, std::int64_t size) {
  Type t{DType::int64, type(mask).shape};
  t.shape[t.shape.size() - 1] = size;
  return emit(TruePositions{}, {&mask, 1}, std::move(t));
}

ValueId Builder::take_rows(ValueId x, ValueId indices, std::size_t batch) {
  Type t = type(x);
  t.shape[batch] = type(indices).shape.back();
  const ValueId in[] = {x, indices};
  return emit(TakeRows{batch}, in, std::move(t));
}

ValueId Builder::take_rows(ValueId x, ValueId indices, ValueId fill, std::size_t batch) {
  Type t = type(x);
  t.shape[batch] = type(indices).shape.back();
  const ValueId in[] = {x, indices, fill};
  return emit(TakeRows{batch}, in, std::move(t));
}

ValueId Builder::put_rows(ValueId x, ValueId indices, ValueId rows, PutRows how) {
  const ValueId in[] = {x, indices, rows};
  Type t = type(x);
  return emit(how, in, std::move(t));
}

ValueId Builder::take_window(ValueId x, std::span<const ValueId> starts, Shape shape) {
  Values in{x};
  in.insert(in.end(), starts.begin(), starts.end());
  const DType t = type(x).dtype;
  return emit(TakeWindow{}, in, {t, std::move(shape)});
}

ValueId Builder::put_window(ValueId x, ValueId window, std::span<const ValueId> starts) {
  Values in{x, window};
  in.insert(in.end(), starts.begin(), starts.end());
  Type t = type(x);
  return emit(PutWindow{}, in, std::move(t));
}

ValueId Builder::tape_push(std::span<const ValueId> in) { return emit(Tape{Tape::Kind::push}, in, type(in[0])); }

Values Builder::tape_read(ValueId tape, ValueId index, std::vector<Type> types) {
  return emit_several(Tape{Tape::Kind::read}, {tape, index}, std::move(types));
}

ValueId Builder::tape_add(ValueId a, ValueId b) {
  // The cotangents of a trip are added to those of all as one record: not by way of a tape of its own.
  const auto* single = producer(b);
  const auto* tape = single != nullptr ? std::get_if<Tape>(&single->action) : nullptr;
  if (tape != nullptr && tape->kind == Tape::Kind::push && is_empty_tape(single->in[0])) {
    Values in = single->in;
    in[0] = a;
    return tape_push(in);
  }
  const ValueId in[] = {a, b};
  return emit(Tape{Tape::Kind::add}, in, type(a));
}

const Instr* Builder::producer(ValueId v) const {
  for (auto i = program_.instrs.rbegin(); i != program_.instrs.rend(); ++i)
    for (const auto out : i->out)
      if (out == v) return &*i;
  return nullptr;
}

bool Builder::is_empty_tape(ValueId v) const {
  if (const auto* i = producer(v)) return std::holds_alternative<Broadcast>(i->action) && is_empty_tape(i->in[0]);
  for (const auto& c : program_.constants)
    if (c.value == v) return c.bits == std::array<std::byte, 16>{};
  return false;
}

ValueId Builder::tape_fold(ValueId x) {
  Type t = type(x);
  t.shape.erase(0);
  return emit(Tape{Tape::Kind::fold}, {&x, 1}, std::move(t));
}

Values Builder::emit_several(Action a, Values in, std::vector<Type> types) {
  Values out;
  program_.effect = std::max(program_.effect, effect_of(a));
  for (auto& t : types) out.push_back(add(std::move(t)));
  program_.instrs.push_back({std::move(a), std::move(in), out});
  return out;
}

Values Builder::host_call(std::span<const ValueId> in, std::vector<Type> results, HostFunctionPtr function,
                          Effect effect) {
  return emit_several(HostCall{std::move(function), effect}, Values(in.begin(), in.end()), std::move(results));
}

Values Builder::cond(ValueId index, std::span<const ValueId> operands, std::vector<ProgramPtr> branches) {
  Values in{index};
  in.insert(in.end(), operands.begin(), operands.end());
  std::vector<Type> types;
  if (!branches.empty()) types = output_types(*branches.front());
  return emit_several(Cond{std::move(branches)}, std::move(in), std::move(types));
}

Values Builder::while_loop(std::span<const ValueId> operands, While loop) {
  auto types = output_types(*loop.body);
  return emit_several(std::move(loop), Values(operands.begin(), operands.end()), std::move(types));
}

Values Builder::scan(std::span<const ValueId> operands, Scan loop) {
  auto types = output_types(*loop.body);
  for (std::size_t k = loop.carry; k < types.size(); ++k) types[k].shape.insert(0, loop.length);
  return emit_several(std::move(loop), Values(operands.begin(), operands.end()), std::move(types));
}

Program Builder::finish(Values outputs) {
  program_.outputs = std::move(outputs);
  constants_.clear();
  return std::exchange(program_, {});
}

}  // namespace fluxion::ir
