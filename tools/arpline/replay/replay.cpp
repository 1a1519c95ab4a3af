// SPDX-License-Identifier: Apache-2.0
#include "arpline/replay/replay.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <memory>
#include <system_error>

#include "arpline/replay/report.hpp"
#include "arpline/replay/write.hpp"
#include "base/error.hpp"
#include "base/foreign_text.hpp"

namespace arpline::replay {
namespace {

enum Interface : std::uint32_t { kCaptured, kArpline };
constexpr std::array<std::string_view, 2> kInterfaces{"capture", "arpline"};

std::unique_ptr<Writer> writer_for(const Request& request) {
  if (request.write.empty()) return nullptr;
  std::error_code ignored;
  if (std::filesystem::equivalent(request.file, request.write, ignored))
    throw SetupError(request.write + ": is the capture itself; write to another file");
  return std::make_unique<Writer>(request.write, kInterfaces);
}

void write(Writer& writer, const Captured& captured, const Seen& seen) {
  writer.frame(kCaptured, captured.time_ns, captured.bytes, captured.wire_bytes, comment_of(seen));
  if (!seen.answer.empty())
    writer.frame(kArpline, captured.time_ns, seen.answer, static_cast<std::uint32_t>(seen.answer.size()));
}

}  // namespace

int run(const Request& request, const Roots& roots) {
  const Ways ways{.confirmed = request.confirmed, .inbound = request.inbound};
  const auto world = std::make_unique<World>(network_of(request.network, roots), ways);
  Capture capture{request.file};
  const auto writer = writer_for(request);
  Captured captured;
  while (capture.next(captured)) {
    const auto& seen = world->see(captured);
    if (seen.kind == Kind::not_arp || seen.kind == Kind::cut) continue;
    if (request.each) fmt::print("{}", line_of(seen, world->sums().first_ns));
    if (writer) write(*writer, captured, seen);
  }
  if (writer) writer->close();
  auto sums = to_json(*world);
  if (request.as_json) {
    sums["version"] = ARPLINE_VERSION;
    sums["file"] = visible(request.file);
    fmt::print("{}\n", sums.dump(2, ' ', true, nlohmann::json::error_handler_t::replace));
  } else {
    fmt::print("{}{}: {}", request.each ? "\n" : "", visible(request.file), printable(to_text(sums, ways)));
  }
  return 0;
}

}  // namespace arpline::replay
