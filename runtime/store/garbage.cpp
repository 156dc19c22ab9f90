#include "runtime/store/garbage.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

namespace pml::runtime {
namespace {

/// Manifests of schema files that were compiled again, with the same model, after an edit.
std::vector<bool> find_superseded(const std::vector<StoredManifest>& manifests) {
  std::set<std::pair<std::string, std::string>> seen;  // most recently compiled first
  std::vector<bool> is_superseded;
  for (const StoredManifest& stored : manifests) {
    const auto recipe = nlohmann::json::parse(stored.manifest.recipe, nullptr, false);
    is_superseded.push_back(!seen.emplace(stored.manifest.source, recipe.value("model", "")).second);
  }
  return is_superseded;
}

class Collector {
 public:
  Collector(const StoreContents& contents, const GarbagePolicy& policy, std::int64_t now)
      : contents_(contents), policy_(policy), now_(now), is_removed_(contents.objects.size(), false) {}

  Garbage collect() {
    for (const StoredFile& file : contents_.temporaries) {
      if (!is_young(file.used_at)) add(file, GarbageReason::abandoned);
    }
    choose_manifests();
    choose_objects();
    drop_empty_manifests();
    for (std::size_t i = 0; i < contents_.objects.size(); ++i) {
      if (is_removed_[i]) continue;
      ++garbage_.num_kept;
      garbage_.kept_bytes += contents_.objects[i].file.size_bytes;
    }
    return std::move(garbage_);
  }

 private:
  bool is_young(std::int64_t used_at) const { return now_ - used_at < policy_.grace_seconds; }

  void add(const StoredFile& file, GarbageReason reason) {
    garbage_.items.push_back({file.path, file.size_bytes, file.used_at, reason});
  }
  void add_manifest(const StoredManifest& stored, GarbageReason reason) {
    add({stored_path(stored), stored.size_bytes, seconds(stored)}, reason);
  }
  std::filesystem::path stored_path(const StoredManifest& stored) const { return contents_.folder / stored.name; }
  static std::int64_t seconds(const StoredManifest& stored) { return stored.compiled_at / 1'000'000'000; }

  void choose_manifests() {
    const std::vector<bool> is_superseded = find_superseded(contents_.manifests);
    for (std::size_t i = 0; i < contents_.manifests.size(); ++i) {
      const StoredManifest& stored = contents_.manifests[i];
      if (is_superseded[i] && !is_young(seconds(stored))) {
        add_manifest(stored, GarbageReason::superseded);
        continue;
      }
      kept_manifests_.push_back(&stored);
      for (const ManifestNode& node : stored.manifest.nodes) {
        if (node.is_artifact()) named_.insert(node.digest);
      }
    }
  }

  void choose_objects() {
    std::uint64_t size_bytes = contents_.objects_bytes();
    const auto remove = [&](std::size_t i, GarbageReason reason) {
      is_removed_[i] = true;
      size_bytes -= contents_.objects[i].file.size_bytes;
      add(contents_.objects[i].file, reason);
    };
    for (std::size_t i = 0; i < contents_.objects.size(); ++i) {
      const StoredObject& object = contents_.objects[i];
      const bool is_named = named_.contains(object.digest);
      if (is_young(object.file.used_at)) {
        garbage_.num_young += is_named ? 0 : 1;
        garbage_.young_bytes += is_named ? 0 : object.file.size_bytes;
      } else if (!is_named) {
        remove(i, GarbageReason::unnamed);
      } else if (policy_.older_than_seconds && now_ - object.file.used_at > *policy_.older_than_seconds) {
        remove(i, GarbageReason::unused);
      }
    }
    if (!policy_.max_bytes) return;
    for (std::size_t i = 0; i < contents_.objects.size() && size_bytes > *policy_.max_bytes; ++i) {
      if (is_removed_[i] || is_young(contents_.objects[i].file.used_at)) continue;
      remove(i, GarbageReason::beyond_size);
    }
  }

  void drop_empty_manifests() {
    std::set<Digest> left;
    for (std::size_t i = 0; i < contents_.objects.size(); ++i) {
      if (!is_removed_[i]) left.insert(contents_.objects[i].digest);
    }
    for (const StoredManifest* stored : kept_manifests_) {
      bool is_empty = stored->manifest.num_artifacts() > 0;
      for (const ManifestNode& node : stored->manifest.nodes) {
        if (node.is_artifact() && left.contains(node.digest)) is_empty = false;
      }
      if (is_empty && !is_young(seconds(*stored))) add_manifest(*stored, GarbageReason::empty);
    }
  }

  const StoreContents& contents_;
  const GarbagePolicy& policy_;
  std::int64_t now_;
  std::vector<bool> is_removed_;  // by object
  std::vector<const StoredManifest*> kept_manifests_;
  std::set<Digest> named_;
  Garbage garbage_;
};

}  // namespace

std::string_view to_string(GarbageReason reason) {
  constexpr std::array<std::string_view, 6> kNames{"unnamed", "unused", "size", "superseded", "empty", "abandoned"};
  return kNames[static_cast<std::size_t>(reason)];
}

Garbage find_garbage(const StoreContents& contents, const GarbagePolicy& policy, std::int64_t now) {
  return Collector(contents, policy, now).collect();
}

bool remove_garbage(const GarbageItem& item, std::string& why) {
  why.clear();
  struct stat status {};
  if (::lstat(item.path.c_str(), &status) != 0) return true;  // somebody else removed it
  if (status.st_mtim.tv_sec != item.used_at) return false;
  if (::unlink(item.path.c_str()) == 0 || errno == ENOENT) return true;
  why = std::strerror(errno);
  return false;
}

}  // namespace pml::runtime
