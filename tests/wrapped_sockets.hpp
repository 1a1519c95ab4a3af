// SPDX-License-Identifier: Apache-2.0
// The linker's stand-ins (--wrap) for the socket calls that need no kernel. What is sent and received is the
// test's own. To be included by one file of a program.
#pragma once

#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <sys/socket.h>

namespace arpline {

inline constexpr unsigned kNetlinkPort = 77;  ///< of every netlink socket

inline int any_descriptor() {
  return open("/dev/null", O_RDWR | O_CLOEXEC);
}

}  // namespace arpline

extern "C" {

mnl_socket* __wrap_mnl_socket_open2(int, int) {
  static int any = 0;
  return reinterpret_cast<mnl_socket*>(&any);
}
int __wrap_mnl_socket_bind(mnl_socket*, unsigned, pid_t) {
  return 0;
}
int __wrap_mnl_socket_setsockopt(const mnl_socket*, int, void*, socklen_t) {
  return 0;
}
unsigned __wrap_mnl_socket_get_portid(const mnl_socket*) {
  return arpline::kNetlinkPort;
}
int __wrap_socket(int, int, int) {
  return arpline::any_descriptor();
}
int __wrap_setsockopt(int, int, int, const void*, socklen_t) {
  return 0;
}
int __wrap_bind(int, const sockaddr*, socklen_t) {
  return 0;
}
}
