#include "model/gguf/gguf_file.h"

#include <algorithm>
#include <cassert>

#include "model/gguf/gguf_parser.h"

namespace crossover::model {
namespace {

/// The item of that name among `items`, whose positions `by_name` are ordered by it.
template <class Item>
const Item* find_by_name(const std::vector<Item>& items, const std::vector<std::size_t>& by_name,
                         std::string_view Item::*name_of, std::string_view name) {
  const auto found = std::lower_bound(
      by_name.begin(), by_name.end(), name,
      [&](std::size_t position, std::string_view key) { return items[position].*name_of < key; });
  if (found == by_name.end() || items[*found].*name_of != name) return nullptr;
  return &items[*found];
}

// What a value must be to become a T.
template <class T>
struct Conversion;

template <>
struct Conversion<bool> {
  static constexpr const char* expected = "bool";
  static std::optional<bool> from(const Value& value) { return value.boolean(); }
};
template <>
struct Conversion<std::int64_t> {
  static constexpr const char* expected = "an integer of up to 63 bits";
  static std::optional<std::int64_t> from(const Value& value) { return value.signed_integer(); }
};
template <>
struct Conversion<std::uint64_t> {
  static constexpr const char* expected = "an integer from 0";
  static std::optional<std::uint64_t> from(const Value& value) { return value.unsigned_integer(); }
};
template <>
struct Conversion<double> {
  static constexpr const char* expected = "f32 or f64";
  static std::optional<double> from(const Value& value) { return value.number(); }
};
template <>
struct Conversion<std::string_view> {
  static constexpr const char* expected = "string";
  static std::optional<std::string_view> from(const Value& value) { return value.text(); }
};

/// What stands there instead, with the value where the type alone does not say what is wrong.
std::string actual(const Value& value) {
  if (!is_integer(value.type())) return value.type_name();
  const auto positive = value.unsigned_integer();
  return fmt::format(
      "{} {}", value.type_name(),
      positive ? fmt::to_string(*positive) : fmt::to_string(*value.signed_integer()));
}

template <class T>
struct Reader {
  static T read(const GgufFile& file, std::string_view key, const Value& value) {
    if (const auto converted = Conversion<T>::from(value)) return *converted;
    file.fail(value.offset(), fmt::format("key {} is {}; expected {}", in_quotes(key),
                                          actual(value), Conversion<T>::expected));
  }
};

template <class T>
struct Reader<std::vector<T>> {
  static std::vector<T> read(const GgufFile& file, std::string_view key, const Value& value) {
    if (value.type() != ValueType::array) {
      file.fail(value.offset(),
                fmt::format("key {} is {}; expected an array whose elements are {}", in_quotes(key),
                            actual(value), Conversion<T>::expected));
    }
    std::vector<T> elements;
    // At most as many as the file holds bytes: the length was checked against them.
    elements.reserve(value.length());
    value.for_each([&](const Value& element) {
      if (const auto converted = Conversion<T>::from(element)) {
        elements.push_back(*converted);
        return true;
      }
      file.fail(element.offset(),
                fmt::format("element {} of key {} is {}; expected {}", elements.size(),
                            in_quotes(key), actual(element), Conversion<T>::expected));
    });
    return elements;
  }
};

}  // namespace

Extents::Extents(std::initializer_list<std::uint64_t> extents) : dimensions(extents.size()) {
  assert(extents.size() <= most_dimensions);
  std::copy(extents.begin(), extents.end(), along.begin());
}

std::string text_of(const Extents& extents) {
  return fmt::format(
      "{}", fmt::join(extents.along.begin(), extents.along.begin() + extents.dimensions, " x "));
}

GgufFile GgufFile::open(const std::filesystem::path& path) {
  MappedFile mapping(path);
  GgufFile file = parse(mapping.bytes(), path.string());
  file.mapping_ = std::move(mapping);
  return file;
}

GgufFile GgufFile::parse(std::span<const std::byte> bytes, std::string name) {
  return GgufParser(bytes, std::move(name)).parse();
}

const Value* GgufFile::find(std::string_view key) const {
  const Entry* entry = find_by_name(metadata_, keys_by_name_, &Entry::key, key);
  return entry == nullptr ? nullptr : &entry->value;
}

const Tensor* GgufFile::find_tensor(std::string_view name) const {
  return find_by_name(tensors_, tensors_by_name_, &Tensor::name, name);
}

template <class T>
std::optional<T> GgufFile::find_as(std::string_view key) const {
  const Value* value = find(key);
  if (value == nullptr) return std::nullopt;
  return Reader<T>::read(*this, key, *value);
}

template <class T>
T GgufFile::get(std::string_view key) const {
  if (auto value = find_as<T>(key)) return std::move(*value);
  throw GgufError(fmt::format("{}: has no key {}", name_, in_quotes(key)));
}

const Tensor& GgufFile::tensor(std::string_view name) const {
  if (const Tensor* found = find_tensor(name)) return *found;
  throw GgufError(fmt::format("{}: has no tensor {}", name_, in_quotes(name)));
}

const Tensor& GgufFile::tensor(std::string_view name, const Extents& extents) const {
  const Tensor& found = tensor(name);
  if (found.extents == extents) return found;
  throw GgufError(fmt::format("{}: tensor {} is {}; expected {}", name_, in_quotes(name),
                              text_of(found.extents), text_of(extents)));
}

void GgufFile::fail(std::uint64_t offset, const std::string& fault) const {
  throw GgufError(name_, offset, fault);
}

template bool GgufFile::get(std::string_view) const;
template std::int64_t GgufFile::get(std::string_view) const;
template std::uint64_t GgufFile::get(std::string_view) const;
template double GgufFile::get(std::string_view) const;
template std::string_view GgufFile::get(std::string_view) const;
template std::vector<bool> GgufFile::get(std::string_view) const;
template std::vector<std::int64_t> GgufFile::get(std::string_view) const;
template std::vector<std::uint64_t> GgufFile::get(std::string_view) const;
template std::vector<double> GgufFile::get(std::string_view) const;
template std::vector<std::string_view> GgufFile::get(std::string_view) const;
template std::optional<bool> GgufFile::find_as(std::string_view) const;
template std::optional<std::int64_t> GgufFile::find_as(std::string_view) const;
template std::optional<std::uint64_t> GgufFile::find_as(std::string_view) const;
template std::optional<double> GgufFile::find_as(std::string_view) const;
template std::optional<std::string_view> GgufFile::find_as(std::string_view) const;
template std::optional<std::vector<bool>> GgufFile::find_as(std::string_view) const;
template std::optional<std::vector<std::int64_t>> GgufFile::find_as(std::string_view) const;
template std::optional<std::vector<std::uint64_t>> GgufFile::find_as(std::string_view) const;
template std::optional<std::vector<double>> GgufFile::find_as(std::string_view) const;
template std::optional<std::vector<std::string_view>> GgufFile::find_as(std::string_view) const;

}  // namespace crossover::model
