// One call of a jitted function: its key, the compiled program found under it, and its results.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <fluxion/detail/flat_call.hpp>

namespace fluxion::detail {

/// Whether `disable_jit` is in force on this thread.
bool jit_disabled();

/// The identity of a callable that is the same only as itself. Programs compiled for it are dropped with it.
class JitOwner {
 public:
  JitOwner();
  ~JitOwner();
  JitOwner(const JitOwner&) = delete;
  JitOwner& operator=(const JitOwner&) = delete;
  std::uint64_t id() const { return id_; }

 private:
  std::uint64_t id_;
};

struct JitRecord;
struct JitScratch;
struct Staged;

/// All programs are kept in one process-wide table. Looking one up takes no lock; tracing runs outside of any.
class JitCall {
 public:
  /// `owner` is 0 for callables that their type and identity words describe.
  JitCall(std::uint64_t owner, std::uint64_t type);
  ~JitCall();
  JitCall(const JitCall&) = delete;
  JitCall& operator=(const JitCall&) = delete;

  /// Receives identity, static values and traced arguments.
  TreeWriter& key();
  /// Says that the identity has been written, of a function of this type.
  void end_identity(std::uint64_t function);
  /// Says that the static argument at `position` has been written.
  void end_static(int position);
  /// Says that the leaves [first, last) are given up by donate_argnums.
  void donate(std::size_t first, std::size_t last);
  /// The program for the key; false if there is none yet.
  bool find();
  /// Traces `f` and keeps the program, unless it captured a tracer.
  void trace(FlatCall& f, const std::string& name);
  /// Runs the program on the key's leaves. Memory that only they hold, or that is given up, may become the results'.
  void run();
  /// The program for ahead-of-time compilation, with the names of the call's leaves.
  std::shared_ptr<const Staged> staged(const FlatCall& f) const;
  /// The structure of the results, and the results.
  const TreeDef& out() const;
  Arrays&& results();

 private:
  void describe(JitRecord& record, const FlatCall& f) const;
  std::string leaf_name(std::size_t i) const;
  void warn_of_unused_donations() const;

  JitScratch* scratch_;
  const JitRecord* record_ = nullptr;
  std::shared_ptr<const JitRecord> unshared_;  // a program that captured a tracer lives for this call only
  bool traced_ = false;                        // by this call
};

/// The number of programs kept; for tests.
std::size_t jit_cache_size();

}  // namespace fluxion::detail
