// SPDX-License-Identifier: Apache-2.0
#include "sim/run.hpp"

#include "sim/recovery.hpp"

namespace arpline::sim {
namespace {

// The time for which a container may still be answered for after it is gone, until control has learned of it.
constexpr Time kUnheard = 10 * kMs;
constexpr Time kLongest = 1000 * kSecond;

class Runner {
 public:
  Runner(const Scenario& scenario, const MakeMachine& make_machine);

  void run(const std::optional<Property>& until);
  Outcome outcome(std::size_t trace_lines) const;

 private:
  void peers_chat(std::size_t container);
  void container_chats(std::size_t container);
  bool lives(Mac mac, Ipv4 address, std::uint16_t vlan);
  void plan(const PlannedFault& fault);

  const Scenario& scenario_;
  Queue queue_;
  Trace trace_;
  Findings findings_;
  Checks checks_;
  Network network_;
  Faults faults_;
  Recovery recovery_;
  Service service_;
};

Runner::Runner(const Scenario& scenario, const MakeMachine& make_machine)
    : scenario_(scenario),
      trace_(queue_),
      findings_(queue_),
      checks_(findings_, scenario.containers),
      network_(scenario, queue_, trace_, checks_, make_machine),
      faults_(scenario, queue_, trace_, network_, findings_),
      recovery_(scenario, queue_, network_, checks_, faults_, findings_),
      service_(findings_, queue_) {
  network_.host().serve(service_);
  checks_.set_truth(
      {.slot = [this](Id id) -> const arpl_slot& { return network_.host().daemon().slot(id); },
       .lives = [this](Mac mac, Ipv4 address, std::uint16_t vlan) { return lives(mac, address, vlan); },
       .remembered = [this] { return network_.host().daemon().machines().remembered(); }});
}

bool Runner::lives(Mac mac, Ipv4 address, std::uint16_t vlan) {
  auto& host = network_.host();
  for (std::size_t i = 0; i < host.containers(); ++i) {
    const auto& identity = host.container(i).identity();
    if (identity.address != address || identity.vlan != vlan) continue;
    const bool unheard = queue_.now() < host.last_changed(i) + kUnheard;
    return (identity.mac == mac && (host.runs(i) || unheard)) || (host.earlier_mac(i) == mac && unheard);
  }
  return false;
}

// Sends background traffic.
void Runner::peers_chat(std::size_t container) {
  for (auto* peer : network_.peers_of(container)) peer->stack.ping(network_.address_of(container), 0);
  queue_.after(uniform(network_.rng(), 3000, 20000) * kMs, [this, container] { peers_chat(container); });
}

void Runner::container_chats(std::size_t container) {
  if (const auto* gateway = network_.gateway_of(container);
      gateway != nullptr && network_.host().runs(container))
    network_.host().container(container).ping(gateway->stack.identity().address, 0);
  queue_.after(uniform(network_.rng(), 5000, 60000) * kMs, [this, container] { container_chats(container); });
}

void Runner::plan(const PlannedFault& fault) {
  faults_.prepare(fault);
  queue_.after(fault.at, [this, &fault] {
    if (scenario_.single) recovery_.fault_begins();
    faults_.begin(fault);
    if (scenario_.single && Faults::is_instant(fault.fault)) recovery_.fault_ends();
  });
  if (Faults::is_instant(fault.fault)) return;
  queue_.after(fault.at + fault.lasts, [this, &fault] {
    faults_.end(fault);
    if (scenario_.single) recovery_.fault_ends();
  });
}

void Runner::run(const std::optional<Property>& until) {
  network_.host().start();
  for (std::size_t i = 0; i < scenario_.containers && !scenario_.quiet; ++i) {
    queue_.after(random_below(network_.rng(), 5 * kSecond), [this, i] { peers_chat(i); });
    queue_.after(random_below(network_.rng(), 30 * kSecond), [this, i] { container_chats(i); });
  }
  for (const auto& fault : scenario_.faults) plan(fault);
  queue_.run(scenario_.single ? kLongest : scenario_.end, [&] {
    const bool failed = until ? findings_.failed(*until) : findings_.failed();
    return failed || (scenario_.single && recovery_.done());
  });
  service_.end();
  trace_.event("end");
}

Outcome Runner::outcome(std::size_t trace_lines) const {
  Outcome outcome{.failures = findings_.failures(),
                  .exercised = findings_.exercised(),
                  .hash = trace_.hash(),
                  .trace = trace_.lines(trace_lines)};
  for (std::size_t i = 0; i < kProperties; ++i) outcome.failed[i] = findings_.failed(static_cast<Property>(i));
  return outcome;
}

}  // namespace

Outcome run(const Scenario& scenario, const Watched& watched) {
  Runner runner(scenario, watched.make_machine);
  runner.run(watched.until);
  return runner.outcome(watched.trace_lines);
}

}  // namespace arpline::sim
