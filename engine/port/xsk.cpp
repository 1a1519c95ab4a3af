// SPDX-License-Identifier: Apache-2.0
#include "port/xsk.hpp"

#include <fmt/format.h>
#include <linux/if_xdp.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/shared_word.hpp"

namespace arpline {
namespace {

// Per queue. The fill ring holds more frames than the credit lets the program redirect.
constexpr std::uint32_t kRingFrames = 256;
constexpr std::uint32_t kFrames = 512;
constexpr std::uint32_t kFrameBytes = 2048;
// Kept out of the fill ring, so that an announcement finds a free frame.
constexpr std::size_t kReservedFrames = 64;
constexpr int kSendBufferBytes = 4 << 20;
constexpr std::chrono::milliseconds kFlushPause{10};

}  // namespace

struct XskPort::UmemArea {
  explicit UmemArea(std::size_t bytes_wanted) : bytes(bytes_wanted) {
    memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw_errno(fmt::format("allocate {} bytes of UMEM", bytes), errno);
  }
  UmemArea(const UmemArea&) = delete;
  UmemArea& operator=(const UmemArea&) = delete;
  ~UmemArea() {
    if (umem != nullptr) xsk_umem__delete(umem);
    munmap(memory, bytes);
  }
  std::size_t bytes;
  void* memory = nullptr;
  xsk_umem* umem = nullptr;
};

struct XskPort::Queue {
  Queue() = default;
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;
  ~Queue() {
    if (socket != nullptr) xsk_socket__delete(socket);
  }

  void refill() noexcept;
  void kick() const noexcept;

