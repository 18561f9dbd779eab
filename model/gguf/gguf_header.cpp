#include "model/gguf/gguf_header.h"

#include <fmt/format.h>
#include <stdexcept>

#include "model/gguf/gguf_limits.h"

namespace crossover::model {
namespace {

constexpr std::uint32_t version = 3;

std::uint64_t padded(std::uint64_t bytes, std::uint64_t alignment) {
  return (bytes + alignment - 1) / alignment * alignment;
}

/// What `text` may not be: empty, longer than `most`, or among those that are `taken`.
void check_name(const char* what, std::string_view text, std::uint64_t most,
                const std::set<std::string, std::less<>>& taken) {
  if (text.empty()) throw std::invalid_argument(fmt::format("a {} is empty", what));
  if (text.size() > most) {
    throw std::invalid_argument(fmt::format("{} {} is {} bytes long; expected at most {}", what,
                                            in_quotes(text), text.size(), most));
  }
  if (taken.find(text) != taken.end()) {
    throw std::invalid_argument(fmt::format("{} {} is there already", what, in_quotes(text)));
  }
}

}  // namespace

GgufHeader::GgufHeader(std::uint64_t alignment) : alignment_(alignment) {
  if (!is_legal_alignment(alignment)) {
    throw std::invalid_argument(fmt::format("alignment {}; expected a multiple of 8, from 8 to {}",
                                            alignment, most_alignment));
  }
  if (alignment == usual_alignment) {
    keys_.insert(std::string(alignment_key));
  } else {
    set(alignment_key, static_cast<std::uint32_t>(alignment));
  }
}

std::size_t GgufHeader::add_tensor(const std::string& name, TensorType type,
                                   const Extents& extents) {
  check_name("tensor", name, most_name_bytes, names_);
  const TensorTypeInfo& info = info_of(type);
  std::uint64_t elements = 1;
  bool fits = extents.dimensions >= 1 && extents.along[0] % info.block_elements == 0;
  for (const std::uint64_t extent : extents.along) {
    fits = fits && extent > 0 && !__builtin_mul_overflow(elements, extent, &elements);
  }
  const auto bytes = fits ? bytes_of(info, elements) : std::nullopt;
  constexpr std::uint64_t most_bytes = std::uint64_t{1} << 60;
  if (!bytes || *bytes > most_bytes - data_bytes_) {
    throw std::invalid_argument(
        fmt::format("tensor {} cannot be {} {}", in_quotes(name), info.name, text_of(extents)));
  }
  names_.insert(name);
  tensors_.push_back({name, type, extents, data_bytes_, *bytes});
  data_bytes_ = padded(data_bytes_ + *bytes, alignment_);
  return tensors_.size() - 1;
}

std::vector<std::byte> GgufHeader::encoded() const {
  std::vector<std::byte> bytes;
  append_raw(bytes, gguf_magic.data(), gguf_magic.size());
  append(bytes, version);
  append(bytes, std::uint64_t{tensors_.size()});
  // The set of keys also holds general.alignment where it need not be written.
  append(bytes, std::uint64_t{keys_.size() - (alignment_ == usual_alignment ? 1 : 0)});
  bytes.insert(bytes.end(), entries_.begin(), entries_.end());
  for (const PlannedTensor& tensor : tensors_) {
    append(bytes, tensor.name);
    append(bytes, static_cast<std::uint32_t>(tensor.extents.dimensions));
    for (std::size_t i = 0; i < tensor.extents.dimensions; ++i) {
      append(bytes, tensor.extents.along[i]);
    }
    append(bytes, static_cast<std::uint32_t>(tensor.type));
    append(bytes, tensor.offset);
  }
  bytes.resize(padded(bytes.size(), alignment_));
  return bytes;
}

void GgufHeader::append_raw(std::vector<std::byte>& bytes, const void* from, std::size_t count) {
  const auto* begin = static_cast<const std::byte*>(from);
  bytes.insert(bytes.end(), begin, begin + count);
}

void GgufHeader::add_entry(std::string_view key, ValueType type,
                           std::span<const std::byte> encoded) {
  check_name("key", key, most_key_bytes, keys_);
  keys_.emplace(key);
  append(entries_, key);
  append(entries_, static_cast<std::uint32_t>(type));
  append_raw(entries_, encoded.data(), encoded.size());
}

}  // namespace crossover::model
