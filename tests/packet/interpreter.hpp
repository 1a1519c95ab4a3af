// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "base/mapped.hpp"
#include "packet/frame.hpp"

struct bpf_insn;
struct bpf_program;

namespace arpline::packet {

/// How long a frame's way through a program is, in instructions as the compiler made them. The kernel puts some
/// six more in the place of each look-up in an array.
struct Way {
  std::uint32_t instructions = 0;
  std::uint32_t look_ups = 0;  ///< in maps
  std::uint32_t calls = 0;     ///< of other helpers and of the program's own functions
  int retval = 0;
};

/// Runs a loaded XDP program one instruction after the other, on the program's own maps, and counts: the kernel
/// does not tell which way a frame takes. It knows what arpline's ingress program uses, and throws
/// std::runtime_error at anything else. What the program writes into maps that are no memory-mapped arrays
/// stays in this object; every queue counts as one with a socket.
class Interpreter {
 public:
  /// `program` outlives it. `now`: the clock of all runs, nanoseconds.
  Interpreter(const bpf_program* program, std::uint64_t now);
  ~Interpreter();
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;

  Way run(const Bytes& frame, std::uint32_t queue);

 private:
  struct Table {
    std::uint32_t type = 0, key_bytes = 0, value_bytes = 0, entries = 0;
    Mapped memory;                                         ///< of a memory-mapped array
    std::map<Bytes, std::vector<std::uint64_t>> copies{};  ///< of other maps: values by key
  };
  struct Low;

  void run_function(std::size_t at, unsigned depth);
  std::size_t jump(const bpf_insn& insn, std::size_t at) const;
  void calculate(const bpf_insn& insn);
  void access(const bpf_insn& insn);
  void change_atomically(const bpf_insn& insn);
  void load_constant(std::size_t at);
  void call(const bpf_insn& insn, std::size_t at, unsigned depth);
  std::uint64_t call_helper(std::int32_t helper);
  std::uint64_t look_up(int map, std::uint64_t key);
  Table& table(int map);

  std::span<const bpf_insn> code_;
  std::uint64_t now_;
  Low* low_;
  std::map<int, Table> tables_;
  std::array<std::uint64_t, 11> registers_{};
  Way way_;
};

}  // namespace arpline::packet
