// What lies in a store's folder: its files by what they are, with sizes and times. For `pml inspect` and `pml gc`.
#pragma once

#include <filesystem>
#include <vector>

#include "runtime/store/stored_manifests.h"

namespace pml::runtime {

struct StoredFile {
  std::filesystem::path path;
  std::uint64_t size_bytes = 0;
  std::int64_t used_at = 0;  // time of modification, seconds since 1970
};

struct StoredObject {
  Digest digest{};  // as its name says
  StoredFile file;
  Shelf shelf = Shelf::declared;
};

/// A folder of artifacts, objects/<aa> or automatic/<aa>.
struct StoredFolder {
  std::filesystem::path path;
  std::size_t num_entries = 0;
};

struct StoreContents {
  std::filesystem::path folder;
  std::vector<StoredObject> objects;              // least recently used first
  std::vector<StoredManifest> manifests;          // most recently compiled first
  std::vector<std::string> unreadable_manifests;  // why, each with its path
  std::vector<StoredFile> vanished_models;        // fingerprints of files that are not there any more
  std::vector<StoredFile> rates;
  std::vector<StoredFile> temporaries;  // files that are being written, or that their writers left behind
  std::vector<StoredFolder> folders;
  std::vector<std::filesystem::path> misplaced;  // folders that are named like artifacts

  std::uint64_t objects_bytes() const;
};

/// The artifacts of one shelf, least recently used first.
std::vector<StoredObject> read_objects(const Store& store, Shelf shelf);

/// Reads folders and small files, and opens no object. Files with other names or contents than a store's are passed
/// over, but for those that are named like manifests.
StoreContents read_contents(const Store& store);

}  // namespace pml::runtime
