#include <xsimd/xsimd.hpp>
#include "ir/op.hpp"
#include <fluxion/dtype.hpp>
#include <fluxion/detail/dims.hpp>
#include <fluxion/array.hpp>       // bad
#include "core/core.hpp"           // bad
