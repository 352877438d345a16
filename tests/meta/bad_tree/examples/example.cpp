#include <fluxion/fluxion.hpp>
#include <unistd.h>
#include "core/core.hpp"           // bad
