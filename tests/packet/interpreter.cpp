// SPDX-License-Identifier: Apache-2.0
#include "packet/interpreter.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "base/error.hpp"

namespace arpline::packet {
namespace {

constexpr unsigned kDeepest = 8;  // functions that call each other
constexpr std::size_t kFrameBytes = 2048;
constexpr std::size_t kHeadroom = 256;
constexpr std::size_t kStackBytes = 512;

template <class T>
T load(std::uint64_t address) {
  T value{};
  std::memcpy(&value, reinterpret_cast<const void*>(address), sizeof value);
  return value;
}

std::uint64_t load_sized(std::uint64_t address, int size) {
  switch (size) {
    case BPF_B:
      return load<std::uint8_t>(address);
    case BPF_H:
      return load<std::uint16_t>(address);
    case BPF_W:
      return load<std::uint32_t>(address);
    default:
      return load<std::uint64_t>(address);
  }
}

void store_sized(std::uint64_t address, int size, std::uint64_t value) {
  const std::size_t bytes = size == BPF_B ? 1 : size == BPF_H ? 2 : size == BPF_W ? 4 : 8;
  std::memcpy(reinterpret_cast<void*>(address), &value, bytes);  // little-endian, as frame.hpp asserts
}

template <class T>
std::uint64_t result(int operation, T a, T b) {
  constexpr T most = sizeof(T) * 8 - 1;
  using Signed = std::make_signed_t<T>;
  switch (operation) {
    case BPF_ADD:
      return static_cast<T>(a + b);
    case BPF_SUB:
      return static_cast<T>(a - b);
    case BPF_MUL:
      return static_cast<T>(a * b);
    case BPF_OR:
      return a | b;
    case BPF_AND:
      return a & b;
    case BPF_XOR:
      return a ^ b;
    case BPF_LSH:
      return static_cast<T>(a << (b & most));
    case BPF_RSH:
      return a >> (b & most);
    case BPF_ARSH:
      return static_cast<T>(static_cast<Signed>(a) >> (b & most));
    case BPF_NEG:
      return static_cast<T>(0 - a);
    case BPF_MOV:
      return b;
    default:
      throw std::runtime_error(fmt::format("no such operation here: {:#x}", operation));
  }
}

template <class T>
bool holds(int condition, T a, T b) {
  using Signed = std::make_signed_t<T>;
  const auto sa = static_cast<Signed>(a);
  const auto sb = static_cast<Signed>(b);
  switch (condition) {
    case BPF_JEQ:
      return a == b;
    case BPF_JNE:
      return a != b;
    case BPF_JGT:
      return a > b;
    case BPF_JGE:
      return a >= b;
    case BPF_JLT:
      return a < b;
    case BPF_JLE:
      return a <= b;
    case BPF_JSET:
      return (a & b) != 0;
    case BPF_JSGT:
      return sa > sb;
    case BPF_JSGE:
      return sa >= sb;
    case BPF_JSLT:
      return sa < sb;
    case BPF_JSLE:
      return sa <= sb;
    default:
      throw std::runtime_error(fmt::format("no such jump here: {:#x}", condition));
  }
}

std::uint64_t swapped(const bpf_insn& insn, std::uint64_t value) {
  const auto unused = 64 - insn.imm;  // the bits beyond the swapped ones
  if ((insn.code & BPF_TO_BE) != 0) return __builtin_bswap64(value) >> unused;
  return value << unused >> unused;
}

}  // namespace

/// The memory that the context points to, below 4 GiB because its fields have 32 bits; and the stacks.
struct Interpreter::Low {
  xdp_md context;
  std::uint8_t frame[kHeadroom + kFrameBytes];
  alignas(8) std::uint8_t stack[kDeepest][kStackBytes];
};

Interpreter::Interpreter(const bpf_program* program, std::uint64_t now)
    : code_(bpf_program__insns(program), bpf_program__insn_cnt(program)), now_(now) {
  void* memory =
      mmap(nullptr, sizeof(Low), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (memory == MAP_FAILED) throw_errno("get memory below 4 GiB", errno);
  low_ = static_cast<Low*>(memory);
}

Interpreter::~Interpreter() {
  munmap(low_, sizeof(Low));
}

Way Interpreter::run(const Bytes& frame, std::uint32_t queue) {
  if (frame.size() > kFrameBytes) throw std::runtime_error("a frame too long");
  std::ranges::copy(frame, low_->frame + kHeadroom);
  const auto data = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(low_->frame + kHeadroom));
  low_->context = {};
  low_->context.data = low_->context.data_meta = data;
  low_->context.data_end = data + static_cast<std::uint32_t>(frame.size());
  low_->context.rx_queue_index = queue;
  for (auto& [fd, one] : tables_)
    if (one.type != BPF_MAP_TYPE_PERCPU_ARRAY) one.copies.clear();
  way_ = {};
  registers_[1] = reinterpret_cast<std::uintptr_t>(&low_->context);
  run_function(0, 0);
  way_.retval = static_cast<int>(registers_[0]);
  return way_;
}

void Interpreter::run_function(std::size_t at, unsigned depth) {
  if (depth == kDeepest) throw std::runtime_error("too many functions call each other");
  registers_[10] = reinterpret_cast<std::uintptr_t>(low_->stack[depth] + kStackBytes);
  while (true) {
    const bpf_insn& insn = code_[at];
    ++way_.instructions;
    const auto kind = BPF_CLASS(insn.code);
    if (insn.code == (BPF_JMP | BPF_EXIT)) return;
    if (insn.code == (BPF_JMP | BPF_CALL)) {
      call(insn, at++, depth);
    } else if (kind == BPF_JMP || kind == BPF_JMP32) {
      at = jump(insn, at);
    } else if (insn.code == (BPF_LD | BPF_IMM | BPF_DW)) {
      load_constant(at);
      at += 2;
    } else {
      if (kind == BPF_ALU || kind == BPF_ALU64)
        calculate(insn);
      else
        access(insn);
      ++at;
    }
  }
}

std::size_t Interpreter::jump(const bpf_insn& insn, std::size_t at) const {
  const auto next = at + 1 + static_cast<std::size_t>(static_cast<std::ptrdiff_t>(insn.off));
  if (BPF_OP(insn.code) == BPF_JA) return next;
  const auto a = registers_.at(insn.dst_reg);
  const auto b = BPF_SRC(insn.code) == BPF_X ? registers_.at(insn.src_reg)
                                             : static_cast<std::uint64_t>(std::int64_t{insn.imm});
  const auto condition = BPF_OP(insn.code);
  const bool taken = BPF_CLASS(insn.code) == BPF_JMP
                         ? holds(condition, a, b)
                         : holds(condition, static_cast<std::uint32_t>(a), static_cast<std::uint32_t>(b));
  return taken ? next : at + 1;
}

void Interpreter::calculate(const bpf_insn& insn) {
  auto& to = registers_.at(insn.dst_reg);
  if (BPF_OP(insn.code) == BPF_END) {
    to = swapped(insn, to);
    return;
  }
  const auto b = BPF_SRC(insn.code) == BPF_X ? registers_.at(insn.src_reg)
                                             : static_cast<std::uint64_t>(std::int64_t{insn.imm});
  to = BPF_CLASS(insn.code) == BPF_ALU64
           ? result(BPF_OP(insn.code), to, b)
           : result(BPF_OP(insn.code), static_cast<std::uint32_t>(to), static_cast<std::uint32_t>(b));
}

void Interpreter::access(const bpf_insn& insn) {
  const auto offset = static_cast<std::uint64_t>(std::int64_t{insn.off});
  const auto size = BPF_SIZE(insn.code);
  switch (BPF_CLASS(insn.code) | BPF_MODE(insn.code)) {
    case BPF_LDX | BPF_MEM:
      registers_.at(insn.dst_reg) = load_sized(registers_.at(insn.src_reg) + offset, size);
      return;
    case BPF_STX | BPF_MEM:
      store_sized(registers_.at(insn.dst_reg) + offset, size, registers_.at(insn.src_reg));
      return;
    case BPF_ST | BPF_MEM:
      store_sized(registers_.at(insn.dst_reg) + offset, size,
                  static_cast<std::uint64_t>(std::int64_t{insn.imm}));
      return;
    case BPF_STX | BPF_ATOMIC:
      change_atomically(insn);
      return;
    default:
      throw std::runtime_error(fmt::format("no such access here: {:#x}", insn.code));
  }
}

void Interpreter::change_atomically(const bpf_insn& insn) {
  const auto size = BPF_SIZE(insn.code);
  const auto address = registers_.at(insn.dst_reg) + static_cast<std::uint64_t>(std::int64_t{insn.off});
  const auto before = load_sized(address, size);
  auto& operand = registers_.at(insn.src_reg);
  if (insn.imm == BPF_CMPXCHG) {
    if (before == registers_[0]) store_sized(address, size, operand);
    registers_[0] = before;
    return;
  }
  store_sized(address, size, insn.imm == BPF_XCHG ? operand : result(insn.imm & ~BPF_FETCH, before, operand));
  if ((insn.imm & BPF_FETCH) != 0) operand = before;
}

// A map is its descriptor; a place in a map's value is the memory.
void Interpreter::load_constant(std::size_t at) {
  const bpf_insn& insn = code_[at];
  const auto low = static_cast<std::uint32_t>(insn.imm);
  const auto high = static_cast<std::uint32_t>(code_[at + 1].imm);
  auto& to = registers_.at(insn.dst_reg);
  if (insn.src_reg == BPF_PSEUDO_MAP_VALUE)
    to = reinterpret_cast<std::uintptr_t>(table(insn.imm).memory.as<std::uint8_t>().data()) + high;
  else
    to = low | std::uint64_t{high} << 32U;
}

void Interpreter::call(const bpf_insn& insn, std::size_t at, unsigned depth) {
  if (insn.src_reg != BPF_PSEUDO_CALL) {
    registers_[0] = call_helper(insn.imm);
    return;
  }
  ++way_.calls;
  const auto callers = registers_;
  run_function(at + 1 + static_cast<std::size_t>(std::ptrdiff_t{insn.imm}), depth + 1);
  std::ranges::copy(std::span{callers}.subspan(6), registers_.begin() + 6);
}

std::uint64_t Interpreter::call_helper(std::int32_t helper) {
  if (helper == BPF_FUNC_map_lookup_elem) {
    ++way_.look_ups;
    return look_up(static_cast<int>(registers_[1]), registers_[2]);
  }
  ++way_.calls;
  switch (helper) {
    case BPF_FUNC_ktime_get_ns:
      return now_;
    case BPF_FUNC_jiffies64:
      return 1;
    case BPF_FUNC_ringbuf_output:
      return 0;
    case BPF_FUNC_redirect_map:
      return XDP_REDIRECT;
    case BPF_FUNC_xdp_get_buff_len:
      return low_->context.data_end - low_->context.data;
    case BPF_FUNC_xdp_adjust_meta:
      low_->context.data_meta += static_cast<std::uint32_t>(registers_[2]);
      return 0;
    default:
      throw std::runtime_error(fmt::format("no such helper here: {}", helper));
  }
}

// Returns the address of the value, 0 when there is none.
std::uint64_t Interpreter::look_up(int map, std::uint64_t key) {
  Table& found = table(map);
  const auto memory = found.memory.as<std::uint8_t>();
  if (!memory.empty()) {
    const auto index = load<std::uint32_t>(key);
    if (index >= found.entries) return 0;
    return reinterpret_cast<std::uintptr_t>(memory.data()) +
           std::uint64_t{index} * ((found.value_bytes + 7) & ~7U);
  }
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(key);
  const auto [copy, is_new] =
      found.copies.try_emplace(Bytes(bytes, bytes + found.key_bytes), (found.value_bytes + 7) / 8);
  const bool is_read = found.type == BPF_MAP_TYPE_HASH;  // the others begin with zeroes
  if (is_new && is_read && bpf_map_lookup_elem(map, bytes, copy->second.data()) != 0) {
    found.copies.erase(copy);
    return 0;
  }
  return reinterpret_cast<std::uintptr_t>(copy->second.data());
}

Interpreter::Table& Interpreter::table(int map) {
  if (const auto found = tables_.find(map); found != tables_.end()) return found->second;
  bpf_map_info info{};
  __u32 length = sizeof info;
  if (bpf_obj_get_info_by_fd(map, &info, &length) != 0) throw_errno("ask for a map's information", errno);
  Table made{.type = info.type,
             .key_bytes = info.key_size,
             .value_bytes = info.value_size,
             .entries = info.max_entries,
             .memory = {}};
  if ((info.map_flags & BPF_F_MMAPABLE) != 0)
    made.memory = Mapped(map, std::size_t{info.max_entries} * ((info.value_size + 7) & ~7U),
                         (info.map_flags & BPF_F_RDONLY_PROG) == 0, info.name);
  return tables_.emplace(map, std::move(made)).first->second;
}

}  // namespace arpline::packet
