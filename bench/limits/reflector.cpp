// SPDX-License-Identifier: Apache-2.0
#include "reflector.hpp"

#include <fmt/format.h>
#include <linux/if_xdp.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "base/error.hpp"

namespace arpline::limits {
namespace {

constexpr std::uint32_t kBatch = 64;
constexpr std::uint32_t kRing = 2048;
// No more frames than a ring has entries, so that no ring can overflow.
constexpr std::uint32_t kFrames = kRing;
constexpr std::uint32_t kFrameBytes = 2048;
constexpr std::size_t kMemoryBytes = std::size_t{kFrames} * kFrameBytes;
constexpr int kSendBufferBytes = 4 << 20;
constexpr int kLongestWaitMs = 100;
// The kernel frees a queue a moment after its last owner has ended.
constexpr std::chrono::seconds kBusyRetry{1};

// Byte offsets: Ethernet II and RFC 826.
constexpr std::size_t kOperation = 20;
constexpr std::size_t kSender = 22;
constexpr std::size_t kTarget = 32;
constexpr std::array<unsigned char, 6> kMac{0x02, 0, 0, 0, 0, 0x01};

}  // namespace

Reflector::Reflector(const std::string& interface, int sockets_fd) {
  memory_ =
      mmap(nullptr, kMemoryBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (memory_ == MAP_FAILED) throw_errno(fmt::format("allocate {} bytes of UMEM", kMemoryBytes), errno);
  try {
    bind(interface);
    give_all_frames();
    const int error = xsk_socket__update_xskmap(socket_, sockets_fd);
    if (error != 0) throw_errno("put the AF_XDP socket into its map", -error);
  } catch (...) {
    close();
    throw;
  }
}

Reflector::~Reflector() {
  close();
}

void Reflector::close() noexcept {
  if (socket_ != nullptr) xsk_socket__delete(socket_);
  if (umem_ != nullptr) xsk_umem__delete(umem_);
  munmap(memory_, kMemoryBytes);
}

void Reflector::bind(const std::string& interface) {
  const xsk_umem_config umem_config{
      .fill_size = kRing, .comp_size = kRing, .frame_size = kFrameBytes, .frame_headroom = 0, .flags = 0};
  if (const int error = xsk_umem__create(&umem_, memory_, kMemoryBytes, &fill_, &completion_, &umem_config);
      error != 0) {
    throw_errno("register AF_XDP UMEM", -error, "is CONFIG_XDP_SOCKETS in this kernel?");
  }
  xsk_socket_config config{};
  config.rx_size = kRing;
  config.tx_size = kRing;
  config.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD;
  config.bind_flags = XDP_COPY | XDP_USE_NEED_WAKEUP;
  const auto give_up = std::chrono::steady_clock::now() + kBusyRetry;
  int error = 0;
  do {
    error = xsk_socket__create(&socket_, interface.c_str(), 0, umem_, &rx_, &tx_, &config);
    if (error != -EBUSY) break;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  } while (std::chrono::steady_clock::now() < give_up);
  if (error != 0) {
    throw_errno(fmt::format("{}: bind an AF_XDP socket to queue 0", interface), -error,
                error == -EBUSY ? "another process has this queue; stop it" : "");
  }
  const int fd = xsk_socket__fd(socket_);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &kSendBufferBytes, sizeof kSendBufferBytes);
}

void Reflector::give_all_frames() {
  std::uint32_t at = 0;
  if (xsk_ring_prod__reserve(&fill_, kFrames, &at) != kFrames) throw_errno("fill the AF_XDP ring", ENOBUFS);
  for (std::uint32_t i = 0; i < kFrames; ++i)
    *xsk_ring_prod__fill_addr(&fill_, at + i) = std::uint64_t{i} * kFrameBytes;
  xsk_ring_prod__submit(&fill_, kFrames);
}

// Moves sent frames from the completion ring to the fill ring.
void Reflector::recycle() noexcept {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  const auto n = xsk_ring_cons__peek(&completion_, kRing, &from);
  if (n == 0) return;
  xsk_ring_prod__reserve(&fill_, n, &to);
  for (std::uint32_t i = 0; i < n; ++i) {
    *xsk_ring_prod__fill_addr(&fill_, to + i) = *xsk_ring_cons__comp_addr(&completion_, from + i);
  }
  xsk_ring_prod__submit(&fill_, n);
  xsk_ring_cons__release(&completion_, n);
}

// The XDP program redirects who-has only.
void Reflector::answer(const xdp_desc& frame) const noexcept {
  auto* p = static_cast<unsigned char*>(xsk_umem__get_data(memory_, frame.addr));
  std::array<unsigned char, 10> asker{};
  std::memcpy(asker.data(), p + kSender, asker.size());
  std::memcpy(p, asker.data(), kMac.size());
  std::memcpy(p + kMac.size(), kMac.data(), kMac.size());
  p[kOperation + 1] = 2;
  std::memcpy(p + kSender, kMac.data(), kMac.size());
  std::memcpy(p + kSender + kMac.size(), p + kTarget + kMac.size(), 4);
  std::memcpy(p + kTarget, asker.data(), asker.size());
}

// In copy mode the kernel sends a bounded number of frames per call and returns EAGAIN while more are left.
void Reflector::send_all() noexcept {
  if (xsk_ring_prod__needs_wakeup(&tx_) == 0) return;
  for (std::uint32_t tries = 0; tries < kBatch; ++tries) {
    if (sendto(xsk_socket__fd(socket_), nullptr, 0, MSG_DONTWAIT, nullptr, 0) >= 0 || errno != EAGAIN) return;
  }
}

void Reflector::step() noexcept {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  recycle();
  const auto n = xsk_ring_cons__peek(&rx_, kBatch, &from);
  if (n == 0) {
    pollfd idle{.fd = xsk_socket__fd(socket_), .events = POLLIN, .revents = 0};
    poll(&idle, 1, kLongestWaitMs);
    return;
  }
  xsk_ring_prod__reserve(&tx_, n, &to);
  for (std::uint32_t i = 0; i < n; ++i) {
    const auto& frame = *xsk_ring_cons__rx_desc(&rx_, from + i);
    answer(frame);
    *xsk_ring_prod__tx_desc(&tx_, to + i) = frame;
  }
  xsk_ring_prod__submit(&tx_, n);
  xsk_ring_cons__release(&rx_, n);
  answered_ += n;
  send_all();
}

}  // namespace arpline::limits
