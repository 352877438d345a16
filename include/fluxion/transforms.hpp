// The transformations of functions over trees of arrays.
#pragma once

#include <fluxion/axes.hpp>
#include <fluxion/lift.hpp>
#include <fluxion/options.hpp>
#include <fluxion/transforms/checkpoint.hpp>
#include <fluxion/transforms/custom_jvp.hpp>
#include <fluxion/transforms/custom_vjp.hpp>
#include <fluxion/transforms/grad.hpp>
#include <fluxion/transforms/hvp.hpp>
#include <fluxion/transforms/jacobian.hpp>
#include <fluxion/transforms/jaxpr.hpp>
#include <fluxion/transforms/jet.hpp>
#include <fluxion/transforms/jit.hpp>
#include <fluxion/transforms/jvp.hpp>
#include <fluxion/transforms/linear_transpose.hpp>
#include <fluxion/transforms/stop_gradient.hpp>
#include <fluxion/transforms/vjp.hpp>
#include <fluxion/transforms/vmap.hpp>
#include <fluxion/tree.hpp>
