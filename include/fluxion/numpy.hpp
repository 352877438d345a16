// The functions of jax.numpy: pure compositions of lax, so that every transformation applies to them.
#pragma once

#include <fluxion/contraction.hpp>
#include <fluxion/creation.hpp>
#include <fluxion/elementwise.hpp>
#include <fluxion/manipulation.hpp>
#include <fluxion/promotion.hpp>
#include <fluxion/reductions.hpp>
