#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/gguf/gguf_error.h"
#include "model/gguf/mapped_file.h"
#include "model/gguf/tensor_type.h"
#include "model/gguf/value.h"

namespace crossover::model {

constexpr std::size_t most_dimensions = 4;

/// The elements along each dimension, the contiguous one first; 1 beyond `dimensions`.
struct Extents {
  std::size_t dimensions = 0;
  std::array<std::uint64_t, most_dimensions> along{1, 1, 1, 1};

  Extents() = default;
  /// At most most_dimensions.
  Extents(std::initializer_list<std::uint64_t> extents);

  /// The product; the extents of a file's tensors are known not to exceed 64 bits.
  std::uint64_t elements() const { return along[0] * along[1] * along[2] * along[3]; }
  bool operator==(const Extents&) const = default;
};

/// "768 x 1152".
std::string text_of(const Extents& extents);

/// A tensor where it stands in the file.
struct Tensor {
  std::string_view name;
  TensorType type = TensorType::f32;
  Extents extents;
  std::uint64_t offset = 0;  // of its first byte, from the start of the file
  std::span<const std::byte> bytes;

  std::uint64_t row_elements() const { return extents.along[0]; }
  std::uint64_t rows() const { return extents.elements() / row_elements(); }
  /// The encoded row; the rows of all higher dimensions one after the other.
  std::span<const std::byte> row(std::uint64_t index) const {
    const std::uint64_t row_bytes = bytes.size() / rows();
    return bytes.subspan(index * row_bytes, row_bytes);
  }
};

struct Entry {
  std::string_view key;
  Value value;
};

/// A GGUF file of version 2 or 3, little endian. All of it is checked before anything is returned:
/// every field lies in the file, no key or tensor stands there twice, and tensors are aligned and
/// do not overlap; what the weights are is not looked at. Everything it returns refers to the file
/// and lives as long as this does.
/// Cost: one pass over metadata and tensor descriptions; weights are not touched.
/// Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
class GgufFile {
 public:
  /// Throws GgufError, FileError.
  static GgufFile open(const std::filesystem::path& path);

  /// The same over memory that outlives the result; `name` is for messages. Throws GgufError.
  static GgufFile parse(std::span<const std::byte> bytes, std::string name);

  const std::string& name() const { return name_; }
  std::uint32_t version() const { return version_; }
  std::uint64_t size() const { return bytes_.size(); }
  std::uint64_t alignment() const { return alignment_; }
  /// Where the weights begin.
  std::uint64_t data_offset() const { return data_offset_; }
  /// In the order of the file.
  const std::vector<Entry>& metadata() const { return metadata_; }
  const std::vector<Tensor>& tensors() const { return tensors_; }

  /// Null where there is none.
  const Value* find(std::string_view key) const;
  const Tensor* find_tensor(std::string_view name) const;

  /// The value of a key as T: bool, std::int64_t, std::uint64_t, double, std::string_view, or a
  /// vector of one of these. Integers are taken from every integer type, double from f32 and f64.
  /// Throws GgufError where the key is missing, of another type, or out of T's range.
  template <class T>
  T get(std::string_view key) const;

  /// The same, or nothing where the key is missing.
  template <class T>
  std::optional<T> find_as(std::string_view key) const;

  /// Throws GgufError where there is none, or one of another shape.
  const Tensor& tensor(std::string_view name) const;
  const Tensor& tensor(std::string_view name, const Extents& extents) const;

  /// GgufError about something that stands at `offset` of this file.
  [[noreturn]] void fail(std::uint64_t offset, const std::string& fault) const;

 private:
  friend class GgufParser;
  GgufFile() = default;

  std::string name_;
  std::optional<MappedFile> mapping_;
  std::span<const std::byte> bytes_;
  std::uint32_t version_ = 0;
  std::uint64_t alignment_ = 0;
  std::uint64_t data_offset_ = 0;
  std::vector<Entry> metadata_;
  std::vector<Tensor> tensors_;
  // Positions in the vectors above, ordered by name.
  std::vector<std::size_t> keys_by_name_;
  std::vector<std::size_t> tensors_by_name_;
};

}  // namespace crossover::model
