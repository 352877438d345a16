// Parameters of equations, under the name that the core's files know: users' primitives have them too.
#pragma once

#include <fluxion/extend/params.hpp>
