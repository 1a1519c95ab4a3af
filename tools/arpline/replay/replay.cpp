// SPDX-License-Identifier: Apache-2.0
#include "arpline/replay/replay.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "arpline/replay/apart.hpp"
#include "arpline/replay/report.hpp"
#include "arpline/replay/write.hpp"
#include "base/error.hpp"
#include "base/foreign_text.hpp"
#include "base/output.hpp"

namespace arpline::replay {
namespace {

enum Interface : std::uint32_t { kCaptured, kArpline };
constexpr std::array<std::string_view, 2> kInterfaces{"capture", "arpline"};

// Replay needs no privilege, except with --like, which reads the pinned maps.
void refuse_root(const Request& request) {
  if (geteuid() != 0 || request.as_root || !request.network.like.empty()) return;
  throw SetupError("replay: needs no privileges: run it as an ordinary user, or give --as-root");
}

std::unique_ptr<OutputFile> output_for(const Request& request, const Input& input) {
  if (request.write.empty()) return nullptr;
  if (is_same_file(fileno(input.file.get()), request.write))
    throw SetupError(request.write + ": is the capture itself; write to another file");
  return std::make_unique<OutputFile>(request.write);
}

void write(Writer& writer, const Captured& captured, const Seen& seen) {
  writer.frame(kCaptured, captured.time_ns, captured.bytes, captured.wire_bytes, comment_of(seen));
  if (!seen.answer.empty())
    writer.frame(kArpline, captured.time_ns, seen.answer, static_cast<std::uint32_t>(seen.answer.size()));
}

int replay(const Request& request, const Network& network, Input input, const OutputFile* output) {
  const Ways ways{.confirmed = request.confirmed, .inbound = request.inbound};
  const auto host = std::make_unique<ReplayHost>(network, ways);
  Capture capture{std::move(input)};
  std::optional<Writer> writer;
  if (output != nullptr) writer.emplace(output->file(), output->path(), kInterfaces);
  Captured captured;
  while (capture.next(captured)) {
    const auto& seen = host->see(captured);
    if (seen.kind == Kind::not_arp || seen.kind == Kind::cut) continue;
    if (request.each) fmt::print("{}", line_of(seen, host->sums().first_ns));
    if (writer) write(*writer, captured, seen);
  }
  if (writer) writer->finish();
  auto sums = to_json(*host);
  if (request.as_json) {
    sums["version"] = ARPLINE_VERSION;
    sums["file"] = visible(request.file);
    fmt::print("{}\n", sums.dump(2, ' ', true, nlohmann::json::error_handler_t::replace));
  } else {
    fmt::print("{}{}: {}", request.each ? "\n" : "", visible(request.file), printable(to_text(sums, ways)));
  }
  return 0;
}

}  // namespace

int run(const Request& request, const Roots& roots) {
  refuse_root(request);
  const auto network = network_of(request.network, roots);
  auto input = open_input(request.file);
  const HeldSignals held;
  const auto output = output_for(request, input);
  const int code = run_apart([&] { return replay(request, network, std::move(input), output.get()); });
  if (code == 0 && output) output->commit();
  return code;
}

}  // namespace arpline::replay
