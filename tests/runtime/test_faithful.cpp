// Random schemas and prompts on tiny random models: what the plan calls exact is what a full prefill gives, under every
// kind of contexts and repair policy.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "compiler/references.h"
#include "compiler/repair.h"
#include "compiler/sample.h"
#include "compiler/standins.h"
#include "compiler/tokenizer.h"
#include "grammar/parse_prompt.h"
#include "grammar/parse_schema.h"
#include "grammar/write_prompt.h"
#include "runtime/encoder.h"
#include "runtime/generate.h"
#include "runtime/ranking.h"
#include "runtime/store/garbage.h"
#include "support/temporary_folder.h"

namespace pml::runtime {
namespace {

using compiler::Plan;
using compiler::PlannedSegment;

/// Writes schemas with everything that contexts have to do with.
class SchemaWriter {
 public:
  explicit SchemaWriter(std::uint64_t seed) : random_(seed) {}

  std::string write() {
    is_packed_ = below(2) == 0;
    std::string text = "<schema name=\"s\" layout=\"" + std::string(is_packed_ ? "pack" : "preserve") + "\">";
    text += children(0);
    if (top_.size() >= 2) text += "<scaffold modules=\"" + top_[0] + " " + top_[top_.size() - 1] + "\"/>";
    return text + words() + "</schema>";
  }

 private:
  std::size_t below(std::size_t count) { return random_() % count; }

  std::string words() {
    static const std::vector<std::string> kWords{"the", "sea", "is", "cold", "a", "hill", "of", "stone", "and", "rain"};
    std::string text;
    for (std::size_t i = 0, count = 1 + below(9); i < count; ++i) text += kWords[below(kWords.size())] + " ";
    return text;
  }

  std::string module(int depth, const std::string& attributes) {
    const std::string name = "m" + std::to_string(next_name_++);
    if (depth == 0) last_ = name;
    return "<module name=\"" + name + "\"" + attributes + ">" + words() + (depth < 2 ? children(depth + 1) : "") +
           "</module>";
  }

  /// Of a module that need not be there, about others that need not.
  std::string rule() {
    const std::string name = "m" + std::to_string(next_name_);
    std::string text;
    if (!optional_.empty() && below(3) == 0) {
      text = std::string(below(3) == 0 ? " requires" : " excludes") + "=\"" + optional_[below(optional_.size())] + "\"";
    }
    optional_.push_back(name);
    return text;
  }

  std::string hole() {
    const std::string name = "p" + std::to_string(next_name_++);
    switch (below(4)) {
      case 0:
        return "<slot name=\"" + name + "\" length=\"12\"/>";
      case 1:
        return "<parameter name=\"" + name + "\" values=\"one|two|three\"" +
               (below(2) == 0 ? " default=\"two\"/>" : "/>");
      case 2:
        return "<parameter name=\"" + name + "\" length=\"12\" default=\"ten\"/>";
      default:
        return "<parameter name=\"" + name + "\" length=\"12\" scaffold=\"nine\"/>";
    }
  }

  std::string children(int depth) {
    std::string text = words();
    for (std::size_t i = 0, count = 2 + below(3); i < count; ++i) {
      switch (below(is_packed_ && !has_pool_ && depth == 0 ? 6 : 5)) {
        case 0:
          text += hole();
          break;
        case 1:
          text += module(depth, " required=\"true\"");
          break;
        case 2:
          text += module(depth, (below(6) == 0 ? " cache=\"false\"" : "") + rule());
          break;
        case 5: {
          has_pool_ = true;
          text += "<pool>";
          for (int member = 0; member < 5; ++member) text += module(2, "");
          text += "</pool>";
          break;
        }
        default: {
          text += "<union>";
          for (std::size_t member = 0, members = 1 + below(3); member < members; ++member)
            text += module(depth, rule());
          text += "</union>";
          if (depth == 0) top_.push_back(last_);
        }
      }
      if (below(2) == 0) text += words();
    }
    return text;
  }

