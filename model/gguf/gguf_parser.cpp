#include "model/gguf/gguf_parser.h"

#include <algorithm>
#include <numeric>

#include "model/gguf/gguf_limits.h"

namespace crossover::model {
namespace {

// An entry is at least a length, one byte of key, a type and one byte of value; a tensor a length,
// one byte of name, a number of dimensions, one of them, a type and an offset.
constexpr std::uint64_t least_entry_bytes = 8 + 1 + 4 + 1;
constexpr std::uint64_t least_tensor_bytes = 8 + 1 + 4 + 8 + 4 + 8;

std::string known_types() {
  std::vector<std::string> known;
  for (const TensorTypeInfo& info : tensor_types()) {
    known.push_back(fmt::format("{} {}", static_cast<std::uint32_t>(info.type), info.name));
  }
  return fmt::format("{}", fmt::join(known, ", "));
}

}  // namespace

GgufParser::GgufParser(std::span<const std::byte> bytes, std::string name)
    : cursor_(bytes, name), bytes_(bytes) {
  file_.name_ = std::move(name);
  file_.bytes_ = bytes;
}

GgufFile GgufParser::parse() {
  read_magic_and_version();
  const auto tensors = cursor_.count({"the number of tensors"}, least_tensor_bytes);
  const auto keys = cursor_.count({"the number of keys"}, least_entry_bytes);
  for (std::uint64_t i = 0; i < keys; ++i) file_.metadata_.push_back(read_entry());
  file_.keys_by_name_ = ordered(file_.metadata_, &Entry::key, "key", key_places_);
  for (std::uint64_t i = 0; i < tensors; ++i) file_.tensors_.push_back(read_tensor());
  file_.tensors_by_name_ = ordered(file_.tensors_, &Tensor::name, "tensor", name_places_);
  find_alignment();
  place_tensors();
  refuse_overlap();
  return std::move(file_);
}

void GgufParser::read_magic_and_version() {
  if (bytes_.empty()) cursor_.fail(0, "the file is empty; expected a GGUF file");
  const auto taken = cursor_.take(gguf_magic.size(), {"the magic number"});
  const std::string_view found(reinterpret_cast<const char*>(taken.data()), taken.size());
  if (found != gguf_magic) {
    cursor_.fail(0, fmt::format("begins with {}; expected 'GGUF'", in_quotes(found)));
  }
  const std::uint64_t place = cursor_.position();
  file_.version_ = cursor_.number<std::uint32_t>({"the version"});
  const std::uint32_t swapped = __builtin_bswap32(file_.version_);
  if (swapped >= 1 && swapped <= 3) {
    cursor_.fail(place, fmt::format("version {} in big-endian order; expected a little-endian file",
                                    swapped));
  }
  if (file_.version_ != 2 && file_.version_ != 3) {
    cursor_.fail(place, fmt::format("version {}; expected 2 or 3", file_.version_));
  }
}

Entry GgufParser::read_entry() {
  const std::uint64_t place = cursor_.position();
  const std::string what = fmt::format("the name of key {}", file_.metadata_.size());
  const std::string_view key = cursor_.string({what}, most_key_bytes);
  if (key.empty()) cursor_.fail(place, what + " is empty");
  key_places_.push_back(place);
  return {key, read_value(read_value_type(key), key, 0)};
}

ValueType GgufParser::read_value_type(std::string_view key) {
  const std::uint64_t place = cursor_.position();
  const auto number = cursor_.number<std::uint32_t>({"the type of key", key});
  if (number >= value_types) {
    cursor_.fail(place, fmt::format("key {} has values of type {}; expected 0..{}", in_quotes(key),
                                    number, value_types - 1));
  }
  return static_cast<ValueType>(number);
}

Value GgufParser::read_value(ValueType type, std::string_view key, int depth) {
  const std::uint64_t place = cursor_.position();
  if (type == ValueType::string) {
    cursor_.string({"the value of key", key}, bytes_.size());
  } else if (type == ValueType::array) {
    if (depth == most_nested_arrays) {
      cursor_.fail(place, fmt::format("key {} has arrays in arrays more than {} deep",
                                      in_quotes(key), most_nested_arrays));
    }
    read_array(key, depth + 1);
  } else {
    const auto taken = cursor_.take(least_bytes(type), {"the value of key", key});
    if (type == ValueType::boolean && load<std::uint8_t>(taken.data()) > 1) {
      cursor_.fail(place, fmt::format("key {} is bool {}; expected 0 or 1", in_quotes(key),
                                      load<std::uint8_t>(taken.data())));
    }
  }
  return {type, cursor_.since(place), place};
}

void GgufParser::read_array(std::string_view key, int depth) {
  const ValueType element = read_value_type(key);
  const std::uint64_t length =
      cursor_.count({"the length of the array of key", key}, least_bytes(element));
  if (element == ValueType::string || element == ValueType::array ||
      element == ValueType::boolean) {
    for (std::uint64_t i = 0; i < length; ++i) read_value(element, key, depth);
  } else {
    cursor_.take(length * least_bytes(element), {"the array of key", key});
  }
}

Tensor GgufParser::read_tensor() {
  Tensor tensor;
  name_places_.push_back(cursor_.position());
  const std::string what = fmt::format("the name of tensor {}", file_.tensors_.size());
  tensor.name = cursor_.string({what}, most_name_bytes);
  if (tensor.name.empty()) cursor_.fail(name_places_.back(), what + " is empty");
  tensor.extents = read_extents(tensor.name);
  tensor.type = read_tensor_type(tensor.name, tensor.extents);
  offset_places_.push_back(cursor_.position());
  tensor.offset = cursor_.number<std::uint64_t>({"the offset of tensor", tensor.name});
  return tensor;
}

Extents GgufParser::read_extents(std::string_view name) {
  std::uint64_t place = cursor_.position();
  const Field field{"the dimensions of tensor", name};
  const auto dimensions = cursor_.number<std::uint32_t>(field);
  if (dimensions < 1 || dimensions > most_dimensions) {
    cursor_.fail(place, fmt::format("tensor {} has {} dimensions; expected 1..{}", in_quotes(name),
                                    dimensions, most_dimensions));
  }
  Extents extents;
  extents.dimensions = dimensions;
  std::uint64_t elements = 1;
  for (std::size_t i = 0; i < dimensions; ++i) {
    place = cursor_.position();
    extents.along[i] = cursor_.number<std::uint64_t>(field);
    if (extents.along[i] == 0) {
      cursor_.fail(place, fmt::format("dimension {} of tensor {} is 0", i, in_quotes(name)));
    }
    if (__builtin_mul_overflow(elements, extents.along[i], &elements)) {
      cursor_.fail(place, fmt::format("tensor {} has more than 2^64 elements; dimension {} is {}",
                                      in_quotes(name), i, extents.along[i]));
    }
  }
  return extents;
}

TensorType GgufParser::read_tensor_type(std::string_view name, const Extents& extents) {
  const std::uint64_t place = cursor_.position();
  const auto number = cursor_.number<std::uint32_t>({"the type of tensor", name});
  const TensorTypeInfo* info = find_tensor_type(number);
  if (info == nullptr) {
    cursor_.fail(place, fmt::format("tensor {} has type {}; expected one of {}", in_quotes(name),
                                    number, known_types()));
  }
  if (extents.along[0] % info->block_elements != 0) {
    cursor_.fail(place,
                 fmt::format("tensor {} has rows of {} elements; {} expects a multiple of {}",
                             in_quotes(name), extents.along[0], info->name, info->block_elements));
  }
  return info->type;
}

void GgufParser::find_alignment() {
  file_.alignment_ = file_.find_as<std::uint64_t>(alignment_key).value_or(usual_alignment);
  if (!is_legal_alignment(file_.alignment_)) {
    cursor_.fail(file_.find(alignment_key)->offset(),
                 fmt::format("{} is {}; expected a multiple of 8, from 8 to {}", alignment_key,
                             file_.alignment_, most_alignment));
  }
  const std::uint64_t blocks = (cursor_.position() + file_.alignment_ - 1) / file_.alignment_;
  file_.data_offset_ = blocks * file_.alignment_;
}

void GgufParser::place_tensors() {
  const std::uint64_t size = bytes_.size();
  const std::uint64_t begin = std::min(file_.data_offset_, size);
  for (std::size_t i = 0; i < file_.tensors_.size(); ++i) {
    Tensor& tensor = file_.tensors_[i];
    const std::uint64_t offset = tensor.offset;
    if (offset % file_.alignment_ != 0) {
      cursor_.fail(offset_places_[i],
                   fmt::format("tensor {} has the offset {}; expected a multiple "
                               "of general.alignment, {}",
                               in_quotes(tensor.name), offset, file_.alignment_));
    }
    const auto bytes = bytes_of(info_of(tensor.type), tensor.extents.elements());
    if (!bytes || offset > size - begin || *bytes > size - begin - offset) {
      cursor_.fail(offset_places_[i],
                   fmt::format("tensor {} ({} {}, offset {}) ends beyond the file, which has {} "
                               "bytes of weights from byte {} on",
                               in_quotes(tensor.name), info_of(tensor.type).name,
                               text_of(tensor.extents), offset, size - begin, file_.data_offset_));
    }
    tensor.offset = begin + offset;
    tensor.bytes = bytes_.subspan(tensor.offset, *bytes);
  }
}

void GgufParser::refuse_overlap() const {
  const std::vector<Tensor>& tensors = file_.tensors_;
  std::vector<std::size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return tensors[a].offset < tensors[b].offset; });
  for (std::size_t i = 1; i < order.size(); ++i) {
    const Tensor& before = tensors[order[i - 1]];
    const Tensor& after = tensors[order[i]];
    const std::uint64_t end = before.offset + before.bytes.size();
    if (after.offset >= end) continue;
    cursor_.fail(offset_places_[order[i]],
                 fmt::format("tensor {} begins at byte {}, within tensor {}, which ends at byte {}",
                             in_quotes(after.name), after.offset, in_quotes(before.name), end));
  }
}

template <class Item>
std::vector<std::size_t> GgufParser::ordered(const std::vector<Item>& items,
                                             std::string_view Item::*name_of, const char* what,
                                             const std::vector<std::uint64_t>& places) const {
  std::vector<std::size_t> order(items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return items[a].*name_of < items[b].*name_of;
  });
  const auto twice = std::adjacent_find(
      order.begin(), order.end(),
      [&](std::size_t a, std::size_t b) { return items[a].*name_of == items[b].*name_of; });
  if (twice != order.end()) {
    cursor_.fail(places[twice[1]],
                 fmt::format("{} {} stands there twice; the first time at byte {}", what,
                             in_quotes(items[*twice].*name_of), places[*twice]));
  }
  return order;
}

}  // namespace crossover::model
