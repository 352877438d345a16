// FLUXION_LIFT: an overload set as a function object.
#pragma once

/// Makes a function object of a name that stands for several overloads or a template, which cannot be passed by
/// itself: grad(FLUXION_LIFT(fx::sum)). This is the only macro of the public headers.
#define FLUXION_LIFT(f)                                                                         \
  [](auto&&... fluxion_args) -> decltype(f(static_cast<decltype(fluxion_args)&&>(fluxion_args)...)) { \
    return f(static_cast<decltype(fluxion_args)&&>(fluxion_args)...);                           \
  }
