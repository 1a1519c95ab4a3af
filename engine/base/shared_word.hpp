// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <type_traits>

/// Loads and stores of words that a BPF program or another thread uses at the same time: in maps' memory, in
/// rings and in the tables of engine/endpoints/tables.hpp. bpf/shared has ARPL_READ and ARPL_WRITE for the code
/// that is compiled twice.
namespace arpline {

/// For a word that stands for itself: a counter, a time.
template <class T>
T relaxed_load(const T& word) noexcept {
  return std::atomic_ref<T>(const_cast<T&>(word)).load(std::memory_order_relaxed);
}
template <class T>
void relaxed_store(T& word, std::type_identity_t<T> value) noexcept {
  std::atomic_ref<T>(word).store(value, std::memory_order_relaxed);
}

/// A thread that reads the value with load_shared() also sees all that was written before store_shared().
template <class T>
T load_shared(const T& word) noexcept {
  return std::atomic_ref<T>(const_cast<T&>(word)).load(std::memory_order_acquire);
}
template <class T>
void store_shared(T& word, std::type_identity_t<T> value) noexcept {
  std::atomic_ref<T>(word).store(value, std::memory_order_release);
}

/// The same, and visible to the programs before this thread does anything else. For the control thread.
template <class T>
void publish(T& word, std::type_identity_t<T> value) noexcept {
  std::atomic_ref<T>(word).store(value, std::memory_order_seq_cst);
}

}  // namespace arpline
