// SPDX-License-Identifier: Apache-2.0
#include "arpgen/maker.hpp"

#include <cstring>

#include "arpgen/bpf/frame.h"
#include "base/shared_word.hpp"

struct arpgen_tables {
  std::span<const std::uint32_t> zipf;
  std::span<const arpgen_target> targets;
};

static __u32 arpgen_zipf_target(const arpgen_tables* tables, __u32 stream, __u32 slot) {
  const auto place = std::size_t{stream} * ARPGEN_ZIPF_SLOTS + slot;
  return place < tables->zipf.size() ? tables->zipf[place] : 0;
}

static __u64 arpgen_target_mac(const arpgen_tables* tables, __u32 place) {
  return place < tables->targets.size() ? arpline::relaxed_load(tables->targets[place].mac) : 0;
}

namespace arpline::gen {

namespace {

// This thread is the only writer; other threads read the counter meanwhile.
void add_one(std::uint64_t& counter) {
  relaxed_store(counter, counter + 1);
}

}  // namespace

Maker::Made Maker::make(std::uint64_t index, std::uint64_t due_ns, std::uint8_t* data) const noexcept {
  const arpgen_tables tables{.zipf = plan_.zipf, .targets = tables_.targets};
  arpgen_frame frame{};
  arpgen_choose(&plan_.plan, &tables, index, &frame);
  arpgen_write(data, &plan_.plan, &tables, index, &frame);
  if (frame.bytes > ARPGEN_MIN_FRAME_BYTES) {
    std::memset(data + ARPGEN_MIN_FRAME_BYTES, 0, frame.bytes - ARPGEN_MIN_FRAME_BYTES);
  }
  if (frame.stream < tables_.frames.size()) add_one(tables_.frames[frame.stream]);
  if (frame.flow < tables_.flows.size() && plan_.plan.count_only == 0) {
    add_one(tables_.asked[frame.target]);
    arpgen_note_sent(&tables_.flows[frame.flow], arpgen_key(frame.requester_ip, frame.target_ip), due_ns);
  }
  return {.bytes = frame.bytes, .stream = frame.stream, .asks = frame.flow != ARPGEN_NO_FLOW};
}

}  // namespace arpline::gen
