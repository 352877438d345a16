// Primitives that only rearrange or repeat: all linear, all views where the layout allows.
#include "core/matrix_product.hpp"
#include "core/node.hpp"
#include "lax/rules.hpp"
#include "lax/readable.hpp"

namespace fluxion::lax {

namespace {

struct BroadcastInDim {
  static constexpr std::string_view name = "broadcast_in_dim";
  static constexpr auto locality = Locality::moved;
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (Dims, broadcast_dimensions), (Shape, shape));
  };
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    const auto& s = in[0].shape;
    const auto& dims = p.broadcast_dimensions;
    const Aval to{p.shape, in[0].dtype, in[0].weak};
    if (dims.size() != s.size())
      throw ValueError(text(name, ": broadcast_dimensions must name one result axis per operand axis, got ", dims, " for ", in[0],
                            "; or use fx::broadcast_to, which aligns shapes at the last axis"));
    check_axes(name, "broadcast_dimensions", dims, to);
    for (std::size_t i = 0; i < dims.size(); ++i) {
      if (i > 0 && dims[i] <= dims[i - 1])
        throw ValueError(text(name, ": broadcast_dimensions must increase, got ", dims, "; transpose first"));
      if (s[i] != 1 && s[i] != p.shape[static_cast<std::size_t>(dims[i])])
        throw ValueError(text(name, ": operand axes must have extent 1 or the result's, got ", in[0], " to shape ", p.shape,
                              " along ", dims, "; reshape the operand first"));
    }
    return {sized(name, to)};
  }
  static constexpr Linear jvp = linear;
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    const auto& a = args.operands[0].aval;
    Dims summed;  // a sum over an extent of 1 would only move elements
    for (const auto d : remaining(static_cast<std::int64_t>(p.shape.size()), p.broadcast_dimensions))
      if (p.shape[static_cast<std::size_t>(d)] != 1) summed.push_back(d);
    for (std::size_t i = 0; i < a.shape.size(); ++i) {
      const auto d = p.broadcast_dimensions[i];
      if (a.shape[i] == 1 && p.shape[static_cast<std::size_t>(d)] != 1) summed.push_back(d);
    }
    const auto& ct = args.cotangents[0];
    const auto sum = summed.empty() ? ct : reduce_sum(ct, summed);
    return {sum.shape() == a.shape ? sum : reshape(sum, a.shape)};
  }
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    Params q{shifted(p.broadcast_dimensions), p.shape};
    q.broadcast_dimensions.insert(0, 0);
    q.shape.insert(0, args.size);
    return {{bind_one<BroadcastInDim>(args.operands, q)}, {1}};
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return {b.broadcast(in[0], p.shape, p.broadcast_dimensions)};
  }
};

struct Reshape {
  static constexpr std::string_view name = "reshape";
  static constexpr auto locality = Locality::moved;
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (Shape, new_sizes));
  };
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    if (checked_element_count(name, p.new_sizes) != in[0].size())
      throw ValueError(text(name, ": the new shape must have ", in[0].size(), " elements, got ", p.new_sizes, " for ", in[0],
                            "; fx::reshape computes one extent that is given as -1"));
    return {{p.new_sizes, in[0].dtype, in[0].weak}};
  }
  static constexpr Linear jvp = linear;
  static Arrays transpose(const TransposeArgs& args, const Params&) {
    return {lax::reshape(args.cotangents[0], args.operands[0].aval.shape)};
  }
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    Params q = p;
    q.new_sizes.insert(0, args.size);
    return {{bind_one<Reshape>(args.operands, q)}, {1}};
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return {b.reshape(in[0], p.new_sizes)};
  }
};

