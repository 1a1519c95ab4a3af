// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace arpline::bench {

class Harness;

/// Runs every row of the packet tables through the loaded programs: wire/VERDICT/ROW and egress/OUTCOME/ROW,
/// with wire/empty and wire/reflector for comparison. The unit is the time of one frame.
void register_programs(Harness& harness);

/// The shared headers as the engine compiles them: header/WHAT.
void register_headers();

/// The protocol machines: protocol/WHAT_ENDPOINTS. The unit is the time for one endpoint in one second of
/// operation.
void register_protocol();

}  // namespace arpline::bench
