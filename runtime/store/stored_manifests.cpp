#include "runtime/store/stored_manifests.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "runtime/store/manifest_json.h"

namespace pml::runtime {

namespace fs = std::filesystem;

std::vector<CompiledSource> StoredManifest::sources() const {
  std::vector<CompiledSource> all{{manifest.source, compiled_at}};
  all.insert(all.end(), manifest.other_sources.begin(), manifest.other_sources.end());
  return all;
}

Result<std::optional<StoredManifest>> read_manifest(const Store& store, const fs::path& name) {
  const fs::path path = store.folder() / name;
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 && errno == ENOENT) return std::nullopt;
  if (::stat(path.c_str(), &status) != 0) return fail(path.string() + ": " + std::strerror(errno));
  const auto text = grammar::read_file(path, Store::kMaxTextBytes);
  if (!text) {
    std::error_code error;
    if (!fs::exists(fs::symlink_status(path, error))) return std::nullopt;  // removed a moment ago
    return fail(path.string() + " " + text.error().message);
  }
  auto manifest = read_manifest(*text);
  if (!manifest) return fail(path.string() + ": " + manifest.error().message);
  return StoredManifest{name, status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec,
                        static_cast<std::uint64_t>(status.st_size), std::move(*manifest)};
}

StoredManifests read_manifests(const Store& store) {
  StoredManifests manifests;
  std::error_code error;
  const fs::path folder = store.folder() / "schemas";
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() != ".json" || !compiler::from_hex(at->path().stem().string())) continue;
    auto stored = read_manifest(store, "schemas" / at->path().filename());
    if (!stored) {
      manifests.unreadable.push_back(stored.error().message);
    } else if (*stored) {
      manifests.readable.push_back(std::move(**stored));
    }
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    manifests.unreadable.push_back(folder.string() + ": " + error.message());
  }
  std::sort(manifests.readable.begin(), manifests.readable.end(), [](const StoredManifest& a, const StoredManifest& b) {
    return std::pair(b.compiled_at, a.name) < std::pair(a.compiled_at, b.name);
  });
  return manifests;
}

const StoredManifest* latest_manifest(const std::vector<StoredManifest>& manifests, const std::string& schema,
                                      const std::string& source) {
  const StoredManifest* latest = nullptr;
  std::int64_t latest_at = 0;
  for (const StoredManifest& stored : manifests) {
    for (const CompiledSource& compiled : stored.sources()) {
      if (compiled.path != source || (latest != nullptr && compiled.compiled_at <= latest_at)) continue;
      latest = &stored;
      latest_at = compiled.compiled_at;
    }
  }
  if (latest != nullptr) return latest;
  const auto found = std::find_if(manifests.begin(), manifests.end(),
                                  [&](const StoredManifest& stored) { return stored.manifest.schema == schema; });
  return found == manifests.end() ? nullptr : &*found;
}

void take_sources(Manifest& manifest, const StoredManifest& before) {
  std::vector<CompiledSource> sources = before.sources();
  std::erase_if(sources, [&](const CompiledSource& compiled) { return compiled.path == manifest.source; });
  if (sources.size() > kMaxOtherSources) sources.resize(kMaxOtherSources);
  manifest.other_sources = std::move(sources);
}

}  // namespace pml::runtime
