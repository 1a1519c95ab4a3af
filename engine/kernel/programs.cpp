// SPDX-License-Identifier: Apache-2.0
#include "kernel/programs.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <string_view>
#include <vector>

#include "arpline.skel.h"
#include "base/clock.hpp"
#include "base/command.hpp"
#include "base/error.hpp"
#include "kernel/libbpf_log.hpp"
#include "kernel/netns.hpp"
#include "kernel/pins.hpp"
#include "kernel/tc.hpp"

namespace arpline {
namespace {

std::string link_path(const std::string& folder) {
  return folder + "/" + ARPL_PIN_INGRESS_LINK;
}

std::uint32_t ifindex_of_link(int link_fd) noexcept {
  bpf_link_info info{};
  std::uint32_t length = sizeof info;
  return bpf_obj_get_info_by_fd(link_fd, &info, &length) == 0 ? info.xdp.ifindex : 0;
}

bool is_there(int ifindex) noexcept {
  std::array<char, IF_NAMESIZE> name{};
  return if_indextoname(static_cast<unsigned>(ifindex), name.data()) != nullptr;
}

std::uint32_t program_of_link(int link_fd) noexcept {
  bpf_link_info info{};
  std::uint32_t length = sizeof info;
  return bpf_obj_get_info_by_fd(link_fd, &info, &length) == 0 ? info.prog_id : 0;
}

template <class Info>
std::uint32_t id_of(int fd) noexcept {
  Info info{};
  std::uint32_t length = sizeof info;
  return bpf_obj_get_info_by_fd(fd, &info, &length) == 0 ? info.id : 0;
}

// The ids of all maps that are pinned in the folder, of any version.
std::set<std::uint32_t> pinned_maps(const std::string& folder) {
  std::set<std::uint32_t> ids;
  for (const auto& name : names_of_pins(folder)) {
    if (name == ARPL_PIN_INGRESS_LINK) continue;
    const Fd map{bpf_obj_get((folder + "/" + name).c_str())};
    if (const auto id = map ? id_of<bpf_map_info>(map.get()) : 0; id != 0) ids.insert(id);
  }
  return ids;
}

std::vector<std::uint32_t> maps_of(std::uint32_t program_id) {
  const Fd program{bpf_prog_get_fd_by_id(program_id)};
  std::vector<std::uint32_t> maps(64);
  bpf_prog_info info{};
  info.nr_map_ids = static_cast<std::uint32_t>(maps.size());
  info.map_ids = reinterpret_cast<std::uintptr_t>(maps.data());
  std::uint32_t length = sizeof info;
  if (!program || bpf_obj_get_info_by_fd(program.get(), &info, &length) != 0) return {};
  maps.resize(std::min<std::size_t>(info.nr_map_ids, maps.size()));
  return maps;
}

// The expiry time in a lease map; kNoTime for any other map.
Instant lease_in(std::uint32_t map_id) {
  const Fd map{bpf_map_get_fd_by_id(map_id)};
  bpf_map_info info{};
  std::uint32_t length = sizeof info;
  if (!map || bpf_obj_get_info_by_fd(map.get(), &info, &length) != 0 ||
      std::string_view{info.name} != "lease" || info.value_size != sizeof(std::uint64_t) ||
      info.key_size != sizeof(std::uint32_t))
    return kNoTime;
  const std::uint32_t only = 0;
  std::uint64_t expires = 0;
  return bpf_map_lookup_elem(map.get(), &only, &expires) == 0 ? instant_from_raw(expires) : kNoTime;
}

// "another XDP program is attached (id 7, xdp_pass)"
std::string foreign_program(std::uint32_t id, const std::string& name) {
  if (id == 0) return "another program is attached";
  return fmt::format("another XDP program is attached (id {}{}{})", id, name.empty() ? "" : ", ",
                     visible(name));
}

// When the program is arpline's own, another arplined runs it, or pins below another root hold it. `xdp off`
// would break either, so the remedy is another one.
[[noreturn]] void refuse_foreign(const ProgramOptions& options, std::uint32_t id) {
  bpf_prog_info info{};
  std::uint32_t length = sizeof info;
  const Fd program{id == 0 ? -1 : bpf_prog_get_fd_by_id(id)};
  const bool known = program && bpf_obj_get_info_by_fd(program.get(), &info, &length) == 0;
  const std::string name = known ? info.name : "";
  const auto remedy =
      name == kIngressName
          ? fmt::format("it is arpline's own, of another arplined or another --pin-root: stop that one, or {}",
                        Command("arpline --pin-root ITS-FOLDER detach -- {}", options.parent).text())
          : fmt::format("stop its owner; if nobody needs it any more: {}",
                        Command("ip link set dev {} xdp off", options.parent).text());
  throw SetupError(fmt::format("{}: attach XDP program: {}; {}", visible(options.parent),
                               foreign_program(id, name), remedy));
}

[[noreturn]] void refuse_attach(const ProgramOptions& options, int error) {
  const auto operation = visible(options.parent) + ": attach XDP program";
  if (error == EBUSY || error == EEXIST) {
    std::uint32_t id = 0;
    bpf_xdp_query_id(options.ifindex, 0, &id);
    refuse_foreign(options, id);
  }
  throw_errno(operation, error,
              options.generic_xdp
                  ? "see `arpline preflight`"
                  : "the driver may have no native XDP: see `arpline preflight` and generic_xdp");
}

std::array<std::uint64_t, 2> draw_key() {
  std::array<std::uint64_t, 2> key{};
  if (getrandom(key.data(), sizeof key, 0) != sizeof key) throw_errno("draw the hash key", errno);
  return key;
}

}  // namespace

void Programs::CloseSkeleton::operator()(arpline_bpf* skeleton) const noexcept {
  arpline_bpf__destroy(skeleton);
}

void Programs::check(const ProgramOptions& options, const LinkInfo& link) {
  Netlink route(NETLINK_ROUTE);
  check_ingress_qdisc(route, options.ifindex, options.parent);
  if (options.ingress == IngressProgram::none) return;
  const Fd ours{bpf_obj_get(link_path(options.folder).c_str())};
  const bool kept = ours && ifindex_of_link(ours.get()) == static_cast<std::uint32_t>(options.ifindex);
  if (link.xdp_prog_id != 0 && !(kept && program_of_link(ours.get()) == link.xdp_prog_id))
    refuse_foreign(options, link.xdp_prog_id);
  if (!options.generic_xdp && link.xdp_features && (*link.xdp_features & xdp_feature::basic) == 0)
    refuse_attach(options, EOPNOTSUPP);
}

Programs::Programs(ProgramOptions options)
    : options_(std::move(options)), route_(NETLINK_ROUTE), old_maps_(pinned_maps(options_.folder)) {
  skeleton_.reset(arpline_bpf__open());
  if (!skeleton_) throw_errno("open the BPF object", errno);
  for (auto* program : {skeleton_->progs.arpl_ingress, skeleton_->progs.xsk_def_prog})
    bpf_program__set_autoload(program, options_.ingress != IngressProgram::none && program == ingress());
  auto old = Maps::open_pinned(options_.folder, true);
  if (old && (old->meta().parent_ifindex != static_cast<std::uint32_t>(options_.ifindex) || !fits(*old)))
    old.reset();
  took_over_ = old.has_value();
  arpl_meta meta{};
  if (old) {
    reuse_maps(*old);
    meta = old->meta();
  } else {
    const auto key = draw_key();
    const auto replaced = pinned_meta(options_.folder);
    meta = {.abi_version = ARPL_ABI_VERSION,
            .parent_ifindex = static_cast<std::uint32_t>(options_.ifindex),
            .hash_key = {key[0], key[1]},
            .owner_pid = 0,
            .clsact_created = replaced ? replaced->clsact_created : 0,
            .reserved = {}};
  }
  meta.owner_pid = static_cast<std::uint32_t>(getpid());
  arpl_derive_keys(meta.hash_key[0], meta.hash_key[1], &skeleton_->rodata->arpl_keys);
  forget_libbpf_line();
  if (const int error = arpline_bpf__load(skeleton_.get()); error != 0) {
    throw_errno(fmt::format("load the BPF programs ({})", last_libbpf_line()), -error,
                error == -EPERM
                    ? "run as root"
                    : "see `arpline preflight` for what the kernel lacks, and --verbose for the whole log");
  }
  std::map<std::string, int> fds;
  for (const auto& name : map_names()) {
    fds[name] = bpf_map__fd(bpf_object__find_map_by_name(skeleton_->obj, name.c_str()));
  }
  maps_ = std::make_unique<Maps>(Maps::from_fds(fds, true));
  maps_->set_meta(meta);
  egress_fd_ = bpf_program__fd(skeleton_->progs.arpl_egress);
  egress_id_ = id_of<bpf_prog_info>(egress_fd_);
}

Programs::~Programs() = default;

// libbpf reuses a map of another shape without a check, and the program would read beyond its values.
bool Programs::fits(const Maps& old) const {
  return std::ranges::all_of(map_names(), [&](const std::string& name) {
    const bpf_map* map = bpf_object__find_map_by_name(skeleton_->obj, name.c_str());
    bpf_map_info info{};
    std::uint32_t length = sizeof info;
    return bpf_obj_get_info_by_fd(old.fd(name), &info, &length) == 0 && info.type == bpf_map__type(map) &&
           info.key_size == bpf_map__key_size(map) && info.value_size == bpf_map__value_size(map) &&
           info.max_entries == bpf_map__max_entries(map);
  });
}

void Programs::reuse_maps(const Maps& old) {
  for (const auto& name : map_names()) {
    bpf_map* map = bpf_object__find_map_by_name(skeleton_->obj, name.c_str());
    if (const int error = bpf_map__reuse_fd(map, old.fd(name)); error != 0) {
      throw_errno("take over the pinned BPF map " + name, -error);
    }
  }
}

bpf_program* Programs::ingress() const noexcept {
  return options_.ingress == IngressProgram::for_net_af_xdp ? skeleton_->progs.xsk_def_prog
                                                            : skeleton_->progs.arpl_ingress;
}

// Opens the pinned link of an earlier run; false when there is none that can be reused.
bool Programs::take_link() {
  link_ = Fd{bpf_obj_get(link_path(options_.folder).c_str())};
  if (!link_ || ifindex_of_link(link_.get()) != static_cast<std::uint32_t>(options_.ifindex)) return false;
  bpf_xdp_query_opts now{};
  now.sz = sizeof now;
  const auto wanted = options_.generic_xdp ? XDP_ATTACHED_SKB : XDP_ATTACHED_DRV;
  link_is_pinned_ = options_.ingress != IngressProgram::none && bpf_xdp_query(options_.ifindex, 0, &now) == 0 &&
                    now.attach_mode == wanted;
  if (link_is_pinned_) return true;
  changed_mode_ = true;
  if (bpf_link_detach(link_.get()) != 0)
    throw_errno(visible(options_.parent) + ": detach the XDP program", errno);
  return false;
}

// An earlier run's link gets the new program in one step; a new link is made only when there is none.
void Programs::attach_xdp() {
  if (take_link()) {
    if (bpf_link_update(link_.get(), bpf_program__fd(ingress()), nullptr) != 0)
      throw_errno(visible(options_.parent) + ": swap the XDP program", errno);
    return;
  }
  link_.reset();
  if (options_.ingress == IngressProgram::none) return;
  bpf_link_create_opts link_options{};
  link_options.sz = sizeof link_options;
  link_options.flags = options_.generic_xdp ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
  const int fd = bpf_link_create(bpf_program__fd(ingress()), options_.ifindex, BPF_XDP, &link_options);
  if (fd < 0) refuse_attach(options_, -fd);
  link_ = Fd{fd};
}

// `meta` is unpinned first and pinned last, so that pins which a crash leaves incomplete are never taken over.
void Programs::pin() {
  pinned_ = true;
  const auto path = [&](const std::string& name) { return options_.folder + "/" + name; };
  const auto pin_one = [&](int fd, const std::string& name) {
    if (bpf_obj_pin(fd, path(name).c_str()) != 0) throw_errno("pin " + path(name), errno);
  };
  if (!took_over_) {
    unlink(path("meta").c_str());
    for (const auto& name : names_of_pins(options_.folder))
      if (name != ARPL_PIN_INGRESS_LINK) unlink(path(name).c_str());
    for (const auto& name : map_names())
      if (name != "meta") pin_one(maps_->fd(name), name);
    pin_one(maps_->fd("meta"), "meta");
  }
  if (link_is_pinned_) return;
  unlink(path(ARPL_PIN_INGRESS_LINK).c_str());
  if (link_) pin_one(link_.get(), ARPL_PIN_INGRESS_LINK);
}

// A filter with our name may be replaced when an earlier run has left it. It belongs to a running arplined when
// its lease is live and its lease map is not one that this run has taken over.
bool Programs::may_replace(std::uint32_t program_id) const {
  if (program_id == egress_id_) return true;
  const auto ours = id_of<bpf_map_info>(maps_->fd("lease"));
  return std::ranges::none_of(maps_of(program_id), [&](std::uint32_t map) {
    return map != ours && !old_maps_.contains(map) && lease_in(map) > Clock::now();
  });
}

void Programs::attach_egress() {
  auto meta = maps_->meta();
  const bool clsact_created =
      arpline::attach_egress(route_, options_.ifindex, options_.parent, egress_fd_,
                             [this](std::uint32_t program_id) { return may_replace(program_id); });
  egress_attached_ = true;
  meta.clsact_created = meta.clsact_created != 0 || clsact_created ? 1 : 0;
  maps_->set_meta(meta);
}

// A filter is replaced in its place; the one that is there now is known by egress_id_ until then. A failure
// leaves no descriptor of a program that others are about to close.
void Programs::use(int ingress_fd, int egress_fd) {
  egress_fd_ = egress_fd < 0 ? bpf_program__fd(skeleton_->progs.arpl_egress) : egress_fd;
  if (link_) {
    const int fd = ingress_fd < 0 ? bpf_program__fd(ingress()) : ingress_fd;
    if (bpf_link_update(link_.get(), fd, nullptr) != 0)
      throw_errno(visible(options_.parent) + ": swap the XDP program", errno);
  }
  attach_egress();
  egress_id_ = id_of<bpf_prog_info>(egress_fd_);
}

void Programs::attach() {
  try {
    attach_xdp();
    attach_egress();
    pin();
  } catch (...) {
    give_up();
    throw;
  }
}

void Programs::give_up() noexcept {
  const bool kept =
      link_is_pinned_ || (options_.ingress == IngressProgram::none && took_over_ && !changed_mode_);
  if (egress_attached_ || pinned_ || link_) maps_->set_lease(kNoTime);
  if (kept) return;
  remove_egress();
  if (link_) bpf_link_detach(link_.get());
  link_.reset();
  if (pinned_ || changed_mode_) remove_pin_folder(options_.folder);
}

// Removes this run's filter only.
void Programs::remove_egress() noexcept {
  if (!egress_attached_) return;
  try {
    detach_egress(
        route_, options_.ifindex, [this](std::uint32_t program_id) { return program_id == egress_id_; },
        maps_->meta().clsact_created != 0);
  } catch (const SetupError&) {
    // The interface is gone, and the filter with it.
  }
}

void Programs::detach() noexcept {
  maps_->set_lease(kNoTime);
  remove_egress();
  if (link_) bpf_link_detach(link_.get());
  link_.reset();
  remove_pin_folder(options_.folder);
}

bool Programs::attached() const noexcept {
  if (options_.ingress == IngressProgram::none) return is_there(options_.ifindex);
  return link_ && ifindex_of_link(link_.get()) == static_cast<std::uint32_t>(options_.ifindex);
}

int pinned_ifindex(const std::string& folder) noexcept {
  const Fd link{bpf_obj_get(link_path(folder).c_str())};
  if (link) return static_cast<int>(ifindex_of_link(link.get()));
  PinName name;
  if (!pinned_meta(folder) || !parse_pin_name(folder.substr(folder.rfind('/') + 1), name)) return 0;
  return name.netns_inode != own_netns_inode() || is_there(name.ifindex) ? name.ifindex : 0;
}

void detach_pinned(const std::string& folder, int ifindex) {
  const auto meta = pinned_meta(folder);
  const auto maps_here = pinned_maps(folder);
  const bool clsact_created = meta && meta->clsact_created != 0;
  if (const auto maps = Maps::open_pinned(folder, true)) maps->set_lease(kNoTime);
  if (const Fd link{bpf_obj_get(link_path(folder).c_str())}; link && ifindex_of_link(link.get()) != 0) {
    if (bpf_link_detach(link.get()) != 0) throw_errno("detach the XDP program", errno);
  }
  if (ifindex != 0) {
    Netlink route(NETLINK_ROUTE);
    const auto is_of_these_maps = [&maps_here](std::uint32_t program_id) {
      return std::ranges::any_of(maps_of(program_id),
                                 [&](std::uint32_t map) { return maps_here.contains(map); });
    };
    detach_egress(route, ifindex, is_of_these_maps, clsact_created);
  }
  remove_pin_folder(folder);
}

}  // namespace arpline
