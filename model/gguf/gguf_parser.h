#pragma once

#include <string>
#include <vector>

#include "model/gguf/byte_cursor.h"
#include "model/gguf/gguf_file.h"

namespace crossover::model {

/// One pass over a file; see GgufFile. Use once.
class GgufParser {
 public:
  GgufParser(std::span<const std::byte> bytes, std::string name);

  /// Throws GgufError.
  GgufFile parse();

 private:
  void read_magic_and_version();
  Entry read_entry();
  Value read_value(ValueType type, std::string_view key, int depth);
  ValueType read_value_type(std::string_view key);
  void read_array(std::string_view key, int depth);
  Tensor read_tensor();
  Extents read_extents(std::string_view name);
  TensorType read_tensor_type(std::string_view name, const Extents& extents);
  void find_alignment();
  void place_tensors();
  void refuse_overlap() const;
  template <class Item>
  std::vector<std::size_t> ordered(const std::vector<Item>& items, std::string_view Item::*name_of,
                                   const char* what,
                                   const std::vector<std::uint64_t>& places) const;

  ByteCursor cursor_;
  std::span<const std::byte> bytes_;
  GgufFile file_;
  // Where the fields stand that a later fault refers to.
  std::vector<std::uint64_t> key_places_;
  std::vector<std::uint64_t> name_places_;
  std::vector<std::uint64_t> offset_places_;
};

}  // namespace crossover::model
