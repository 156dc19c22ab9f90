// pml inspect: what is in the store; for a schema, what its parts were compiled to.
#include "cli/inspect.h"

#include <algorithm>

#include "cli/commands.h"
#include "cli/json_output.h"
#include "compiler/json_file.h"
#include "grammar/display.h"

namespace pml::cli {

Look look_at(const runtime::Store& store, const runtime::Digest& digest, bool verify, runtime::Shelf shelf) {
  Look look;
  std::error_code error;
  const std::filesystem::path path = store.object_path(digest, shelf);
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

std::string describe_recipe(const std::string& recipe) {
  const auto json = compiler::parse_json(recipe);
  const auto field = [&](const char* name) -> std::string {
    const std::string_view text = json ? compiler::string_member(*json, name) : "";
    return text.empty() ? "?" : grammar::printable(text);
  };
  return field("kv_type") + " KV, " + field("weights") + " weights, " + field("compute") + " compute, model " +
         field("model").substr(0, 12);
}

void warn_of_damage(const std::vector<std::string>& damaged) {
  for (const std::string& why : damaged) warn("damaged: " + why);
}

namespace {

bool has_same_artifacts(const runtime::Manifest& a, const runtime::Manifest& b) {
  return std::ranges::equal(a.nodes, b.nodes, {}, &runtime::ManifestNode::digest, &runtime::ManifestNode::digest);
}

}  // namespace

int inspect(const Options& options) {
  Workspace workspace(options);
  if (options.schema.empty()) {
    workspace.require_store();
    return inspect_store(workspace, options);
  }
  workspace.open_model();
  workspace.open_store(StoreUse::look);
  workspace.read_schema();
  if (workspace.has_model()) {  // what a compile would give, whether or not there was one
    workspace.read_manifest();
    workspace.lay_out();
    workspace.make_recipe();
    const runtime::Manifest manifest = workspace.make_manifest();
    const auto stored = runtime::read_manifest(workspace.store(), workspace.manifest_name());
    const bool is_compiled = stored && *stored && has_same_artifacts((*stored)->manifest, manifest);
    std::vector<std::string> unreadable;  // read_manifest() has warned of it
    if (!stored) unreadable.push_back(stored.error().message);
    return inspect_schema(workspace, manifest, is_compiled ? Currency::current : Currency::not_compiled, unreadable,
                          options);
  }
  const auto manifests = read_manifests(workspace.store());
  warn_of_damage(manifests.unreadable);
  const auto* latest = latest_manifest(manifests.readable, workspace.schema().name, workspace.schema_path());
  if (latest == nullptr) {
    workspace.stop("the store " + workspace.store().folder().string() + " has no manifest of the schema " +
                       ast::in_quotes(workspace.schema().name) +
                       (manifests.unreadable.empty() ? "" : " that can be read") +
                       "; compile it, or name a model with -m",
                   manifests.unreadable.empty() ? kMachineFailed : kBadInput);
  }
  const std::string model = runtime::recipe_entry(latest->manifest.recipe, "model");
  const bool is_current = runtime::manifest_name(workspace.schema(), model) == latest->name.string();
  return inspect_schema(workspace, latest->manifest, is_current ? Currency::current : Currency::outdated,
                        manifests.unreadable, options);
}

}  // namespace pml::cli
