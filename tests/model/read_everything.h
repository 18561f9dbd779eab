#pragma once

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "model/gguf/blocks.h"
#include "model/gguf/gguf_file.h"
#include "model/gguf/gguf_header.h"

namespace crossover::model::test {

/// Whatever a program can ask of a file that was accepted. Throws std::logic_error where answers
/// contradict each other; what is not in the file must not be read.
class ReadEverything {
 public:
  explicit ReadEverything(const GgufFile& file) : file_(file) {
    for (const Entry& entry : file.metadata()) read_entry(entry);
    for (const Tensor& tensor : file.tensors()) read_tensor(tensor);
    rewrite();
  }

 private:
  static void require(bool condition, const char* what) {
    if (!condition) throw std::logic_error(what);
  }

  void read_entry(const Entry& entry) {
    require(file_.find(entry.key) == &entry.value, "a key is not found");
    walk(entry.value, 0);
    require(in_quotes(entry.key).size() >= 2, "a key cannot be shown");
    ask<bool>(entry.key);
    ask<std::int64_t>(entry.key);
    ask<std::uint64_t>(entry.key);
    ask<double>(entry.key);
    ask<std::string_view>(entry.key);
    ask<std::vector<bool>>(entry.key);
    ask<std::vector<std::int64_t>>(entry.key);
    ask<std::vector<std::uint64_t>>(entry.key);
    ask<std::vector<double>>(entry.key);
    ask<std::vector<std::string_view>>(entry.key);
  }

  template <class T>
  void ask(std::string_view key) {
    try {
      file_.find_as<T>(key);
    } catch (const GgufError& error) {
      require(error.offset() < file_.size(), "an error is outside the file");
    }
  }

  void walk(const Value& value, int depth) {
    require(depth <= most_nested_arrays, "arrays lie too deep");
    require(value.offset() + value.bytes().size() <= file_.size(), "a value is outside the file");
    const int answers = value.boolean().has_value() + value.number().has_value() +
                        value.text().has_value() +
                        (value.signed_integer() || value.unsigned_integer() ? 1 : 0);
    require(answers == (value.type() == ValueType::array ? 0 : 1), "a value has not one type");
    std::uint64_t elements = 0;
    value.for_each([&](const Value& element) {
      ++elements;
      walk(element, depth + 1);
      return true;
    });
    require(elements == value.length(), "an array has another length");
  }

  void read_tensor(const Tensor& tensor) {
    require(file_.find_tensor(tensor.name) == &tensor, "a tensor is not found");
    require(tensor.offset % file_.alignment() == 0, "a tensor is not aligned");
    require(tensor.offset + tensor.bytes.size() <= file_.size(), "a tensor is outside the file");
    if (!has_codec(tensor.type)) return;
    constexpr std::uint64_t most_rows = 64;
    std::vector<float> values(tensor.row_elements());
    std::vector<std::byte> bytes(tensor.row(0).size());
    for (std::uint64_t row = 0; row < std::min(tensor.rows(), most_rows); ++row) {
      decode(tensor.type, tensor.row(row), values);
      try {
        encode(tensor.type, values, bytes);
      } catch (const GgufError&) {  // values that q8_0 cannot hold
      }
    }
    decode(tensor.type, tensor.row(tensor.rows() - 1), values);
  }

  /// The same metadata and tensors, written again, are the same when they are read again.
  void rewrite() {
    constexpr std::uint64_t most_alignment = 4096;
    if (file_.alignment() > most_alignment) return;
    GgufHeader header(file_.alignment());
    for (const Entry& entry : file_.metadata()) {
      if (entry.key != "general.alignment") header.set(entry.key, entry.value);
    }
    for (const Tensor& tensor : file_.tensors()) {
      header.add_tensor(std::string(tensor.name), tensor.type, tensor.extents);
    }
    std::vector<std::byte> bytes = header.encoded();
    bytes.resize(bytes.size() + header.data_bytes());
    const GgufFile again = GgufFile::parse(bytes, "again");
    require(again.tensors().size() == file_.tensors().size(), "a tensor was lost");
    for (const Entry& entry : file_.metadata()) {
      if (entry.key == "general.alignment") continue;
      const Value* value = again.find(entry.key);
      require(value != nullptr && value->type() == entry.value.type() &&
                  std::ranges::equal(value->bytes(), entry.value.bytes()),
              "a value was changed");
    }
    for (const Tensor& tensor : file_.tensors()) {
      const Tensor& other = again.tensor(tensor.name, tensor.extents);
      require(other.type == tensor.type && other.bytes.size() == tensor.bytes.size(),
              "a tensor was changed");
    }
  }

  const GgufFile& file_;
};

}  // namespace crossover::model::test