struct Transpose {
  static constexpr std::string_view name = "transpose";
  static constexpr auto locality = Locality::moved;
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (Dims, permutation));
  };
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    check_axes(name, "permutation", p.permutation, in[0]);
    if (p.permutation.size() != in[0].shape.size())
      throw ValueError(text(name, ": permutation must name every axis once, got ", p.permutation, " for ", in[0],
                            "; add the missing ones"));
    Shape s;
    for (auto d : p.permutation) s.push_back(in[0].shape[static_cast<std::size_t>(d)]);
    return {{s, in[0].dtype, in[0].weak}};
  }
  static constexpr Linear jvp = linear;
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    return {lax::transpose(args.cotangents[0], inverse(p.permutation))};
  }
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    Params q{shifted(p.permutation)};
    q.permutation.insert(0, 0);
    return {{bind_one<Transpose>(args.operands, q)}, {1}};
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return {b.transpose(in[0], p.permutation)};
  }
};

struct Rev {
  static constexpr std::string_view name = "rev";
  static constexpr auto locality = Locality::moved;
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (Dims, dimensions));
  };
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    check_axes(name, "dimensions", p.dimensions, in[0]);
    return {in[0]};
  }
  static constexpr Linear jvp = linear;
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    return {bind_one<Rev>({&args.cotangents[0], 1}, p)};
  }
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    return {{bind_one<Rev>(args.operands, {shifted(p.dimensions)})}, {1}};
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    const auto shape = b.type(in[0]).shape;
    Dims start(shape.size(), 0), stride(shape.size(), 1);
    for (auto d : p.dimensions) {
      const auto i = static_cast<std::size_t>(d);
      start[i] = shape[i] == 0 ? 0 : shape[i] - 1;
      stride[i] = -1;
    }
    return {b.slice(in[0], start, stride, shape)};
  }
};

struct Iota {
  static constexpr std::string_view name = "iota";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (DType, dtype), (Shape, shape), (std::int64_t, dimension));
  };
  static Avals abstract_eval(AvalSpan, const Params& p) {
    const Aval a{p.shape, p.dtype, false};
    if (p.dtype == DType::bool_ || is_key(p.dtype) || p.dtype == DType::float0)
      throw TypeError(text(name, ": the dtype must be a number's, got ", p.dtype, "; count in int64 and convert"));
    check_axes(name, "dimension", {p.dimension}, a);
    return {sized(name, a)};
  }
  static constexpr no_jvp jvp{"constant"};
  static constexpr no_transpose transpose{"constant"};
  static BatchOut batch(const BatchArgs&, const Params& p) { return {{lax::iota(p.dtype, p.shape, p.dimension)}, {0}}; }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId>, const Params& p) {
    return {b.iota({p.dtype, p.shape}, p.dimension)};
  }
};

}  // namespace

Array broadcast_in_dim(const Array& x, const Shape& shape, const Dims& broadcast_dimensions) {
  return bind_one<BroadcastInDim>({&x, 1}, {broadcast_dimensions, shape});
}
Array reshape(const Array& x, const Shape& shape) { return bind_one<Reshape>({&x, 1}, {shape}); }
Array transpose(const Array& x, const Dims& permutation) { return bind_one<Transpose>({&x, 1}, {permutation}); }
Array rev(const Array& x, const Dims& dimensions) { return bind_one<Rev>({&x, 1}, {dimensions}); }
Array iota(DType dtype, const Shape& shape, std::int64_t dimension) {
  return bind_one<Iota>({}, {dtype, shape, dimension});
}
Array full(const Shape& shape, const Array& scalar) {
  return shape.empty() ? scalar : broadcast_in_dim(scalar, shape, {});
}

void list_shapes(Readables& to) {
  to.insert(to.end(), {readable<BroadcastInDim>(1), readable<Reshape>(1), readable<Transpose>(1), readable<Rev>(1),
                       readable<Iota>(0)});
}

}  // namespace fluxion::lax

const fluxion::Dims* fluxion::ops::repetition(const Primitive& p, ParamsView params) {
  if (&p != &define<lax::BroadcastInDim>()) return nullptr;
  return &params.as<lax::BroadcastInDim::Params>().broadcast_dimensions;
}
