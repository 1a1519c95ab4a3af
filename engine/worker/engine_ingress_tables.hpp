// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/spsc.hpp"
#include "endpoints/tables.hpp"

namespace arpline {

using EventRing = Spsc<arpl_event, 256>;

/// What a worker without ingress in front decides with, and what it leaves for control: owned by control, which
/// outlives it.
struct EngineIngressTables {
  arpl_tables decision;
  arpl_verdict_counts counts{};  ///< the worker's; read with load_shared()
  EventRing events;              ///< from the worker to control; a full ring loses events
};

}  // namespace arpline
