// SPDX-License-Identifier: Apache-2.0
// Fuzzes the control socket with up to three clients that connect, send, read, wait and close in any order.
// Each of their lines gets at most one answer, and the server must still answer another client afterwards.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "base/fd.hpp"
#include "control/limit_request.hpp"
#include "control/server.hpp"
#include "fuzz/fuzz.hpp"
#include "report/status.hpp"

namespace {

using namespace arpline;
using nlohmann::json;

constexpr std::array<std::string_view, 13> kRequests{R"({"cmd": "status"})",
                                                     R"({"cmd": "status", "senders": true})",
                                                     R"({"cmd": "gone"})",
                                                     R"({"cmd": "limit"})",
                                                     R"({"cmd": "limit", "name": "to_child", "value": "10"})",
                                                     R"({"cmd": "limit", "name": "ring", "value": "off"})",
                                                     R"({"cmd": "limit", "name": "foreign", "reset": true})",
                                                     R"({"cmd": "limit", "name": 7, "value": {}})",
                                                     R"({"cmd": ["limit"]})",
                                                     R"([1, -2.5e300, null, "\ud800", {"a": {"a": {}}}])",
                                                     R"({"cmd": "reload"})",
                                                     R"("")",
                                                     "\xff\xfe{"};

// Answers as Control does.
json answer(const json& request) {
  static Limits limits;
  const auto command = request.value("cmd", "");
  if (command == "status") {
    ParentStatus status{.parent = "nic0"};
    if (request.value("senders", false)) status.senders.emplace();
    return to_json(status);
  }
  if (command == "limit") {
    limits = changed_limits(request, {}, limits);
    return to_json(LimitAnswer{.parent = "nic0", .limits = limit_status({}, limits, {})});
  }
  return {{"error", "unknown command"}};
}

class Daemon {
 public:
  void run() {
    do loop_.wait(0s);
    while (loop_.dispatch());
  }
  void pass(Duration time) {
    server_.tick(now_ += time);
    run();
  }
  Fd connected() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    Fd fd{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    REQUIRE(connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    run();
    return fd;
  }
  ~Daemon() { unlink(path_.c_str()); }

 private:
  std::string path_ = fmt::format("/tmp/arpline-fuzz-{}", getpid());
  EventLoop loop_;
  Server server_{path_, loop_, answer};
  Instant now_ = kNoTime;
};

struct Client {
  Fd fd;
  std::size_t asked = 0;
  std::string got{};

  void say(std::string_view text) {
    const auto sent = send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent > 0)
      asked +=
          static_cast<std::size_t>(std::ranges::count(text.substr(0, static_cast<std::size_t>(sent)), '\n'));
  }
  void read(std::size_t most) {
    std::array<char, 65536> bytes{};
    const auto count = recv(fd.get(), bytes.data(), std::min(most, bytes.size()), 0);
    if (count > 0) got.append(bytes.data(), static_cast<std::size_t>(count));
  }
  // Each complete line must be a JSON object.
  void check() const {
    std::size_t lines = 0;
    for (std::size_t begin = 0, end = 0; (end = got.find('\n', begin)) != std::string::npos;
         begin = end + 1, ++lines)
      REQUIRE(json::parse(got.substr(begin, end - begin)).is_object());
    REQUIRE(lines <= asked);
  }
};

void act(Daemon& daemon, std::array<Client, 3>& clients, fuzz::Input& input) {
  const auto choice = input.u8();
  auto& client = clients.at(choice % clients.size());
  switch (choice / clients.size() % 8) {
    case 0:
      client = {.fd = daemon.connected()};
      break;
    case 1:
      client.say(kRequests[input.u8() % kRequests.size()]);
      client.say("\n");
      break;
    case 2: {
      const auto said = input.bytes(input.u8());
      client.say({reinterpret_cast<const char*>(said.data()), said.size()});
      break;
    }
    case 3: {
      const auto said = input.bytes(input.u16());
      client.say(std::string{reinterpret_cast<const char*>(said.data()), said.size()} + "\n");
      break;
    }
    case 4:
      client.read(std::size_t{1} + input.u8());
      break;
    case 5:
      client.read(65536);
      break;
    case 6:
      daemon.pass(input.u8() * 25ms);
      break;
    default:
      client.fd.reset();
      client = {};
  }
  daemon.run();
}

void expect_answered(Daemon& daemon) {
  Client other{.fd = daemon.connected()};
  other.say("{\"cmd\": \"limit\"}\n");
  for (int tries = 0; other.got.find('\n') == std::string::npos; ++tries) {
    REQUIRE(tries < 100);
    daemon.pass(1ns);
    other.read(65536);
  }
  other.check();
  REQUIRE(json::parse(other.got).contains("limits"));
}

}  // namespace

std::vector<fuzz::Bytes> fuzz::seeds() {
  std::vector<Bytes> all;
  for (std::uint8_t i = 0; i < kRequests.size(); ++i) all.push_back({0, 3, i, 15, 1, 4, i, 18, 40, 16, 21});
  for (const auto request : kRequests) {
    Bytes seed{0, 9, static_cast<std::uint8_t>(request.size()), 0};
    const auto text = bytes_of(request);
    seed.insert(seed.end(), text.begin(), text.end());
    seed.push_back(15);
    all.push_back(seed);
  }
  return all;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Daemon daemon;
  fuzz::Input input{data, size};
  {
    std::array<Client, 3> clients{};
    while (!input.empty()) act(daemon, clients, input);
    for (auto& client : clients) {
      client.read(65536);
      client.check();
    }
    expect_answered(daemon);
  }
  daemon.pass(1ns);
  return 0;
}
