// SPDX-License-Identifier: Apache-2.0
#include "control/server.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <latch>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/group.hpp"
#include "control/client.hpp"
#include "instant.hpp"

namespace arpline {
namespace {

constexpr Duration second = 1s;
constexpr Duration between_ticks = second / 4;

class ServerTest : public testing::Test {
 protected:
  void TearDown() override { unlink(path_.c_str()); }

  // A request's "bytes" is the size of its answer.
  static nlohmann::json answer(const nlohmann::json& request) {
    std::this_thread::sleep_for(std::chrono::milliseconds{request.value("takes_ms", 0)});
    return {{"filler", std::string(request.at("bytes").get<std::size_t>(), 'x')}};
  }

  // Handles all pending events.
  void run() {
    do loop_.wait(0s);
    while (loop_.dispatch());
  }

  Fd client() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path_.c_str());
    Fd fd{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    EXPECT_EQ(connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    run();
    return fd;
  }

  void say_within_a_tick(const Fd& client, const std::string& text) {
    EXPECT_EQ(send(client.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
    run();
  }

  void say(const Fd& client, const std::string& text) {
    tick();
    say_within_a_tick(client, text);
  }

  // The test sets the time, so no time-out depends on the machine's speed.
  void tick() { server_.tick(now_); }

  void pass(Duration time) {
    for (const auto end = now_ + time; now_ < end;) {
      now_ += between_ticks;
      tick();
    }
  }

  // Reads until no more bytes come, not even after a tick.
  std::string read_all(const Fd& client) {
    std::string all;
    for (auto more = read_now(client); !more.empty(); more = read_now(client)) {
      all += more;
      tick();
      run();
    }
    return all;
  }

  std::string read_now(const Fd& client) {
    std::string all;
    std::vector<char> bytes(1 << 20);
    while (true) {
      const auto count = recv(client.get(), bytes.data(), bytes.size(), 0);
      if (count <= 0) return all;
      all.append(bytes.data(), static_cast<std::size_t>(count));
      run();
    }
  }

  static bool hung_up_on(const Fd& client) {
    char byte = 0;
    const auto count = recv(client.get(), &byte, 1, MSG_PEEK);
    return count == 0 || (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
  }

  std::string path_ = testing::TempDir() + "arpline-server-" + std::to_string(getpid());
  EventLoop loop_;
  Server server_{path_, loop_, answer};
  Instant now_ = at(second);
};

TEST_F(ServerTest, answers_each_line_with_a_line) {
  const auto one = client();
  say(one, "{\"bytes\":1}\n");
  EXPECT_EQ(read_all(one), "{\"filler\":\"x\"}\n");
  say(one, "{\"bytes\":2}\n{\"bytes\":3}\n{\"byt");
  EXPECT_EQ(read_all(one), "{\"filler\":\"xx\"}\n{\"filler\":\"xxx\"}\n");
  say(one, "es\":4}\n");
  EXPECT_EQ(read_all(one), "{\"filler\":\"xxxx\"}\n");
}

TEST_F(ServerTest, hands_a_connection_over_and_lets_go_of_it) {
  Fd taken;
  Server* self = nullptr;
  const auto path = path_ + "-over";
  Server server{path, loop_, [&](const nlohmann::json&) {
                  self->hand_over([&](Fd fd) { taken = std::move(fd); });
                  return nlohmann::json{{"not", "sent"}};
                }};
  self = &server;
  const auto one = connect_to(path, std::chrono::milliseconds{100});
  run();
  say(one, "{}\n");
  ASSERT_TRUE(taken);
  EXPECT_EQ(send(taken.get(), "hello\n", 6, MSG_NOSIGNAL), 6);
  for (int i = 0; i < 100; ++i) server.tick(now_ += second);
  std::array<char, 16> said{};
  EXPECT_EQ(recv(one.get(), said.data(), said.size(), MSG_DONTWAIT), 6) << "nothing of the server's";
  unlink(path.c_str());
}

TEST_F(ServerTest, answers_what_it_cannot_read_with_an_error) {
  const auto one = client();
  say(one, "nonsense\n");
  EXPECT_EQ(read_all(one).find("{\"error\":"), 0U);
  say(one, "{\"bytes\":1}\n");
  EXPECT_EQ(read_all(one), "{\"filler\":\"x\"}\n");
}

TEST_F(ServerTest, hangs_up_on_a_request_without_an_end) {
  const auto one = client();
  say(one, std::string(Server::kMaxRequestBytes, 'x'));
  EXPECT_TRUE(hung_up_on(one));
}

TEST_F(ServerTest, sends_a_long_answer_piece_by_piece_and_answers_others_meanwhile) {
  const auto slow = client();
  const auto quick = client();
  say(slow, "{\"bytes\":40000000}\n");
  say(quick, "{\"bytes\":1}\n");
  EXPECT_EQ(read_all(quick), "{\"filler\":\"x\"}\n");
  EXPECT_EQ(read_all(slow).size(), 40000000 + std::strlen("{\"filler\":\"\"}\n"));
}

TEST_F(ServerTest, refuses_answers_beyond_the_bound_of_all_clients_until_one_is_read) {
  const auto half = std::to_string(Server::kMaxPendingBytes / 2);
  const auto first = client();
  const auto second_one = client();
  say(first, "{\"bytes\":" + half + "}\n");
  say(second_one, "{\"bytes\":" + half + "}\n");
  EXPECT_EQ(read_all(second_one).find("{\"error\":\"too many answers"), 0U);
  read_all(first);
  say(second_one, "{\"bytes\":" + half + "}\n");
  EXPECT_EQ(read_all(second_one).find("{\"filler\""), 0U);
}

TEST_F(ServerTest, forgets_what_waited_for_a_client_that_is_dropped) {
  const auto half = std::to_string(Server::kMaxPendingBytes / 2);
  auto first = client();
  say(first, "{\"bytes\":" + half + "}\n");
  first.reset();
  run();
  const auto other = client();
  say(other, "{\"bytes\":" + half + "}\n");
  EXPECT_EQ(read_all(other).find("{\"filler\""), 0U);
}

TEST_F(ServerTest, drops_who_sends_no_whole_request_or_does_not_read) {
  const auto silent = client();
  const auto halfway = client();
  const auto not_reading = client();
  say(halfway, "{");
  say(not_reading, "{\"bytes\":10000000}\n");
  pass(4 * second);
  for (const auto* one : {&silent, &halfway}) EXPECT_FALSE(hung_up_on(*one));
  pass(2 * second);
  for (const auto* one : {&silent, &halfway}) EXPECT_TRUE(hung_up_on(*one));
  EXPECT_LT(read_all(not_reading).size(), 10000000U);
  EXPECT_TRUE(hung_up_on(not_reading));
}

TEST_F(ServerTest, keeps_who_reads_slowly_but_goes_on_reading) {
  const auto one = client();
  say(one, "{\"bytes\":10000000}\n");
  std::string all;
  std::vector<char> bytes(Server::kPieceBytes);
  while (all.size() < 10'000'000) {
    ASSERT_FALSE(hung_up_on(one)) << "after " << all.size() << " bytes";
    for (std::size_t piece = 0; piece < 2 * Server::kPieceBytes && all.size() < 10'000'000;) {
      const auto count = recv(one.get(), bytes.data(), bytes.size(), 0);
      ASSERT_GT(count, 0) << "after " << all.size() << " bytes";
      all.append(bytes.data(), static_cast<std::size_t>(count));
      piece += static_cast<std::size_t>(count);
      run();
    }
    pass(4 * second);
  }
}

TEST_F(ServerTest, drops_who_reads_a_byte_now_and_then) {
  const auto one = client();
  say(one, "{\"bytes\":10000000}\n");
  for (int i = 0; i < 3; ++i) {
    char byte = 0;
    ASSERT_EQ(recv(one.get(), &byte, 1, 0), 1);
    run();
    pass(2 * second);
  }
  EXPECT_LT(read_all(one).size(), 10'000'000U);
  EXPECT_TRUE(hung_up_on(one));
}

TEST_F(ServerTest, what_the_loop_spends_elsewhere_is_nobodys_delay) {
  const auto halfway = client();
  const auto not_reading = client();
  say(halfway, "{\"byt");
  say(not_reading, "{\"bytes\":10000000}\n");
  now_ += 60 * second;  // as after a SIGSTOP of the process
  tick();
  say_within_a_tick(halfway, "es\":1}\n");
  EXPECT_EQ(read_all(halfway), "{\"filler\":\"x\"}\n");
  EXPECT_EQ(read_all(not_reading).size(), 10'000'000 + std::strlen("{\"filler\":\"\"}\n"));
}

TEST_F(ServerTest, puts_off_what_would_keep_the_loop_too_long_and_forgets_nobody) {
  constexpr const char* kLong = "{\"bytes\":1,\"takes_ms\":60}\n";
  std::vector<Fd> clients;
  clients.reserve(4);
  for (int i = 0; i < 4; ++i) clients.push_back(client());
  tick();
  for (const auto& one : clients) say_within_a_tick(one, kLong);
  std::vector<std::string> answers(clients.size());
  const auto answered = [&] {
    for (std::size_t i = 0; i < clients.size(); ++i) answers[i] += read_now(clients[i]);
    return std::ranges::count_if(answers, [](const auto& text) { return !text.empty(); });
  };
  EXPECT_EQ(answered(), 1);
  say_within_a_tick(clients[0], kLong);
  for (int i = 2; i <= 4; ++i) {
    tick();
    EXPECT_EQ(answered(), i) << "one a tick, and who was first is not first again";
  }
}

// A process chooses its name, so the log must escape it.
TEST(AskerTest, is_told_with_a_command_of_printable_characters_only) {
  std::array<char, 16> before{};
  ASSERT_EQ(prctl(PR_GET_NAME, before.data()), 0);
  ASSERT_EQ(prctl(PR_SET_NAME, "a\x1b[2J\"\x80 b"), 0);
  EXPECT_EQ(text_of({.uid = 7, .pid = getpid()}),
            fmt::format(R"(uid 7, pid {}, command "a\x1b[2J"\x80 b")", getpid()));
  prctl(PR_SET_NAME, before.data());
  EXPECT_EQ(text_of({.uid = 7, .pid = 0}), R"(uid 7, pid 0, command "")");
}

Fd connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, path.c_str());
  Fd fd{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  EXPECT_EQ(connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return fd;
}

TEST(ServerPutOff, answers_when_it_is_time_and_the_next_request_after_it) {
  const auto path = testing::TempDir() + "arpline-put-off-" + std::to_string(getpid());
  EventLoop loop;
  std::uint64_t ticket = 0;
  Server* itself = nullptr;
  Server server(path, loop, [&](const nlohmann::json& request) -> nlohmann::json {
    if (request.contains("later")) ticket = itself->put_off();
    return {{"root", itself->asked_by_root()}};
  });
  itself = &server;
  const auto run = [&] {
    do loop.wait(0s);
    while (loop.dispatch());
  };
  const auto read_now = [](const Fd& fd) {
    std::array<char, 256> bytes{};
    const auto count = recv(fd.get(), bytes.data(), bytes.size(), 0);
    return std::string{bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
  };
  auto one = connect_to(path);
  const std::string requests = "{\"later\":1}\n{}\n";
  ASSERT_EQ(send(one.get(), requests.data(), requests.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(requests.size()));
  run();
  ASSERT_NE(ticket, 0U);
  server.tick(Clock::now() + 60 * second);
  EXPECT_EQ(read_now(one), "") << "neither answered nor hung up on";
  server.answer(ticket + 1, {{"wrong", true}});
  server.answer(ticket, {{"done", true}});
  const auto own = std::string{"{\"root\":"} + (getuid() == 0 ? "true" : "false") + "}\n";
  EXPECT_EQ(read_now(one), "{\"done\":true}\n" + own);
  ASSERT_EQ(send(one.get(), "{\"later\":1}\n", 12, MSG_NOSIGNAL), 12);
  run();
  one.reset();
  run();
  server.answer(ticket, {{"done", true}});  // the client is gone
  unlink(path.c_str());
}

TEST(ServerPutOff, what_takes_long_is_made_in_a_thread_and_others_are_answered_meanwhile) {
  const auto path = testing::TempDir() + "arpline-background-" + std::to_string(getpid());
  EventLoop loop;
  std::latch begin{1};
  std::atomic<int> begun{0};
  Server* itself = nullptr;
  Server server(path, loop, [&](const nlohmann::json& request) -> nlohmann::json {
    if (request.contains("long"))
      itself->put_off([&, fails = request.at("long") == 2]() -> nlohmann::json {
        ++begun;
        begin.wait();
        if (fails) throw SetupError("it can't be made");
        return {{"made", true}};
      });
    return {{"at", "once"}};
  });
  itself = &server;
  const auto talk = [&](const Fd& fd, const std::string& request) {
    ASSERT_EQ(send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(request.size()));
  };
  const auto run_until_answered = [&](const Fd& fd) {
    std::array<char, 256> bytes{};
    for (;;) {
      const auto count = recv(fd.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (count >= 0) return std::string{bytes.data(), static_cast<std::size_t>(count)};
      loop.wait(EventLoop::kForever);
      loop.dispatch();
    }
  };
  const auto slow = connect_to(path);
  auto gone = connect_to(path);
  const auto failing = connect_to(path);
  const auto quick = connect_to(path);
  talk(slow, "{\"long\":1}\n");
  talk(gone, "{\"long\":1}\n");
  talk(failing, "{\"long\":2}\n");
  talk(quick, "{}\n");
  EXPECT_EQ(run_until_answered(quick), "{\"at\":\"once\"}\n");
  gone.reset();
  talk(quick, "{}\n");
  EXPECT_EQ(run_until_answered(quick), "{\"at\":\"once\"}\n");
  begin.count_down();
  EXPECT_EQ(run_until_answered(slow), "{\"made\":true}\n");
  EXPECT_EQ(run_until_answered(failing), "{\"error\":\"it can't be made\"}\n");
  EXPECT_EQ(begun, 2) << "who has left waits for nothing";
  unlink(path.c_str());
}

TEST_F(ServerTest, who_waits_longest_makes_room) {
  std::vector<Fd> idle;
  for (std::size_t i = 0; i < Server::kMaxClients; ++i) idle.push_back(client());
  say(idle[0], "{\"bytes\":1}\n");
  read_all(idle[0]);
  const auto late = client();
  say(late, "{\"bytes\":1}\n");
  EXPECT_EQ(read_all(late), "{\"filler\":\"x\"}\n");
  EXPECT_FALSE(hung_up_on(idle[0])) << "it has asked something meanwhile";
  EXPECT_TRUE(hung_up_on(idle[1]));
  EXPECT_FALSE(hung_up_on(idle[2]));
}

TEST_F(ServerTest, is_its_owners_alone_without_a_group) {
  struct stat status {};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST(ServerGroup, may_use_the_socket) {
  const auto path = testing::TempDir() + "arpline-group-" + std::to_string(getpid());
  EventLoop loop;
  const Server server(
      path, loop, [](const nlohmann::json& request) { return request; }, getegid());
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0660U);
  EXPECT_EQ(status.st_gid, getegid());
  unlink(path.c_str());
}

TEST(ServerGroup, is_found_by_its_name) {
  EXPECT_EQ(find_group("root"), std::optional<gid_t>{0});
  EXPECT_EQ(find_group("no such group"), std::nullopt);
  EXPECT_EQ(socket_group(""), std::nullopt);
  EXPECT_EQ(socket_group("root"), std::optional<gid_t>{0});
  EXPECT_THROW(socket_group("no such group"), SetupError);
}

}  // namespace
}  // namespace arpline
