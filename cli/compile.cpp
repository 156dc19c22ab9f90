// pml compile: encode every segment that the store does not hold yet.
#include <chrono>
#include <cstdio>

#include "cli/commands.h"
#include "cli/json_output.h"
#include "cli/progress.h"
#include "cli/runtime_options.h"
#include "cli/workspace.h"
#include "runtime/encoder.h"
#include "runtime/store/manifest.h"

namespace pml::cli {
namespace {

using Clock = std::chrono::steady_clock;

struct Missing {
  compiler::ChainId node;
  std::size_t entry;  // of the manifest
};

std::string module_name(const std::string& path) { return path.empty() ? "(schema)" : path; }

}  // namespace

int compile(const Options& options) {
  const Clock::time_point start = Clock::now();
  Workspace workspace(options);
  workspace.require_model();
  workspace.open_store();
  workspace.read_schema();
  workspace.name_manifest();
  workspace.lay_out();
  workspace.make_recipe();
  if (workspace.store().is_read_only()) workspace.fail("the store " + workspace.store().folder().string() + " is read-only");

  const runtime::KvType kv_type = kv_type_of(workspace.recipe());
  const auto digests = chain_digests(workspace.layout(), workspace.contexts(), workspace.recipe());
  runtime::Manifest manifest = runtime::make_manifest(workspace.layout(), workspace.contexts(),
                                                      workspace.context_kind(), digests, workspace.recipe());
  const auto before = latest_manifest(workspace.store(), manifest.schema);

  // Pass 1: what is there already? Every artifact is opened and checked.
  std::vector<Missing> missing;
  std::int64_t tokens_to_encode = 0;
  Json encode = Json::array();
  std::size_t entry = 0;
  runtime::KvShape shape;
  const auto& config = workspace.model().config();
  shape = {config.num_layers, config.num_kv_heads, config.head_dim, kv_type};
  for (std::size_t id = 0; id < workspace.layout().segments.size(); ++id) {
    for (const compiler::DeclaredArtifact& artifact : workspace.contexts().artifacts[id]) {
      const runtime::ManifestSegment& segment = manifest.segments[entry];
      runtime::Finding finding;
      workspace.store().find(digests[artifact.node], shape, segment.num_tokens, segment.first, &finding);
      if (finding != runtime::Finding::found) {
        const auto reason = finding == runtime::Finding::damaged
                                ? runtime::EncodeReason::damaged
                                : reason_to_encode(segment, manifest.recipe, before);
        encode.push_back({{"module", segment.module}, {"reason", to_string(reason)}});
        missing.push_back({artifact.node, entry});
        tokens_to_encode += segment.num_tokens;
      }
      ++entry;
    }
  }

  // Pass 2: encode the rest.
  runtime::EncoderStatistics statistics;
  if (!missing.empty()) {
    auto model = runtime::Model::load(workspace.model(), model_options(options));
    if (!model) workspace.fail(model.error().message);
    runtime::Encoder encoder(*model, &workspace.store(), workspace.layout(), workspace.contexts(),
                             workspace.recipe(), kv_type, [](const std::string&) {});  // pass 1 has warned
    Progress progress("encoding " + manifest.schema, "tokens", tokens_to_encode, !options.quiet);
    encoder.on_progress = [&](std::int64_t count) { progress.advance(count); };
    for (const Missing& artifact : missing) {
      auto outcome = encoder.artifact(artifact.node, /*must_store=*/true);
      if (!outcome) workspace.fail(outcome.error().message);
    }
    statistics = encoder.statistics();
  }
  // The manifest last: it never names what is not there.
  if (auto written = workspace.store().write_text(workspace.manifest_name(), to_json(manifest)); !written) {
    workspace.fail(written.error().message);
  }

  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  const std::size_t reused = manifest.segments.size() - missing.size();
  if (options.json) {
    print({{"segments", manifest.segments.size()},
           {"encoded", missing.size()},
           {"reused", reused},
           {"tokens_encoded", statistics.tokens_encoded},
           {"bytes", statistics.bytes_encoded},
           {"seconds", seconds},
           {"encode", std::move(encode)},
           {"recipe", Json::parse(to_json(workspace.recipe()))},
           {"store", workspace.store().folder().string()}});
  } else if (!options.quiet) {
    for (const auto& item : encode) {
      if (item["reason"] == "new") continue;
      std::printf("%s: %s\n", module_name(item["module"]).c_str(), item["reason"].get<std::string>().c_str());
    }
    std::printf("%s: %zu segments, %zu encoded, %zu reused; %lld tokens, %.1f MB, %.2f s\n", manifest.schema.c_str(),
                manifest.segments.size(), missing.size(), reused, static_cast<long long>(statistics.tokens_encoded),
                static_cast<double>(statistics.bytes_encoded) / 1e6, seconds);
  }
  return kDone;
}

}  // namespace pml::cli
