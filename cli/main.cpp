// The `pml` program: reads the command line, and hands over to one file a subcommand.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <random>

#include "cli/commands.h"
#include "cli/engine.h"
#include "cli/json_output.h"
#include "cli/options.h"
#include "cli/workspace.h"

namespace pml::cli {
namespace {

/// Options that several commands have, in groups.
class CommandLine {
 public:
  explicit CommandLine(Options& options) : options_(options) {}

  void schema(CLI::App& command, bool is_required = true) {
    command.add_option("schema", options_.schema, "The schema, a .pml file")->required(is_required);
    command.add_option("--allow", options_.allowed, "A further folder that `src` may read from")->type_name("DIR");
    output(command);
  }
  void output(CLI::App& command) {
    json_ = command.add_flag("--json", options_.json, "Print one JSON object on standard output");
    command.add_flag("-q,--quiet", options_.quiet, "Print the result alone");
    command.add_option("--threads", options_.threads, "Threads to use (0: one a core)")
        ->check(CLI::Range(0, 1024))
        ->type_name("N");
  }
  void prompt(CLI::App& command) {
    command.add_option("--prompt", options_.prompt, "The prompt, a .pml file")->type_name("FILE");
    command.add_option("--user", options_.user, "Text of a last user turn")->type_name("TEXT");
  }
  void model(CLI::App& command) {
    command.add_option("-m,--model", options_.model, "The model, a GGUF file or a Hugging Face folder")
        ->type_name("PATH")
        ->envname("PML_MODEL");
    CLI::Option* family = command.add_option("--template", options_.chat_template,
                                             "The chat format of the model: chatml, llama3 or qwen (default: its own)");
    family->check(CLI::IsMember({"chatml", "llama3", "qwen"}))->type_name("FAMILY");
    command
        .add_option("--template-tags", options_.template_tags,
                    R"(The chat format as JSON: {"system": {"open": "...", "close": "..."}, "user": ..., )"
                    R"("assistant": ..., "end": ["..."]})")
        ->excludes(family)
        ->type_name("FILE");
  }
  void folder(CLI::App& command) {
    command.add_option("--store", options_.store, "The store's folder (default: in the user's cache folder)")
        ->type_name("DIR")
        ->envname("PML_STORE");
  }
  void store(CLI::App& command) {
    folder(command);
    command.add_option("--kv", options_.kv_type, "Type of stored keys and values: f16, bf16 or f32")
        ->check(CLI::IsMember({"f16", "bf16", "f32"}))
        ->type_name("TYPE");
    command
        .add_option("--compute", options_.compute,
                    "Arithmetic of products: f32, bf16, or auto (bf16 if the CPU has it)")
        ->check(CLI::IsMember({"auto", "f32", "bf16"}))
        ->type_name("TYPE");
    command.add_option("--context", options_.context, "What cached text has seen: guaranteed or isolated")
        ->check(CLI::IsMember({"guaranteed", "isolated"}))
        ->type_name("KIND");
  }
  void device(CLI::App& command) {
    command.add_option("--device", options_.device, "Where to compute")->type_name("NAME")->capture_default_str();
  }
  void dump(CLI::App& command, const std::string& phase) {
    command.add_option("--dump", options_.dump, "Print the " + phase + " as text")
        ->check(CLI::IsMember({phase}))
        ->type_name("PHASE");
  }
  void dry_run(CLI::App& command) {
    command.add_flag("--dry-run", options_.dry_run, "Only say what would be done; nothing is written");
  }
  void inspect(CLI::App& command) {
    command.add_flag("--verify", options_.verify, "Read every artifact, and recompute its checksum and digest");
  }
  void gc(CLI::App& command) {
    command.add_option("--older-than", options_.older_than, "Remove artifacts that were not used for longer, as 30d")
        ->type_name("TIME");
    command
        .add_option("--max-size", options_.max_size,
                    "Remove the least recently used artifacts until the others are no larger, as 10G")
        ->type_name("SIZE");
    command.add_option("--grace", options_.grace, "Leave what was used within this time alone (default: 1d)")
        ->type_name("TIME");
  }
  void run(CLI::App& command) {
    command.add_flag("--no-cache", options_.no_cache, "Compute every row: a full prefill of the same tokens");
    command.add_option("--repair", options_.repair, "Recompute cached rows whose context does not fit: none")
        ->check(CLI::IsMember({"none"}))
        ->type_name("POLICY");
    command.add_option("--max-tokens", options_.max_tokens, "Tokens to generate at most")
        ->check(CLI::Range(1, 1 << 20))
        ->type_name("N")
        ->capture_default_str();
    command.add_option("--logprobs", options_.logprobs, "With --json: the N best log-probabilities of every token")
        ->check(CLI::Range(0, 1 << 16))
        ->needs(json_)
        ->type_name("N");
    command.add_option("--force-tokens", options_.force_tokens, "Generate these token IDs instead of choosing")
        ->delimiter(',')
        ->type_name("IDS");
    command
        .add_option("--temperature", options_.sampler.temperature, "Draw tokens at this temperature; 0: the likeliest")
        ->check(CLI::Range(0.0, 100.0))
        ->type_name("T")
        ->capture_default_str();
    command.add_option("--top-k", options_.sampler.top_k, "Draw from the K likeliest tokens alone (0: all)")
        ->check(CLI::Range(0, 1 << 30))
        ->type_name("K");
    command.add_option("--top-p", options_.sampler.top_p, "Draw from the fewest tokens that are this likely together")
        ->check(CLI::Range(0.0, 1.0))
        ->type_name("P");
    command
        .add_option("--min-p", options_.sampler.min_p, "Draw from tokens at least this fraction as likely as the best")
        ->check(CLI::Range(0.0, 1.0))
        ->type_name("P");
    command
        .add_option("--seed", options_.sampler.seed, "Seed of the drawing (default: a random one, which is reported)")
        ->type_name("N");
    command.add_option("--stop", options_.stop, "End the answer before this text; may be given several times")
        ->take_all()
        ->type_name("TEXT");
    command.add_option("--batch", options_.batch, "Answer the prompts of a file, one JSON object a line, together")
        ->excludes("--prompt")
        ->excludes("--user")
        ->excludes("--force-tokens")
        ->type_name("FILE.jsonl");
    command.add_option("--parallel", options_.parallel, "Prompts of a batch that are decoded together at most")
        ->check(CLI::Range(1, 1024))
        ->type_name("N")
        ->capture_default_str();
  }

