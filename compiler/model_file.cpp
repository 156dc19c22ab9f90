#include "compiler/model_file.h"

#include <string>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "compiler/gguf.h"
#include "compiler/gguf_model.h"
#include "compiler/hugging_face_model.h"
#include "compiler/mapped_file.h"
#include "compiler/model_contents.h"

namespace pml::compiler {
namespace {

Result<ModelContents> read_gguf(std::span<const std::byte> bytes) {
  if (!is_gguf(bytes)) return fail("is neither a GGUF file nor a Hugging Face folder");
  return parse_gguf(bytes).and_then(read_gguf_model);
}

}  // namespace

struct ModelFile::Impl {
  std::filesystem::path path;
  ModelContents contents;
  std::vector<MappedFile> files;
  std::vector<ModelPart> parts;
  std::unordered_map<std::string_view, const TensorInfo*> by_name;  // into `contents`, which never changes

  Result<void> read_file() {
    auto file = MappedFile::open(path);
    if (!file) return tl::make_unexpected(file.error());
    add_part(path, std::move(*file));
    return settle(read_gguf(parts.front().bytes));
  }

  Result<void> read_folder() {
    auto model = read_hugging_face_model(path);
    if (!model) return settle(tl::make_unexpected(model.error()));
    for (auto& [part, file] : model->files) add_part(part, std::move(file));
    return settle(std::move(model->contents));
  }

 private:
  void add_part(const std::filesystem::path& part, MappedFile&& file) {
    files.push_back(std::move(file));  // moving keeps the mapping where it is
    parts.push_back({part, files.back().bytes()});
  }

  /// Takes the contents over if they hold together.
  Result<void> settle(Result<ModelContents> read) {
    if (read) {
      contents = std::move(*read);
      if (auto checked = check_model(contents); !checked) read = tl::make_unexpected(checked.error());
    }
    if (!read) return fail(path.string() + ": " + read.error().message);
    by_name.reserve(contents.tensors.size());
    for (const TensorInfo& tensor : contents.tensors) by_name.emplace(tensor.name, &tensor);
    return {};
  }
};

Result<ModelFile> ModelFile::open(const std::filesystem::path& path) {
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  std::error_code ignored;
  auto read = std::filesystem::is_directory(path, ignored) ? impl->read_folder() : impl->read_file();
  return read.map([&] { return ModelFile(std::move(impl)); });
}

ModelFile::ModelFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ModelFile::ModelFile(ModelFile&&) noexcept = default;
ModelFile& ModelFile::operator=(ModelFile&&) noexcept = default;
ModelFile::~ModelFile() = default;

const std::filesystem::path& ModelFile::path() const { return impl_->path; }
const ModelConfig& ModelFile::config() const { return impl_->contents.config; }
const TokenizerData& ModelFile::tokenizer() const { return impl_->contents.tokenizer; }
std::string_view ModelFile::chat_template() const { return impl_->contents.chat_template; }
const std::vector<TensorInfo>& ModelFile::tensors() const { return impl_->contents.tensors; }
const std::vector<ModelPart>& ModelFile::parts() const { return impl_->parts; }

const TensorInfo* ModelFile::tensor(std::string_view name) const {
  const auto found = impl_->by_name.find(name);
  return found == impl_->by_name.end() ? nullptr : found->second;
}

}  // namespace pml::compiler
