// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <thread>

#include "worker/worker.hpp"

namespace arpline {

/// A worker with its port, its queue of orders and its thread.
template <Port P, Stage S = BehindIngress>
requires S::kBehindIngress || KernelPort<P>
class WorkerThread final : public Service {
 public:
  /// Takes `port` and calls enable(port) after the credits are set and before the thread starts.
  template <class Enable>
  WorkerThread(std::unique_ptr<P> port, WorkerTables tables, S stage, Enable enable)
      : port_(std::move(port)), worker_(*port_, tables, orders_, stage) {
    enable(*port_);
    thread_ = std::jthread([this](std::stop_token stop) { run(stop); });
  }
  WorkerThread(const WorkerThread&) = delete;
  WorkerThread& operator=(const WorkerThread&) = delete;
  ~WorkerThread() override { drain_and_stop(); }

  bool order(const Order& order) noexcept override {
    if (!orders_.push(order)) return false;
    ++ordered_;
    return true;
  }

  void wake() noexcept override { port_->wake(); }

  LostOrders lost_orders() const noexcept override { return worker_.lost_orders(); }

  std::uint64_t not_handed_over() const noexcept override {
    if constexpr (KernelPort<P>) return port_->not_handed_over();
    return 0;
  }

  bool pass_boundary(std::chrono::milliseconds patience) noexcept override {
    // Two boundaries, because the step that is running may have read the slot before this call.
    const auto target = worker_.boundaries() + 2;
    const auto give_up = Clock::now() + patience;
    while (worker_.boundaries() < target || worker_.finished_orders() < ordered_) {
      if (Clock::now() > give_up) return false;
      port_->wake();
      std::this_thread::sleep_for(std::chrono::microseconds{50});
    }
    return true;
  }

  std::uint64_t heartbeat() const noexcept override { return worker_.boundaries(); }

  void drain_and_stop() noexcept override {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    port_->wake();
    thread_.join();
  }

  std::uint16_t queues() const noexcept override { return port_->queues(); }

 private:
  void run(const std::stop_token& stop) noexcept {
    if constexpr (requires { port_->enter(); }) port_->enter();
    while (true) {
      const bool stopping = stop.stop_requested();
      const bool drained = worker_.step(Clock::now) == 0;
      // On a stop, rings are emptied first, which ends because ingress no longer fills them. Frames from the
      // wire never end.
      if (!drained && !(stopping && !S::kBehindIngress)) continue;
      if (stopping) {
        port_->wait(std::chrono::milliseconds{0});  // sends the frames that the port has only queued
        return;
      }
      if (const auto now = Clock::now(); !worker_.lingers(now)) worker_.idle(now);
    }
  }

  std::unique_ptr<P> port_;
  Orders orders_;
  std::uint64_t ordered_ = 0;  // written by control
  Worker<P, S> worker_;
  std::jthread thread_;
};

}  // namespace arpline
