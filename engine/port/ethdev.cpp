// SPDX-License-Identifier: Apache-2.0
#include "port/ethdev.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>
#include <rte_version.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <filesystem>
#include <set>
#include <thread>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "port/ethdev_device.hpp"
#include "port/xsk.hpp"

namespace arpline {
namespace {

constexpr std::string_view kNetAfXdp = "net_af_xdp";
// Earlier versions find the map through the attached program.
constexpr bool kTakesPinnedMap = RTE_VERSION >= RTE_VERSION_NUM(24, 7, 0, 0);
constexpr int kSendBufferBytes = 4 << 20;
constexpr std::size_t kMostFrames = 64;  // per call of rte_eth_rx_burst() and rte_eth_tx_burst()
// A device without a descriptor to poll is polled after a nap: a short one until it has been idle for this
// long, then a long one.
constexpr Duration kActive = 1s;
// The kernel frees a closed socket's queue a moment after close().
constexpr std::chrono::milliseconds kReleasePause{50};
constexpr std::chrono::milliseconds kLongestReleasePause{800};
constexpr Duration kShortNap = 50us;
constexpr Duration kLongNap = 1ms;

static_assert(RTE_PKTMBUF_HEADROOM >= 16, "room for ingress's arpl_ring_meta");

rte_mbuf* mbuf_of(const Frame& frame) noexcept {
  return std::bit_cast<rte_mbuf*>(frame.token);
}

Frame frame_of(rte_mbuf* mbuf, std::uint16_t queue) noexcept {
  return {.data = rte_pktmbuf_mtod(mbuf, std::byte*),
          .len = rte_pktmbuf_data_len(mbuf),
          .queue = queue,
          .token = reinterpret_cast<std::uint64_t>(mbuf)};
}

// Sets the mbuf's length to the one that the worker gave the frame.
rte_mbuf* with_length(const Frame& frame) noexcept {
  auto* mbuf = mbuf_of(frame);
  mbuf->data_len = static_cast<std::uint16_t>(frame.len);
  mbuf->pkt_len = frame.len;
  return mbuf;
}

std::uint16_t transmit(std::uint16_t port, std::uint16_t queue, Burst burst) noexcept {
  std::array<rte_mbuf*, kMostFrames> mbufs;
  const auto n = std::min(burst.size(), mbufs.size());
  for (std::size_t i = 0; i < n; ++i) mbufs[i] = with_length(burst[i]);
  return rte_eth_tx_burst(port, queue, mbufs.data(), static_cast<std::uint16_t>(n));
}

bool is_af_xdp(int fd) noexcept {
  int domain = 0;
  socklen_t length = sizeof domain;
  return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 && domain == AF_XDP;
}

// The process's AF_XDP sockets. net_af_xdp has neither interrupts nor a way to get its sockets; with poll(2) on
// them the worker can sleep.
std::vector<int> af_xdp_sockets() {
  std::vector<int> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error))
    if (const int fd = std::stoi(entry.path().filename()); is_af_xdp(fd)) found.push_back(fd);
  return found;
}

// Waits until the sockets of a killed owner are gone. DPDK can't retry: a device whose set-up has failed is
// unusable.
void wait_for_queues(const EthdevOptions& options) {
  { const XskPort queues(options.rings_of, options.queues, options.queues); }
  std::this_thread::sleep_for(kReleasePause);
}

