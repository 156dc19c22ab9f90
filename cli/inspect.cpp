// pml inspect: what is in the store; for a schema, what its parts were compiled to.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <map>
#include <set>

#include "cli/commands.h"
#include "cli/json_output.h"
#include "cli/quantity.h"
#include "cli/workspace.h"
#include "compiler/json_file.h"
#include "grammar/display.h"
#include "runtime/store/store_contents.h"

namespace pml::cli {
namespace {

using runtime::Manifest;
using runtime::ManifestNode;
using runtime::Store;

/// What a look at an artifact's file finds. `error` is empty if nothing is wrong with it.
struct Look {
  bool is_there = false;
  std::uint64_t size_bytes = 0;
  std::string error;
  std::string recipe;

  const char* state() const { return !is_there ? "missing" : error.empty() ? "stored" : "damaged"; }
};

/// Reads the header; with `verify` all of the file, and recomputes checksum and digest.
Look look_at(const Store& store, const runtime::Digest& digest, bool verify) {
  Look look;
  std::error_code error;
  const std::filesystem::path path = store.object_path(digest);
  const auto size_bytes = std::filesystem::file_size(path, error);
  look.is_there = std::filesystem::exists(std::filesystem::symlink_status(path, error));
  if (!look.is_there) return look;
  const auto artifact = runtime::open_artifact(path);
  if (!artifact) {
    look.error = artifact.error().message;
    return look;
  }
  look.size_bytes = size_bytes;
  look.recipe = artifact->entry("recipe");
  const auto check = [&]() -> Result<void> {
    if (artifact->entry("digest") != compiler::to_hex(digest)) return fail("it is another artifact");
    if (!verify) return {};
    if (auto checked = check_data(*artifact); !checked) return checked;
    const auto metadata = read_metadata(*artifact);
    if (!metadata) return tl::make_unexpected(metadata.error());
    return check_identity(*metadata);
  };
  if (const auto checked = check(); !checked) look.error = path.string() + ": " + checked.error().message;
  return look;
}

/// "f16 KV, f32 weights, f32 compute, model 1a2b3c4d5e6f".
std::string describe_recipe(const std::string& recipe) {
  const auto json = compiler::parse_json(recipe);
  const auto field = [&](const char* name) -> std::string {
    const std::string_view text = json ? compiler::string_member(*json, name) : "";
    return text.empty() ? "?" : grammar::printable(text);
  };
  return field("kv_type") + " KV, " + field("weights") + " weights, " + field("compute") + " compute, model " +
         field("model").substr(0, 12);
}

std::string describe_age(std::int64_t seconds_since_1970) {
  return format_duration(std::max<std::int64_t>(0, std::time(nullptr) - seconds_since_1970)) + " ago";
}

/// Damaged files are named on standard error, as every command does.
void warn_of_damage(const Look& look) {
  if (!look.error.empty()) warn("damaged: " + look.error);
}

// ---------------------------------------------------------------- the whole store

struct RecipeSum {
  std::size_t num_objects = 0;
  std::uint64_t size_bytes = 0;
};

int inspect_store(const Workspace& workspace, const Options& options) {
  const runtime::StoreContents contents = read_contents(workspace.store());
  std::map<std::string, RecipeSum> recipes;
  std::set<runtime::Digest> held;
  std::size_t num_damaged = 0;
  Json damaged = Json::array();
  for (const runtime::StoredObject& object : contents.objects) {
    const Look look = look_at(workspace.store(), object.digest, options.verify);
    if (look.is_there) held.insert(object.digest);
    if (!look.error.empty()) {
      ++num_damaged;
      damaged.push_back(look.error);
      if (!options.json) warn_of_damage(look);
      continue;
    }
    RecipeSum& sum = recipes[look.recipe];
    ++sum.num_objects;
    sum.size_bytes += object.file.size_bytes;
  }
  Json schemas = Json::array();
  if (!options.json) std::printf("store %s\n\n", workspace.store().folder().c_str());
  for (const runtime::StoredManifest& stored : contents.manifests) {
    const Manifest& manifest = stored.manifest;
    std::size_t num_held = 0;
    for (const ManifestNode& node : manifest.nodes)
      num_held += node.is_artifact() && held.contains(node.digest) ? 1 : 0;
    const std::int64_t compiled_at = stored.compiled_at / 1'000'000'000;
    schemas.push_back({{"schema", manifest.schema},
                       {"source", manifest.source},
                       {"manifest", stored.name.string()},
                       {"compiled_at", compiled_at},
                       {"segments", manifest.num_artifacts()},
                       {"stored", num_held},
                       {"context", manifest.context},
                       {"recipe", Json::parse(manifest.recipe)}});
    if (options.json) continue;
    std::printf("schema %s: %zu of %s stored, compiled %s\n    from %s\n    %s\n", manifest.schema.c_str(), num_held,
                count_of(manifest.num_artifacts(), "segment").c_str(), describe_age(compiled_at).c_str(),
                manifest.source.c_str(), describe_recipe(manifest.recipe).c_str());
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
           {"damaged", std::move(damaged)}});
  } else {
    if (!contents.manifests.empty()) std::printf("\n");
    std::printf("%s, %s\n", count_of(contents.objects.size(), "artifact").c_str(),
                format_size(contents.objects_bytes()).c_str());
    for (const auto& [recipe, sum] : recipes) {
      std::printf("    %zu, %s: %s\n", sum.num_objects, format_size(sum.size_bytes).c_str(),
                  describe_recipe(recipe).c_str());
    }
    if (num_damaged > 0) std::printf("    %zu damaged\n", num_damaged);
    if (options.verify && num_damaged == 0) std::printf("    all of them verified\n");
  }
  return num_damaged > 0 ? kBadInput : kDone;
}