  xsk_socket* socket = nullptr;
  int fd = -1;
  xsk_ring_prod fill{};
  xsk_ring_cons completion{};
  xsk_ring_cons rx{};
  xsk_ring_prod tx{};
  std::vector<std::uint64_t> free;  // UMEM addresses; kFrames reserved at start, so it never allocates
};

XskPort::XskPort(const ForeignText& interface, std::uint16_t rx_queues, std::uint16_t tx_queues,
                 std::chrono::milliseconds patience)
    : area_(std::make_unique<UmemArea>(std::size_t{rx_queues} * kFrames * kFrameBytes)),
      wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      tx_queues_(std::min(rx_queues, tx_queues)) {
  if (!wake_) throw_errno("create eventfd", errno);
  polled_.push_back({.fd = wake_.get(), .events = POLLIN, .revents = 0});
  const auto give_up = Clock::now() + patience;
  for (std::uint16_t index = 0; index < rx_queues; ++index) {
    auto& queue = *queues_.emplace_back(std::make_unique<Queue>());
    bind(queue, interface, index, give_up);
    queue.free.reserve(kFrames);
    for (std::uint32_t frame = 0; frame < kFrames; ++frame) {
      queue.free.push_back((std::uint64_t{index} * kFrames + frame) * kFrameBytes);
    }
    queue.refill();
    polled_.push_back({.fd = queue.fd, .events = POLLIN, .revents = 0});
  }
}

// The sockets have to go before their UMEM.
XskPort::~XskPort() {
  queues_.clear();
}

void XskPort::bind(Queue& queue, const ForeignText& interface, std::uint16_t index, Instant give_up) {
  const xsk_umem_config umem_config{.fill_size = kRingFrames,
                                    .comp_size = kRingFrames,
                                    .frame_size = kFrameBytes,
                                    .frame_headroom = 0,
                                    .flags = 0};
  xsk_socket_config config{};
  config.rx_size = kRingFrames;
  config.tx_size = kRingFrames;
  config.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD;
  config.bind_flags = XDP_COPY | XDP_USE_NEED_WAKEUP;
  if (area_->umem == nullptr) {
    const int error = xsk_umem__create(&area_->umem, area_->memory, area_->bytes, &queue.fill,
                                       &queue.completion, &umem_config);
    if (error != 0) throw_errno("register AF_XDP UMEM", -error, "is CONFIG_XDP_SOCKETS in this kernel?");
  }
  int error = 0;
  do {
    error = xsk_socket__create_shared(&queue.socket, interface.raw().c_str(), index, area_->umem, &queue.rx,
                                      index < tx_queues_ ? &queue.tx : nullptr, &queue.fill, &queue.completion,
                                      &config);
    if (error != -EBUSY) break;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  } while (Clock::now() < give_up);
  if (error != 0) {
    throw_errno(fmt::format("{}: bind AF_XDP socket to queue {}", visible(interface), index), -error,
                error == -EBUSY ? "another process has this queue; stop it" : "see `arpline preflight`");
  }
  queue.fd = xsk_socket__fd(queue.socket);
  setsockopt(queue.fd, SOL_SOCKET, SO_SNDBUFFORCE, &kSendBufferBytes, sizeof kSendBufferBytes);
}

void XskPort::enable(int xsks_map_fd) {
  for (const auto& queue : queues_) {
    const int error = xsk_socket__update_xskmap(queue->socket, xsks_map_fd);
    if (error != 0) throw_errno("put AF_XDP socket into xsks_map", -error);
  }
}

XskPort::Queue& XskPort::sender(std::uint16_t queue) noexcept {
  return *queues_[queue % tx_queues_];
}

// The kernel returns the address that was sent, which may point into the middle of a frame. The frame goes back
// to the queue whose part of the UMEM it is in.
void XskPort::reap(Queue& queue) noexcept {
  std::uint32_t at = 0;
  const auto n = xsk_ring_cons__peek(&queue.completion, kRingFrames, &at);
  for (std::uint32_t i = 0; i < n; ++i) {
    const auto frame = *xsk_ring_cons__comp_addr(&queue.completion, at + i) / kFrameBytes;
    queues_[frame / kFrames]->free.push_back(frame * kFrameBytes);
  }
  if (n > 0) xsk_ring_cons__release(&queue.completion, n);
}

void XskPort::Queue::refill() noexcept {
  if (free.size() <= kReservedFrames) return;
  const auto wanted =
      std::min<std::size_t>(free.size() - kReservedFrames, xsk_prod_nb_free(&fill, kRingFrames));
  std::uint32_t at = 0;
  if (wanted == 0 || xsk_ring_prod__reserve(&fill, static_cast<std::uint32_t>(wanted), &at) == 0) return;
  for (std::size_t i = 0; i < wanted; ++i) {
    *xsk_ring_prod__fill_addr(&fill, at + static_cast<std::uint32_t>(i)) = free.back();
    free.pop_back();
  }
  xsk_ring_prod__submit(&fill, static_cast<std::uint32_t>(wanted));
}

// In copy mode the kernel sends a bounded number of frames per call and returns EAGAIN while more are left.
void XskPort::Queue::kick() const noexcept {
  for (std::uint32_t tries = 0; tries < kRingFrames; ++tries) {
    if (sendto(fd, nullptr, 0, MSG_DONTWAIT, nullptr, 0) >= 0 || errno != EAGAIN) return;
  }
}

// Sends the frames that an earlier kick left, because the send buffer was full or the link down; false when
// some are still left.
bool XskPort::flush(Queue& queue) noexcept {
  const auto sent_all = [&] { return load_shared(*queue.tx.consumer) == *queue.tx.producer; };
  if (sent_all()) return true;
  queue.kick();
  reap(queue);
  return sent_all();
}

Frame XskPort::frame_at(std::uint64_t address, std::uint32_t len, std::uint16_t queue) const noexcept {
  return {.data = static_cast<std::byte*>(xsk_umem__get_data(area_->memory, address)),
          .len = len,
          .queue = queue,
          .token = address};
}

std::size_t XskPort::receive(Burst burst) noexcept {
  std::size_t count = 0;
  for (std::size_t i = 0; i < queues_.size() && count < burst.size(); ++i) {
    const auto index = static_cast<std::uint16_t>((next_ + i) % queues_.size());
    auto& queue = *queues_[index];
    queue.refill();
    std::uint32_t at = 0;
    const auto n = xsk_ring_cons__peek(&queue.rx, static_cast<std::uint32_t>(burst.size() - count), &at);
    for (std::uint32_t k = 0; k < n; ++k) {
      const auto* descriptor = xsk_ring_cons__rx_desc(&queue.rx, at + k);
      burst[count++] = frame_at(descriptor->addr, descriptor->len, index);
    }
    if (n > 0) xsk_ring_cons__release(&queue.rx, n);
  }
  next_ = (next_ + 1) % queues_.size();
  return count;
}

std::size_t XskPort::send(Burst burst) noexcept {
  std::size_t taken = 0;
  while (taken < burst.size()) {
    auto& queue = sender(burst[taken].queue);
    const auto first = taken;
    std::uint32_t at = 0;
    for (; taken < burst.size() && &sender(burst[taken].queue) == &queue; ++taken) {
      if (xsk_ring_prod__reserve(&queue.tx, 1, &at) == 0) break;
      *xsk_ring_prod__tx_desc(&queue.tx, at) = {
          .addr = burst[taken].token, .len = burst[taken].len, .options = 0};
    }
    if (taken > first) xsk_ring_prod__submit(&queue.tx, static_cast<std::uint32_t>(taken - first));
    queue.kick();
    reap(queue);
    if (taken < burst.size() && &sender(burst[taken].queue) == &queue) break;  // its ring is full
  }
  return taken;
}

void XskPort::release(Burst burst) noexcept {
  for (const auto& frame : burst) {
    queues_[frame.queue]->free.push_back(frame.token / kFrameBytes * kFrameBytes);
  }
}

std::size_t XskPort::allocate(Burst burst) noexcept {
  auto& queue = *queues_[0];
  std::size_t count = 0;
  reap(queue);
  for (; count < burst.size() && !queue.free.empty(); ++count) {
    burst[count] = frame_at(queue.free.back(), 0, 0);
    queue.free.pop_back();
  }
  return count;
}

void XskPort::wait(std::chrono::milliseconds timeout) noexcept {
  std::uint64_t wakes = 0;
  for (std::uint16_t index = 0; index < tx_queues_; ++index) {
    if (!flush(*queues_[index])) timeout = std::min(timeout, kFlushPause);
  }
  poll(polled_.data(), polled_.size(), static_cast<int>(std::min(timeout, kLongestWait).count()));
  if ((polled_[0].revents & POLLIN) != 0 && read(wake_.get(), &wakes, sizeof wakes) < 0) return;
}

void XskPort::wake() noexcept {
  const std::uint64_t one = 1;
  if (write(wake_.get(), &one, sizeof one) < 0) return;  // EAGAIN: a wake-up is pending already
}

std::uint64_t XskPort::lost(std::uint16_t queue) noexcept {
  xdp_statistics statistics{};
  socklen_t length = sizeof statistics;
  if (getsockopt(queues_[queue]->fd, SOL_XDP, XDP_STATISTICS, &statistics, &length) != 0) return 0;
  return statistics.rx_dropped + statistics.rx_ring_full;
}

}  // namespace arpline