// One device for each queue, because that also works where the driver reports no combined channels (veth).
std::unique_ptr<EthdevDevice> net_af_xdp_device(const EthdevOptions& options, std::size_t queue) {
  static std::atomic<unsigned> number{0};
  if (options.rings_of.raw().find_first_of(",=[]\"' ") != std::string::npos)
    throw SetupError(
        visible(options.rings_of) +
        ": DPDK's device arguments can't hold this name; rename the interface, or use port = \"xsk\"");
  const auto more = options.device.substr(kNetAfXdp.size());  // ",key=value…"
  auto arguments =
      fmt::format("{}{},iface={},start_queue={}", kNetAfXdp, number++, options.rings_of.raw(), queue);
  // busy_budget=0: otherwise each empty burst costs a system call. force_copy=1: with zero copy the kernel
  // would copy each frame that passes to it.
  if (more.find("busy_budget=") == std::string::npos) arguments += ",busy_budget=0";
  if (more.find("force_copy=") == std::string::npos) arguments += ",force_copy=1";
  if (kTakesPinnedMap) arguments += ",use_pinned_map=1,dp_path=" + options.xsks_map;
  return std::make_unique<EthdevDevice>(
      EthdevDeviceOptions{.arguments = arguments + more, .queues = 1, .steers_from = {}});
}

// The lcores that have a port. Only the control thread uses it.
std::set<unsigned>& taken_lcores() {
  static std::set<unsigned> taken;
  return taken;
}

std::optional<unsigned> take_lcore() {
  unsigned lcore = 0;
  RTE_LCORE_FOREACH_WORKER(lcore) {
    if (taken_lcores().insert(lcore).second) return lcore;
  }
  return std::nullopt;
}

}  // namespace

struct EthdevPort::Devices {
  std::vector<std::unique_ptr<EthdevDevice>> wire;
  std::unique_ptr<EthdevDevice> kernel;
};

EthdevPort::EthdevPort(const EthdevOptions& options)
    : options_(options), devices_(std::make_unique<Devices>()), wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (!wake_) throw_errno("create eventfd", errno);
  polled_.push_back({.fd = wake_.get(), .events = POLLIN, .revents = 0});
  if (!options.rings_of.empty()) {
    wait_for_queues(options);
    for (std::uint16_t queue = 0; queue < options.queues; ++queue)
      devices_->wire.push_back(net_af_xdp_device(options, queue));
  } else {
    devices_->wire.push_back(std::make_unique<EthdevDevice>(EthdevDeviceOptions{
        .arguments = options.device, .queues = options.queues, .steers_from = options.steers_from}));
  }
  for (const auto& device : devices_->wire)
    for (std::uint16_t queue = 0; queue < device->queues(); ++queue)
      queues_.push_back({.port = device->id(), .queue = queue});
  if (options.kernel.empty()) return;
  devices_->kernel = std::make_unique<EthdevDevice>(
      EthdevDeviceOptions{.arguments = options.kernel, .queues = 1, .steers_from = {}});
  kernel_ = devices_->kernel->id();
}

// net_af_xdp 22.11 counts one user of a UMEM too many and never closes its socket, so the queue would stay
// bound until the process ends.
EthdevPort::~EthdevPort() {
  if (lcore_) taken_lcores().erase(*lcore_);
  devices_.reset();
  for (const auto& polled : polled_)
    if (is_af_xdp(polled.fd)) close(polled.fd);
}

bool EthdevPort::steers_tagged() const noexcept {
  return std::ranges::all_of(devices_->wire, [](const auto& device) { return device->steers_tagged(); });
}

void EthdevPort::enable() {
  if (devices_->kernel) devices_->kernel->start();
  for (std::size_t i = 0; i < devices_->wire.size(); ++i) {
    const auto before = af_xdp_sockets();
    start(i);
    for (const int fd : af_xdp_sockets()) {
      if (std::ranges::find(before, fd) != before.end()) continue;
      polled_.push_back({.fd = fd, .events = POLLIN, .revents = 0});
      // With the default send buffer net_af_xdp spins in send(2) when a few hundred frames are in flight.
      setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &kSendBufferBytes, sizeof kSendBufferBytes);
    }
  }
  lcore_ = take_lcore();
}

// On a busy machine the kernel needs longer to free a queue. Each retry needs a new device.
void EthdevPort::start(std::size_t i) {
  for (auto pause = kReleasePause;; pause *= 2) {
    try {
      return devices_->wire[i]->start();
    } catch (const SetupError&) {
      if (options_.rings_of.empty() || pause > kLongestReleasePause) throw;
    }
    std::this_thread::sleep_for(pause);
    devices_->wire[i] = net_af_xdp_device(options_, i);
    queues_[i].port = devices_->wire[i]->id();
  }
}

