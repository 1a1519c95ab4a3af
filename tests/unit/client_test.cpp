// SPDX-License-Identifier: Apache-2.0
#include "control/client.hpp"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>

#include "base/fd.hpp"

namespace arpline {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPatience{250};
constexpr milliseconds kLong{1500};

// A daemon in a process of its own: it reads a request, is silent for a while, and answers.
class Client : public ::testing::Test {
 protected:
  ~Client() override {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    std::filesystem::remove(path_);
  }

  void start(void (*be_silent)()) {
    Fd listening{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
    ASSERT_EQ(bind(listening.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    std::array<int, 2> ready{};
    ASSERT_EQ(pipe(ready.data()), 0);
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      listen(listening.get(), 1);  // here, so that the socket is this process's
      close(ready[0]);
      close(ready[1]);
      const Fd client{accept(listening.get(), nullptr, nullptr)};
      std::array<char, 256> request{};
      if (recv(client.get(), request.data(), request.size(), 0) <= 0) _exit(1);
      be_silent();
      send(client.get(), "{}\n", 3, MSG_NOSIGNAL);
      pause();
    }
    close(ready[1]);
    char end = 0;
    EXPECT_EQ(read(ready[0], &end, 1), 0);
    close(ready[0]);
  }

  std::string path_ =
      std::filesystem::temp_directory_path() / ("arpline-client-test-" + std::to_string(getpid()));
  pid_t pid_ = 0;
};

TEST_F(Client, daemon_that_is_busy_is_waited_for_beyond_the_patience) {
  start([] {
    for (const auto end = steady_clock::now() + kLong; steady_clock::now() < end;) {
    }
  });
  EXPECT_TRUE(ask(path_, {{"cmd", "ping"}}, kPatience));
}

TEST_F(Client, daemon_that_does_nothing_is_waited_for_no_longer) {
  start([] { std::this_thread::sleep_for(kLong); });
  EXPECT_FALSE(ask(path_, {{"cmd", "ping"}}, kPatience));
}

TEST_F(Client, nobody_who_listens_is_no_answer) {
  EXPECT_FALSE(ask(path_, {{"cmd", "ping"}}, kPatience));
}

}  // namespace
}  // namespace arpline
