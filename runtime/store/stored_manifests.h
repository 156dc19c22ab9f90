// The manifests of a store: those that can be read, and those that cannot.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "runtime/store/manifest.h"
#include "runtime/store/store.h"

namespace pml::runtime {

struct StoredManifest {
  std::filesystem::path name;    // below the store's folder
  std::int64_t compiled_at = 0;  // nanoseconds since 1970
  std::uint64_t size_bytes = 0;
  Manifest manifest;

  /// Every file that it was compiled from, and when last; `manifest.source` is the first.
  std::vector<CompiledSource> sources() const;
};

struct StoredManifests {
  std::vector<StoredManifest> readable;  // the most recently compiled first
  /// Why others cannot be read, each with its path. What they name is not known, and may be wanted.
  std::vector<std::string> unreadable;
};

/// The manifest of that name; nothing if there is none. Fails, with the file's path, if it cannot be read.
Result<std::optional<StoredManifest>> read_manifest(const Store& store, const std::filesystem::path& name);

/// All files of schemas/ that are named like manifests; others are passed over.
StoredManifests read_manifests(const Store& store);

/// The one that was compiled last from the file `source`, else the latest of a schema of that name; null if there is
/// none.
const StoredManifest* latest_manifest(const std::vector<StoredManifest>& manifests, const std::string& schema,
                                      const std::string& source);

/// Lets `manifest` remember the other files that `before`, of the same name, was compiled from: copies of a schema
/// share a manifest. At most kMaxOtherSources, the latest.
void take_sources(Manifest& manifest, const StoredManifest& before);

}  // namespace pml::runtime