  std::mt19937_64 random_;
  int next_name_ = 0;
  bool is_packed_ = false;
  bool has_pool_ = false;
  std::string last_;
  std::vector<std::string> top_;       // a member of every union at the top
  std::vector<std::string> optional_;  // modules so far that need not be there
};

/// A tiny model with a tokenizer.
struct Tiny {
  compiler::ModelFile file;
  Model model;
  compiler::Tokenizer tokenizer;
};

Tiny load(const std::string& name) {
  auto file = compiler::ModelFile::open(std::string(PML_TEST_MODELS) + "/" + name + ".gguf");
  REQUIRE(file);
  ModelOptions options;
  options.weights = WeightType::f32;
  auto model = Model::load(*file, options);
  REQUIRE(model);
  auto tokenizer = compiler::Tokenizer::build(file->tokenizer());
  REQUIRE(tokenizer);
  return {std::move(*file), std::move(*model), std::move(*tokenizer)};
}

/// A random schema on a tiny model.
class Case {
 public:
  Case(const Tiny& tiny, std::uint64_t seed)
      : tiny_(tiny), encoder_(tiny.tokenizer, fail("no roles here")), random_(seed) {
    // Rules at random may leave modules that no prompt can have; such schemas are refused.
    for (std::uint64_t attempt = 0; !references_ || diagnostics_.has_errors(); ++attempt) {
      REQUIRE(attempt < 100);
      diagnostics_ = grammar::Diagnostics();
      text = SchemaWriter(seed + 1'000'000 * attempt).write();
      const auto schema = parse_schema(sources_.add("schema.pml", text), sources_, {}, diagnostics_);
      INFO(render(diagnostics_, sources_));
      REQUIRE(schema);
      layout = lay_out(*schema, encoder_, 0, diagnostics_);
      REQUIRE_FALSE(diagnostics_.has_errors());
      references_.emplace(*schema, layout, 0, sources_, diagnostics_);
    }
    const auto kind = ast::kContextKinds[random_() % ast::kContextKinds.size()];
    contexts = declare_contexts(layout, kind, choose_standins(layout), references_->scaffolds);
    INFO(render(diagnostics_, sources_));
    REQUIRE_FALSE(diagnostics_.has_errors());
  }

  Plan plan() {
    const compiler::Selection selection = select();
    Plan plan = make_plan(layout, contexts, selection, encoder_, 0, diagnostics_);
    INFO(text << "\n" << prompt << render(diagnostics_, sources_));
    REQUIRE_FALSE(diagnostics_.has_errors());
    return plan;
  }

  /// A prompt that keeps the rules.
  compiler::Selection select() {
    for (int tries = 0;; ++tries) {
      REQUIRE(tries < 100);
      prompt = grammar::to_xml(sample_prompt(layout, encoder_, random_));
      grammar::Diagnostics said;
      const auto parsed = parse_prompt(sources_.add("prompt.pml", prompt), sources_, said);
      REQUIRE(parsed);
      auto selection = resolve(*parsed, layout, *references_, encoder_, {"s"}, said);
      if (!said.has_errors()) return selection;
      INFO(text << render(said, sources_));
      REQUIRE(std::ranges::all_of(said.list(), [](const grammar::Diagnostic& diagnostic) {
        return diagnostic.kind == grammar::DiagnosticKind::rule_broken;
      }));
    }
  }

  std::vector<std::shared_ptr<const Artifact>> artifacts(const Plan& plan, Encoder& encoder) const {
    std::vector<std::shared_ptr<const Artifact>> list;
    for (const PlannedSegment& segment : plan.segments) {
      if (segment.artifact == compiler::kNone) continue;
      auto outcome = encoder.artifact(segment.artifact);
      REQUIRE(outcome);
      list.push_back(outcome->artifact);
    }
    return list;
  }

  /// Of two next tokens.
  std::vector<float> logits(const Plan& plan, Encoder& encoder) const {
    GenerationOptions options;
    options.kv_type = KvType::f32;
    const GenerationRequest request = make_request(plan, artifacts(plan, encoder), options);
    const std::vector<TokenId> continuation{5, 6};
    return continuation_logits(tiny_.model, request, continuation);
  }

  compiler::Recipe recipe() const { return compiler::make_recipe(tiny_.file, "tiny", "f32", "f32"); }

  std::string text;
  std::string prompt;
  compiler::Layout layout;
  compiler::Contexts contexts;

 private:
  const Tiny& tiny_;
  grammar::SourceSet sources_;
  grammar::Diagnostics diagnostics_;
  compiler::TextEncoder encoder_;
  std::optional<compiler::References> references_;
  std::mt19937_64 random_;
};

double distance(const std::vector<float>& a, const std::vector<float>& b) {
  double most = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(static_cast<double>(a[i] - b[i])));
  return most;
}

bool is_exact(const Plan& plan) {
  return std::ranges::all_of(plan.segments,
                             [](const PlannedSegment& segment) { return !segment.present || segment.exact; });
}

constexpr double kTolerance = 1e-3;  // of logits

}  // namespace

