// What can be removed from a store. Nothing that is removed is lost: it is encoded again when it is needed.
//
// Removing is safe beside readers and writers. A file that a process has mapped stays until it lets go; a compile
// writes its manifest last, so what it has written is protected by its age until then.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "runtime/store/store_contents.h"

namespace pml::runtime {

struct GarbagePolicy {
  std::int64_t grace_seconds = 24 * 3600;  // what was used within this time stays, whatever else holds
  std::optional<std::int64_t> older_than_seconds = std::nullopt;  // artifacts that were not used for longer go
  std::optional<std::uint64_t> max_bytes =
      std::nullopt;  // the least recently used artifacts go until this much is left
};

enum class GarbageReason {
  unnamed,      // an artifact that no manifest names
  unused,       // an artifact that was not used for longer than the policy allows
  beyond_size,  // an artifact, least recently used, that is one too many
  superseded,   // a manifest each of whose files was compiled again after an edit
  empty,        // a manifest none of whose artifacts is left
  vanished,     // the fingerprint of a model's file that is not there any more
  unneeded,     // the rate of a model that no manifest names
  abandoned,    // a file whose writer died
  bare,         // a folder of artifacts without any
};
/// "unnamed", "unused", "size", "superseded", "empty", "vanished", "unneeded", "abandoned", "bare".
std::string_view to_string(GarbageReason reason);
/// Is it an artifact that goes for this reason?
bool is_artifact(GarbageReason reason);

struct GarbageItem {
  std::filesystem::path path;
  std::uint64_t size_bytes = 0;
  std::int64_t used_at = 0;  // seconds since 1970
  GarbageReason reason = GarbageReason::unnamed;
};

struct Garbage {
  std::vector<GarbageItem> items;
  std::size_t num_kept = 0;  // artifacts
  std::uint64_t kept_bytes = 0;
  std::size_t num_young = 0;  // artifacts that no manifest names, and that stay because of the grace period
  std::uint64_t young_bytes = 0;
};

/// `now`: seconds since 1970. While a manifest cannot be read, nothing goes because no manifest names it.
Garbage find_garbage(const StoreContents& contents, const GarbagePolicy& policy, std::int64_t now);

/// Removes the least recently used automatic artifacts until the others take no more than `max_bytes`. Safe beside
/// readers and writers, as everything here.
void trim_automatic(const Store& store, std::uint64_t max_bytes);

/// Removes an item, unless it was used since it was looked at, or is a folder with something in it. False: it is
/// still there, because of that (`why` is empty) or because the system says no.
bool remove_garbage(const GarbageItem& item, std::string& why);

}  // namespace pml::runtime
