// All of Fluxion.
#pragma once

#include <fluxion/array.hpp>
#include <fluxion/callbacks.hpp>
#include <fluxion/collectives.hpp>
#include <fluxion/control.hpp>
#include <fluxion/error.hpp>
#include <fluxion/fft.hpp>
#include <fluxion/guards.hpp>
#include <fluxion/implicit.hpp>
#include <fluxion/io.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/nn.hpp>
#include <fluxion/nn/initializers.hpp>
#include <fluxion/nn/pooling.hpp>
#include <fluxion/numpy.hpp>
#include <fluxion/random.hpp>
#include <fluxion/ravel.hpp>
#include <fluxion/scipy/linalg.hpp>
#include <fluxion/scipy/special.hpp>
#include <fluxion/summary.hpp>
#include <fluxion/timeit.hpp>
#include <fluxion/transforms.hpp>
#include <fluxion/transforms/custom_vmap.hpp>
