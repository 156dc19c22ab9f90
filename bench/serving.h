// The runtime as a server would use it, for measuring: one model, schemas that were compiled into a store, and requests
// that are submitted together. Documents, recipes and stores are those of the program (cli/workspace.h).
//
// Every function takes and returns JSON; server.cpp lists the commands. They throw cli::Stop after they said what is
// wrong with a document, and std::exception for whatever else fails. One thread at a time.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "cli/json_output.h"
#include "cli/options.h"
#include "cli/workspace.h"
#include "runtime/encoder.h"
#include "runtime/model.h"

namespace pml::bench {

using cli::Json;

class Serving {
 public:
  /// `options` names the model, the store, the weights and the number of threads.
  explicit Serving(cli::Options options);

  Json info() const;
  Json compile(const Json& command);
  Json plan(const Json& command);
  Json answer(const Json& command);
  Json prefill(const Json& command) const;

 private:
  /// A schema that is in use: its artifacts stay mapped.
  struct Schema {
    Schema(const cli::Options& common, const std::string& path);
    cli::Options options;
    cli::Workspace workspace;
    std::unique_ptr<runtime::Encoder> encoder;
  };

  Schema& schema(const std::string& path);
  std::unique_ptr<runtime::Encoder> make_encoder(const Schema& schema) const;
  static compiler::Plan plan(Schema& schema, const Json& request, const Json& command);
  /// The request that `request` states; adds the artifacts that it reads to `artifacts`.
  runtime::GenerationRequest make_request(const Json& request, const Json& command, Json& usage,
                                          std::map<const void*, std::size_t>& artifacts);

  cli::Options options_;
  compiler::ModelFile file_;
  runtime::Model model_;
  std::map<std::string, std::unique_ptr<Schema>> schemas_;  // by path
};

}  // namespace pml::bench
