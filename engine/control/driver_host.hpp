// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/foreign_text.hpp"
#include "control/inside_sender.hpp"
#include "kernel/routes.hpp"

namespace arpline {

/// Opens a container's namespace for one operation; empty when it is gone.
using OpenNetns = std::function<Fd(int nsid)>;

/// The host as ProtocolDriver needs it, beside its tables and its worker. The simulator has an implementation
/// of its own.
class DriverHost {
 public:
  virtual ~DriverHost() = default;
  /// In nanoseconds of CLOCK_MONOTONIC.
  virtual Instant now() const = 0;
  /// The routes of a namespace; nullopt: they can't be read now.
  virtual std::optional<std::vector<Route>> routes_of(int nsid) = 0;
  /// The IPv4 addresses of an interface in the own namespace.
  virtual std::vector<Ipv4> addresses_of(const ForeignText& interface) = 0;
  /// True when no frame is on its way into a container: send_inside() may be called, and take_failed() returns
  /// the frames that could not be sent.
  virtual bool inside_idle() const = 0;
  /// Sends frames through interfaces of this namespace; false when it is gone. Only when inside_idle().
  virtual bool send_inside(int nsid, std::vector<InsideFrame> frames) = 0;
  virtual std::vector<InsideFrame> take_failed() = 0;
};

/// The host that arplined runs on.
class KernelHost final : public DriverHost {
 public:
  explicit KernelHost(OpenNetns open) : open_(std::move(open)) {}

  Instant now() const override;
  std::optional<std::vector<Route>> routes_of(int nsid) override;
  std::vector<Ipv4> addresses_of(const ForeignText& interface) override;
  bool inside_idle() const override { return sender_.idle(); }
  bool send_inside(int nsid, std::vector<InsideFrame> frames) override;
  std::vector<InsideFrame> take_failed() override { return sender_.take_failed(); }

 private:
  OpenNetns open_;
  InsideSender sender_;
};

}  // namespace arpline
