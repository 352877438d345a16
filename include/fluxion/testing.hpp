// Checks of derivatives, batches and programs; needs no test framework. docs/gradient-checking.md teaches them.
// <fluxion/testing/rapidcheck.hpp> has generators, <fluxion/testing/catch2.hpp> matchers.
#pragma once

#include <fluxion/testing/check.hpp>
#include <fluxion/testing/options.hpp>
#include <fluxion/testing/report.hpp>
