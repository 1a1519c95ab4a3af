// SPDX-License-Identifier: Apache-2.0
#include "control/service_manager.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>

#include "base/fd.hpp"
#include "instant.hpp"

namespace arpline {
namespace {

constexpr Duration second = 1s;

// The receiver of sd_notify, at an abstract address that the kernel chooses.
class ServiceManagerTest : public testing::Test {
 protected:
  void SetUp() override {
    sockaddr_un address{};
    socklen_t length = sizeof(sa_family_t);
    address.sun_family = AF_UNIX;
    ASSERT_EQ(bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), length), 0);
    length = sizeof address;
    ASSERT_EQ(getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);
    const std::string name(address.sun_path + 1, length - sizeof(sa_family_t) - 1);
    setenv("NOTIFY_SOCKET", ("@" + name).c_str(), 1);
  }

  void TearDown() override {
    for (const auto* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) unsetenv(name);
  }

  std::string heard() {
    std::array<char, 1024> text{};
    const auto count = recv(socket_.get(), text.data(), text.size(), MSG_DONTWAIT);
    return count < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(count));
  }

  Fd socket_{socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
};

TEST_F(ServiceManagerTest, hears_of_every_step_of_a_life) {
  const ServiceManager manager;
  manager.ready("serving nic0");
  EXPECT_EQ(heard(), "READY=1\nSTATUS=serving nic0");
  manager.reloading();
  EXPECT_EQ(heard().find("RELOADING=1\nMONOTONIC_USEC="), 0U);
  manager.status("waiting");
  EXPECT_EQ(heard(), "STATUS=waiting");
  manager.status("waiting\nMAINPID=1\x1b");
  EXPECT_EQ(heard(), "STATUS=waiting\\x0aMAINPID=1\\x1b");
  manager.stopping();
  EXPECT_EQ(heard(), "STOPPING=1");
}

TEST_F(ServiceManagerTest, is_fed_twice_as_often_as_it_asks) {
  setenv("WATCHDOG_USEC", "10000000", 1);
  ServiceManager manager;
  int pings = 0;
  for (Instant now = at(100 * second); now < at(160 * second); now += second / 4) {
    manager.tick(now, true);
    pings += heard() == "WATCHDOG=1" ? 1 : 0;
  }
  EXPECT_EQ(pings, 12);
}

TEST_F(ServiceManagerTest, is_not_fed_while_the_daemon_is_not_healthy) {
  setenv("WATCHDOG_USEC", "1000000", 1);
  ServiceManager manager;
  manager.tick(at(100 * second), false);
  EXPECT_EQ(heard(), "");
  manager.tick(at(101 * second), true);
  EXPECT_EQ(heard(), "WATCHDOG=1");
}

TEST_F(ServiceManagerTest, is_not_fed_unless_it_asks_this_process) {
  ServiceManager nobody;
  nobody.tick(at(100 * second), true);
  setenv("WATCHDOG_USEC", "1000000", 1);
  setenv("WATCHDOG_PID", "1", 1);
  ServiceManager other;
  other.tick(at(100 * second), true);
  EXPECT_EQ(heard(), "");
}

}  // namespace
}  // namespace arpline