TEST_CASE("what a plan calls exact is what a full prefill gives", "[models]") {
  const auto name = GENERATE(as<std::string>(), "llama-llama3-scaling", "qwen3", "qwen2");
  const Tiny tiny = load(name);
  int num_exact = 0;
  int num_inexact = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Case test(tiny, seed);
    Encoder encoder(tiny.model, nullptr, test.layout, test.contexts, test.recipe(), KvType::f32, [](const auto&) {});
    const Plan plan = test.plan();
    CAPTURE(name, seed, test.text, test.prompt);
    const std::vector<float> full = test.logits(without_cache(plan), encoder);
    for (const char* text : {"none", "joints", "link:2", "ratio:0.3", "exact"}) {
      CAPTURE(text);
      const Plan repaired = repair(plan, test.layout, *grammar::parse_repair_policy(text), {});
      const double off = distance(test.logits(repaired, encoder), full);
      if (is_exact(repaired)) CHECK(off < kTolerance);
      (off < kTolerance ? num_exact : num_inexact) += 1;
      if (text == std::string_view("exact")) CHECK(is_exact(repaired));
    }
    const Plan stored = serve_exactly(plan, test.layout, test.contexts);
    CHECK(is_exact(stored));
    CHECK(distance(test.logits(stored, encoder), full) < kTolerance);
  }
  CHECK(num_inexact > 50);  // or nothing would be tested
  CHECK(num_exact > 100);
}

TEST_CASE("what exact stores changes no answer, whichever prompts came before, and whatever was removed", "[models]") {
  const Tiny tiny = load("llama-llama3-scaling");
  const test::TemporaryFolder folder;
  for (std::uint64_t seed = 100; seed < 110; ++seed) {
    Case test(tiny, seed);
    std::vector<Plan> plans;
    for (int i = 0; i < 4; ++i) plans.push_back(test.plan());
    std::vector<std::vector<float>> cold;
    for (const Plan& plan : plans) {
      compiler::Contexts contexts = test.contexts;
      const Plan exact = serve_exactly(plan, test.layout, contexts);
      Encoder encoder(tiny.model, nullptr, test.layout, contexts, test.recipe(), KvType::f32, [](const auto&) {});
      cold.push_back(test.logits(exact, encoder));
    }
    // Two encoders on one store, which keeps next to nothing.
    const Store store = *Store::open(folder.path() / std::to_string(seed), [](const std::string&) {});
    Encoder one(tiny.model, &store, test.layout, test.contexts, test.recipe(), KvType::f32, [](const auto&) {});
    Encoder two(tiny.model, &store, test.layout, test.contexts, test.recipe(), KvType::f32, [](const auto&) {});
    for (int round = 0; round < 2; ++round) {
      for (std::size_t i = plans.size(); i-- > 0;) {
        const Plan exact = serve_exactly(plans[i], test.layout, test.contexts);
        CHECK(test.logits(exact, one) == cold[i]);
        trim_automatic(store, 2000);
        CHECK(test.logits(exact, two) == cold[i]);
      }
    }
    trim_automatic(store, 0);
    CHECK(read_objects(store, Shelf::automatic).empty());
  }
}

TEST_CASE("tokens whose rows are what a full prefill gives are worth nothing", "[models]") {
  const Tiny tiny = load("qwen3");
  for (std::uint64_t seed = 200; seed < 230; ++seed) {
    Case test(tiny, seed);
    Encoder encoder(tiny.model, nullptr, test.layout, test.contexts, test.recipe(), KvType::f32, [](const auto&) {});
    const Plan plan = test.plan();
    Ranker ranker(tiny.model, KvType::f32, test.contexts.nodes.size());
    ranker.add(plan, test.artifacts(plan, encoder));
    const compiler::Ranking ranking = ranker.ranking();
    for (const PlannedSegment& segment : plan.segments) {
      if (!segment.present || segment.artifact == compiler::kNone) continue;
      CAPTURE(seed, segment.module);
      const auto& worth = ranking[static_cast<std::size_t>(segment.artifact)];
      CHECK(worth.empty() == segment.exact);
      CHECK(std::ranges::all_of(worth, [](float value) { return value >= 0.0F && std::isfinite(value); }));
    }
  }
}

}  // namespace pml::runtime
