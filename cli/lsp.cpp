// pml lsp: a language server, on standard input and output.
//
// The Language Server Protocol, 3.17: documents are synchronised whole, positions count UTF-16 code units. What it
// answers is in lsp_language.h; here is only how it is asked.
#include <unistd.h>

#include <csignal>
#include <exception>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "cli/commands.h"
#include "cli/json_output.h"
#include "cli/lsp_language.h"
#include "cli/lsp_messages.h"
#include "cli/workspace.h"

namespace pml::cli {
namespace {

namespace fs = std::filesystem;

/// What a client sends. Unlike Json it finds keys without a look at all of them, however many there are.
using Request = nlohmann::json;

// Codes of JSON-RPC, and of the protocol.
constexpr int kParseError = -32700;
constexpr int kInvalidRequest = -32600;
constexpr int kMethodNotFound = -32601;
constexpr int kInvalidParams = -32602;
constexpr int kInternalError = -32603;
constexpr int kServerNotInitialized = -32002;

/// A document and what JSON makes of it: every byte may be written as `\u00XX`.
constexpr std::uint64_t kMostMessageBytes = 128ULL << 20;
/// Values are copied and written by recursion.
constexpr int kMostMessageDepth = 100;

// --- URIs ---------------------------------------------------------------------------------------------

constexpr std::string_view kFileScheme = "file://";

int hex_value(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

/// What is no file, such as `untitled:1`, is its own path.
std::string path_of(const std::string& uri) {
  if (!uri.starts_with(kFileScheme)) return uri;
  std::string path;
  for (std::size_t i = std::min(uri.find('/', kFileScheme.size()), uri.size()); i < uri.size(); ++i) {
    const bool is_escape =
        uri[i] == '%' && i + 2 < uri.size() && hex_value(uri[i + 1]) >= 0 && hex_value(uri[i + 2]) >= 0;
    path.push_back(is_escape ? static_cast<char>(16 * hex_value(uri[i + 1]) + hex_value(uri[i + 2])) : uri[i]);
    if (is_escape) i += 2;
  }
  return fs::path(path).lexically_normal().string();
}

std::string uri_of(const std::string& path) {
  if (!path.starts_with('/')) return path;
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string uri(kFileScheme);
  for (const char c : path) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                          std::string_view("/-._~").find(c) != std::string_view::npos;
    if (is_plain) {
      uri.push_back(c);
    } else {
      uri += {'%', kHex[static_cast<unsigned char>(c) >> 4], kHex[static_cast<unsigned char>(c) & 15]};
    }
  }
  return uri;
}

// --- values of the protocol ---------------------------------------------------------------------------

Json position_json(EditorPosition position) { return {{"line", position.line}, {"character", position.character}}; }
Json range_json(const EditorRange& range) {
  return {{"start", position_json(range.start)}, {"end", position_json(range.end)}};
}

EditorPosition position_of(const Request& params) {
  const Request& position = params.at("position");
  return {position.at("line").get<std::uint32_t>(), position.at("character").get<std::uint32_t>()};
}

int number_of(Completion::Kind kind) {
  switch (kind) {
    case Completion::Kind::element:
      return 14;  // keyword
    case Completion::Kind::attribute:
      return 10;  // property
    case Completion::Kind::value:
      return 12;  // value
    case Completion::Kind::module:
      return 9;  // module
    case Completion::Kind::parameter:
      return 6;  // variable
  }
  return 1;
}

/// Why a request is not answered.
struct RequestError {
  int code;
  std::string message;
};

class Server {
 public:
  Server(EditorModel model, int input, int output)
      : documents_(std::move(model)), reader_(input, kMostMessageBytes), output_(output) {}

  int serve() {
    while (!is_finished_) {
      const auto message = reader_.next();
      if (!message) break;
      if (message->mistake.empty()) {
        receive(message->body);
      } else {
        send_error(nullptr, {kParseError, message->mistake});
      }
      // What is typed in the meantime is not looked at one letter at a time.
      if (!reader_.has_more()) publish();
    }
    return is_shut_down_ ? kDone : kBadInput;
  }

