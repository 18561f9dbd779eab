#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <iostream>

#include "experiments/model_actions.h"
#include "harness/json.h"
#include "model/gguf/gguf_file.h"

namespace crossover::experiments {
namespace {

namespace po = boost::program_options;
using harness::Json;
using model::Value;
using model::ValueType;

constexpr std::uint64_t shown_elements = 8;

/// "string", "string[262144]".
std::string type_text(const Value& value) {
  if (value.type() != ValueType::array) return value.type_name();
  return fmt::format("{}[{}]", model::name_of(value.element_type()), value.length());
}

/// An f32 in the fewest digits that give it again: 1e-06, not 9.99999997e-07.
double shortest(const Value& value) {
  if (value.type() != ValueType::f32) return *value.number();
  const std::string digits = fmt::format("{}", static_cast<float>(*value.number()));
  double number = *value.number();
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

std::string value_text(const Value& value) {
  if (const auto text = value.text()) return model::in_quotes(*text);
  if (const auto boolean = value.boolean()) return *boolean ? "true" : "false";
  if (const auto natural = value.unsigned_integer()) return fmt::format("{}", *natural);
  if (const auto integer = value.signed_integer()) return fmt::format("{}", *integer);
  if (value.number()) return fmt::format("{}", shortest(value));
  std::vector<std::string> shown;
  value.for_each([&](const Value& element) {
    shown.push_back(value_text(element));
    return shown.size() < shown_elements;
  });
  const bool shortened = shown.size() < value.length();
  return fmt::format("[{}{}]", fmt::join(shown, ", "), shortened ? ", ..." : "");
}

Json value_json(const Value& value) {
  if (const auto text = value.text()) return *text;
  if (const auto boolean = value.boolean()) return *boolean;
  if (const auto natural = value.unsigned_integer()) return *natural;
  if (const auto integer = value.signed_integer()) return *integer;
  if (value.number()) return shortest(value);
  Json elements = Json::array();
  value.for_each([&](const Value& element) {
    elements.push_back(value_json(element));
    return elements.size() < shown_elements;
  });
  return elements;
}

/// All tensors of one type.
struct Total {
  std::string_view type;
  std::uint64_t tensors = 0;
  std::uint64_t elements = 0;
  std::uint64_t bytes = 0;
};

/// In the order in which the types first appear.
std::vector<Total> totals_of(const model::GgufFile& file) {
  std::vector<Total> totals;
  for (const model::Tensor& tensor : file.tensors()) {
    const std::string_view type = model::info_of(tensor.type).name;
    auto total = std::find_if(totals.begin(), totals.end(),
                              [&](const Total& other) { return other.type == type; });
    if (total == totals.end()) total = totals.insert(totals.end(), {type});
    ++total->tensors;
    total->elements += tensor.extents.elements();
    total->bytes += tensor.bytes.size();
  }
  return totals;
}

Json document(const model::GgufFile& file) {
  Json metadata = Json::array();
  for (const model::Entry& entry : file.metadata()) {
    Json row = {{"key", entry.key}, {"type", model::name_of(entry.value.type())}};
    if (entry.value.type() == ValueType::array) {
      row["element_type"] = model::name_of(entry.value.element_type());
      row["length"] = entry.value.length();
    }
    row["value"] = value_json(entry.value);
    metadata.push_back(std::move(row));
  }
  Json tensors = Json::array();
  for (const model::Tensor& tensor : file.tensors()) {
    const auto& along = tensor.extents.along;
    tensors.push_back(
        {{"name", tensor.name},
         {"type", model::info_of(tensor.type).name},
         {"shape", std::vector(along.begin(), along.begin() + static_cast<std::ptrdiff_t>(
                                                                  tensor.extents.dimensions))},
         {"offset", tensor.offset},
         {"bytes", tensor.bytes.size()}});
  }
  Json totals = Json::array();
  for (const Total& total : totals_of(file)) {
    totals.push_back({{"type", total.type},
                      {"tensors", total.tensors},
                      {"elements", total.elements},
                      {"bytes", total.bytes}});
  }
  return {{"file", file.name()},
          {"bytes", file.size()},
          {"version", file.version()},
          {"alignment", file.alignment()},
          {"metadata", std::move(metadata)},
          {"tensors", std::move(tensors)},
          {"totals", std::move(totals)}};
}

void print_metadata(const model::GgufFile& file) {
  constexpr std::size_t widest_key = 60;
  std::size_t key_width = 0;
  std::size_t type_width = 0;
  for (const model::Entry& entry : file.metadata()) {
    key_width = std::max(key_width, std::min(entry.key.size(), widest_key));
    type_width = std::max(type_width, type_text(entry.value).size());
  }
  for (const model::Entry& entry : file.metadata()) {
    std::cout << fmt::format("{:<{}}  {:<{}}  {}\n", model::printable(entry.key), key_width,
                             type_text(entry.value), type_width, value_text(entry.value));
  }
}

void print_tensors(const model::GgufFile& file) {
  constexpr const char* row = "{:<{}}  {:<7}  {:<20}  {:>12}\n";
  std::size_t name_width = 0;
  for (const model::Tensor& tensor : file.tensors()) {
    name_width = std::max(name_width, tensor.name.size());
  }
  std::cout << fmt::format(row, "tensor", name_width, "type", "shape", "bytes");
  for (const model::Tensor& tensor : file.tensors()) {
    std::cout << fmt::format(row, model::printable(tensor.name), name_width,
                             model::info_of(tensor.type).name, model::text_of(tensor.extents),
                             tensor.bytes.size());
  }
}

void print_totals(const model::GgufFile& file) {
  constexpr const char* row = "{:<7}  {:>8}  {:>14}  {:>14}\n";
  std::cout << fmt::format(row, "type", "tensors", "elements", "bytes");
  for (const Total& total : totals_of(file)) {
    std::cout << fmt::format(row, total.type, total.tensors, total.elements, total.bytes);
  }
}

void print_text(const model::GgufFile& file) {
  std::cout << fmt::format("{}: GGUF version {}, {} bytes, {} keys, {} tensors\n\n", file.name(),
                           file.version(), file.size(), file.metadata().size(),
                           file.tensors().size());
  print_metadata(file);
  if (file.tensors().empty()) return;
  std::cout << "\n";
  print_tensors(file);
  std::cout << "\n";
  print_totals(file);
}

}  // namespace

int model_inspect(const Arguments& arguments) {
  Options options(
      "model inspect FILE [--format text|json]",
      "Prints what a GGUF file holds: metadata (of long arrays the first elements),\n"
      "tensors with type, shape (the contiguous dimension first) and bytes, and totals.",
      "crossover model inspect tiny.gguf --format json");
  options.add()("format", po::value<std::string>()->default_value("text"), "text or json");
  options.positional("file", 1);
  if (!options.parse(arguments)) return exit_done;
  const bool json = options.format({"text", "json"}) == "json";
  const std::vector<std::string> words = options.words("file");
  if (words.empty()) {
    throw UsageError("model inspect needs a GGUF file; see crossover model inspect --help");
  }
  const model::GgufFile file = model::GgufFile::open(words.front());
  if (json) {
    std::cout << harness::text_of(document(file), 1) << "\n";
  } else {
    print_text(file);
  }
  return exit_done;
}

}  // namespace crossover::experiments