void EthdevPort::enter() noexcept {
  // Unregisters the thread when it ends, which frees its lcore id.
  struct Registered {
    Registered() noexcept { rte_thread_register(); }
    Registered(const Registered&) = delete;
    Registered& operator=(const Registered&) = delete;
    ~Registered() { rte_thread_unregister(); }
  };
  static const thread_local Registered kRegistered;
  if (!lcore_) return;
  const auto cpus = rte_lcore_cpuset(*lcore_);
  pthread_setaffinity_np(pthread_self(), sizeof cpus, &cpus);
}

std::size_t EthdevPort::receive(Burst burst) noexcept {
  std::array<rte_mbuf*, kMostFrames> mbufs;
  std::size_t count = 0;
  for (std::size_t i = 0; i < queues_.size() && count < burst.size(); ++i) {
    const auto index = static_cast<std::uint16_t>((next_ + i) % queues_.size());
    const auto wanted = std::min(burst.size() - count, mbufs.size());
    const auto n = rte_eth_rx_burst(queues_[index].port, queues_[index].queue, mbufs.data(),
                                    static_cast<std::uint16_t>(wanted));
    for (std::uint16_t k = 0; k < n; ++k) {
      burst[count] = frame_of(mbufs[k], index);
      rte_prefetch0(burst[count++].data);
    }
  }
  next_ = (next_ + 1) % queues_.size();
  idle_ = idle_ && count == 0;
  return count;
}

std::size_t EthdevPort::send(Burst burst) noexcept {
  std::size_t taken = 0;
  while (taken < burst.size()) {
    const auto& queue = queues_[burst[taken].queue];
    auto last = taken;
    while (last < burst.size() && last - taken < kMostFrames && burst[last].queue == burst[taken].queue) ++last;
    const auto n = transmit(queue.port, queue.queue, burst.subspan(taken, last - taken));
    taken += n;
    if (taken < last) break;
  }
  return taken;
}

void EthdevPort::release(Burst burst) noexcept {
  for (const auto& frame : burst) rte_pktmbuf_free(mbuf_of(frame));
}

void EthdevPort::hand_over(Burst burst) noexcept {
  while (kernel_ && !burst.empty()) {
    const auto n = transmit(*kernel_, 0, burst);
    burst = burst.subspan(n);
    if (n == 0) break;
  }
  if (burst.empty()) return;
  not_handed_over_.fetch_add(burst.size(), std::memory_order_relaxed);
  release(burst);
}

std::size_t EthdevPort::allocate(Burst burst) noexcept {
  std::size_t count = 0;
  for (; count < burst.size(); ++count) {
    auto* mbuf = rte_pktmbuf_alloc(devices_->wire.front()->pool());
    if (mbuf == nullptr) break;
    burst[count] = frame_of(mbuf, 0);
  }
  return count;
}

void EthdevPort::wait(std::chrono::milliseconds timeout) noexcept {
  timespec left{};
  Duration nap = std::min(timeout, kLongestWait);
  if (!idle_) last_frame_at_ = Clock::now();
  idle_ = true;
  if (polled_.size() == 1) {
    nap = std::min(nap, Clock::now() - last_frame_at_ < kActive ? kShortNap : kLongNap);
  }
  left.tv_sec = nap.count() / 1'000'000'000;
  left.tv_nsec = nap.count() % 1'000'000'000;
  std::uint64_t wakes = 0;
  ppoll(polled_.data(), polled_.size(), &left, nullptr);
  if ((polled_[0].revents & POLLIN) != 0 && read(wake_.get(), &wakes, sizeof wakes) < 0) return;
}

void EthdevPort::wake() noexcept {
  const std::uint64_t one = 1;
  if (write(wake_.get(), &one, sizeof one) < 0) return;  // EAGAIN: a wake-up is pending already
}

}  // namespace arpline
