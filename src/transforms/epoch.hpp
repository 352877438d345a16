// Epochs: readers of a shared structure take no lock, and what writers unlink is destroyed when no reader can
// still see it (epoch-based reclamation, Fraser 2004).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace fluxion::epoch {

/// While it lives, nothing that this thread can reach in the shared structure is destroyed. Nests.
class Reading {
 public:
  Reading();
  ~Reading();
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
};

/// Takes over what a writer has just unlinked, and returns what no reader can see any more, for the caller to
/// destroy when it holds no lock. Calls must not overlap.
std::vector<std::shared_ptr<const void>> retire(std::vector<std::shared_ptr<const void>> unlinked);

}  // namespace fluxion::epoch
