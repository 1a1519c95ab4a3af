// SPDX-License-Identifier: Apache-2.0
#include "kernel/time_offset.hpp"

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/fd.hpp"

namespace arpline {
namespace {

// PROC_TIME_INIT_INO of linux/proc_ns.h.
constexpr ino_t kFirstTimeNamespace = 0xEFFFFFFA;
constexpr int kMeasurements = 8;

bool is_first_namespace() {
  struct stat info {};
  return stat("/proc/self/ns/time", &info) != 0 || info.st_ino == kFirstTimeNamespace;
}

// Writes bpf_ktime_get_ns() to the first bytes of the frame.
constexpr std::array<bpf_insn, 9> kReadKernelTime{{
    {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_6, .src_reg = BPF_REG_1, .off = 0, .imm = 0},
    {.code = BPF_JMP | BPF_CALL, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = BPF_FUNC_ktime_get_ns},
    {.code = BPF_LDX | BPF_W | BPF_MEM, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_6, .off = 0, .imm = 0},
    {.code = BPF_LDX | BPF_W | BPF_MEM, .dst_reg = BPF_REG_3, .src_reg = BPF_REG_6, .off = 4, .imm = 0},
    {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_4, .src_reg = BPF_REG_2, .off = 0, .imm = 0},
    // BPF_K, an immediate, is 0, as BPF_ADD is.
    {.code = BPF_ALU64 | BPF_ADD, .dst_reg = BPF_REG_4, .src_reg = 0, .off = 0, .imm = 8},
    {.code = BPF_JMP | BPF_JGT | BPF_X, .dst_reg = BPF_REG_4, .src_reg = BPF_REG_3, .off = 1, .imm = 0},
    {.code = BPF_STX | BPF_DW | BPF_MEM, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_0, .off = 0, .imm = 0},
    {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
}};

std::optional<Instant> kernel_time(int program) {
  std::array<std::uint64_t, 8> frame{};
  bpf_test_run_opts options{};
  options.sz = sizeof options;
  options.data_in = options.data_out = frame.data();
  options.data_size_in = options.data_size_out = sizeof frame;
  if (bpf_prog_test_run_opts(program, &options) != 0 || frame.front() == 0) return std::nullopt;
  return instant_from_raw(frame.front());
}

// The measurement that took least time is the most exact one.
std::optional<Duration> measured_offset() {
  const Fd program{bpf_prog_load(BPF_PROG_TYPE_XDP, "arpl_time", "GPL", kReadKernelTime.data(),
                                 kReadKernelTime.size(), nullptr)};
  std::optional<Duration> offset;
  auto least = Duration::max();
  for (int i = 0; program && i < kMeasurements; ++i) {
    const auto before = Clock::now();
    const auto kernel = kernel_time(program.get());
    const auto took = Clock::now() - before;
    if (!kernel || took >= least) continue;
    least = took;
    offset = *kernel - before - took / 2 + Clock::offset.load();
  }
  return offset;
}

// timens_offsets is about the namespace of this process's children, which is the process's own unless it has
// just made a new one.
std::optional<Duration> offset_from_proc() {
  std::ifstream offsets{"/proc/self/timens_offsets"};
  std::string clock;
  for (std::int64_t seconds = 0, rest = 0; offsets >> clock >> seconds >> rest;)
    if (clock == "monotonic") return -(std::chrono::seconds{seconds} + Duration{rest});
  return std::nullopt;
}

}  // namespace

Duration time_offset() {
  if (is_first_namespace()) return 0s;
  auto offset = measured_offset();
  if (!offset) offset = offset_from_proc();
  if (!offset)
    throw SetupError(
        "the offset of this time namespace is not known; start arpline outside of it: see time_namespaces(7)");
  return *offset;
}

}  // namespace arpline
