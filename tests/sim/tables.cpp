// SPDX-License-Identifier: Apache-2.0
#include "sim/tables.hpp"

#include "config/limits.hpp"

namespace arpline::sim {
namespace {

constexpr std::uint64_t kPairTtlNs = 60 * ARPL_SECOND_NS;
constexpr std::uint64_t kCreditWindow = 128;

}  // namespace

MapsInMemory::MapsInMemory() {
  Limits{}.write(limits_);
  limits_.pair_ttl_ns = kPairTtlNs;
  limits_.events = {};  // whatever is claimed is told: what is not is for the machines' own tests
  limits_.credit_window = kCreditWindow;
  auto& tables = front_.decision;
  // Of any value, but always the same.
  arpl_derive_keys(0x6172706c696e6520U, 0x73696d756c617465U, &tables.keys);
  tables.lease = &lease_;
  tables.limits = &limits_;
  tables.macs = &macs_;
  tables.endpoints = &endpoints_;
  tables.slots = slots_.all();
  tables.stats = stats_.all();
  tables.index = index_.all();
  tables.filter = filter_.all();
  tables.pairs = pairs_.all();
  tables.heard = heard_.all();
  tables.buckets = buckets_.all();
  tables.credit = credit_.all();
  tables.sockets = 1;
}

}  // namespace arpline::sim
