#include "runtime/store/garbage.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <set>

#include "runtime/store/encode_rate.h"

namespace pml::runtime {
namespace {

/// Manifests all of whose files were compiled again, with the same model, after an edit.
std::vector<bool> find_superseded(const std::vector<StoredManifest>& manifests) {
  std::map<std::pair<std::string, std::string>, std::int64_t> latest;  // by file and model
  std::vector<std::string> models;
  for (const StoredManifest& stored : manifests) {
    models.push_back(recipe_entry(stored.manifest.recipe, "model"));
    for (const CompiledSource& source : stored.sources()) {
      std::int64_t& at = latest.try_emplace({source.path, models.back()}, source.compiled_at).first->second;
      at = std::max(at, source.compiled_at);
    }
  }
  std::vector<bool> is_superseded;
  for (std::size_t i = 0; i < manifests.size(); ++i) {
    const auto sources = manifests[i].sources();
    is_superseded.push_back(std::all_of(sources.begin(), sources.end(), [&](const CompiledSource& source) {
      return source.compiled_at < latest.at({source.path, models[i]});
    }));
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
    drop_remembered();
    drop_bare_folders();
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

  /// Whether what no manifest names is wanted by none.
  bool knows_all_names() const { return contents_.unreadable_manifests.empty(); }

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
      // What single prompts made has no name, and is bounded in other ways.
      const bool is_named = object.shelf == Shelf::automatic || named_.contains(object.digest);
      if (is_young(object.file.used_at)) {
        garbage_.num_young += is_named ? 0 : 1;
        garbage_.young_bytes += is_named ? 0 : object.file.size_bytes;
      } else if (!is_named && knows_all_names()) {
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
    std::erase_if(kept_manifests_, [&](const StoredManifest* stored) {
      bool is_empty = stored->manifest.num_artifacts() > 0 && !is_young(seconds(*stored));
      for (const ManifestNode& node : stored->manifest.nodes) {
        if (node.is_artifact() && left.contains(node.digest)) is_empty = false;
      }
      if (is_empty) add_manifest(*stored, GarbageReason::empty);
      return is_empty;
    });
  }

  void drop_remembered() {
    for (const StoredFile& file : contents_.vanished_models) {
      if (!is_young(file.used_at)) add(file, GarbageReason::vanished);
    }
    if (!knows_all_names()) return;
    std::set<std::filesystem::path> needed;
    for (const StoredManifest* stored : kept_manifests_) {
      needed.insert(contents_.folder / rate_name(stored->manifest.recipe));
    }
    for (const StoredFile& file : contents_.rates) {
      if (!needed.contains(file.path) && !is_young(file.used_at)) add(file, GarbageReason::unneeded);
    }
  }

  /// Of any age: who writes an artifact makes its folder again.
  void drop_bare_folders() {
    std::map<std::filesystem::path, std::size_t> num_removed;
    for (std::size_t i = 0; i < contents_.objects.size(); ++i) {
      if (is_removed_[i]) ++num_removed[contents_.objects[i].file.path.parent_path()];
    }
    for (const StoredFolder& folder : contents_.folders) {
      if (num_removed[folder.path] == folder.num_entries) add({folder.path, 0, 0}, GarbageReason::bare);
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
  constexpr std::array<std::string_view, 9> kNames{"unnamed",  "unused",   "size",      "superseded", "empty",
                                                   "vanished", "unneeded", "abandoned", "bare"};
  return kNames[static_cast<std::size_t>(reason)];
}

bool is_artifact(GarbageReason reason) {
  return reason == GarbageReason::unnamed || reason == GarbageReason::unused || reason == GarbageReason::beyond_size;
}

Garbage find_garbage(const StoreContents& contents, const GarbagePolicy& policy, std::int64_t now) {
  return Collector(contents, policy, now).collect();
}

void trim_automatic(const Store& store, std::uint64_t max_bytes) {
  if (store.is_read_only()) return;
  const std::vector<StoredObject> objects = read_objects(store, Shelf::automatic);
  std::uint64_t size_bytes = 0;
  for (const StoredObject& object : objects) size_bytes += object.file.size_bytes;
  for (const StoredObject& object : objects) {
    if (size_bytes <= max_bytes) return;
    std::string why;  // one that cannot be removed, or was used just now, stays
    const StoredFile& file = object.file;
    if (remove_garbage({file.path, file.size_bytes, file.used_at, GarbageReason::beyond_size}, why)) {
      size_bytes -= file.size_bytes;
    }
  }
}

bool remove_garbage(const GarbageItem& item, std::string& why) {
  why.clear();
  if (item.reason == GarbageReason::bare) {
    if (::rmdir(item.path.c_str()) == 0 || errno == ENOENT) return true;
    if (errno != ENOTEMPTY && errno != EEXIST) why = std::strerror(errno);
    return false;
  }
  struct stat status {};
  if (::lstat(item.path.c_str(), &status) != 0) return true;  // somebody else removed it
  if (status.st_mtim.tv_sec != item.used_at) return false;
  if (::unlink(item.path.c_str()) == 0 || errno == ENOENT) return true;
  why = std::strerror(errno);
  return false;
}

}  // namespace pml::runtime
