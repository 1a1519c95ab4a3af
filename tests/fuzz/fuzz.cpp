// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace arpline::fuzz {

bool is_complete_run() {
  return std::getenv("ARPLINE_FUZZ_COMPLETE") != nullptr;
}

MemoryFile::MemoryFile() : fd_(memfd_create("fuzz", MFD_CLOEXEC)), path_(fmt::format("/proc/self/fd/{}", fd_)) {
  REQUIRE(fd_ >= 0);
}

MemoryFile::~MemoryFile() {
  close(fd_);
}

void MemoryFile::hold(std::span<const std::uint8_t> bytes) const {
  REQUIRE(ftruncate(fd_, 0) == 0);
  REQUIRE(pwrite(fd_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
}

}  // namespace arpline::fuzz

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* folder = std::getenv("ARPLINE_FUZZ_SEEDS");
  if (folder == nullptr) return 0;
  std::filesystem::create_directories(folder);
  int number = 0;
  for (const auto& seed : arpline::fuzz::seeds()) {
    std::ofstream out{fmt::format("{}/seed-{:04}", folder, number++), std::ios::binary};
    out.write(reinterpret_cast<const char*>(seed.data()), static_cast<std::streamsize>(seed.size()));
    REQUIRE(out.flush());
  }
  std::exit(0);
}