// ---------------------------------------------------------------- one schema

/// The modules of a node's context, each once, in order; the oldest ones are left out if there are many.
std::string describe_context(const Manifest& manifest, const ManifestNode& node) {
  constexpr std::size_t kMostNamed = 4;
  std::vector<std::string> names;
  std::int64_t num_tokens = 0;
  bool has_more = false;
  for (std::int32_t at = node.parent; at != compiler::kNone; at = manifest.nodes[at].parent) {
    num_tokens += manifest.nodes[at].num_tokens;
    const std::string name = module_name(manifest.nodes[at].module);
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    if (names.size() < kMostNamed)
      names.push_back(name);
    else
      has_more = true;
  }
  if (names.empty()) return "nothing";
  std::string text = has_more ? "... " : "";
  for (auto name = names.rbegin(); name != names.rend(); ++name) text += (name == names.rbegin() ? "" : ", ") + *name;
  return text + " (" + compiler::count_tokens(num_tokens) + ")";
}

int inspect_schema(const Workspace& workspace, const Manifest& manifest, bool is_current, const Options& options) {
  std::size_t num_stored = 0, num_damaged = 0;
  std::uint64_t sum_bytes = 0;
  Json segments = Json::array();
  if (!options.json) {
    std::printf("schema %s, %s\n    %s\n\n", manifest.schema.c_str(), compiler::count_tokens(manifest.end).c_str(),
                describe_recipe(manifest.recipe).c_str());
    if (!is_current) std::printf("The schema was edited since it was compiled; this is what was compiled.\n\n");
    std::printf("%-13s %6s %10s  %-8s %s\n", "slots", "tokens", "bytes", "state", "module");
  }
  for (std::size_t id = 0; id < manifest.nodes.size(); ++id) {
    const ManifestNode& node = manifest.nodes[id];
    Look look;
    if (node.is_artifact()) look = look_at(workspace.store(), node.digest, options.verify);
    num_stored += look.is_there && look.error.empty() ? 1 : 0;
    num_damaged += look.error.empty() ? 0 : 1;
    sum_bytes += look.size_bytes;
    const std::int32_t last = node.first + node.num_tokens - 1;
    const std::string digest = compiler::to_hex(node.digest);
    if (options.json) {
      segments.push_back({{"id", id},
                          {"module", node.module},
                          {"kind", node.kind},
                          {"tokens", node.num_tokens},
                          {"first", node.first},
                          {"last", last},
                          {"parent", node.parent},
                          {"context", node.context},
                          {"digest", digest},
                          {"state", node.is_artifact() ? look.state() : "in contexts only"},
                          {"bytes", look.size_bytes}});
      continue;
    }
    if (!node.is_artifact()) continue;
    warn_of_damage(look);
    const std::string slots = std::to_string(node.first) + "-" + std::to_string(last);
    std::printf("%-13s %6d %10s  %-8s %s\n", slots.c_str(), node.num_tokens,
                look.is_there ? format_size(look.size_bytes).c_str() : "-", look.state(),
                (module_name(node.module) + (node.kind == "static" ? "" : ", " + node.kind)).c_str());
    std::printf("%42s %s, %s: after %s\n", "", digest.substr(0, 12).c_str(), node.context.c_str(),
                describe_context(manifest, node).c_str());
  }
  if (options.json) {
    print({{"schema", manifest.schema},
           {"source", manifest.source},
           {"store", workspace.store().folder().string()},
           {"is_current", is_current},
           {"recipe", Json::parse(manifest.recipe)},
           {"segments", std::move(segments)},
           {"stored", num_stored},
           {"damaged", num_damaged},
           {"bytes", sum_bytes},
           {"verified", options.verify}});
  } else {
    std::printf("\n%zu of %s stored, %s%s\n", num_stored, count_of(manifest.num_artifacts(), "segment").c_str(),
                format_size(sum_bytes).c_str(), options.verify && num_damaged == 0 ? ", verified" : "");
  }
  return num_damaged > 0 ? kBadInput : kDone;
}

}  // namespace

int inspect(const Options& options) {
  Workspace workspace(options);
  if (options.schema.empty()) {
    workspace.open_store(StoreUse::look);
    return inspect_store(workspace, options);
  }
  workspace.open_model();
  workspace.open_store(StoreUse::look);
  workspace.read_schema();
  if (workspace.has_model()) {  // what a compile would give, whether or not there was one
    workspace.read_manifest();
    workspace.lay_out();
    workspace.make_recipe();
    return inspect_schema(workspace, workspace.make_manifest(), true, options);
  }
  const auto manifests = read_manifests(workspace.store());
  const auto* latest = latest_manifest(manifests, workspace.schema().name, workspace.schema_path());
  if (latest == nullptr) {
    workspace.fail("the store " + workspace.store().folder().string() + " has no manifest of the schema " +
                   ast::in_quotes(workspace.schema().name) + "; compile it, or name a model with -m");
  }
  const std::string model = Json::parse(latest->manifest.recipe).value("model", "");
  const bool is_current = runtime::manifest_name(workspace.schema(), model) == latest->name.string();
  return inspect_schema(workspace, latest->manifest, is_current, options);
}

}  // namespace pml::cli