 private:
  Options& options_;
  CLI::Option* json_ = nullptr;  // of the command that is being set up
};

bool wants_json(int argc, char** argv) {
  return std::any_of(argv, argv + argc, [](const char* argument) { return std::string_view(argument) == "--json"; });
}

/// CLI11 takes a mistyped command for a missing one; this says which are near. Empty if there is no such mistake.
std::string unknown_command(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return "";
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  if (std::find(names.begin(), names.end(), argv[1]) != names.end()) return "";
  const std::vector<std::string_view> views(names.begin(), names.end());
  return "`" + std::string(argv[1]) + "` is not a command" + grammar::did_you_mean(argv[1], views);
}

int main_with_arguments(int argc, char** argv) {
  CLI::App app{"pml: prompts from parts. Encodes the parts once; answers by splicing them."};
  app.require_subcommand(1);
  app.set_version_flag("--version", PML_VERSION);
  Options options;
  CommandLine line(options);
  int exit_code = kDone;

  CLI::App& check_command = *app.add_subcommand("check", "Find the mistakes in a schema, and in a prompt");
  line.schema(check_command);
  line.prompt(check_command);
  line.model(check_command);
  line.dump(check_command, "ast");
  check_command.footer("Example: pml check schemas/travel.pml --prompt examples/travel-beach.pml");
  check_command.callback([&] { exit_code = check(options); });

  CLI::App& layout_command = *app.add_subcommand("layout", "Show where every element stands");
  line.schema(layout_command);
  line.model(layout_command);
  line.dump(layout_command, "layout");
  layout_command.footer("Example: pml layout schemas/travel.pml -m model.gguf");
  layout_command.callback([&] { exit_code = layout(options); });

  CLI::App& render_command = *app.add_subcommand("render", "Print a prompt's final text, its segments and tokens");
  line.schema(render_command);
  line.prompt(render_command);
  line.model(render_command);
  render_command.add_flag("--text", options.text_only, "Print the bare text alone");
  render_command.footer("Example: pml render schemas/travel.pml --prompt examples/travel-beach.pml -m model.gguf");
  render_command.callback([&] { exit_code = render(options); });

  CLI::App& compile_command = *app.add_subcommand("compile", "Encode a schema's parts into the store");
  line.schema(compile_command);
  line.model(compile_command);
  line.store(compile_command);
  line.device(compile_command);
  line.dry_run(compile_command);
  compile_command.footer("Example: pml compile schemas/travel.pml -m model.gguf");
  compile_command.callback([&] { exit_code = compile(options); });

  CLI::App& run_command = *app.add_subcommand("run", "Answer a prompt");
  line.schema(run_command);
  line.prompt(run_command);
  line.model(run_command);
  line.store(run_command);
  line.device(run_command);
  line.run(run_command);
  run_command.footer("Example: pml run schemas/travel.pml --prompt examples/travel-beach.pml -m model.gguf");
  run_command.callback([&] { exit_code = run_in_engine(EngineCommand::run, options); });

  CLI::App& explain_command =
      *app.add_subcommand("explain", "Show what serves every row of a prompt, and what it has not seen");
  line.schema(explain_command);
  line.prompt(explain_command);
  line.model(explain_command);
  line.store(explain_command);
  line.dump(explain_command, "plan");
  explain_command.footer("Example: pml explain schemas/travel.pml --prompt examples/travel-beach.pml -m model.gguf");
  explain_command.callback([&] { exit_code = explain(options); });

  CLI::App& inspect_command =
      *app.add_subcommand("inspect", "Show what the store holds, or what a schema was compiled to");
  line.schema(inspect_command, /*is_required=*/false);
  line.model(inspect_command);
  line.store(inspect_command);
  line.inspect(inspect_command);
  inspect_command.footer("Example: pml inspect --verify\n         pml inspect schemas/travel.pml");
  inspect_command.callback([&] { exit_code = inspect(options); });

  CLI::App& gc_command = *app.add_subcommand(
      "gc", "Remove artifacts from the store: what no manifest names, what is old, what is too much");
  line.folder(gc_command);
  line.output(gc_command);
  line.dry_run(gc_command);
  line.gc(gc_command);
  gc_command.footer("Example: pml gc --older-than 30d --max-size 10G");
  gc_command.callback([&] { exit_code = gc(options); });

  for (CLI::App* command : app.get_subcommands({})) {
    command->parse_complete_callback([&, command] {
      const CLI::Option* user = command->get_option_no_throw("--user");
      options.has_user = user != nullptr && user->count() > 0;
      const CLI::Option* seed = command->get_option_no_throw("--seed");
      options.has_seed = seed != nullptr && seed->count() > 0;
      if (seed != nullptr && !options.has_seed && options.sampler.temperature > 0.0) {
        options.sampler.seed = std::random_device{}();
      }
    });
  }
  app.failure_message([](const CLI::App* failed, const CLI::Error& error) {
    return "pml: " + std::string(error.what()) + "\n" +
           CLI::FailureMessage::simple(failed, error).substr(std::string(error.what()).size() + 1);
  });
  if (const std::string unknown = unknown_command(app, argc, argv); !unknown.empty()) {
    std::fprintf(stderr, "pml: %s\nRun with --help for the list.\n", unknown.c_str());
    if (wants_json(argc, argv)) print_error(unknown);
    return kBadCommandLine;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    if (wants_json(argc, argv)) print_error(error.what());
    return kBadCommandLine;
  }
  // A full disk, or a pipe that nobody reads any more.
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::fputs("pml: standard output cannot be written to\n", stderr);
    return kMachineFailed;
  }
  return exit_code;
}

}  // namespace
}  // namespace pml::cli

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of write(), as a full disk is
  try {
    return pml::cli::main_with_arguments(argc, argv);
  } catch (const pml::cli::Stop& stop) {
    return stop.exit_code;
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "pml: %s\n", exception.what());
    if (pml::cli::wants_json(argc, argv)) pml::cli::print_error(exception.what());
    return pml::cli::kMachineFailed;
  }
}
