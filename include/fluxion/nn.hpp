// Activations and the like. Names and semantics are jax.nn's.
#pragma once

#include <optional>

#include <fluxion/array.hpp>
#include <fluxion/axis.hpp>
#include <fluxion/reductions.hpp>

namespace fluxion::nn {

/// max(x, 0), with derivative 0 at 0.
Array relu(const Array& x);
/// 1 / (1 + exp(-x)).
Array sigmoid(const Array& x);
/// log(1 + exp(x)) without overflow.
Array softplus(const Array& x);
/// exp(x) / sum(exp(x)) along the axes.
Array softmax(const Array& x, const Axis& axis = -1);
/// log(softmax(x)), accurately.
Array log_softmax(const Array& x, const Axis& axis = -1);
/// A new last axis with 1 at the place x names, and 0 elsewhere: everywhere if x is out of range.
Array one_hot(const Array& x, std::int64_t num_classes, std::optional<DType> dtype = {});
using fluxion::logsumexp;

}  // namespace fluxion::nn

namespace fluxion {
using nn::log_softmax;
using nn::relu;
using nn::sigmoid;
using nn::softmax;
using nn::softplus;
}  // namespace fluxion
