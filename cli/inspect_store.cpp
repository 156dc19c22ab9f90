// pml inspect: what the store holds.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <map>
#include <set>

#include "cli/inspect.h"
#include "cli/json_output.h"
#include "cli/quantity.h"
#include "compiler/json_file.h"
#include "grammar/display.h"
#include "runtime/store/store_contents.h"

namespace pml::cli {
namespace {

using runtime::Manifest;
using runtime::ManifestNode;

std::string describe_age(std::int64_t seconds_since_1970) {
  return format_duration(std::max<std::int64_t>(0, std::time(nullptr) - seconds_since_1970)) + " ago";
}

struct RecipeSum {
  std::size_t num_objects = 0;
  std::uint64_t size_bytes = 0;
};

}  // namespace

int inspect_store(const Workspace& workspace, const Options& options) {
  const runtime::StoreContents contents = read_contents(workspace.store());
  std::map<std::string, RecipeSum> recipes;
  std::set<runtime::Digest> held;
  std::vector<std::string> damaged;  // artifacts
  for (const runtime::StoredObject& object : contents.objects) {
    const Look look = look_at(workspace.store(), object.digest, options.verify, object.shelf);
    if (look.is_there && object.shelf == runtime::Shelf::declared) held.insert(object.digest);
    if (!look.error.empty()) {
      damaged.push_back(look.error);
      continue;
    }
    RecipeSum& sum = recipes[look.recipe];
    ++sum.num_objects;
    sum.size_bytes += object.file.size_bytes;
  }
  for (const std::filesystem::path& folder : contents.misplaced) {
    damaged.push_back(folder.string() + ": it is a folder, in the place of an artifact");
  }
  Json schemas = Json::array();
  if (!options.json) std::printf("store %s\n\n", grammar::printable(workspace.store().folder().string()).c_str());
  for (const runtime::StoredManifest& stored : contents.manifests) {
    const Manifest& manifest = stored.manifest;
    std::size_t num_held = 0;
    for (const ManifestNode& node : manifest.nodes)
      num_held += node.is_artifact() && held.contains(node.digest) ? 1 : 0;
    const std::int64_t compiled_at = stored.compiled_at / 1'000'000'000;
    Json other_sources = Json::array();
    for (const runtime::CompiledSource& other : manifest.other_sources) other_sources.push_back(other.path);
    schemas.push_back({{"schema", manifest.schema},
                       {"source", manifest.source},
                       {"other_sources", std::move(other_sources)},
                       {"manifest", stored.name.string()},
                       {"compiled_at", compiled_at},
                       {"segments", manifest.num_artifacts()},
                       {"stored", num_held},
                       {"context", manifest.context},
                       {"recipe", Json::parse(manifest.recipe)}});
    if (options.json) continue;
    std::printf("schema %s: %zu of %s stored, compiled %s\n    %s\n", grammar::printable(manifest.schema).c_str(),
                num_held, count_of(manifest.num_artifacts(), "segment").c_str(), describe_age(compiled_at).c_str(),
                describe_recipe(manifest.recipe).c_str());
    for (const runtime::CompiledSource& source : stored.sources()) {
      std::printf("    from %s\n", grammar::printable(source.path).c_str());
    }
  }
  if (options.json) {
    Json list = Json::array();
    for (const auto& [recipe, sum] : recipes) {
      const auto json = compiler::parse_json(recipe);
      list.push_back(
          {{"recipe", json ? Json(*json) : Json(recipe)}, {"objects", sum.num_objects}, {"bytes", sum.size_bytes}});
    }
    print({{"store", workspace.store().folder().string()},
           {"schemas", std::move(schemas)},
           {"objects", contents.objects.size()},
           {"bytes", contents.objects_bytes()},
           {"recipes", std::move(list)},
           {"temporary_files", contents.temporaries.size()},
           {"verified", options.verify},
           {"damaged", damaged},
           {"unreadable", contents.unreadable_manifests}});
  } else {
    if (!contents.manifests.empty()) std::printf("\n");
    std::printf("%s, %s\n", count_of(contents.objects.size(), "artifact").c_str(),
                format_size(contents.objects_bytes()).c_str());
    for (const auto& [recipe, sum] : recipes) {
      std::printf("    %zu, %s: %s\n", sum.num_objects, format_size(sum.size_bytes).c_str(),
                  describe_recipe(recipe).c_str());
    }
    if (!damaged.empty()) std::printf("    %zu damaged\n", damaged.size());
    if (options.verify && damaged.empty() && !contents.objects.empty()) std::printf("    all of them verified\n");
    if (!contents.unreadable_manifests.empty()) {
      std::printf("%s cannot be read\n", count_of(contents.unreadable_manifests.size(), "manifest").c_str());
    }
    warn_of_damage(damaged);
    warn_of_damage(contents.unreadable_manifests);
  }
  return damaged.empty() && contents.unreadable_manifests.empty() ? kDone : kBadInput;
}

}  // namespace pml::cli