 private:
  void receive(const std::string& body) {
    bool is_too_deep = false;
    const auto stays_flat = [&](int depth, Request::parse_event_t, Request&) {
      is_too_deep = is_too_deep || depth > kMostMessageDepth;
      return !is_too_deep;
    };
    const Request message = Request::parse(body, stays_flat, /*allow_exceptions=*/false);
    if (is_too_deep) return send_error(nullptr, {kInvalidRequest, "the message nests too deep"});
    if (message.is_discarded()) return send_error(nullptr, {kParseError, "the message is no JSON"});
    const bool is_call = message.is_object() && message.contains("method") && message["method"].is_string();
    if (!is_call) {
      const bool is_answer = message.is_object() && (message.contains("result") || message.contains("error"));
      if (!is_answer) send_error(nullptr, {kInvalidRequest, "the message calls no method"});
      return;
    }
    const bool is_request = message.contains("id");
    const Json id = is_request ? Json(message["id"]) : Json();
    try {
      const Json result = call(message["method"], message.value("params", Request::object()), is_request);
      if (is_request) send({{"jsonrpc", "2.0"}, {"id", id}, {"result", result}});
    } catch (const RequestError& error) {
      if (is_request) send_error(id, error);
    } catch (const Request::exception&) {
      if (is_request) send_error(id, {kInvalidParams, "the parameters are not those of the method"});
    } catch (const std::exception& exception) {
      if (is_request) send_error(id, {kInternalError, error_of(exception).message});
    }
  }

  Json call(const std::string& method, const Request& params, bool is_request) {
    if (method == "exit") {
      is_finished_ = true;
      return nullptr;
    }
    if (method == "initialize") return initialize();
    if (!is_initialized_) throw RequestError{kServerNotInitialized, "the first request is `initialize`"};
    if (is_shut_down_) throw RequestError{kInvalidRequest, "the server was shut down"};
    using Method = Json (Server::*)(const Request&);
    static const std::map<std::string, Method, std::less<>> kMethods{
        {"shutdown", &Server::shut_down},
        {"textDocument/didOpen", &Server::open},
        {"textDocument/didChange", &Server::change},
        {"textDocument/didClose", &Server::close},
        {"textDocument/didSave", &Server::save},
        {"workspace/didChangeWatchedFiles", &Server::save},
        {"textDocument/completion", &Server::complete},
        {"textDocument/hover", &Server::hover},
        {"textDocument/definition", &Server::define},
        {"textDocument/formatting", &Server::format},
    };
    const auto found = kMethods.find(method);
    if (found != kMethods.end()) return (this->*found->second)(params);
    if (is_request) throw RequestError{kMethodNotFound, "`" + method + "` is not a method of this server"};
    return nullptr;  // notifications may be ignored
  }

  Json initialize() {
    is_initialized_ = true;
    return {{"serverInfo", {{"name", "pml"}}},
            {"capabilities",
             {{"positionEncoding", "utf-16"},
              {"textDocumentSync", {{"openClose", true}, {"change", 1}, {"save", true}}},
              {"completionProvider", {{"triggerCharacters", {"<", " ", "\"", "/"}}}},
              {"hoverProvider", true},
              {"definitionProvider", true},
              {"documentFormattingProvider", true}}}};
  }

  Json shut_down(const Request&) {
    is_shut_down_ = true;
    return nullptr;
  }

  // --- documents --------------------------------------------------------------------------------------

  static std::string named(const Request& params) { return path_of(params.at("textDocument").at("uri")); }

  /// The path of a document that is open.
  std::string opened(const Request& params) const {
    const std::string path = named(params);
    if (documents_.text(path) == nullptr) throw RequestError{kInvalidParams, "the document is not open"};
    return path;
  }

  void set(const std::string& path, std::string text) {
    if (text.size() > grammar::ReadLimits{}.document_bytes) {
      throw RequestError{kInvalidParams, "the document is too large"};
    }
    documents_.set(path, std::move(text));
    is_stale_ = true;
  }

  Json open(const Request& params) {
    const Request& document = params.at("textDocument");
    const std::string path = named(params);
    set(path, document.at("text"));
    uris_[path] = document.at("uri");
    if (document.contains("version")) versions_[path] = document["version"];
    return nullptr;
  }

  Json change(const Request& params) {
    const std::string path = opened(params);
    const Request& changes = params.at("contentChanges");
    if (!changes.is_array() || changes.empty()) return nullptr;
    set(path, changes.back().at("text"));
    const Request& document = params["textDocument"];
    if (document.contains("version")) versions_[path] = document["version"];
    return nullptr;
  }

  Json close(const Request& params) {
    const std::string path = opened(params);
    documents_.close(path);
    send_diagnostics(path, Json::array());
    uris_.erase(path);
    versions_.erase(path);
    is_stale_ = true;
    return nullptr;
  }

