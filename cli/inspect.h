// What the two views of `pml inspect` share: the whole store, and one schema.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/workspace.h"
#include "runtime/store/stored_manifests.h"

namespace pml::cli {

/// What a look at an artifact's file finds. `error` is empty if nothing is wrong with it.
struct Look {
  bool is_there = false;
  std::uint64_t size_bytes = 0;
  std::string error;
  std::string recipe;

  const char* state() const { return !is_there ? "missing" : error.empty() ? "stored" : "damaged"; }
};

/// Reads the header; with `verify` all of the file, and recomputes checksum and digest.
Look look_at(const runtime::Store& store, const runtime::Digest& digest, bool verify,
             runtime::Shelf shelf = runtime::Shelf::declared);

/// "f16 KV, f32 weights, f32 compute, model 1a2b3c4d5e6f". Of any text.
std::string describe_recipe(const std::string& recipe);

/// What is wrong in a store, named on standard error, as every command does.
void warn_of_damage(const std::vector<std::string>& damaged);

/// The whole store. Returns the exit code.
int inspect_store(const Workspace& workspace, const Options& options);

/// How a manifest that is shown relates to the schema as it is.
enum class Currency {
  current,       // it was compiled so
  outdated,      // the schema was edited since
  not_compiled,  // a compile would give it
};
/// One schema. `unreadable`: why manifests that may be its own cannot be read, which was warned of. Returns the exit
/// code.
int inspect_schema(const Workspace& workspace, const runtime::Manifest& manifest, Currency currency,
                   const std::vector<std::string>& unreadable, const Options& options);

}  // namespace pml::cli
