// The store: artifacts by digest, in a folder that processes share.
//
//     objects/<aa>/<digest>.safetensors   one artifact (artifact_file.h)
//     automatic/<aa>/<digest>.safetensors one that no schema declares: `--repair exact` made it for a prompt
//     schemas/<digest>.json               manifests (manifest.h)
//     models/<digest>.json                remembered fingerprints (fingerprint.h)
//     rates/<digest>.json                 how fast a model encodes here (encode_rate.h)
//     tmp/                                files that are being written
//
// docs/format.md says all of it field by field.
//
// A file is written under a temporary name, flushed, and renamed: readers see a whole file or none, and a
// process that dies leaves at most a temporary file behind. Objects never change once named. What is damaged or
// foreign is a miss with a warning. A file's time of modification says when it was last used, to the minute.
// find() and put() may be called from several threads and processes.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "runtime/store/artifact_file.h"

namespace pml::runtime {

/// The KV of a segment, in memory or mapped from a file. Immutable; owners share it.
class Artifact {
 public:
  /// `keep` owns the memory behind `view`.
  Artifact(KvView view, std::shared_ptr<const void> keep, bool is_mapped)
      : view_(view), keep_(std::move(keep)), is_mapped_(is_mapped) {}
  const KvView& view() const { return view_; }
  bool is_mapped() const { return is_mapped_; }
  std::size_t size_bytes() const { return 2 * view_.shape.size_bytes(view_.num_rows); }

 private:
  KvView view_;
  std::shared_ptr<const void> keep_;
  bool is_mapped_;
};

using Warn = std::function<void(const std::string&)>;

/// What a look-up in the store found.
enum class Finding { found, missing, damaged };

/// Where an artifact lies: what schemas declare, and what single prompts made, which is bounded in size.
enum class Shelf { declared, automatic };

/// Names of files that are being written begin with this; `gc` removes no others from tmp/.
inline constexpr std::string_view kTemporaryPrefix = "pml-writing-";

class Store {
 public:
  /// Opens a folder, and makes it (mode 0700) if it is not there. A folder that cannot be written to is
  /// opened for reading.
  static Result<Store> open(std::filesystem::path folder, Warn warn);
  /// Opens a folder without making or changing anything in it; one that is not there is an empty store.
  static Result<Store> open_for_reading(std::filesystem::path folder, Warn warn);
  /// The user's cache folder: $XDG_CACHE_HOME/pml, else ~/.cache/pml.
  static std::filesystem::path default_folder();

  const std::filesystem::path& folder() const { return folder_; }
  /// Does the folder look like a store? Nothing may be removed from one that does not.
  bool is_store() const;
  bool is_read_only() const { return is_read_only_; }
  std::filesystem::path object_path(const Digest& digest, Shelf shelf = Shelf::declared) const {
    return folder_ / object_name(digest, shelf);
  }
  /// Where artifacts lie below the store's folder.
  static std::filesystem::path folder_of(Shelf shelf);
  static std::filesystem::path object_name(const Digest& digest, Shelf shelf = Shelf::declared);

  /// The artifact of that digest, checked: header, sizes, digest, checksum. Null if it is not there, or is
  /// damaged (a warning says so). `first` is the position of its first row. Notes that it was used.
  std::shared_ptr<const Artifact> find(const Digest& digest, const KvShape& shape, std::int32_t num_tokens, Slot first,
                                       Finding* finding = nullptr, Shelf shelf = Shelf::declared) const;
  /// Is there a file, or anything else, in the artifact's place? Opens nothing.
  bool has(const Digest& digest, Shelf shelf = Shelf::declared) const;
  /// The same folder, without warnings: for one whose damages were named before.
  Store silent() const {
    return Store(folder_, is_read_only_, [](const std::string&) {});
  }
  Result<void> put(const ArtifactMetadata& metadata, const KvView& view, Shelf shelf = Shelf::declared) const;

  /// Small files of the store, by path below its folder.
  static constexpr std::uint64_t kMaxTextBytes = 256ULL << 20;
  std::optional<std::string> read_text(const std::filesystem::path& name) const;
  Result<void> write_text(const std::filesystem::path& name, std::string_view text) const;
  /// Sets the time of a file to now, where that is possible.
  void touch(const std::filesystem::path& name) const;

 private:
  Store(std::filesystem::path folder, bool is_read_only, Warn warn);
  Result<void> write(const std::filesystem::path& name, std::span<const std::span<const std::byte>> pieces) const;
  Result<void> move_into_place(const std::string& temporary, const std::filesystem::path& target) const;

  std::filesystem::path folder_;
  bool is_read_only_;
  Warn warn_;
};

}  // namespace pml::runtime
