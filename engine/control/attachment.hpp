// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "control/leases.hpp"
#include "control/parent_state.hpp"
#include "kernel/pins.hpp"
#include "kernel/programs.hpp"

namespace arpline {

/// Holds a parent: its lock, the folder of pins, the BPF programs and the lease that lets them answer. Unless
/// keep() or detach() was called, the destructor takes back all that this run has made; programs that an
/// earlier run left attached stay then, and pass everything.
class Attachment {
 public:
  static constexpr Duration kKeepLease = 3s;

  /// Locks the parent and loads the programs; attaches nothing yet. `state` and `leases` outlive it. Throws
  /// SetupError.
  Attachment(const ParentState& state, Leases& leases);
  Attachment(const Attachment&) = delete;
  Attachment& operator=(const Attachment&) = delete;
  ~Attachment();

  /// Throws SetupError.
  void attach();
  /// The programs answer from now on.
  void begin_lease() { leases_.add(maps().lease_word()); }
  /// Nothing is answered once it returns. With `keep` the lease runs for kKeepLease more, so that frames in
  /// the rings and pairs in the cache are still answered.
  void end_lease(bool keep);
  /// Leaves the pinned programs and maps to the next run.
  void keep() noexcept { ended_ = true; }
  void detach() noexcept;

  /// False once our program has been taken off the parent, or the parent is gone.
  bool attached() const noexcept { return programs_->attached(); }
  Programs& programs() noexcept { return *programs_; }
  const Programs& programs() const noexcept { return *programs_; }
  const Maps& maps() const noexcept { return programs_->maps(); }
  const PinName& name() const noexcept { return name_; }
  const std::string& folder() const noexcept { return folder_; }
  std::string socket_path() const { return lock_.socket_path(); }

 private:
  Attachment(const ParentState& state, Leases& leases, PinName name);

  Leases& leases_;
  PinName name_;
  ParentLock lock_;
  std::string folder_;
  std::unique_ptr<PinLock> pin_lock_;
  std::unique_ptr<Programs> programs_;
  bool ended_ = false;
};

}  // namespace arpline