  /// Files that documents take in may have changed.
  Json save(const Request&) {
    documents_.forget_files();
    is_stale_ = true;
    return nullptr;
  }

  /// Of every open document: what one holds may be another's schema.
  void publish() {
    if (!is_stale_) return;
    is_stale_ = false;
    for (const std::string& path : documents_.paths()) {
      Json list = Json::array();
      for (const EditorDiagnostic& diagnostic : diagnostics_of(documents_, path)) list.push_back(to_json(diagnostic));
      send_diagnostics(path, std::move(list));
    }
  }

  Json to_json(const EditorDiagnostic& diagnostic) const {
    Json json{{"range", range_json(diagnostic.range)},
              {"severity", static_cast<int>(diagnostic.severity)},
              {"source", "pml"},
              {"message", diagnostic.message}};
    if (!diagnostic.kind.empty()) json["code"] = diagnostic.kind;
    for (const EditorNote& note : diagnostic.notes) {
      json["relatedInformation"].push_back({{"location", to_json(note.place)}, {"message", note.message}});
    }
    return json;
  }

  Json to_json(const EditorPlace& place) const {
    return {{"uri", uri(place.path)}, {"range", range_json(place.range)}};
  }

  /// As the client writes it, where it does.
  std::string uri(const std::string& path) const {
    const auto known = uris_.find(path);
    return known != uris_.end() ? known->second : uri_of(path);
  }

  void send_diagnostics(const std::string& path, Json list) {
    Json params{{"uri", uri(path)}, {"diagnostics", std::move(list)}};
    const auto version = versions_.find(path);
    if (version != versions_.end()) params["version"] = version->second;
    send({{"jsonrpc", "2.0"}, {"method", "textDocument/publishDiagnostics"}, {"params", std::move(params)}});
  }

  // --- requests ---------------------------------------------------------------------------------------

  Json complete(const Request& params) {
    Json items = Json::array();
    for (const Completion& completion : cli::complete(documents_, opened(params), position_of(params))) {
      items.push_back({{"label", completion.label},
                       {"kind", number_of(completion.kind)},
                       {"detail", completion.detail},
                       {"sortText", std::to_string(completion.rank) + completion.label},
                       {"filterText", completion.label},
                       {"textEdit", {{"range", range_json(completion.range)}, {"newText", completion.text}}}});
    }
    return {{"isIncomplete", false}, {"items", std::move(items)}};
  }

  Json hover(const Request& params) {
    const auto found = cli::hover(documents_, opened(params), position_of(params));
    if (!found) return nullptr;
    return {{"contents", {{"kind", "markdown"}, {"value", found->markdown}}}, {"range", range_json(found->range)}};
  }

  Json define(const Request& params) {
    const auto found = find_definition(documents_, opened(params), position_of(params));
    return found ? to_json(*found) : Json();
  }

  Json format(const Request& params) {
    const std::string path = opened(params);
    const auto text = canonical_text(documents_, path);
    const std::string& before = *documents_.text(path);
    if (!text || *text == before) return Json::array();
    Json edits = Json::array();
    edits.push_back({{"range", range_json(EditorText(before).range(0, before.size()))}, {"newText", *text}});
    return edits;
  }

  // --- answers ----------------------------------------------------------------------------------------

  void send(const Json& message) {
    if (!write_message(output_, message.dump(-1, ' ', false, Json::error_handler_t::replace))) is_finished_ = true;
  }

  void send_error(const Json& id, const RequestError& error) {
    send({{"jsonrpc", "2.0"}, {"id", id}, {"error", {{"code", error.code}, {"message", error.message}}}});
  }

  EditorDocuments documents_;
  MessageReader reader_;
  int output_;
  std::map<std::string, std::string> uris_;  // by path
  std::map<std::string, Json> versions_;     // by path
  bool is_initialized_ = false;
  bool is_shut_down_ = false;
  bool is_finished_ = false;
  bool is_stale_ = false;  // diagnostics are
};

}  // namespace

int lsp(const Options& options) {
  std::signal(SIGPIPE, SIG_IGN);  // an editor that is gone
  Workspace workspace(options);
  workspace.open_model();
  return Server({workspace.text_encoder(), workspace.max_positions()}, STDIN_FILENO, STDOUT_FILENO).serve();
}

}  // namespace pml::cli
