// SPDX-License-Identifier: Apache-2.0
#include "arpline/detach.hpp"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "base/error.hpp"
#include "base/foreign_text.hpp"
#include "control/client.hpp"
#include "kernel/programs.hpp"

namespace arpline {
namespace {

constexpr std::chrono::milliseconds kPatience{3000};
constexpr std::chrono::milliseconds kStep{20};

// Asks the daemon to detach itself; true once it has let go of the parent.
bool ask_daemon(const PinName& name, const Roots& roots) {
  if (!ask(roots.run + "/" + name.text() + "/control.sock", {{"cmd", "detach"}})) return false;
  for (auto waited = kStep; waited < kPatience; waited += kStep) {
    if (!is_locked(roots.run, name.text())) return true;
    std::this_thread::sleep_for(kStep);
  }
  return false;
}

}  // namespace

int detach(const std::string& interface, const Roots& roots) {
  const auto parents = find_parents(roots, interface, Looker::root);
  if (parents.empty()) {
    throw SetupError(
        fmt::format("{}: arpline is not attached in this network namespace; `arpline status` lists where",
                    visible(interface)));
  }
  for (const auto& name : parents) {
    const auto folder = roots.pins + "/" + name.text();
    const bool by_daemon = ask_daemon(name, roots);
    if (!by_daemon) {
      detach_pinned(folder, pinned_ifindex(folder));
      remove_run_folder(roots.run, name.text());
    }
    fmt::print("{}: detached{}\n", visible(interface), by_daemon ? ", the daemon has ended" : "");
    if (!by_daemon && is_locked(roots.run, name.text()))
      fmt::print(stderr, "{}: an arplined hangs and was left running; end it before another one is started\n",
                 visible(interface));
  }
  return 0;
}

}  // namespace arpline
