// SPDX-License-Identifier: Apache-2.0
#include "kernel/maps.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/error.hpp"
#include "base/shared_word.hpp"

namespace arpline {
namespace {

constexpr std::uint32_t kOnlyKey = 0;  // the key of arrays with one entry

// All keys of a hash, collected first so that the caller may erase entries.
template <class Key>
std::vector<Key> keys_of(int fd) {
  std::vector<Key> keys;
  Key key{};
  const Key* previous = nullptr;
  while (bpf_map_get_next_key(fd, previous, &key) == 0) {
    keys.push_back(key);
    previous = &keys.back();
  }
  return keys;
}

template <class Key, class Value>
std::vector<std::pair<Key, Value>> all_of(int fd) {
  std::vector<std::pair<Key, Value>> all;
  for (const auto& key : keys_of<Key>(fd)) {
    Value value{};
    if (bpf_map_lookup_elem(fd, &key, &value) == 0) all.emplace_back(key, value);
  }
  return all;
}

template <class T>
T read_one(int fd, const char* name) {
  T value{};
  if (bpf_map_lookup_elem(fd, &kOnlyKey, &value) != 0) throw_errno(fmt::format("read BPF map {}", name), errno);
  return value;
}

// Sums the per-CPU values of an array with one entry, field by field.
template <class T>
std::vector<std::uint64_t> sum_per_cpu(int fd, const char* name) {
  const int cpus = libbpf_num_possible_cpus();
  if (cpus < 1) throw_errno("count the CPUs", -cpus);
  constexpr auto kFields = sizeof(T) / sizeof(std::uint64_t);
  std::vector<std::uint64_t> all(kFields * static_cast<std::size_t>(cpus));
  if (bpf_map_lookup_elem(fd, &kOnlyKey, all.data()) != 0)
    throw_errno(fmt::format("read BPF map {}", name), errno);
  std::vector<std::uint64_t> sum(kFields);
  for (std::size_t i = 0; i < all.size(); ++i) sum[i % kFields] += all[i];
  return sum;
}

// The maps that are mapped into memory, with their sizes.
const std::map<std::string, std::size_t>& mapped_bytes() {
  static const std::map<std::string, std::size_t> kBytes{
      {"slots", sizeof(arpl_slot) * ARPL_MAX_ENDPOINTS},
      {"endpoint_stats", sizeof(arpl_endpoint_stats) * ARPL_MAX_ENDPOINTS},
      {"endpoint_index", sizeof(arpl_index_set) * ARPL_INDEX_SETS},
      {"filter", sizeof(std::uint64_t) * ARPL_FILTER_WORDS},
      {"pairs", sizeof(arpl_pair_set) * ARPL_PAIR_SETS},
      {"heard", sizeof(std::uint64_t) * ARPL_HEARD_ENTRIES},
      {"buckets", sizeof(std::uint64_t) * ARPL_BUCKETS},
      {"credit", sizeof(arpl_credit) * ARPL_MAX_QUEUES},
      {"engine_verdicts", sizeof(arpl_engine_counts) * ARPL_MAX_WORKERS},
      {"limits", sizeof(arpl_limits)},
      {"lease", sizeof(std::uint64_t)}};
  return kBytes;
}

bool has_bytes(int fd, std::size_t bytes) {
  bpf_map_info info{};
  std::uint32_t length = sizeof info;
  return bpf_obj_get_info_by_fd(fd, &info, &length) == 0 &&
         std::size_t{info.value_size} * info.max_entries == bytes;
}

}  // namespace

const std::vector<std::string>& map_names() {
  static const std::vector<std::string> kNames{
      "meta",     "endpoints",      "endpoint_index",  "slots",        "endpoint_stats",
      "macs",     "filter",         "pairs",           "heard",        "buckets",
      "verdicts", "other_verdicts", "engine_verdicts", "egress_stats", "limits",
      "storm",    "groups",         "lease",           "credit",       "xsks_map",
      "events"};
  return kNames;
}

Maps Maps::from_fds(const std::map<std::string, int>& fds, bool writable) {
  Maps maps;
  for (const auto& name : map_names()) {
    Fd copy{fcntl(fds.at(name), F_DUPFD_CLOEXEC, 0)};
    if (!copy) throw_errno("copy the descriptor of BPF map " + name, errno);
    maps.fds_.emplace(name, std::move(copy));
  }
  const auto map = [&](const std::string& name) {
    return Mapped(maps.fd(name), mapped_bytes().at(name), writable, name);
  };
  maps.slots_ = map("slots");
  maps.stats_ = map("endpoint_stats");
  maps.index_ = map("endpoint_index");
  maps.filter_ = map("filter");
  maps.pairs_ = map("pairs");
  maps.heard_ = map("heard");
  maps.buckets_ = map("buckets");
  maps.credit_ = map("credit");
  maps.engine_ = map("engine_verdicts");
  maps.limits_ = map("limits");
  maps.lease_ = map("lease");
  return maps;
}

// The first bytes of `meta` are the same in all versions; the value may be longer.
std::optional<arpl_meta> pinned_meta(const std::string& folder) {
  const Fd fd{bpf_obj_get((folder + "/meta").c_str())};
  bpf_map_info info{};
  std::uint32_t length = sizeof info;
  if (!fd || bpf_obj_get_info_by_fd(fd.get(), &info, &length) != 0 || info.value_size < sizeof(arpl_meta) ||
      info.key_size != sizeof kOnlyKey)
    return std::nullopt;
  std::vector<char> value(info.value_size);
  if (bpf_map_lookup_elem(fd.get(), &kOnlyKey, value.data()) != 0) return std::nullopt;
  arpl_meta meta{};
  std::memcpy(&meta, value.data(), sizeof meta);
  return meta;
}

std::optional<Maps> Maps::open_pinned(const std::string& folder, bool writable) {
  // The version is compared before anything is mapped, because another ABI's maps have other sizes.
  const auto meta = pinned_meta(folder);
  if (!meta || meta->abi_version != ARPL_ABI_VERSION) return std::nullopt;
  std::map<std::string, Fd> pinned;
  std::map<std::string, int> fds;
  for (const auto& name : map_names()) {
    const auto path = fmt::format("{}/{}", folder, name);
    Fd fd{bpf_obj_get(path.c_str())};
    if (!fd) return std::nullopt;
    fds[name] = fd.get();
    pinned.emplace(name, std::move(fd));
  }
  // A foreign object pinned under a map's name can't be mapped. It counts as no pins, so that a detach still
  // works.
  for (const auto& [name, bytes] : mapped_bytes())
    if (!has_bytes(fds.at(name), bytes)) return std::nullopt;
  return from_fds(fds, writable);
}

void Maps::set_lease(Instant expires) const noexcept {
  publish(lease_.as<__u64>()[0], raw(expires));
}

Instant Maps::lease() const noexcept {
  return instant_from_raw(relaxed_load(lease_.as<__u64>()[0]));
}

arpl_meta Maps::meta() const {
  return read_one<arpl_meta>(fd("meta"), "meta");
}

arpl_hash_keys Maps::hash_keys() const {
  const auto drawn = meta();
  arpl_hash_keys keys{};
  arpl_derive_keys(drawn.hash_key[0], drawn.hash_key[1], &keys);
  return keys;
}

void Maps::set_meta(const arpl_meta& meta) const {
  if (bpf_map_update_elem(fd("meta"), &kOnlyKey, &meta, BPF_ANY) != 0) throw_errno("write BPF map meta", errno);
}

std::vector<std::pair<arpl_endpoint_key, arpl_endpoint>> Maps::endpoints() const {
  return all_of<arpl_endpoint_key, arpl_endpoint>(fd("endpoints"));
}

bool Maps::put_endpoint(const arpl_endpoint_key& key, const arpl_endpoint& value) const noexcept {
  return bpf_map_update_elem(fd("endpoints"), &key, &value, BPF_ANY) == 0;
}

void Maps::erase_endpoint(const arpl_endpoint_key& key) const noexcept {
  bpf_map_delete_elem(fd("endpoints"), &key);
}

bool Maps::put_sender(Mac mac, const arpl_sender& known) const noexcept {
  arpl_sender sender{};
  bpf_map_lookup_elem(fd("macs"), &mac, &sender);
  sender.host = known.host;
  sender.shared = known.shared;
  sender.netns = known.netns;
  return bpf_map_update_elem(fd("macs"), &mac, &sender, BPF_ANY) == 0;
}

void Maps::erase_sender(Mac mac) const noexcept {
  bpf_map_delete_elem(fd("macs"), &mac);
}

std::optional<arpl_sender> Maps::sender(Mac mac) const noexcept {
  arpl_sender sender{};
  if (bpf_map_lookup_elem(fd("macs"), &mac, &sender) != 0) return std::nullopt;
  return sender;
}

std::vector<std::pair<Mac, arpl_sender>> Maps::senders() const {
  return all_of<Mac, arpl_sender>(fd("macs"));
}

std::vector<std::pair<arpl_storm_key, arpl_storm_limit>> Maps::storm_limits() const {
  return all_of<arpl_storm_key, arpl_storm_limit>(fd("storm"));
}

std::vector<Mac> Maps::groups() const {
  return keys_of<Mac>(fd("groups"));
}

std::vector<std::uint64_t> Maps::verdicts() const {
  return sum_per_cpu<arpl_verdict_counts>(fd("verdicts"), "verdicts");
}

void Maps::set_verdicts(const std::vector<std::uint64_t>& sum) const {
  const int cpus = libbpf_num_possible_cpus();
  if (cpus < 1) throw_errno("count the CPUs", -cpus);
  auto all = sum;  // goes into the first CPU's values
  all.resize(sum.size() * static_cast<std::size_t>(cpus));
  if (bpf_map_update_elem(fd("verdicts"), &kOnlyKey, all.data(), BPF_ANY) != 0)
    throw_errno("write BPF map verdicts", errno);
}

std::vector<std::uint64_t> Maps::other_verdicts() const {
  return sum_per_cpu<arpl_other_counts>(fd("other_verdicts"), "other_verdicts");
}

arpl_egress_stats Maps::egress_stats() const {
  const auto sum = sum_per_cpu<arpl_egress_stats>(fd("egress_stats"), "egress_stats");
  arpl_egress_stats stats{};
  std::memcpy(&stats, sum.data(), sizeof stats);
  return stats;
}

// User space can't read an XSKMAP, but with BPF_NOEXIST a socket can be put only into an empty place. The
// kernel removes the socket from the map when it is closed.
std::optional<std::uint32_t> first_queue_without_socket(int xsks_map_fd, std::uint32_t queues) {
  const Fd socket{::socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0)};
  if (!socket) throw_errno("open an AF_XDP socket", errno);
  const int value = socket.get();
  for (std::uint32_t queue = 0; queue < queues; ++queue) {
    if (bpf_map_update_elem(xsks_map_fd, &queue, &value, BPF_NOEXIST) == 0) return queue;
    if (errno != EEXIST) throw_errno("look for a socket in BPF map xsks_map", errno);
  }
  return std::nullopt;
}

void Maps::close_rings() const noexcept {
  for (std::uint32_t queue = 0; queue < ARPL_MAX_QUEUES; ++queue) bpf_map_delete_elem(fd("xsks_map"), &queue);
}

}  // namespace arpline
