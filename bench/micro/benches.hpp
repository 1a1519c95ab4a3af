// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace arpline::bench {

class Harness;

/// Every row of the packet tables through the loaded programs: wire/VERDICT/ROW and egress/OUTCOME/ROW; beside
/// them wire/empty and wire/reflector. The time is that of one frame.
void register_programs(Harness& harness);

/// The shared headers as the engine compiles them: header/WHAT.
void register_headers();

/// The protocol machines: protocol/WHAT_ENDPOINTS. The time is that of one endpoint and one second of theirs.
void register_protocol();

}  // namespace arpline::bench
