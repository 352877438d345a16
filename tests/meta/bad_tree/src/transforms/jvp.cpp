#include "core/core.hpp"
#include "lax/lax.hpp"             // bad
